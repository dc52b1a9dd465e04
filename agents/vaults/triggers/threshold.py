"""Rebalancing when a weight has drifted."""

from __future__ import annotations

from typing import Self

from shoal.agents.parameters import within
from shoal.agents.vaults.optimal_band import CostOfSize
from shoal.agents.vaults.portfolio import Portfolio, Weights
from shoal.agents.vaults.trigger import Move
from shoal.agents.vaults.triggers.band import AbsoluteBand, Band, OptimalBand, RelativeBand
from shoal.agents.vaults.triggers.drift import To, check_to, move


class Threshold:
    """When a weight lies strictly outside its band: to the target, half-way, or to the nearest edge.

    A weight exactly at its edge stays. Of a vault whose exposure should be a multiple m of its cushion, a relative band
    of share b is the tolerance |E / C - m| > b m.

    Args:
        absolute: drift of each weight, as a share of the net asset value; or
        relative: drift as a share of the target weight; or
        band: any other rule for the width. One of the three.
        to: where the move goes.
        dust: share of the net asset value by which a weight may lie outside: what fees leave a trade to the edge short
            of it is no reason for another.

    Raises:
        ValueError: not exactly one band, or a parameter is out of range.

    Source: threshold rebalancing to the target, Masters (2003), Rebalancing; to the nearest edge, Davis and Norman
    (1990), Portfolio Selection with Transaction Costs.
    """

    __slots__ = ("_band", "_dust", "_to")

    def __init__(
        self,
        *,
        absolute: float | None = None,
        relative: float | None = None,
        band: Band | None = None,
        to: To = "target",
        dust: float = 1e-4,
    ) -> None:
        bands: list[Band] = [] if band is None else [band]
        bands += [] if absolute is None else [AbsoluteBand(absolute)]
        bands += [] if relative is None else [RelativeBand(relative)]
        if len(bands) != 1:
            raise ValueError(f"threshold: needs one of absolute, relative and band, had {len(bands)}")
        check_to("threshold", to)
        within("threshold", 0.0, 1.0, dust=dust)
        self._band = bands[0]
        self._to: To = to
        self._dust = dust

    @classmethod
    def optimal_band(
        cls, cost: float | CostOfSize, *, risk_aversion: float = 1.0, to: To = "edge", dust: float = 1e-4
    ) -> Self:
        """The band that is worth its cost, which is one way and as a fraction of the value traded.

        Raises:
            ValueError: a parameter is out of range.
        """
        return cls(band=OptimalBand(cost, risk_aversion), to=to, dust=dust)

    def destination(self, portfolio: Portfolio, target: Weights) -> Move | None:
        """Where to go, if a weight is outside."""
        nav = portfolio.nav
        if nav <= 0.0:
            return None
        assets = (*target, *portfolio.prices)
        widths = {asset: self._band.half_width(target.get(asset, 0.0), nav) for asset in assets}
        return move(portfolio, target, widths, self._to, self._dust)

    def fired(self, now_ns: int) -> None:
        """It has no memory."""
