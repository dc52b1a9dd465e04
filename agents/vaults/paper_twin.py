"""The paper twin of a vault: a book that trades the same weights free of cost."""

from __future__ import annotations

import math
from collections.abc import Mapping

from shoal.sim.units import Asset


class PaperTwin:
    """Holds whole tokens as floats, and trades to weights at given prices at once and without cost.

    Cash may become negative: what it borrows costs it nothing.

    Args:
        holdings: risky tokens it starts with.
        cash: numeraire tokens it starts with.

    Source: Perold (1988), the paper portfolio of implementation shortfall.

    >>> eth = Asset("ETH", 18)
    >>> twin = PaperTwin({}, 4_000.0)
    >>> twin.trade({eth: 0.5}, {eth: 2_000.0})
    >>> twin.cash, twin.holdings[eth], twin.nav({eth: 3_000.0})
    (2000.0, 1.0, 5000.0)
    """

    __slots__ = ("cash", "holdings")

    def __init__(self, holdings: Mapping[Asset, float], cash: float) -> None:
        self.holdings = dict(holdings)
        self.cash = cash

    def nav(self, prices: Mapping[Asset, float]) -> float:
        """What it is worth in numeraire tokens; NaN where a price of something it holds is missing."""
        return self.cash + math.fsum(
            held * prices.get(asset, math.nan) for asset, held in self.holdings.items() if held
        )

    def trade(self, weights: Mapping[Asset, float], prices: Mapping[Asset, float]) -> None:
        """Hold these weights from now on; without a price of everything concerned it stays as it is.

        Args:
            weights: shares of its value in risky assets; those left out stay as they are, and the rest is cash.
            prices: numeraire tokens for one token.
        """
        nav = self.nav(prices)
        traded = {asset: weight * nav / prices.get(asset, math.nan) for asset, weight in weights.items()}
        holdings = self.holdings | traded
        cash = nav - math.fsum(held * prices.get(asset, math.nan) for asset, held in holdings.items())
        if math.isfinite(cash):
            self.holdings, self.cash = holdings, cash

    def scale(self, factor: float) -> None:
        """Let depositors come or go: everything it holds becomes this many times as much."""
        self.holdings = {asset: held * factor for asset, held in self.holdings.items()}
        self.cash *= factor
