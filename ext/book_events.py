"""The order book kernel's event feed: what it writes, and how a reader rebuilds the book from it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from shoal.ext.book_terms import ADD, DELETE, EXECUTE, REDUCE

WORDS = 6


class EventLog:
    """Rows (sequence, kind, id, side, price, lots) since the last drain, sequence counted from 1.

    `ADD`: an order stands last in line at its price with these lots shown. `EXECUTE`: lots of it traded at this price;
    an auction says so of both sides. `REDUCE`: lots went without a trade. `DELETE`: it went with these lots shown.
    An order whose shown lots are all gone is gone, unless an `ADD` of the same id follows.
    """

    __slots__ = ("_words", "sequence")

    def __init__(self, sequence: int = 0) -> None:
        self.sequence = sequence
        self._words: list[int] = []

    def write(self, kind: int, order_id: int, side: int, price: int, lots: int) -> None:
        """Append one row."""
        self.sequence += 1
        self._words += (self.sequence, kind, order_id, side, price, lots)

    def drain(self) -> NDArray[np.int64]:
        """The rows so far, shape (rows, 6), which the log then forgets."""
        rows = np.array(self._words, np.int64).reshape(-1, WORDS)
        self._words = []
        return rows


class FeedBook:
    """The shown orders as a reader of the event feed knows them, from the feed's beginning on.

    >>> from shoal.ext.book_terms import BUY
    >>> reader = FeedBook()
    >>> reader.read([(1, ADD, 7, BUY, 100, 5), (2, EXECUTE, 7, BUY, 100, 2)])
    >>> reader.displayed()
    [(7, 1, 100, 3)]
    """

    __slots__ = ("_levels", "_orders", "sequence")

    def __init__(self) -> None:
        self.sequence = 0
        self._orders: dict[int, tuple[int, int]] = {}
        self._levels: dict[tuple[int, int], OrderedDict[int, int]] = {}

    def read(self, rows: Iterable[Iterable[int]]) -> None:
        """Follow more rows.

        Raises:
            ValueError: a row is missing, or speaks of an order or of lots that the feed never showed.
        """
        for row in rows:
            sequence, kind, order_id, side, price, lots = map(int, row)
            if self.sequence and sequence != self.sequence + 1:
                raise ValueError(f"row {sequence} follows row {self.sequence}")
            self.sequence = sequence
            if kind == ADD:
                self._add(order_id, side, price, lots)
            elif kind in (EXECUTE, REDUCE, DELETE) and order_id in self._orders:
                self._take(order_id, lots, whole=kind == DELETE)
            else:
                raise ValueError(f"row {sequence}: kind {kind} of order {order_id}, which the feed does not show")

    def displayed(self) -> list[tuple[int, int, int, int]]:
        """Every order as (id, side, price, shown lots): bids, then asks, each in the order they would fill."""
        keys = sorted(self._levels, key=lambda key: (-key[0], -key[0] * key[1]))
        return [(order, side, price, lots) for side, price in keys for order, lots in self._levels[side, price].items()]

    def _add(self, order_id: int, side: int, price: int, lots: int) -> None:
        if order_id in self._orders or lots < 1:
            raise ValueError(f"row {self.sequence}: order {order_id} with {lots} lots is shown already, or is empty")
        self._orders[order_id] = side, price
        self._levels.setdefault((side, price), OrderedDict())[order_id] = lots

    def _take(self, order_id: int, lots: int, *, whole: bool) -> None:
        key = self._orders[order_id]
        level = self._levels[key]
        left = level[order_id] - lots
        if left < 0 or lots < 1 or (whole and left):
            raise ValueError(f"row {self.sequence}: {lots} lots off order {order_id}, which shows {level[order_id]}")
        level[order_id] = left
        if left == 0:
            del level[order_id], self._orders[order_id]
        if not level:
            del self._levels[key]
