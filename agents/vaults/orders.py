"""From weights to orders: what to sell first, and then what to buy, in whole tokens."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from shoal.agents.vaults.portfolio import Portfolio, Weights
from shoal.sim.units import Asset

# Shares of a portfolio closer than this are taken for the same: floats add up no better.
_SAME = 1e-9


@dataclass(frozen=True, slots=True)
class Order:
    """A trade of one risky asset against the numeraire, exact in what is paid.

    Args:
        asset: the risky asset.
        side: -1 sells it, +1 buys it.
        amount_in: tokens paid: of the asset when selling, of the numeraire when buying.
        value: numeraire tokens that it is worth at the prices of the decision.
    """

    asset: Asset
    side: int
    amount_in: float
    value: float

    def cut(self, value: float) -> Order:
        """The same trade of at most this value."""
        if self.value <= value:
            return self
        share = max(value, 0.0) / self.value
        return replace(self, amount_in=self.amount_in * share, value=self.value * share)

    def ways(self, numeraire: Asset) -> tuple[Asset, Asset]:
        """What it pays and what it gets."""
        return (numeraire, self.asset) if self.side > 0 else (self.asset, numeraire)


def fault_of(weights: Weights, *, borrows: bool = False) -> str | None:
    """What makes these weights impossible to hold, or None.

    >>> eth = Asset("ETH", 18)
    >>> fault_of({eth: 0.4}), fault_of({eth: 1.5}), fault_of({eth: 1.5}, borrows=True)
    (None, 'weights above 1: 1.5 in all, and this execution borrows nothing', None)
    """
    for asset, weight in weights.items():
        if not math.isfinite(weight):
            return f"weight of {asset} is no number: {weight}"
        if weight < -_SAME:
            return f"weight of {asset} is negative: {weight:.6g}"
    total = math.fsum(weights.values())
    if total > 1.0 + _SAME and not borrows:
        return f"weights above 1: {total:.6g} in all, and this execution borrows nothing"
    return None


def orders_for(
    portfolio: Portfolio,
    weights: Weights,
    *,
    available: Mapping[Asset, float],
    cash: float,
    minimum_value: float = 0.0,
    kept: float = 1.0,
) -> tuple[Order, ...]:
    """The orders that lead from a portfolio to weights: all sales by symbol, and then all purchases.

    Assets without a weight stay as they are. Orders worth less than the minimum are left out. Purchases together are
    cut to the cash that is there and what the sales bring at least.

    Args:
        portfolio: what is held and what it is worth.
        weights: where to.
        available: tokens of each asset that can be sold.
        cash: numeraire tokens that can be spent.
        minimum_value: dust: numeraire tokens below which an order is not worth sending.
        kept: share of a sale's value that it brings at least.
    """
    nav = portfolio.nav
    sales: list[Order] = []
    purchases: list[Order] = []
    for asset in sorted(weights):
        price = portfolio.prices[asset]
        excess = portfolio.holdings.get(asset, 0.0) * price - weights[asset] * nav
        if excess > 0.0:
            tokens = min(excess / price, available.get(asset, 0.0))
            sales.append(Order(asset, -1, tokens, tokens * price))
        elif excess < 0.0:
            purchases.append(Order(asset, +1, -excess, -excess))
    sales = [order for order in sales if _worth_it(order, minimum_value)]
    spendable = max(0.0, cash) + kept * math.fsum(order.value for order in sales)
    wanted = math.fsum(order.value for order in purchases)
    if wanted > spendable:
        purchases = [order.cut(order.value * (spendable / wanted)) for order in purchases]
    return (*sales, *(order for order in purchases if _worth_it(order, minimum_value)))


def drift_of(portfolio: Portfolio, weights: Weights) -> float:
    """The value of the largest single trade that leads to these weights, numeraire tokens."""
    nav, prices, held = portfolio.nav, portfolio.prices, portfolio.holdings
    return max(
        (abs(held.get(asset, 0.0) * prices[asset] - weight * nav) for asset, weight in weights.items()), default=0.0
    )


def _worth_it(order: Order, minimum_value: float) -> bool:
    return order.value > 0.0 and order.value >= minimum_value
