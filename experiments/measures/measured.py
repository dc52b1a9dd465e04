"""Every measure of one run, each worked out when first asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Final

import pandas as pd

from shoal.agents.vaults.log import REBALANCES, VAULT_ORDERS
from shoal.experiments.accounts import AGENTS
from shoal.experiments.attack_audit import ATTACKS
from shoal.experiments.auditor import AUDITS
from shoal.experiments.liquidation_audit import LIQUIDATIONS
from shoal.experiments.measures.arbitrage import arbitrage_share, volume_by_taker
from shoal.experiments.measures.attacks import attacks_by_attacker, attacks_by_victim, attacks_on_vaults
from shoal.experiments.measures.attribution import Valuation, attribution, attribution_by_policy
from shoal.experiments.measures.closure import closure
from shoal.experiments.measures.depth import depth, resilience
from shoal.experiments.measures.earned import earned, earned_by_kind, transfers_between_kinds
from shoal.experiments.measures.frames import empty_frame
from shoal.experiments.measures.gaps import gap_series, gaps
from shoal.experiments.measures.liquidations import liquidation_totals, liquidations_over_time
from shoal.experiments.measures.liquidity import liquidity_result, liquidity_series
from shoal.experiments.measures.markouts import markouts
from shoal.experiments.measures.reference_price import ReferencePrices
from shoal.experiments.measures.spread import spread
from shoal.experiments.measures.vaults import nav_series, vault_results
from shoal.experiments.measures.volume import NS, volume, volume_over_time
from shoal.experiments.observer import PRICES, VENUE_STATES
from shoal.experiments.vault_observer import VAULT_STATES
from shoal.sim.hosts.block import BLOCKS, TRANSACTIONS
from shoal.sim.hosts.host import FILLS, ORDERS

LOOP: Final = (REBALANCES, VAULT_ORDERS, VAULT_STATES, AUDITS, ATTACKS, LIQUIDATIONS)
"""Tables of studies with vaults, adversaries and lending markets."""
_KNOWN: Final = (PRICES, VENUE_STATES, AGENTS, FILLS, ORDERS, BLOCKS, TRANSACTIONS, *LOOP)
_SCHEMAS: Final = {schema.name: schema for schema in _KNOWN}


class Measured:
    """Tables in, measures out; a table that a run did not get to is empty, and so are its measures.

    Args:
        names: the tables there are.
        table: gives one by name, or some ``columns`` of it.
    """

    def __init__(self, names: tuple[str, ...], table: Callable[..., pd.DataFrame]) -> None:
        self._names = frozenset(names)
        self._table = table

    def table(self, name: str) -> pd.DataFrame:
        """A recorded table, or an empty one of its schema."""
        return self._table(name) if name in self._names else empty_frame(_SCHEMAS[name])

    def has(self, name: str) -> bool:
        """Whether the run recorded this table, and anything in it."""
        return name in self._names and len(self._table(name)) > 0

    @cached_property
    def span_ns(self) -> tuple[int, int]:
        """First and last time sampled."""
        times = self.table("prices")["time_ns"]
        return (int(times.iloc[0]), int(times.iloc[-1])) if len(times) else (0, 0)

    @cached_property
    def simulated_s(self) -> float:
        """Seconds of simulated time between the first and the last sample."""
        return (self.span_ns[1] - self.span_ns[0]) / NS

    @cached_property
    def reference_step_s(self) -> float:
        """Seconds between two outside prices: what is faster cannot be marked."""
        return ReferencePrices.of(self.table("prices")).step_ns / NS

    @cached_property
    def venues(self) -> pd.DataFrame:
        """venue, kind, base, quote of every sampled venue, in the order of pair and name."""
        columns = ["venue", "kind", "base", "quote"]
        known = self.table("prices")[columns].drop_duplicates()
        return known.sort_values(["base", "quote", "venue"], ignore_index=True)

    @cached_property
    def spread(self) -> pd.DataFrame:
        """See ``measures.spread``."""
        return spread(self.table("venue_states"), self.table("fills"), self.table("prices"))

    @cached_property
    def depth(self) -> pd.DataFrame:
        """See ``measures.depth``."""
        return depth(self.table("venue_states"))

    @cached_property
    def resilience(self) -> pd.DataFrame:
        """See ``measures.depth.resilience``; outside markets are no part of it."""
        states = self.table("venue_states")
        return resilience(states[states["kind"].isin(["book", "pool"])])

    @cached_property
    def volume(self) -> pd.DataFrame:
        """See ``measures.volume``."""
        return volume(
            self.table("fills"), self.table("venue_states"), self.table("prices"), simulated_s=self.simulated_s
        )

    @cached_property
    def volume_over_time(self) -> pd.DataFrame:
        """See ``measures.volume.volume_over_time``."""
        start_ns, end_ns = self.span_ns
        return volume_over_time(self.table("fills"), start_ns=start_ns, end_ns=end_ns)

    @cached_property
    def gap_series(self) -> pd.DataFrame:
        """See ``measures.gaps.gap_series``."""
        return gap_series(self.table("prices"))

    @cached_property
    def gaps(self) -> pd.DataFrame:
        """See ``measures.gaps``."""
        return gaps(self.gap_series)

    @cached_property
    def volume_by_taker(self) -> pd.DataFrame:
        """See ``measures.arbitrage.volume_by_taker``."""
        return volume_by_taker(self.table("fills"), self.table("agents"))

    @cached_property
    def arbitrage_share(self) -> pd.DataFrame:
        """See ``measures.arbitrage.arbitrage_share``."""
        return arbitrage_share(self.table("fills"), self.table("agents"))

    @cached_property
    def markouts(self) -> pd.DataFrame:
        """See ``measures.markouts``."""
        return markouts(self.table("fills"), self.table("prices"), self.table("agents"))

    @cached_property
    def liquidity_series(self) -> pd.DataFrame:
        """See ``measures.liquidity.liquidity_series``."""
        return liquidity_series(self.table("venue_states"), self.table("prices"))

    @cached_property
    def liquidity_result(self) -> pd.DataFrame:
        """See ``measures.liquidity.liquidity_result``."""
        return liquidity_result(self.liquidity_series)

    @cached_property
    def earned(self) -> pd.DataFrame:
        """See ``measures.earned``; empty for a run that ended before its books were closed."""
        if not len(self.table("agents")):
            return earned(*(empty_frame(schema) for schema in (FILLS, PRICES, AGENTS, VENUE_STATES)))
        # The arguments of orders are long, and not needed here.
        columns = ("venue", "verb", "sender", "result")
        orders = self._table("orders", columns=columns) if "orders" in self._names else None
        return earned(
            self.table("fills"),
            self.table("prices"),
            self.table("agents"),
            self.table("venue_states"),
            self.table("transactions"),
            self.table("blocks"),
            orders,
        )

    @cached_property
    def earned_by_kind(self) -> pd.DataFrame:
        """See ``measures.earned.earned_by_kind``."""
        return earned_by_kind(self.earned, self.table("venue_states"))

    @cached_property
    def transfers_between_kinds(self) -> pd.DataFrame:
        """See ``measures.earned.transfers_between_kinds``."""
        return transfers_between_kinds(
            self.table("fills"), self.table("prices"), self.table("agents"), self.table("venue_states")
        )

    @cached_property
    def closure(self) -> pd.DataFrame:
        """See ``measures.closure``."""
        return closure(self.table("agents"))

    # --- vaults, adversaries, liquidations --------------------------------------------------------------------------

    @cached_property
    def valuation(self) -> Valuation:
        """See ``measures.attribution.Valuation``: what orders of vaults are valued with."""
        tables = ("fills", "transactions", "blocks", "prices", "venue_states")
        return Valuation.of(*(self.table(name) for name in tables))

    @cached_property
    def attribution(self) -> pd.DataFrame:
        """See ``measures.attribution``."""
        return attribution(self.table("vault_orders"), self.table("rebalances"), self.table("audits"), self.valuation)

    @cached_property
    def attribution_by_policy(self) -> pd.DataFrame:
        """See ``measures.attribution.attribution_by_policy``."""
        return attribution_by_policy(self.attribution, list(self.table("vault_states")["policy"].unique()))

    @cached_property
    def nav_series(self) -> pd.DataFrame:
        """See ``measures.vaults.nav_series``."""
        return nav_series(self.table("vault_states"))

    @cached_property
    def vault_results(self) -> pd.DataFrame:
        """See ``measures.vaults.vault_results``."""
        return vault_results(
            self.table("vault_states"), self.table("vault_orders"), self.table("rebalances"), self.valuation
        )

    @cached_property
    def attacks_by_attacker(self) -> pd.DataFrame:
        """See ``measures.attacks.attacks_by_attacker``."""
        return attacks_by_attacker(self.table("attacks"))

    @cached_property
    def attacks_by_victim(self) -> pd.DataFrame:
        """See ``measures.attacks.attacks_by_victim``."""
        return attacks_by_victim(self.table("attacks"))

    @cached_property
    def attacks_on_vaults(self) -> pd.DataFrame:
        """See ``measures.attacks.attacks_on_vaults``."""
        return attacks_on_vaults(self.table("attacks"), self.table("vault_states"))

    @cached_property
    def liquidation_totals(self) -> pd.DataFrame:
        """See ``measures.liquidations.liquidation_totals``."""
        return liquidation_totals(self.table("liquidations"), self.table("fills"))

    @cached_property
    def liquidations_over_time(self) -> pd.DataFrame:
        """See ``measures.liquidations.liquidations_over_time``."""
        start_ns, end_ns = self.span_ns
        return liquidations_over_time(self.table("liquidations"), start_ns=start_ns, end_ns=end_ns)
