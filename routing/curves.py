"""From what a feed showed to what the router needs."""

from __future__ import annotations

import math

from shoal.routing.constant_product import ConstantProductCurve
from shoal.routing.curve import Curve
from shoal.routing.exponential import ExponentialPurchase, ExponentialSale
from shoal.routing.levels import Levels
from shoal.sim.errors import RoutingError
from shoal.sim.units import PPM
from shoal.venues.amm.constant_product_view import ConstantProductView
from shoal.venues.book.news import BookNews
from shoal.venues.outside_news import OutsideNews


def curve_of(venue: str, view: object, *, side: int) -> Curve | None:
    """The curve of a venue as it was published; None if nothing was, or nobody trades there.

    Args:
        venue: the venue's name.
        view: what its feed showed, or None.
        side: -1 sells: base in, quote out; +1 buys: quote in, base out.

    Raises:
        RoutingError: the side is neither, or the view is not of a venue that has a curve.

    >>> curve_of("outside", OutsideNews(20_000.0, math.inf, 1000), side=-1)
    Levels(venue='outside', rates=(19980.0,), capacities=(inf,))
    """
    if side not in (-1, 1):
        raise RoutingError(venue, f"side {side!r}", "+1 or -1")
    if view is None:
        return None
    if isinstance(view, ConstantProductView):
        return _pool(venue, view, side)
    if isinstance(view, OutsideNews):
        return _outside(venue, view, side)
    if isinstance(view, BookNews):
        return _book(venue, view, side)
    raise RoutingError(venue, f"a view of type {type(view).__name__}", "one of a pool, a book or the outside market")


def _pool(venue: str, view: ConstantProductView, side: int) -> Curve | None:
    if not view.reserve_base or not view.reserve_quote:
        return None
    base, quote = view.base.tokens(view.reserve_base), view.quote.tokens(view.reserve_quote)
    reserves = (base, quote) if side < 0 else (quote, base)
    return ConstantProductCurve(venue, *reserves, view.fee_ppm / PPM)


def _outside(venue: str, view: OutsideNews, side: int) -> Curve | None:
    if view.bid is None or view.ask is None:
        return None
    rate = view.bid if side < 0 else 1.0 / view.ask
    if view.scale_base_tokens == math.inf:
        return Levels(venue, (rate,), (math.inf,))
    return (ExponentialSale if side < 0 else ExponentialPurchase)(venue, rate, view.scale_base_tokens)


def _book(venue: str, view: BookNews, side: int) -> Curve | None:
    grid = view.grid
    levels = view.bid_levels if side < 0 else view.ask_levels
    if not levels:
        return None
    tick = grid.tick / grid.quote.unit * (PPM + side * view.taker_fee_ppm) / PPM
    lot = grid.lot / grid.base.unit
    if side < 0:
        return Levels(venue, tuple(ticks * tick for ticks, _, _ in levels), tuple(lots * lot for _, lots, _ in levels))
    rates = tuple(1.0 / (ticks * tick) for ticks, _, _ in levels)
    return Levels(venue, rates, tuple(ticks * tick * lots * lot for ticks, lots, _ in levels))
