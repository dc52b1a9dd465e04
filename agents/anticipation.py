"""What it is worth to trade ahead of somebody whose order is foreseen, by the curve that a venue publishes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from shoal.agents.arbitrage import best_size
from shoal.venues.view import MarketView

_HALVINGS: Final = 50


def gain_ahead(view: MarketView, *, side: int, own: float, others: float) -> float | None:
    """What it brings to trade first, let the others trade, and trade back; None beyond what the venue shows.

    Everything walks one curve: first the own order, then the others', and back over the curve's last part. Fees are
    those between bid and ask. Of a constant product pool this is the profit of a sandwich, but for the fees that the
    pool keeps.

    Args:
        view: the venue as it was before.
        side: the others', and the first of the own trades; +1 buys.
        own: base tokens.
        others: base tokens.

    Returns:
        Quote tokens, fees of both trades taken off, gas not.
    """
    bid, ask = view.bid, view.ask
    first, theirs = view.quote_tokens(side, own), view.quote_tokens(side, others)
    all_of_it = view.quote_tokens(side, own + others)
    if bid is None or ask is None or first is None or theirs is None or all_of_it is None:
        return None
    back = (all_of_it - theirs) * (bid / ask if side > 0 else ask / bid)
    return side * (back - first)


def best_ahead(
    view: MarketView, *, side: int, others: float, most: float, limit_price: float | None = None
) -> tuple[float, float]:
    """The size up to ``most`` with which trading ahead earns most, and what it earns; zeros if nothing.

    Args:
        view: the venue as it is.
        side: the others'; +1 buys.
        others: base tokens.
        most: base tokens.
        limit_price: the worst average price, fees included, at which the others still trade; None bears any.

    Returns:
        Base tokens, and quote tokens as of ``gain_ahead``.

    >>> from shoal.sim.units import Asset
    >>> from shoal.venues.amm.constant_product_view import ConstantProductView
    >>> eth, usdc = Asset("ETH", 18), Asset("USDC", 6)
    >>> view = ConstantProductView(eth, usdc, eth.amount(1_000), usdc.amount(2_000_000), 3_000, 10**18, 0, 0, 0)
    >>> size, gain = best_ahead(view, side=+1, others=50.0, most=10.0)
    >>> round(size, 3), round(gain)
    (10.0, 2066)
    >>> best_ahead(view, side=+1, others=2.0, most=10.0)
    (0.0, 0.0)
    """
    if not most > 0.0 or not others > 0.0:
        return 0.0, 0.0
    if limit_price is not None:
        most = largest(lambda own: _borne(view, side, own, others, limit_price), most)

    def gain(own: float) -> float:
        found = gain_ahead(view, side=side, own=own, others=others)
        # Beyond what the venue shows: the further, the worse.
        return -math.inf if found is None else found

    size = max(most, best_size(gain, most), key=gain)
    found = gain(size)
    return (size, found) if found > 0.0 else (0.0, 0.0)


def _borne(view: MarketView, side: int, own: float, others: float, limit_price: float) -> bool:
    """Whether the others still get their price after the own order."""
    first, all_of_it = view.quote_tokens(side, own), view.quote_tokens(side, own + others)
    if first is None or all_of_it is None:
        return False
    return side * (all_of_it - first) <= side * limit_price * others


def largest(fits: Callable[[float], bool], most: float) -> float:
    """The largest size up to ``most`` that fits, where smaller ones fit too; to rounding.

    >>> round(largest(lambda size: size * size <= 9.0, 100.0), 9)
    3.0
    """
    if fits(most):
        return most
    low, high = 0.0, most
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def affordable(view: MarketView, *, quote_tokens: float) -> float:
    """Base tokens that so much money buys, fees included, by what the venue shows; 0 if it shows no price."""
    ask = view.ask

    def fits(base_tokens: float) -> bool:
        cost = view.quote_tokens(+1, base_tokens)
        return cost is not None and cost <= quote_tokens

    return largest(fits, quote_tokens / ask) if ask and quote_tokens > 0.0 else 0.0
