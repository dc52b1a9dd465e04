"""A vault worth attacking in the agents' small market, and who manages it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.agents.laws import ETH, GAS, SECOND_NS, USDC
from tests.agents.vaults.market import GUARDS, add_vault

from shoal.agents.vaults.execution.at_once import AtOnce
from shoal.agents.vaults.executor import VaultExecutor
from shoal.agents.vaults.targets.constant_weights import ConstantWeights
from shoal.agents.vaults.trigger import Trigger
from shoal.sim.world import World
from shoal.venues.vault.guards import Guards

# Nobody arbitrages the pool here: it stays where it was when the market moves.
LOOSE = replace(GUARDS, maximum_slippage_ppm=100_000, budget_ppm=500_000)
SAVINGS = {USDC: USDC.amount("1000000"), ETH: ETH.amount(500)}


def add_manager(world: World, *, trigger: Trigger, guards: Guards = LOOSE, **changes: Any) -> None:
    """A vault worth two million, half of it in ETH, and its executor."""
    add_vault(world, manager="manager", deposit=SAVINGS, guards=guards)
    for asset in (ETH, USDC):
        world.endow("manager", "chain", asset, asset.amount(10))
    parameters: dict[str, Any] = {
        "place": "home",
        "vault": "vault",
        "target": ConstantWeights({ETH: 0.5}),
        "trigger": trigger,
        "execution": AtOnce(slippage_ppm=100_000),
        "prices": {ETH: "vault oracle"},
        "markets": {ETH: ("pool",)},
        "interval_ns": 12 * SECOND_NS,
        "gas": GAS,
    }
    VaultExecutor(world, "manager", **{**parameters, **changes})
