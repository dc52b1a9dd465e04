"""Self-trade prevention, fill-or-kill, sliding, iceberg, amended and expiring orders, worked by hand."""

from __future__ import annotations

from typing import Any

import pytest
from tests.ext.kernels import each_kernel_with, outcome

from shoal.ext.book import (
    BUY,
    CANCEL_BOTH,
    CANCEL_MAKER,
    CANCEL_TAKER,
    DECREMENT,
    MAXIMUM,
    SELL,
    STP_NONE,
    AlreadyExpired,
    OutOfRange,
    Unfillable,
    UnknownOrderId,
    WouldCross,
)

own_trades = each_kernel_with("owner", "stp", "prevented")
icebergs = each_kernel_with("display", "displayed")
kills = each_kernel_with("fill_or_kill")
amends = each_kernel_with("amend")
expiries = each_kernel_with("expiry", "expire")


def two_owners(kernel: Any) -> Any:
    """Asks at 100 of owner 2 (5 lots), owner 1 (7) and owner 2 (3)."""
    book = kernel()
    for owner, lots in ((2, 5), (1, 7), (2, 3)):
        book.limit(SELL, 100, lots, owner=owner)
    return book


@own_trades
@pytest.mark.parametrize(
    ("mode", "answer", "prevented", "left"),
    [
        (STP_NONE, (0, 0, [(1, 100, 5, 0), (2, 100, 7, 0), (3, 100, 1, 2)]), [], [(3, SELL, 100, 2)]),
        (CANCEL_TAKER, (0, 0, [(1, 100, 5, 0)]), [(2, 0, 7)], [(2, SELL, 100, 7), (3, SELL, 100, 3)]),
        (CANCEL_MAKER, (4, 5, [(1, 100, 5, 0), (3, 100, 3, 0)]), [(2, 7, 0)], [(4, BUY, 100, 5)]),
        (CANCEL_BOTH, (0, 0, [(1, 100, 5, 0)]), [(2, 7, 0)], [(3, SELL, 100, 3)]),
        (DECREMENT, (0, 0, [(1, 100, 5, 0), (3, 100, 1, 2)]), [(2, 7, 0)], [(3, SELL, 100, 2)]),
    ],
)
def test_the_takers_mode_decides(kernel: Any, mode: int, answer: Any, prevented: list[Any], left: list[Any]) -> None:
    book = two_owners(kernel)
    foreseen = book.fill_cost(BUY, 13, collar_price=100, owner=1, stp=mode)
    assert book.limit(BUY, 100, 13, owner=1, stp=mode) == answer
    assert foreseen == [(100, sum(lots for _, _, lots, _ in answer[2]))]
    assert book.prevented() == prevented
    assert book.orders() == left
    book.check()


@own_trades
def test_nobody_is_not_one_owner(kernel: Any) -> None:
    book = kernel()
    book.limit(SELL, 100, 5)
    assert book.limit(BUY, 100, 5, stp=CANCEL_BOTH) == (0, 0, [(1, 100, 5, 0)])
    assert book.prevented() == []


@own_trades
def test_a_decremented_maker_keeps_its_place(kernel: Any) -> None:
    book = two_owners(kernel)
    assert book.market(BUY, 8, MAXIMUM, owner=1, stp=DECREMENT)[2] == [(1, 100, 5, 0)]
    assert book.prevented() == [(2, 3, 4)]
    assert book.orders() == [(2, SELL, 100, 4), (3, SELL, 100, 3)]
    book.cancel(3)
    assert book.prevented() == []


@own_trades
def test_owners_leave_together(kernel: Any) -> None:
    book = two_owners(kernel)
    assert outcome(book, "cancel_owner", 0)[0] is OutOfRange
    assert book.cancel_owner(2) == [1, 3]
    assert book.cancel_owner(2) == []
    assert book.orders() == [(2, SELL, 100, 7)]


@pytest.mark.parametrize("bad", [{"stp": 5}, {"stp": -1}, {"owner": -1}, {"owner": MAXIMUM + 1}])
@own_trades
def test_modes_and_owners_have_ranges(kernel: Any, bad: dict[str, int]) -> None:
    book = kernel()
    kind, _ = outcome(book, "limit", BUY, 1, 1, **bad)
    assert kind is (ValueError if "stp" in bad else OutOfRange)
    assert outcome(book, "market", BUY, 1, 1, **bad)[0] is kind


@kills
def test_all_or_nothing(kernel: Any) -> None:
    book = kernel()
    book.limit(SELL, 100, 5)
    book.limit(SELL, 102, 5)
    assert outcome(book, "limit", BUY, 101, 6, fill_or_kill=True) == (
        Unfillable,
        "5 of 6 lots could be filled up to 101 ticks",
    )
    assert book.limit(BUY, 102, 6, fill_or_kill=True) == (0, 0, [(1, 100, 5, 0), (2, 102, 1, 4)])


@each_kernel_with("fill_or_kill", "display")
def test_all_or_nothing_counts_what_hides(kernel: Any) -> None:
    book = kernel()
    book.limit(SELL, 100, 9, display=2)
    assert outcome(book, "limit", BUY, 100, 10, fill_or_kill=True)[0] is Unfillable
    fills = book.limit(BUY, 100, 9, fill_or_kill=True)[2]
    assert fills == [(1, 100, 2, 7), (1, 100, 2, 5), (1, 100, 2, 3), (1, 100, 2, 1), (1, 100, 1, 0)]


@each_kernel_with("fill_or_kill", "stp")
@pytest.mark.parametrize(
    ("mode", "most"), [(STP_NONE, 15), (CANCEL_TAKER, 5), (CANCEL_MAKER, 8), (CANCEL_BOTH, 5), (DECREMENT, 5)]
)
def test_all_or_nothing_counts_own_orders_as_its_mode_says(kernel: Any, mode: int, most: int) -> None:
    book = two_owners(kernel)
    kind, _ = outcome(book, "limit", BUY, 100, most + 1, owner=1, stp=mode, fill_or_kill=True)
    assert kind is Unfillable
    order_id, resting, fills = book.limit(BUY, 100, most, owner=1, stp=mode, fill_or_kill=True)
    assert (order_id, resting, sum(lots for _, _, lots, _ in fills)) == (0, 0, most)


@each_kernel_with("fill_or_kill", "stp", "display")
def test_what_hides_ahead_comes_after_the_own_order(kernel: Any) -> None:
    book = kernel()
    book.limit(SELL, 100, 10, owner=2, display=3)
    book.limit(SELL, 100, 1, owner=1)
    assert book.fill_cost(BUY, 10, owner=1, stp=CANCEL_TAKER) == [(100, 3)]
    assert book.fill_cost(BUY, 11, owner=1, stp=CANCEL_MAKER) == [(100, 10)]
    assert outcome(book, "limit", BUY, 100, 4, owner=1, stp=CANCEL_TAKER, fill_or_kill=True)[0] is Unfillable
    assert book.limit(BUY, 100, 4, owner=1, stp=CANCEL_TAKER) == (0, 0, [(1, 100, 3, 7)])


@each_kernel_with("fill_or_kill", "slide", "display", "expiry")
@pytest.mark.parametrize(
    "options",
    [
        {"immediate": True, "post_only": True},
        {"fill_or_kill": True, "slide": True},
        {"immediate": True, "display": 1},
        {"fill_or_kill": True, "expiry": 9},
    ],
)
def test_options_that_contradict_each_other(kernel: Any, options: dict[str, Any]) -> None:
    kind, text = outcome(kernel(), "limit", BUY, 1, 1, **options)
    assert kind is ValueError
    assert "immediate" in text


@each_kernel_with("slide")
def test_a_sliding_order_rests_one_tick_short(kernel: Any) -> None:
    book = kernel()
    book.limit(SELL, 100, 1)
    assert book.limit(BUY, 105, 4, slide=True) == (2, 4, [])
    assert book.order(2) == (BUY, 99, 4)
    assert book.limit(BUY, 98, 4, slide=True, post_only=True) == (3, 4, [])
    assert book.order(3) == (BUY, 98, 4)
    assert book.limit(SELL, 99, 1, slide=True) == (4, 1, [])
    assert book.order(4) == (SELL, 100, 1)


@each_kernel_with("slide")
def test_nothing_slides_off_the_scale(kernel: Any) -> None:
    book = kernel()
    book.limit(SELL, 1, 1)
    assert outcome(book, "limit", BUY, 1, 1, slide=True)[0] is WouldCross
    other = kernel()
    other.limit(BUY, MAXIMUM, 1)
    assert outcome(other, "limit", SELL, 5, 1, slide=True)[0] is WouldCross


@icebergs
def test_newly_shown_lots_stand_last(kernel: Any) -> None:
    book = kernel()
    book.limit(SELL, 100, 10, display=4)
    book.limit(SELL, 100, 5)
    assert book.depth(SELL, 1) == [(100, 9, 2)]
    assert (book.volume(SELL), book.volume_within(SELL, 100), book.cost_within(SELL, 100)) == (15, 9, (9, 900))
    assert book.queue_ahead(2) == 4
    assert book.market(BUY, 4, MAXIMUM)[2] == [(1, 100, 4, 6)]
    assert book.displayed() == [(2, SELL, 100, 5), (1, SELL, 100, 4)]
    assert book.orders() == [(2, SELL, 100, 5), (1, SELL, 100, 6)]
    assert book.queue_ahead(1) == 5
    assert book.fill_cost(BUY, 20) == [(100, 11)]
    assert book.market(BUY, 20, MAXIMUM)[2] == [(2, 100, 5, 0), (1, 100, 4, 2), (1, 100, 2, 0)]
    assert len(book) == 0


@icebergs
def test_an_iceberg_first_trades_with_all_it_has(kernel: Any) -> None:
    book = kernel()
    book.limit(SELL, 100, 6)
    assert book.limit(BUY, 100, 10, display=3) == (2, 4, [(1, 100, 6, 0)])
    assert book.displayed() == [(2, BUY, 100, 3)]
    assert book.cancel(2) == 4
    assert book.volume(BUY) == 0


@icebergs
@pytest.mark.parametrize(("quantity", "display"), [(5, 6), (5, -1), (1_001, 1), (MAXIMUM, MAXIMUM // 1_000)])
def test_an_iceberg_shows_some_of_its_lots(kernel: Any, quantity: int, display: int) -> None:
    assert outcome(kernel(), "limit", BUY, 100, quantity, display=display)[0] is OutOfRange


@amends
def test_less_keeps_its_place_and_more_does_not(kernel: Any) -> None:
    book = kernel()
    for lots in (5, 6, 7):
        book.limit(BUY, 100, lots)
    assert book.amend(1, quantity=2) == (1, 2, [])
    assert book.amend(2) == (2, 6, [])
    assert book.orders() == [(1, BUY, 100, 2), (2, BUY, 100, 6), (3, BUY, 100, 7)]
    assert book.amend(1, quantity=3) == (1, 3, [])
    assert book.orders() == [(2, BUY, 100, 6), (3, BUY, 100, 7), (1, BUY, 100, 3)]
    assert book.amend(3, quantity=1, price=101) == (3, 1, [])
    assert book.orders() == [(3, BUY, 101, 1), (2, BUY, 100, 6), (1, BUY, 100, 3)]
    assert book.next_id == 4


@amends
def test_a_new_price_may_trade(kernel: Any) -> None:
    book = kernel()
    book.limit(BUY, 99, 5)
    book.limit(SELL, 101, 2)
    assert outcome(book, "amend", 1, price=101, post_only=True)[0] is WouldCross
    assert book.amend(1, price=101) == (1, 3, [(2, 101, 2, 0)])
    book.limit(SELL, 102, 9)
    assert book.amend(1, price=105) == (0, 0, [(3, 102, 3, 6)])
    assert 1 not in book


@amends
def test_amendments_have_ranges(kernel: Any) -> None:
    book = kernel()
    book.limit(BUY, 99, 5)
    book.limit(BUY, 98, MAXIMUM - 5)
    assert outcome(book, "amend", 9, quantity=1)[0] is UnknownOrderId
    for bad in ({"quantity": 0}, {"price": 0}, {"quantity": 6}, {"price": MAXIMUM + 1}):
        assert outcome(book, "amend", 1, **bad)[0] is OutOfRange
    assert book.amend(1, price=100) == (1, 5, [])


@each_kernel_with("amend", "display")
def test_an_amended_iceberg_loses_hidden_lots_first(kernel: Any) -> None:
    book = kernel()
    book.limit(BUY, 100, 10, display=4)
    book.limit(BUY, 100, 1)
    assert book.amend(1, quantity=5) == (1, 5, [])
    assert book.displayed() == [(1, BUY, 100, 4), (2, BUY, 100, 1)]
    assert book.amend(1, quantity=3) == (1, 3, [])
    assert book.displayed() == [(1, BUY, 100, 3), (2, BUY, 100, 1)]
    assert book.amend(1, quantity=4_000) == (1, 4_000, [])
    assert book.displayed() == [(2, BUY, 100, 1), (1, BUY, 100, 4)]
    assert outcome(book, "amend", 1, quantity=4_001)[0] is OutOfRange


@each_kernel_with("amend", "stp")
def test_an_amended_order_is_a_taker_of_its_owner(kernel: Any) -> None:
    book = kernel()
    book.limit(BUY, 99, 5, owner=1)
    book.limit(SELL, 101, 2, owner=1)
    assert book.amend(1, price=101, stp=CANCEL_MAKER) == (1, 5, [])
    assert book.prevented() == [(2, 2, 0)]
    assert book.orders() == [(1, BUY, 101, 5)]


@expiries
def test_orders_leave_when_their_time_has_come(kernel: Any) -> None:
    book = kernel()
    for expiry in (30, 10, 0, 10, 20):
        book.limit(BUY, 100, 1, expiry=expiry)
    assert book.expire(9) == []
    assert book.expire(20) == [2, 4, 5]
    assert book.orders() == [(1, BUY, 100, 1), (3, BUY, 100, 1)]
    assert outcome(book, "expire", 19)[0] is OutOfRange
    assert outcome(book, "limit", BUY, 100, 1, expiry=20)[0] is AlreadyExpired
    assert book.limit(BUY, 100, 1, expiry=21) == (6, 1, [])
    assert book.now == 20


@each_kernel_with("owner", "display", "expiry")
def test_state_says_what_orders_do_not(kernel: Any) -> None:
    states = []
    for options in ({}, {"owner": 1}, {"owner": 2}, {"display": 2}, {"display": 3}, {"expiry": 5}):
        book = kernel()
        book.limit(BUY, 100, 9, **options)
        states.append(book.state_bytes())
    assert len(set(states)) == len(states)
    assert len(states[0]) == 8 * 5
