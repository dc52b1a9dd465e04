"""Rebalancing when a weight has drifted by more than it usually does."""

from __future__ import annotations

import math

from shoal.agents.parameters import positive, within
from shoal.agents.vaults.portfolio import Portfolio, Weights
from shoal.agents.vaults.realised_volatility import Volatility, VolatilityMaker
from shoal.agents.vaults.trigger import Move
from shoal.agents.vaults.triggers.drift import To, check_to, move
from shoal.sim.units import Asset


class VolatilityWeighted:
    """A drift band that is wide for assets in turmoil and narrow for calm ones: width (s / usual)^exponent, clamped.

    Knows: the prices of the portfolios it is shown, up to and including the last. While a volatility is unknown it
    stays, except that a vault which holds nothing risky is invested.

    Args:
        volatility: makes an estimator, one an asset.
        width: half width at the usual volatility, as a share of the net asset value.
        usual: volatility at which the band has that width, fraction per square-root year.
        exponent: 1 scales with the volatility; negative narrows the band in turmoil.
        narrowest: half width never below this.
        widest: half width never above this.
        to: where the move goes.
        dust: share of the net asset value by which a weight may lie outside, as for ``Threshold``.

    Raises:
        ValueError: a parameter is out of range.

    Source: tolerance bands in proportion to volatility, Masters (2003), Rebalancing, Journal of Portfolio Management.
    """

    __slots__ = ("_dust", "_estimates", "_exponent", "_narrowest", "_to", "_usual", "_volatility", "_widest", "_width")

    def __init__(
        self,
        *,
        volatility: VolatilityMaker,
        width: float,
        usual: float,
        exponent: float = 1.0,
        narrowest: float = 0.0,
        widest: float = 1.0,
        to: To = "target",
        dust: float = 1e-4,
    ) -> None:
        who = "volatility-weighted"
        positive(who, width=width, usual=usual)
        within(who, -4.0, 4.0, exponent=exponent)
        if not 0.0 <= narrowest <= widest < math.inf:
            raise ValueError(f"{who}: needs 0 <= narrowest <= widest, had {narrowest!r} and {widest!r}")
        check_to(who, to)
        within(who, 0.0, 1.0, dust=dust)
        self._volatility = volatility
        self._estimates: dict[Asset, Volatility] = {}
        self._width = width
        self._usual = usual
        self._exponent = exponent
        self._narrowest = narrowest
        self._widest = widest
        self._to: To = to
        self._dust = dust

    def destination(self, portfolio: Portfolio, target: Weights) -> Move | None:
        """Where to go, if a weight is outside."""
        widths: dict[Asset, float] = {}
        unknown = False
        for asset, price in portfolio.prices.items():
            estimate = self._estimates.get(asset)
            if estimate is None:
                estimate = self._estimates[asset] = self._volatility()
            estimate.update(portfolio.now_ns, price)
            annual = estimate.annual
            unknown |= annual is None
            widths[asset] = self._half_width(annual or 0.0)
        exposure = portfolio.exposure
        if exposure is None:
            return None
        if not unknown:
            return move(portfolio, target, widths, self._to, self._dust)
        return Move(target, "first investment") if exposure <= 0.0 and any(target.values()) else None

    def fired(self, now_ns: int) -> None:
        """It remembers prices alone."""

    def _half_width(self, annual: float) -> float:
        if annual <= 0.0:
            return self._narrowest if self._exponent > 0.0 else self._widest
        try:
            scaled = self._width * math.pow(annual / self._usual, self._exponent)
        except OverflowError:
            # A price that has stood still for long, and a negative exponent.
            return self._widest
        return min(self._widest, max(self._narrowest, scaled))
