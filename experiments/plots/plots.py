"""The figures of one run."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from shoal.experiments.plots import bars, lines, pressure, vaults
from shoal.experiments.plots.theme import VenueColours

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from shoal.experiments.measures.measured import Measured


class Plots:
    """Plotly figures of a run; a trace has at most 2,000 points, extremes kept, and a venue one colour in all."""

    NAMES: Final = (
        "prices",
        "depth",
        "spread",
        "gaps",
        "volume",
        "takers",
        "lp",
        "markouts",
        "pnl",
        "earned",
        "gas",
    )

    LOOP_NAMES: Final = ("weights", "nav", "shortfall", "attacks", "liquidations")
    """Those of studies with vaults, adversaries and lending markets."""

    def __init__(self, measured: Measured) -> None:
        self._measured = measured

    def prices(self) -> go.Figure:
        """Mid price of every venue against the outside price."""
        return lines.prices_figure(self._measured.table("prices"), self._colours)

    def depth(self) -> go.Figure:
        """Quote tokens that can be traded within 1 %, of books and pools."""
        return lines.depth_figure(self._measured.table("venue_states"), self._colours)

    def spread(self) -> go.Figure:
        """Spread in basis points of the mid, fees included."""
        return lines.spread_figure(self._measured.table("venue_states"), self._colours)

    def gaps(self) -> go.Figure:
        """How far each venue's mid was from the outside price, in basis points."""
        return lines.gaps_figure(self._measured.gap_series, self._outside, self._colours)

    def volume(self) -> go.Figure:
        """Volume by venue over time, in quote tokens."""
        return bars.volume_figure(self._measured.volume_over_time, self._colours)

    def takers(self) -> go.Figure:
        """Whose trades made each venue's volume; the arbitrage share is one of them."""
        return bars.takers_figure(self._measured.volume_by_taker)

    def lp(self) -> go.Figure:
        """Result of providing liquidity against holding: fees and impermanent loss."""
        return lines.lp_figure(self._measured.liquidity_series)

    def markouts(self) -> go.Figure:
        """What makers and pools gained on their fills by horizon, in basis points."""
        return bars.markouts_figure(self._measured.markouts, self._kinds, self._colours)

    def pnl(self) -> go.Figure:
        """What each kind earned and lost, by source, in quote tokens."""
        return bars.pnl_figure(self._measured.earned_by_kind, self._quote)

    def earned(self, *, at: bars.At = "end") -> go.Figure:
        """Who earned from whom by trading: valued at the last price, or at the price of the fill."""
        return bars.earned_figure(self._measured.transfers_between_kinds, self._quote, at=at)

    def gas(self) -> go.Figure:
        """Base fee, use of block space, transactions left waiting."""
        return lines.gas_figure(self._measured.table("blocks"))

    def weights(self) -> go.Figure:
        """What each vault holds: shares of risky assets, and what it wants."""
        return vaults.weights_figure(self._measured.table("vault_states"), self._quote)

    def nav(self) -> go.Figure:
        """Net asset values, and what vaults lost against their paper twins."""
        return vaults.nav_figure(self._measured.nav_series)

    def shortfall(self) -> go.Figure:
        """What rebalances cost by policy, by part, in basis points."""
        return vaults.shortfall_figure(self._measured.attribution_by_policy)

    def attacks(self) -> go.Figure:
        """Who gained from attacks, how it was split, and who paid."""
        measured = self._measured
        return pressure.attacks_figure(measured.attacks_by_attacker, measured.attacks_by_victim, self._quote)

    def liquidations(self) -> go.Figure:
        """Forced volume and bad debt with the price."""
        measured = self._measured
        return pressure.liquidations_figure(measured.liquidations_over_time, measured.table("prices"), self._quote)

    @cached_property
    def _colours(self) -> VenueColours:
        return VenueColours.of(self._measured.venues)

    @cached_property
    def _kinds(self) -> dict[str, str]:
        venues = self._measured.venues
        return dict(zip(venues["venue"].astype(str), venues["kind"].astype(str), strict=True))

    @cached_property
    def _outside(self) -> set[str]:
        for kind in ("outside", "path"):
            named = {venue for venue, found in self._kinds.items() if found == kind}
            if named:
                return named
        return set()

    @cached_property
    def _quote(self) -> str:
        quotes = sorted(set(self._measured.venues["quote"].astype(str)))
        return " + ".join(quotes) or "quote tokens"
