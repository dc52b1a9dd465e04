"""Market conditions under which an order book refuses a call."""

from __future__ import annotations

from shoal.sim.errors import VenueError


class UnknownOrder(VenueError):
    """The sender has no such order in the book: it never had, or it was filled or cancelled."""

    happened = "no such order of this sender rests here"


class OffTick(VenueError):
    """The price is no whole number of ticks."""

    happened = "price off the tick"


class OffLot(VenueError):
    """The quantity is no whole number of lots."""

    happened = "quantity off the lot"


class PostOnlyWouldCross(VenueError):
    """A post-only order would have traded at once."""

    happened = "post-only order would trade at once"


class EmptyBook(VenueError):
    """Nobody offers the other side of a market order."""

    happened = "no order on the other side"


class BookFull(VenueError):
    """The order's side would hold more lots than the book can count."""

    happened = "the book's side is full"
