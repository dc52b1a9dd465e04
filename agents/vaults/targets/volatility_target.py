"""Exposure that shrinks when the market shakes."""

from __future__ import annotations

from collections.abc import Mapping

from shoal.agents.parameters import positive
from shoal.agents.vaults.portfolio import Portfolio, Weights
from shoal.agents.vaults.realised_volatility import VolatilityMaker
from shoal.agents.vaults.targets.basket import Basket
from shoal.sim.units import Asset


class VolatilityTarget:
    """A basket scaled to a volatility: exposure min(maximum, wanted / realised), the rest in cash.

    Knows: the basket's value up to and including the last look; with a lagged estimator, up to so much earlier.

    Args:
        basket: weights of the risky assets, adding up to 1.
        volatility: makes the estimator, told of the basket's value, so that correlations count.
        wanted: volatility aimed at, fraction per square-root year.
        maximum: the largest exposure; above 1 the vault borrows. It is what a price that stands still gets.

    Raises:
        ValueError: a parameter is out of range, or the basket does not add up to 1.

    Source: S&P Dow Jones Indices, Risk Control indices (target 5 to 18 %, exposure capped); Moreira and Muir (2017),
    Volatility-Managed Portfolios.
    """

    __slots__ = ("_basket", "_estimate", "_maximum", "_wanted")

    def __init__(self, basket: Weights, *, volatility: VolatilityMaker, wanted: float, maximum: float = 1.0) -> None:
        positive("volatility target", wanted=wanted, maximum=maximum)
        self._basket = Basket("volatility target", basket)
        self._estimate = volatility()
        self._wanted = wanted
        self._maximum = maximum

    def observe(self, now_ns: int, prices: Mapping[Asset, float]) -> None:
        """Tell the estimator the basket's value.

        Raises:
            ValueError: a price is missing or not a finite number above 0.
        """
        self._estimate.update(now_ns, self._basket.observe(prices))

    def weights(self, portfolio: Portfolio) -> Weights | None:
        """The scaled basket; None while the volatility is unknown, or without net asset value."""
        annual = self._estimate.annual
        if annual is None or portfolio.nav <= 0.0:
            return None
        capped = self._wanted >= self._maximum * annual
        return self._basket.scaled(self._maximum if capped else self._wanted / annual)
