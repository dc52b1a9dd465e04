"""What an order book kernel refuses, said alike by the compiled kernel and its twin."""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "MAXIMUM",
    "AlreadyExpired",
    "BookRefusal",
    "Collecting",
    "OutOfRange",
    "StillCrossed",
    "Unfillable",
    "UnknownOrderId",
    "WouldCross",
    "WouldTrigger",
]

MAXIMUM = 2**62
"""Largest price in ticks, largest quantity in lots, and most lots that one side may hold."""


class BookRefusal(ValueError):
    """A request that left the book as it was; `code` is its number in compact records."""

    code: ClassVar[int] = 0


class OutOfRange(BookRefusal):
    """A price, quantity, owner, display, expiry or id outside its range, or a side that would hold more than 2^62."""

    code = 1


class UnknownOrderId(BookRefusal):
    """No order with this id rests in the book: it never did, or it was filled or cancelled."""

    code = 2


class WouldCross(BookRefusal):
    """A post-only order that would have traded at once, or that no price on the scale could keep from it."""

    code = 3


class Unfillable(BookRefusal):
    """A fill-or-kill order that would not have been filled whole, hidden lots and self-trades considered."""

    code = 4


class AlreadyExpired(BookRefusal):
    """A good-till-time order whose time has passed."""

    code = 5


class WouldTrigger(BookRefusal):
    """A stop whose trigger the price has already reached."""

    code = 6


class Collecting(BookRefusal):
    """An order that must take, or must not, while orders are collected and nothing matches."""

    code = 7


class StillCrossed(BookRefusal):
    """Bids and asks still cross: an auction must come before continuous matching."""

    code = 8
