"""The call auction: its rules worked by hand, and against a search over every price."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ext.kernels import each_kernel_with, kernels_with, outcome

from shoal.ext.book import BUY, MARK, MAXIMUM, SELL, Collecting, OutOfRange, StillCrossed

auctions = each_kernel_with("auction", "collect")

type Orders = list[tuple[int, int, int]]


def collected(kernel: Any, orders: Orders, **options: Any) -> Any:
    book = kernel()
    book.collect(True)
    for side, price, lots in orders:
        book.limit(side, price, lots, **options)
    return book


@auctions
@pytest.mark.parametrize(
    ("orders", "reference", "price", "lots"),
    [
        # Most lots: 101 trades 8, 100 and 102 only 5.
        ([(BUY, 102, 5), (BUY, 101, 5), (SELL, 100, 5), (SELL, 101, 3)], 1, 101, 8),
        # 7 lots trade anywhere in 100..102; at 100 three buyers stay unserved, above it none does.
        ([(BUY, 102, 7), (BUY, 100, 3), (SELL, 99, 7)], 100, 101, 7),
        # Surplus buyers everywhere: the highest price; surplus sellers: the lowest.
        ([(BUY, 105, 10), (SELL, 100, 4)], 1, 105, 4),
        ([(BUY, 105, 4), (SELL, 100, 10)], MAXIMUM, 100, 4),
        # No surplus in 100..105: the reference, or the nearest to it.
        ([(BUY, 105, 4), (SELL, 100, 4)], 103, 103, 4),
        ([(BUY, 105, 4), (SELL, 100, 4)], 7, 100, 4),
        ([(BUY, 105, 4), (SELL, 100, 4)], 700, 105, 4),
        # As many surplus buyers up to 102 as surplus sellers from 103 on.
        ([(BUY, 105, 10), (BUY, 102, 5), (SELL, 100, 10), (SELL, 103, 5)], 1, 102, 10),
        ([(BUY, 105, 10), (BUY, 102, 5), (SELL, 100, 10), (SELL, 103, 5)], 200, 103, 10),
    ],
)
def test_the_uniform_price(kernel: Any, orders: Orders, reference: int, price: int, lots: int) -> None:
    book = collected(kernel, orders)
    cleared = book.auction(reference)
    assert cleared[:2] == (price, lots)
    assert book.last == price
    assert book.collect(False) == []
    book.check()


@auctions
def test_better_prices_then_older_orders_fill_first(kernel: Any) -> None:
    book = collected(kernel, [(BUY, 100, 4), (BUY, 100, 4), (BUY, 103, 2), (SELL, 100, 3), (SELL, 99, 4)])
    assert book.auction(100) == (100, 7, [(3, 5, 2, 0, 2), (1, 5, 2, 2, 0), (1, 4, 2, 0, 1), (2, 4, 1, 3, 0)])
    assert book.orders() == [(2, BUY, 100, 3)]


@auctions
def test_without_crossing_nothing_happens(kernel: Any) -> None:
    book = collected(kernel, [(BUY, 100, 4), (SELL, 101, 4)])
    before = book.state_bytes()
    assert book.auction(100) == (None, 0, [])
    assert kernel().auction(100) == (None, 0, [])
    assert book.state_bytes() == before
    assert book.last == 0


@auctions
def test_while_collecting_nothing_trades_at_once(kernel: Any) -> None:
    book = collected(kernel, [(BUY, 100, 4), (SELL, 90, 3)])
    assert (book.collecting, book.best_bid(), book.best_ask()) == (True, 100, 90)
    for options in ({"immediate": True}, {"fill_or_kill": True}, {"post_only": True}, {"slide": True}):
        assert outcome(book, "limit", BUY, 95, 1, **options)[0] is Collecting
    assert outcome(book, "market", BUY, 1, 95)[0] is Collecting
    assert outcome(book, "replay", [0], [BUY], [95], [1], [9])[0] is Collecting
    assert outcome(book, "collect", False) == (
        StillCrossed,
        "bid 100 and ask 90 still cross: an auction comes first",
    )
    assert outcome(book, "auction", 0)[0] is OutOfRange
    assert book.amend(2, price=91) == (2, 3, [])
    book.check()
    assert book.auction(95)[:2] == (100, 3)
    book.collect(False)
    assert book.collecting is False
    assert book.market(SELL, 5, 1)[2] == [(1, 100, 1, 0)]


@auctions
def test_hidden_lots_count_and_are_shown_in_turn(kernel: Any) -> None:
    book = kernel()
    book.collect(True)
    book.limit(BUY, 100, 6, display=2)
    book.limit(BUY, 100, 2)
    book.limit(SELL, 100, 7)
    assert book.auction(1) == (100, 7, [(1, 3, 2, 4, 5), (2, 3, 2, 0, 3), (1, 3, 2, 2, 1), (1, 3, 1, 1, 0)])


@auctions
def test_stops_wait_for_the_end_of_the_call(kernel: Any) -> None:
    book = kernel()
    book.limit(SELL, 120, 1)
    book.collect(True)
    on_last = book.stop(BUY, 100, 1)
    on_mark = book.stop(BUY, 110, 5, price=105, source=MARK)
    book.limit(BUY, 100, 3)
    book.limit(SELL, 100, 3)
    assert book.auction(100)[:2] == (100, 3)
    assert (book.triggered(), book.mark(110), book.halted) == ([], [], False)
    assert book.collect(False) == [(on_last, 0, [(1, 120, 1, 0)]), (on_mark, 5, [])]
    assert book.orders() == [(on_mark, BUY, 105, 5)]


def every_price(orders: Orders, reference: int) -> tuple[int, int] | None:
    """The auction's rules, read aloud over every price."""

    def demand(price: int) -> int:
        return sum(lots for side, limit, lots in orders if side == BUY and limit >= price)

    def supply(price: int) -> int:
        return sum(lots for side, limit, lots in orders if side == SELL and limit <= price)

    prices = range(1, 40)
    volume = max(min(demand(price), supply(price)) for price in prices)
    if volume == 0:
        return None
    best = [price for price in prices if min(demand(price), supply(price)) == volume]
    least = min(abs(demand(price) - supply(price)) for price in best)
    best = [price for price in best if abs(demand(price) - supply(price)) == least]
    if least:
        buyers = [price for price in best if demand(price) > supply(price)]
        sellers = [price for price in best if demand(price) < supply(price)]
        best = buyers[-1:] + sellers[:1]
    return min(best, key=lambda price: abs(price - reference)), volume


lists_of_orders = st.lists(
    st.tuples(st.sampled_from([BUY, SELL]), st.integers(10, 22), st.integers(1, 6)), min_size=1, max_size=14
)


@pytest.mark.parametrize("kernel", kernels_with("auction"))
@given(orders=lists_of_orders, reference=st.integers(1, 35), display=st.sampled_from([0, 1]))
def test_auctions_keep_their_laws(kernel: Any, orders: Orders, reference: int, display: int) -> None:
    book = collected(kernel, orders, display=display)
    price, lots, trades = book.auction(reference)
    assert (None if price is None else (price, lots)) == every_price(orders, reference)
    assert sum(trade[2] for trade in trades) == lots
    filled: dict[int, int] = {}
    for buy, sell, traded, buy_left, sell_left in trades:
        for order, left in ((buy, buy_left), (sell, sell_left)):
            filled[order] = filled.get(order, 0) + traded
            assert left == orders[order - 1][2] - filled[order]
    for order, (side, limit, wanted) in enumerate(orders, start=1):
        got = filled.get(order, 0)
        assert not got or side * (limit - price) >= 0
        if price is not None and side * (limit - price) > 0:
            assert got == wanted, "a better price was left unfilled"
        if order in book:
            assert book.order(order) == (side, limit, wanted - got)
    # Nothing crosses any more, so that a second auction trades nothing and matching may begin.
    assert book.auction(reference)[1] == 0
    book.collect(False)
    book.check()


@pytest.mark.parametrize("kernel", kernels_with("auction"))
@given(orders=lists_of_orders, reference=st.integers(1, 35))
def test_at_one_price_older_orders_fill_first(kernel: Any, orders: Orders, reference: int) -> None:
    book = collected(kernel, orders)
    price, _, trades = book.auction(reference)
    left = {order: lots for order, _, _, lots in book.orders()}
    for side in (BUY, SELL):
        ids = [order for order, (own, limit, _) in enumerate(orders, start=1) if (own, limit) == (side, price)]
        touched = [order for order in ids if order not in left or left[order] < orders[order - 1][2]]
        assert touched == ids[: len(touched)]
        assert all(order not in left for order in touched[:-1])
    assert len(trades) <= len(orders)
