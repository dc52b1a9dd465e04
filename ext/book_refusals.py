"""What an order book kernel refuses, said alike by the compiled kernel and its twin."""

from __future__ import annotations

__all__ = ["MAXIMUM", "BookRefusal", "OutOfRange", "UnknownOrderId", "WouldCross"]

MAXIMUM = 2**62
"""Largest price in ticks, largest quantity in lots, and most lots that one side may hold."""


class BookRefusal(ValueError):
    """A request that left the book as it was."""


class OutOfRange(BookRefusal):
    """A price or a quantity outside 1..2^62, or a side that would hold more than 2^62 lots."""


class UnknownOrderId(BookRefusal):
    """No order with this id rests in the book: it never did, or it was filled or cancelled."""


class WouldCross(BookRefusal):
    """A post-only order that would have traded at once."""
