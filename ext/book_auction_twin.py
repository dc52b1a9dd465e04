"""The uniform price of a call auction, for the order book's Python twin."""

from __future__ import annotations

from shoal.ext.book_sides_twin import Side


def clearing(bids: Side, asks: Side, reference_price: int) -> tuple[int, int] | None:
    """(price, lots) at which a call auction clears; None if nothing crosses.

    Maximum volume first, then minimum surplus. If every such price leaves buyers unserved the highest wins, if sellers
    the lowest; between a price with surplus buyers and the next tick with as many surplus sellers, or among prices
    without surplus, the nearest to the reference does. Hidden lots count.
    """
    best_bid, best_ask = bids.best_price(), asks.best_price()
    if best_bid is None or best_ask is None or best_bid < best_ask:
        return None
    demand = {price: _lots_within(bids, price) for price in _candidates(bids, asks, best_bid, best_ask)}
    supply = {price: _lots_within(asks, price) for price in demand}
    volume = max(min(demand[price], supply[price]) for price in demand)
    prices = [price for price in demand if min(demand[price], supply[price]) == volume]
    surplus = min(abs(demand[price] - supply[price]) for price in prices)
    prices = [price for price in prices if abs(demand[price] - supply[price]) == surplus]
    low = max((price for price in prices if demand[price] > supply[price]), default=min(prices))
    high = min((price for price in prices if demand[price] < supply[price]), default=max(prices))
    return min(max(reference_price, low), high), volume


def _candidates(bids: Side, asks: Side, best_bid: int, best_ask: int) -> list[int]:
    """Both ends of every stretch of prices over which neither demand nor supply changes, lowest first."""
    ends = {best_ask, best_bid}
    for level in bids.within(best_ask):
        ends.update((level.price, level.price + 1))
    for level in asks.within(best_bid):
        ends.update((level.price - 1, level.price))
    return sorted(price for price in ends if best_ask <= price <= best_bid)


def _lots_within(side: Side, limit: int) -> int:
    return sum(level.quantity for level in side.within(limit))
