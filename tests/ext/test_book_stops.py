"""Stop orders: what sets them off, in which order, and how far a cascade goes."""

from __future__ import annotations

from typing import Any

import pytest
from tests.ext.kernels import each_kernel_with, outcome

from shoal.ext.book import BUY, LAST, MARK, MAXIMUM, SELL, AlreadyExpired, OutOfRange, UnknownOrderId, WouldTrigger
from shoal.ext.book_terms import MAXIMUM_CASCADE

stops = each_kernel_with("stop", "mark", "triggered")


def with_bids(kernel: Any, *prices: int, lots: int = 1) -> Any:
    book = kernel()
    for price in prices:
        book.limit(BUY, price, lots)
    return book


@stops
def test_a_trade_at_the_trigger_sets_off_a_market_order(kernel: Any) -> None:
    book = with_bids(kernel, 100, 99, 98, 97)
    assert book.stop(SELL, 99, 5, collar_price=98) == 5
    assert book.stops() == [(5, SELL, 99, 5, LAST)]
    assert (5 in book, len(book)) == (False, 4)
    assert book.market(SELL, 1, 1) == (0, 0, [(1, 100, 1, 0)])
    assert book.triggered() == []
    assert book.market(SELL, 1, 1) == (0, 0, [(2, 99, 1, 0)])
    assert book.triggered() == [(5, 0, [(3, 98, 1, 0)])]
    assert (book.stops(), book.last, book.orders()) == ([], 98, [(4, BUY, 97, 1)])


@stops
def test_a_stop_limit_rests_under_its_id_in_a_gap(kernel: Any) -> None:
    book = with_bids(kernel, 100, 90)
    assert book.stop(SELL, 100, 3, price=95, owner=4) == 3
    assert book.limit(SELL, 95, 1) == (0, 0, [(1, 100, 1, 0)])
    assert book.triggered() == [(3, 3, [])]
    assert book.orders() == [(2, BUY, 90, 1), (3, SELL, 95, 3)]
    assert book.next_id == 4


@stops
def test_a_stop_limit_that_rests_still_expires(kernel: Any) -> None:
    book = with_bids(kernel, 100)
    stop = book.stop(SELL, 100, 3, price=95, expiry=7)
    book.market(SELL, 1, 1)
    assert book.triggered() == [(stop, 3, [])]
    assert (book.expire(6), book.expire(7), len(book)) == ([], [stop], 0)


@stops
def test_a_buy_waits_below_its_trigger(kernel: Any) -> None:
    book = kernel()
    for price in (100, 101, 102):
        book.limit(SELL, price, 1)
    book.limit(BUY, 100, 1)
    assert outcome(book, "stop", BUY, 100, 1) == (WouldTrigger, "stop at 100 ticks would be set off at once by 100")
    assert outcome(book, "stop", SELL, 100, 1)[0] is WouldTrigger
    assert outcome(book, "stop", SELL, 101, 1)[0] is WouldTrigger
    assert book.stop(BUY, 101, 1) == 4
    book.market(BUY, 1, MAXIMUM)
    assert book.triggered() == [(4, 0, [(3, 102, 1, 0)])]


@stops
def test_only_its_own_source_sets_off_a_stop(kernel: Any) -> None:
    book = with_bids(kernel, 100, 99, 98)
    on_mark = book.stop(SELL, 100, 1, source=MARK)
    on_last = book.stop(SELL, 98, 1, source=LAST)
    book.market(SELL, 1, 1)
    assert book.triggered() == []
    assert book.mark(101) == []
    assert book.mark(97) == [(on_mark, 0, [(2, 99, 1, 0)])]
    assert book.stops() == [(on_last, SELL, 98, 1, LAST)]
    assert book.mark_price == 97
    assert outcome(book, "stop", SELL, 97, 1, source=MARK)[0] is WouldTrigger


@stops
def test_a_cascade_is_first_come_first_served(kernel: Any) -> None:
    book = with_bids(kernel, 100, 99, 98, 97, 96, 95)
    last = book.stop(SELL, 98, 1)
    older, younger = book.stop(SELL, 99, 1), book.stop(SELL, 100, 1)
    book.market(SELL, 1, 1)
    # The trade at 100 sets off `younger` alone; its trade at 99 sets off `older`, whose trade at 98 sets off `last`.
    assert [row[0] for row in book.triggered()] == [younger, older, last]
    assert [fill[1] for _, _, fills in book.triggered() for fill in fills] == [99, 98, 97]


@stops
def test_stops_of_one_trade_go_oldest_first(kernel: Any) -> None:
    book = with_bids(kernel, 100, 95)
    ids = [book.stop(SELL, trigger, 1) for trigger in (96, 99, 97)]
    book.market(SELL, 2, 1)
    assert [row[0] for row in book.triggered()] == ids


@stops
def test_the_first_price_of_a_sweep_counts_too(kernel: Any) -> None:
    book = with_bids(kernel, 90)
    book.market(SELL, 1, 1)
    for price in (99, 95):
        book.limit(BUY, price, 1)
    buy = book.stop(BUY, 98, 1)
    book.market(SELL, 2, 1)
    assert book.last == 95
    assert book.triggered() == [(buy, 0, [])]


@stops
def test_a_cascade_has_an_end_and_the_next_verb_goes_on(kernel: Any) -> None:
    book = kernel()
    ids = [book.stop(SELL, 100, 1, price=200) for _ in range(MAXIMUM_CASCADE + 5)]
    cancelled = ids[-1]
    assert [row[0] for row in book.mark(50)] == []
    book.limit(BUY, 100, 1)
    book.market(SELL, 1, 1)
    assert [row[0] for row in book.triggered()] == ids[:MAXIMUM_CASCADE]
    assert book.halted
    assert [row[0] for row in book.stops()] == ids[MAXIMUM_CASCADE:]
    assert book.cancel(cancelled) == 1
    assert book.halted
    book.check()
    assert [row[0] for row in book.mark(51)] == ids[MAXIMUM_CASCADE:-1]
    assert not book.halted
    book.check()


@stops
def test_a_stop_that_no_longer_fits_is_dropped(kernel: Any) -> None:
    book = kernel()
    stop = book.stop(SELL, 50, 2, price=60)
    book.limit(SELL, 100, MAXIMUM - 1)
    book.limit(BUY, 50, 1)
    assert book.limit(SELL, 50, 1, immediate=True)[2] == [(3, 50, 1, 0)]
    assert book.triggered() == [(stop, 0, [])]
    assert book.stops() == []


@stops
def test_stops_can_be_taken_back(kernel: Any) -> None:
    book = kernel()
    book.limit(BUY, 10, 1, owner=7)
    ids = [book.stop(BUY, 100, 4, owner=7), book.stop(BUY, 100, 5, expiry=30), book.stop(BUY, 100, 6)]
    assert book.cancel(ids[2]) == 6
    assert outcome(book, "cancel", ids[2])[0] is UnknownOrderId
    assert outcome(book, "amend", ids[0], quantity=1)[0] is UnknownOrderId
    assert outcome(book, "order", ids[0])[0] is UnknownOrderId
    assert book.expire(30) == [ids[1]]
    assert book.cancel_owner(7) == [1, ids[0]]
    assert book.stops() == []
    assert outcome(book, "stop", BUY, 100, 5, expiry=30)[0] is AlreadyExpired


@stops
@pytest.mark.parametrize(
    ("arguments", "options", "error"),
    [
        ((BUY, 0, 1), {}, OutOfRange),
        ((BUY, 1, 0), {}, OutOfRange),
        ((BUY, 1, MAXIMUM + 1), {}, OutOfRange),
        ((BUY, 1, 1), {"price": 0}, OutOfRange),
        ((BUY, 1, 1), {"collar_price": 0}, OutOfRange),
        ((BUY, 1, 1), {"owner": -1}, OutOfRange),
        ((BUY, 1, 1), {"expiry": -1}, OutOfRange),
        ((BUY, 1, 1), {"price": 1, "collar_price": 1}, ValueError),
        ((BUY, 1, 1), {"source": 2}, ValueError),
        ((BUY, 1, 1), {"stp": 9}, ValueError),
        ((0, 1, 1), {}, ValueError),
    ],
)
def test_refused_stops_change_nothing(kernel: Any, arguments: Any, options: Any, error: type[Exception]) -> None:
    assert outcome(kernel(), "stop", *arguments, **options)[0] is error
