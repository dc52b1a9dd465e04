"""What only the compiled kernel does behind its answers: rings, windows and arrays that move as the book does."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from tests.ext.kernels import KERNELS

from shoal.ext.book import BUY, MAXIMUM, SELL, UnknownOrderId

pytestmark = pytest.mark.skipif(len(KERNELS) < 2, reason="the extension is not built here")


def both(books: list[Any], verb: str, *arguments: Any) -> Any:
    answers = [getattr(book, verb)(*arguments) for book in books]
    assert answers[0] == answers[1]
    return answers[0]


def test_old_orders_are_found_after_many_younger_ones() -> None:
    books = [kernel() for kernel in KERNELS]
    stream = random.Random(4)
    old = [both(books, "limit", BUY, 100 + number % 7, 1 + number)[0] for number in range(200)]
    for number in range(30_000):
        order, _, _ = both(books, "limit", SELL, 200 + number % 11, 3)
        both(books, "cancel", order)
        if number % 500 == 0:
            both(books, "cancel", old.pop(stream.randrange(len(old))))
            books[1].check()
    assert [both(books, "order", order)[0] for order in old] == [BUY] * len(old)
    with pytest.raises(UnknownOrderId):
        books[1].cancel(old[-1] + 1)
    both(books, "market", SELL, 10**6, 1)
    assert both(books, "orders") == []


def test_the_window_follows_the_market_anywhere() -> None:
    books = [kernel() for kernel in KERNELS]
    stream = random.Random(9)
    for center in (10**6, 10**3, 2**61, 5 * 10**5, MAXIMUM - 400, 400, 10**6):
        for _ in range(600):
            side = stream.choice((BUY, SELL))
            both(books, "limit", side, center - side * stream.randrange(-5, 390), stream.randint(1, 9))
        both(books, "depth", BUY, 50)
        both(books, "depth", SELL, 50)
        for book in books:
            book.check()
        both(books, "state_bytes")
    both(books, "market", BUY, 10**6, MAXIMUM)
    both(books, "market", SELL, 10**6, 1)
    assert len(books[1]) == 0


def test_many_orders_take_little_memory_each() -> None:
    book = KERNELS[1]()
    count = 300_000
    numbers = np.arange(1, count + 1)
    sides = np.where(numbers % 2 == 0, BUY, SELL)
    prices = 100_000 - sides * (1 + numbers * 7919 % 5_000)
    book.replay(np.zeros(count, np.int64), sides, prices, np.full(count, 5), numbers)
    assert len(book) == count
    assert book.memory_bytes <= 96 * count
    book.check()


def test_a_flow_may_be_columns_of_records() -> None:
    records = np.zeros(3, [(name, np.int64) for name in ("kind", "side", "price", "qty", "id")])
    records["side"], records["price"], records["qty"] = (SELL, BUY, BUY), 100, (5, 3, 4)
    records["id"] = (2, 5, 6)
    count, traded, fills = KERNELS[1]().replay(*(records[name] for name in records.dtype.names or ()))
    assert (count, traded, fills.tolist()) == (2, 5, [[5, 2, 100, 3], [6, 2, 100, 2]])
    with pytest.raises(TypeError):
        KERNELS[1]().replay([0], [1], [1.5], [1], [1])
