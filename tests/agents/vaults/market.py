"""A vault in the agents' small market: its oracle, who reports to it, and who deposits in it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.agents.laws import AGENT, ETH, GAS, SECOND_NS, USDC, SmallMarket, rows

from shoal.agents.depositor import Depositor
from shoal.agents.oracle_reporter import OracleReporter
from shoal.agents.vaults.execution.at_once import AtOnce
from shoal.agents.vaults.executor import VaultExecutor
from shoal.agents.vaults.log import UNFILLED, RebalanceLog
from shoal.agents.vaults.targets.constant_weights import ConstantWeights
from shoal.agents.vaults.triggers.threshold import Threshold
from shoal.sim.hosts.chain import Chain
from shoal.sim.units import Asset
from shoal.sim.world import World
from shoal.venues.oracle import Oracle
from shoal.venues.vault.guards import Guards
from shoal.venues.vault.vault import Vault

GUARDS = Guards(
    maximum_slippage_ppm=50_000,
    maximum_trade_ppm=1_000_000,
    maximum_price_age_s=3_600,
    budget_ppm=100_000,
    budget_period_s=7 * 86_400,
    cool_off_s=0,
)
DEPOSIT: Mapping[Asset, int] = {USDC: USDC.amount("100000")}


def add_oracle(world: World) -> Oracle:
    """The oracle of the vault and of whoever lends to it, and its reporter, who follows the outside market."""
    known = world.venues.get("vault oracle")
    if isinstance(known, Oracle):
        return known
    oracle = Oracle("vault oracle", ETH, USDC, reporter="reporter", deviation_ppm=1_000, heartbeat_s=600)
    world.hosts["chain"].add(oracle)
    world.endow("reporter", "chain", ETH, ETH.amount(100))
    OracleReporter(
        world,
        "reporter",
        place="home",
        oracle="vault oracle",
        sources=("outside",),
        interval_ns=SECOND_NS,
        delay_ns=0,
        gas=GAS,
    )
    return oracle


def add_vault(
    world: World, *, manager: str = AGENT, guards: Guards = GUARDS, deposit: Mapping[Asset, int] = DEPOSIT, **terms: Any
) -> Vault:
    """A vault of ETH in USDC on the chain, whose oracle follows the outside market, with a depositor."""
    chain = world.hosts["chain"]
    assert isinstance(chain, Chain)
    oracle = add_oracle(world)
    names = ("pool", *terms.pop("venues", ()))
    vault = Vault("vault", numeraire=USDC, oracles={ETH: oracle}, manager=manager, guards=guards, venues=names, **terms)
    chain.add(vault)
    if deposit:
        world.endow("saver", "chain", ETH, ETH.amount(10))
        for asset, amount in deposit.items():
            world.endow("saver", "chain", asset, amount)
        Depositor(world, "saver", place="home", vault="vault", amounts=deposit, gas=GAS)
    return vault


def reference(world: World, asset: Asset) -> float | None:
    """The outside market's mid now."""
    mid: float | None = world.venues["outside"].published(world.clock.now_ns).mid
    return mid if asset == ETH else None


def add_executor(world: World, **changes: Any) -> VaultExecutor:
    """The vault's executor: half in ETH, in a band of 1 %, everything at once."""
    log = RebalanceLog(world, lambda asset: reference(world, asset))
    parameters: dict[str, Any] = {
        "place": "home",
        "vault": "vault",
        "target": ConstantWeights({ETH: 0.5}),
        "trigger": Threshold(absolute=0.001),
        "execution": AtOnce(slippage_ppm=10_000),
        "prices": {ETH: "vault oracle"},
        "markets": {ETH: ("pool",)},
        "interval_ns": 12 * SECOND_NS,
        "gas": GAS,
        "log": log,
    }
    return VaultExecutor(world, AGENT, **{**parameters, **changes})


class Scene:
    """A small market with a vault and its executor, run."""

    def __init__(
        self,
        prices: Sequence[float],
        *,
        seconds: float = 300,
        vault: Mapping[str, Any] | Callable[[World], Mapping[str, Any]] | None = None,
        market: Mapping[str, Any] | None = None,
        executor: Mapping[str, Any] | None = None,
        run: bool = True,
    ) -> None:
        self.market = SmallMarket(prices, **(market or {}))
        self.market.fund()
        self.world = self.market.world
        terms = vault(self.world) if callable(vault) else vault
        self.vault = add_vault(self.world, **(terms or {}))
        self.executor = add_executor(self.world, **(executor or {}))
        self.log = self.executor.log
        if run:
            self.market.run(seconds)

    @property
    def rebalances(self) -> list[dict[str, Any]]:
        """How every rebalance ended."""
        return rows(self.world, "rebalances")

    @property
    def orders(self) -> list[dict[str, Any]]:
        """Every leg that was sent."""
        return [row for row in rows(self.world, "vault_orders") if row["result"] != UNFILLED]

    @property
    def unfilled(self) -> list[dict[str, Any]]:
        """What rebalances left undone."""
        return [row for row in rows(self.world, "vault_orders") if row["result"] == UNFILLED]

    @property
    def weight(self) -> float:
        """The weight of ETH at the outside market's price, as it stands now."""
        view = self.vault.published(self.world.clock.now_ns)
        price = reference(self.world, ETH)
        assert price is not None
        value, cash = ETH.tokens(view.net(ETH)) * price, USDC.tokens(view.net(USDC))
        return value / (value + cash) if value + cash else math.nan
