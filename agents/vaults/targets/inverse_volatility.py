"""Weights that give the calmer asset more."""

from __future__ import annotations

import math
from collections.abc import Mapping

from shoal.agents.parameters import positive, within
from shoal.agents.vaults.portfolio import Portfolio, Weights, check_prices
from shoal.agents.vaults.realised_volatility import VolatilityMaker
from shoal.sim.units import Asset


class InverseVolatility:
    """Weights in proportion to a power of each asset's volatility: w_i = exposure * s_i^-p / sum of s_j^-p.

    Knows: prices up to and including the last look, through one estimator an asset.

    Args:
        assets: the risky assets.
        volatility: makes an estimator.
        exposure: what the weights add up to, above 0; the rest is cash.
        power: 1 weighs by volatility, 2 by variance.
        floor: volatilities below it count as it, per square-root year: a price that stands still does not get all.

    Raises:
        ValueError: a parameter is out of range, or there are no assets.

    Source: risk parity for assets of equal correlation, Maillard, Roncalli and Teiletche (2010), The Properties of
    Equally Weighted Risk Contribution Portfolios.
    """

    __slots__ = ("_estimates", "_exposure", "_floor", "_power")

    def __init__(
        self,
        assets: tuple[Asset, ...],
        *,
        volatility: VolatilityMaker,
        exposure: float = 1.0,
        power: float = 1.0,
        floor: float = 0.01,
    ) -> None:
        if not assets:
            raise ValueError("inverse volatility: name at least one asset")
        positive("inverse volatility", exposure=exposure, floor=floor)
        within("inverse volatility", 0.0, 4.0, power=power)
        self._estimates = {asset: volatility() for asset in assets}
        self._exposure = exposure
        self._power = power
        self._floor = floor

    def observe(self, now_ns: int, prices: Mapping[Asset, float]) -> None:
        """Tell the estimators.

        Raises:
            ValueError: a price is missing or not a finite number above 0.
        """
        check_prices("inverse volatility", prices)
        for asset, estimate in self._estimates.items():
            if asset not in prices:
                raise ValueError(f"inverse volatility: no price of {asset}")
            estimate.update(now_ns, prices[asset])

    def weights(self, portfolio: Portfolio) -> Weights | None:
        """The weights; None while an asset's volatility is unknown, or without net asset value."""
        scores: dict[Asset, float] = {}
        for asset, estimate in self._estimates.items():
            annual = estimate.annual
            if annual is None or portfolio.nav <= 0.0:
                return None
            scores[asset] = math.pow(max(annual, self._floor), -self._power)
        total = math.fsum(scores.values())
        return {asset: self._exposure * score / total for asset, score in scores.items()}
