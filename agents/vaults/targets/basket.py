"""A fixed basket seen as one asset."""

from __future__ import annotations

import math
from collections.abc import Mapping

from shoal.agents.vaults.portfolio import Weights, check_basket, check_prices
from shoal.sim.units import Asset


class Basket:
    """The value of a basket that is brought back to its weights at every observation, starting at 1.

    Args:
        who: whose it is, for messages.
        weights: finite, none negative, adding up to 1.

    Raises:
        ValueError: they are not.

    Source: index arithmetic; the one-period return is the weighted sum of the assets' returns.

    >>> basket = Basket("example", {Asset("BTC", 8): 0.5, Asset("ETH", 18): 0.5})
    >>> basket.observe({Asset("BTC", 8): 100.0, Asset("ETH", 18): 10.0})
    1.0
    >>> basket.observe({Asset("BTC", 8): 120.0, Asset("ETH", 18): 10.0})
    1.1
    """

    __slots__ = ("_last", "_value", "_who", "weights")

    def __init__(self, who: str, weights: Weights) -> None:
        check_basket(who, weights)
        self.weights = dict(weights)
        self._who = who
        self._last: dict[Asset, float] | None = None
        self._value = 1.0

    def observe(self, prices: Mapping[Asset, float]) -> float:
        """Take the next prices and give the basket's value.

        Raises:
            ValueError: a price is missing or not a finite number above 0.
        """
        check_prices(self._who, prices)
        missing = [asset.symbol for asset in self.weights if asset not in prices]
        if missing:
            raise ValueError(f"{self._who}: no price of {', '.join(missing)}")
        last, now = self._last, {asset: prices[asset] for asset in self.weights}
        if last is not None:
            self._value *= math.fsum(weight * now[asset] / last[asset] for asset, weight in self.weights.items())
        self._last = now
        return self._value

    def scaled(self, exposure: float) -> Weights:
        """The weights that make the whole basket this share of a net asset value."""
        return {asset: exposure * weight for asset, weight in self.weights.items()}
