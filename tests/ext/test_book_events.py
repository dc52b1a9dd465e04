"""The event feed: what it says, and that the book can be rebuilt from it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.ext.kernels import each_kernel_with

from shoal.ext.book import BUY, DECREMENT, SELL
from shoal.ext.book_events import FeedBook
from shoal.ext.book_terms import ADD, DELETE, EXECUTE, REDUCE

feeds = each_kernel_with("events", "drain", "displayed", "amend")


def rows_of(book: Any) -> list[tuple[int, ...]]:
    rows = book.drain()
    assert rows.dtype == np.int64
    assert rows.shape == (len(rows), 6)
    return [tuple(row) for row in rows.tolist()]


@feeds
def test_every_change_is_a_row(kernel: Any) -> None:
    book = kernel()
    book.events(True)
    book.limit(SELL, 100, 5)
    book.limit(BUY, 100, 2)
    book.amend(1, quantity=2)
    book.amend(1, price=101)
    book.cancel(1)
    assert rows_of(book) == [
        (1, ADD, 1, SELL, 100, 5),
        (2, EXECUTE, 1, SELL, 100, 2),
        (3, REDUCE, 1, SELL, 100, 1),
        (4, DELETE, 1, SELL, 100, 2),
        (5, ADD, 1, SELL, 101, 2),
        (6, DELETE, 1, SELL, 101, 2),
    ]
    assert rows_of(book) == []


@feeds
def test_hidden_lots_stay_hidden(kernel: Any) -> None:
    book = kernel()
    book.events(True)
    book.limit(SELL, 100, 5, display=3, owner=1)
    book.amend(1, quantity=4)
    book.limit(BUY, 100, 3)
    book.market(BUY, 1, 100, owner=1, stp=DECREMENT)
    assert rows_of(book) == [
        (1, ADD, 1, SELL, 100, 3),
        (2, EXECUTE, 1, SELL, 100, 3),
        (3, ADD, 1, SELL, 100, 1),
        (4, REDUCE, 1, SELL, 100, 1),
    ]


@feeds
def test_an_auction_speaks_of_both_sides(kernel: Any) -> None:
    book = kernel()
    book.collect(True)
    book.limit(BUY, 105, 5)
    book.events(True)
    book.limit(SELL, 100, 7)
    book.auction(1)
    assert rows_of(book) == [
        (1, ADD, 1, BUY, 105, 5),
        (2, ADD, 2, SELL, 100, 7),
        (3, EXECUTE, 1, BUY, 100, 5),
        (4, EXECUTE, 2, SELL, 100, 5),
    ]


@feeds
def test_a_feed_begins_with_the_book_and_goes_on_counting(kernel: Any) -> None:
    book = kernel()
    book.limit(SELL, 101, 1)
    book.limit(BUY, 100, 9, display=4)
    assert rows_of(book) == []
    book.events(True)
    assert rows_of(book) == [(1, ADD, 2, BUY, 100, 4), (2, ADD, 1, SELL, 101, 1)]
    book.events(False)
    book.cancel(1)
    assert rows_of(book) == []
    book.events(True)
    rows = rows_of(book)
    assert rows == [(3, ADD, 2, BUY, 100, 4)]
    reader = FeedBook()
    reader.read(rows)
    assert reader.displayed() == book.displayed()


@feeds
def test_the_feed_is_not_part_of_the_state(kernel: Any) -> None:
    quiet, loud = kernel(), kernel()
    loud.events(True)
    for book in (quiet, loud):
        book.limit(SELL, 101, 5)
        book.limit(BUY, 101, 3)
    assert quiet.state_bytes() == loud.state_bytes()


@pytest.mark.parametrize(
    "rows",
    [
        [(1, ADD, 1, BUY, 5, 5), (3, DELETE, 1, BUY, 5, 5)],
        [(1, EXECUTE, 1, BUY, 5, 5)],
        [(1, ADD, 1, BUY, 5, 5), (2, ADD, 1, BUY, 5, 5)],
        [(1, ADD, 1, BUY, 5, 0)],
        [(1, ADD, 1, BUY, 5, 5), (2, REDUCE, 1, BUY, 5, 6)],
        [(1, ADD, 1, BUY, 5, 5), (2, DELETE, 1, BUY, 5, 4)],
        [(1, ADD, 1, BUY, 5, 5), (2, 9, 1, BUY, 5, 4)],
    ],
)
def test_a_reader_refuses_what_cannot_be(rows: Any) -> None:
    with pytest.raises(ValueError, match="row"):
        FeedBook().read(rows)
