"""What a vault holds, as its executor knows it, and the weights that follow."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from shoal.sim.units import Asset

Weights = Mapping[Asset, float]
"""Shares of the net asset value in risky assets; the rest is the numeraire, and negative where the vault borrows."""


@dataclass(frozen=True, slots=True)
class Portfolio:
    """The net position of a vault, on chain, in custody and as collateral alike, at prices as they were decided on.

    Args:
        now_ns: when it was looked at, nanoseconds since the Unix epoch.
        prices: numeraire tokens for one token of each risky asset.
        holdings: tokens of each risky asset.
        cash: numeraire tokens less debt; may be negative.
        shares: of the vault outstanding, any unit; what is kept a share does not move when somebody deposits.

    Raises:
        ValueError: a price is not a finite number above 0, an amount not finite, a holding negative or unpriced, or
            there are no shares.

    >>> portfolio = Portfolio(0, {Asset("ETH", 18): 2000.0}, {Asset("ETH", 18): 1.0}, cash=6000.0)
    >>> portfolio.nav, portfolio.exposure
    (8000.0, 0.25)
    """

    now_ns: int
    prices: Mapping[Asset, float]
    holdings: Mapping[Asset, float]
    cash: float
    shares: float = 1.0

    def __post_init__(self) -> None:
        check_prices("portfolio", self.prices)
        for asset, held in self.holdings.items():
            if not 0.0 <= held < math.inf:
                raise ValueError(f"portfolio: {asset} held must be a finite number of tokens >= 0, had {held!r}")
            if asset not in self.prices:
                raise ValueError(f"portfolio: {asset} is held and has no price")
        if not math.isfinite(self.cash):
            raise ValueError(f"portfolio: cash must be a finite number of tokens, had {self.cash!r}")
        if not 0.0 < self.shares < math.inf:
            raise ValueError(f"portfolio: shares must be a finite number above 0, had {self.shares!r}")

    @property
    def nav(self) -> float:
        """Net asset value, numeraire tokens."""
        return self.cash + self._risky

    @property
    def exposure(self) -> float | None:
        """Value of the risky assets over the net asset value; None where nothing is left to divide by."""
        nav = self.nav
        return self._risky / nav if nav > 0.0 else None

    @property
    def weights(self) -> Weights | None:
        """The share of each priced asset in the net asset value; None where nothing is left to divide by."""
        nav = self.nav
        if nav <= 0.0:
            return None
        return {asset: self.holdings.get(asset, 0.0) * price / nav for asset, price in self.prices.items()}

    @property
    def _risky(self) -> float:
        return math.fsum(held * self.prices[asset] for asset, held in self.holdings.items())


def check_prices(who: str, prices: Mapping[Asset, float]) -> None:
    """Check that every price is a finite number above 0.

    Raises:
        ValueError: one is not; the message names it.
    """
    for asset, price in prices.items():
        if not 0.0 < price < math.inf:
            raise ValueError(f"{who}: the price of {asset} must be a finite number above 0, had {price!r}")


def check_weights(who: str, weights: Weights) -> float:
    """Check that every weight is a finite number from 0 on, and at least one is above 0; returns their sum.

    Raises:
        ValueError: one is not, or all are 0; the message names it.
    """
    for asset, weight in weights.items():
        if not 0.0 <= weight < math.inf:
            raise ValueError(f"{who}: the weight of {asset} must be a finite number >= 0, had {weight!r}")
    total = math.fsum(weights.values())
    if total <= 0.0:
        raise ValueError(f"{who}: at least one weight must be above 0, had {dict(weights)}")
    return total


def check_basket(who: str, basket: Weights) -> None:
    """Check that weights are a basket: finite, none negative, adding up to 1 within 1e-9.

    Raises:
        ValueError: they are not.
    """
    total = check_weights(who, basket)
    if abs(total - 1.0) > 1e-9:
        raise ValueError(f"{who}: the weights of a basket add up to 1, had {total!r}")
