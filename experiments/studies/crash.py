"""The study `crash`: vaults rebalance, adversaries prey on them and borrowers are liquidated while prices fall."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from shoal.agents.vaults.log import RebalanceLog
from shoal.experiments.auditor import Auditor
from shoal.experiments.market.adversaries import add_anticipators, add_sandwichers
from shoal.experiments.market.credit import add_borrowers, add_lending, add_liquidators
from shoal.experiments.market.hosts import Hosts
from shoal.experiments.market.loop_parameters import (
    POLICIES,
    AnticipationGroup,
    BorrowerGroup,
    ExecutionGroup,
    LendingGroup,
    LiquidatorGroup,
    SandwichGroup,
    SecondPoolGroup,
    VaultGroup,
)
from shoal.experiments.market.second_pool import add_second_pool
from shoal.experiments.market.vaults import add_vaults, watched_vaults
from shoal.experiments.market.venues import Pair
from shoal.experiments.measures import loop_figures
from shoal.experiments.studies.market import Market
from shoal.experiments.study import Problem, Study, group
from shoal.experiments.vault_observer import VaultObserver
from shoal.experiments.world_mid import WorldMid
from shoal.sim.price_path import PricePath
from shoal.sim.world import World

if TYPE_CHECKING:
    from shoal.experiments.figure import Figure
    from shoal.experiments.result import Result

NO_ATTACK: Final = "no-attack"
NO_ANTICIPATION: Final = "no-anticipation"
NO_LIQUIDATION: Final = "no-liquidation"
NO_REBALANCING: Final = "no-rebalancing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Crash(Market):
    """Prices fall; vaults rebalance, searchers prey on them, borrowers are liquidated into the same venues.

    Everything of the study `market`, and on the chain a lending market for each symbol and a vault for each policy.
    """

    second_pool: SecondPoolGroup = group(SecondPoolGroup)
    vaults: VaultGroup = group(VaultGroup)
    execution: ExecutionGroup = group(ExecutionGroup)
    sandwich: SandwichGroup = group(SandwichGroup)
    anticipation: AnticipationGroup = group(AnticipationGroup)
    lending: LendingGroup = group(LendingGroup)
    borrowers: BorrowerGroup = group(BorrowerGroup)
    liquidators: LiquidatorGroup = group(LiquidatorGroup)

    def check(self) -> Iterable[Problem]:
        """What `market` checks; policies that exist, once each; bounds of leverage in their order."""
        yield from Market.check(self)
        for policy in self.vaults.policies:
            if policy not in POLICIES or self.vaults.policies.count(policy) > 1:
                yield Problem(
                    "vaults.policies", f"{policy!r} is unknown or there twice", f"There are {', '.join(POLICIES)}."
                )
        vaults = self.vaults
        bounds = (vaults.leverage_low, vaults.leverage, vaults.leverage_high, vaults.ripcord)
        if list(bounds) != sorted(bounds):
            yield Problem(
                "vaults.leverage",
                f"leverage_low, leverage, leverage_high and ripcord are {bounds}",
                "Each must be at least the one before.",
            )

    def counterfactuals(self) -> Mapping[str, Study]:
        """The same world without attacks, anticipation, liquidations, or rebalancing."""
        return {
            NO_ATTACK: replace(self, sandwich=replace(self.sandwich, attack=False)),
            NO_ANTICIPATION: replace(self, anticipation=replace(self.anticipation, anticipate=False)),
            NO_LIQUIDATION: replace(self, liquidators=replace(self.liquidators, liquidate=False)),
            NO_REBALANCING: replace(self, vaults=replace(self.vaults, rebalance=False)),
        }

    def figures(self, worlds: Mapping[str, Result]) -> Iterable[Figure]:
        """Costs of policies, attacks, liquidations, and how much further prices fell than without an action."""
        yield from loop_figures.costs(worlds, (NO_ATTACK, NO_ANTICIPATION, NO_LIQUIDATION))
        yield from loop_figures.attacks(worlds)
        yield from loop_figures.liquidations(worlds, (NO_REBALANCING,))
        for control in (NO_LIQUIDATION, NO_REBALANCING):
            yield from loop_figures.falls(worlds, control)
        yield from loop_figures.generations(worlds, NO_LIQUIDATION)

    def _enlarge(self, world: World, hosts: Hosts, pairs: list[Pair], prices: PricePath) -> list[Pair]:
        pairs = [
            add_second_pool(
                world,
                pair,
                self.second_pool,
                liquidity=self.liquidity,
                arbitrage=self.arbitrage,
                gas=self.gas,
                custody=self.custody,
            )
            for pair in pairs
        ]
        quote = pairs[0].quote
        markets = {pair.base: (pair.outside.name, pair.book.name, *pair.pool_names) for pair in pairs}
        reference = WorldMid(world, quote=quote, markets=markets)
        lending = {pair.base: add_lending(world, pair, self.lending, gas=self.gas) for pair in pairs}
        for pair in pairs:
            add_borrowers(world, pair, self.borrowers, self.lending, gas=self.gas)
            add_liquidators(world, pair, self.liquidators, gas=self.gas, custody=self.custody)
        log = RebalanceLog(world, reference)
        executors = add_vaults(world, pairs, lending, log, vaults=self.vaults, execution=self.execution, gas=self.gas)
        attackers = add_anticipators(world, pairs, self.anticipation, vaults=self.vaults, gas=self.gas)
        attackers += add_sandwichers(world, pairs, self.sandwich, gas=self.gas)
        Auditor(world, chain=hosts.chain, vaults=executors, reference=reference, quote=quote, attackers=attackers)
        VaultObserver(
            world,
            watched_vaults(world, log, self.vaults),
            reference=reference,
            interval_ns=self._sample_ns,
            until_ns=prices.end_ns - 1,
        )
        return pairs

    @property
    def _private_share(self) -> float:
        return self.sandwich.private_share
