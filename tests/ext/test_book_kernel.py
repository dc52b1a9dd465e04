"""The compiled book and its twin answer alike, and both keep the laws of a book."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from shoal.ext import book_kernel_twin as twin
from shoal.ext.book import BUY, COMPILED, MAXIMUM, SELL, Book, BookRefusal, OutOfRange, UnknownOrderId, WouldCross

try:
    from shoal.ext import book_kernel as compiled
except ImportError:
    compiled = None  # type: ignore[assignment]

KERNELS = [twin.Book] if compiled is None else [twin.Book, compiled.Book]
needs_compiled = pytest.mark.skipif(compiled is None, reason="the extension is not built here")

sides = st.sampled_from([BUY, SELL])
prices = st.integers(95, 105) | st.integers(1, 10_000) | st.sampled_from([1, 2, MAXIMUM - 1, MAXIMUM])
quantities = st.integers(1, 20) | st.sampled_from([1, MAXIMUM // 2, MAXIMUM])
near_ids = st.integers(-1, 60)


def outcome(book: Any, verb: str, *arguments: Any, **options: Any) -> Any:
    """What a verb answered, or the refusal's type and text."""
    try:
        return getattr(book, verb)(*arguments, **options)
    except BookRefusal as refusal:
        return type(refusal), str(refusal)


@pytest.fixture(params=KERNELS, ids=lambda kernel: kernel.__module__.rsplit(".", 1)[-1])
def book(request: pytest.FixtureRequest) -> Any:
    return request.param()


class Books(RuleBasedStateMachine):
    """Drives every kernel with the same verbs and keeps an own count of lots."""

    @initialize()
    def open_books(self) -> None:
        self.books = [kernel() for kernel in KERNELS]
        self.entered = self.left = 0
        self.live: list[int] = []

    def both(self, verb: str, *arguments: Any, **options: Any) -> Any:
        answers = [outcome(book, verb, *arguments, **options) for book in self.books]
        assert all(answer == answers[0] for answer in answers), (verb, arguments, answers)
        return answers[0]

    def settle(self, quantity: int, answer: Any) -> None:
        if isinstance(answer[0], type):
            return
        order_id, resting, fills = answer
        traded = sum(lots for _, _, lots, _ in fills)
        self.entered += resting
        self.left += traded
        assert 0 <= traded + resting <= quantity
        assert (order_id == 0) == (resting == 0)
        if order_id:
            self.live.append(order_id)

    @rule(side=sides, price=prices, quantity=quantities, immediate=st.booleans())
    def limit(self, side: int, price: int, quantity: int, immediate: bool) -> None:
        before = self.both("fill_cost", side, quantity, collar_price=price)
        answer = self.both("limit", side, price, quantity, immediate=immediate)
        self.settle(quantity, answer)
        if not isinstance(answer[0], type):
            assert by_level(answer[2]) == before
            assert all(side * (at - price) <= 0 for _, at, _, _ in answer[2])

    @rule(side=sides, price=prices, quantity=quantities)
    def post(self, side: int, price: int, quantity: int) -> None:
        answer = self.both("limit", side, price, quantity, post_only=True)
        self.settle(quantity, answer)
        assert answer[0] in (WouldCross, OutOfRange) or answer[2] == []

    @rule(side=sides, quantity=quantities, collar=prices)
    def market(self, side: int, quantity: int, collar: int) -> None:
        before = self.both("fill_cost", side, quantity, collar_price=collar)
        answer = self.both("market", side, quantity, collar)
        self.settle(quantity, answer)
        assert by_level(answer[2]) == before

    @precondition(lambda self: self.live)
    @rule(data=st.data())
    def cancel_known(self, data: st.DataObject) -> None:
        answer = self.both("cancel", data.draw(st.sampled_from(self.live)))
        self.left += answer if isinstance(answer, int) else 0

    @rule(order_id=near_ids)
    def cancel_any(self, order_id: int) -> None:
        answer = self.both("cancel", order_id)
        self.left += answer if isinstance(answer, int) else 0

    @rule(side=sides, quantity=quantities, price=prices, levels=st.integers(-1, 5), order_id=near_ids)
    def ask(self, side: int, quantity: int, price: int, levels: int, order_id: int) -> None:
        before = self.books[0].state_bytes()
        self.both("depth", side, levels)
        self.both("volume", side)
        self.both("volume_within", side, price)
        self.both("cost_within", side, price)
        self.both("fill_cost", side, quantity)
        self.both("order", order_id)
        self.both("queue_ahead", order_id)
        self.both("__contains__", order_id)
        assert self.books[0].state_bytes() == before

    @invariant()
    def same_state(self) -> None:
        orders = self.both("orders")
        self.both("state_bytes")
        self.both("best_bid")
        self.both("best_ask")
        self.both("__len__")
        self.both("check")
        assert sum(remaining for *_, remaining in orders) == self.entered - self.left


def by_level(fills: list[tuple[int, int, int, int]]) -> list[tuple[int, int]]:
    """Fills added up by price, best first."""
    levels: dict[int, int] = {}
    for _, price, lots, _ in fills:
        levels[price] = levels.get(price, 0) + lots
    return list(levels.items())


Books.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestBooks = Books.TestCase


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 9)), min_size=1, max_size=30), st.integers(1, 120))
def test_fills_go_by_price_then_by_age(asks: list[tuple[int, int]], wanted: int) -> None:
    for kernel in KERNELS:
        book = kernel()
        resting = [(price, book.limit(SELL, price, lots)[0]) for price, lots in asks]
        filled = [(price, maker) for maker, price, _, _ in book.market(BUY, wanted, MAXIMUM)[2]]
        assert filled == sorted(resting)[: len(filled)]


def test_a_partly_filled_order_keeps_its_place(book: Any) -> None:
    first, second = (book.limit(BUY, 100, 5)[0] for _ in range(2))
    assert book.limit(SELL, 100, 3) == (0, 0, [(first, 100, 3, 2)])
    assert book.queue_ahead(second) == 2
    assert book.market(SELL, 4, 1)[2] == [(first, 100, 2, 0), (second, 100, 2, 3)]


def test_the_maker_sets_the_price_and_the_rest_comes_to_rest(book: Any) -> None:
    book.limit(SELL, 101, 5)
    assert book.limit(BUY, 110, 8) == (2, 3, [(1, 101, 5, 0)])
    assert (book.best_bid(), book.best_ask()) == (110, None)
    assert book.order(2) == (BUY, 110, 3)


def test_a_market_order_stops_at_its_collar(book: Any) -> None:
    for price in (100, 101, 102):
        book.limit(SELL, price, 1)
    assert book.market(BUY, 9, 101) == (0, 0, [(1, 100, 1, 0), (2, 101, 1, 0)])
    assert book.depth(SELL, 9) == [(102, 1, 1)]
    assert book.market(SELL, 9, 1) == (0, 0, [])


def test_questions(book: Any) -> None:
    for price, lots in ((100, 4), (100, 1), (98, 7)):
        book.limit(BUY, price, lots)
    assert book.depth(BUY, 1) == [(100, 5, 2)]
    assert (book.cost_within(BUY, 99), book.cost_within(BUY, 1)) == ((5, 500), (12, 500 + 7 * 98))
    assert (book.volume(BUY), book.volume(SELL)) == (12, 0)
    assert (book.volume_within(BUY, 99), book.volume_within(BUY, 98)) == (5, 12)
    assert book.fill_cost(SELL, 6) == [(100, 5), (98, 1)]
    assert book.fill_cost(SELL, 6, collar_price=100) == [(100, 5)]
    assert list(book) == [(1, BUY, 100, 4), (2, BUY, 100, 1), (3, BUY, 98, 7)]
    assert (len(book), 3 in book, 4 in book, book.next_id) == (3, True, False, 4)


@pytest.mark.parametrize(
    ("verb", "arguments", "error"),
    [
        ("limit", (BUY, 0, 1), OutOfRange),
        ("limit", (BUY, MAXIMUM + 1, 1), OutOfRange),
        ("limit", (BUY, 1, 2**70), OutOfRange),
        ("limit", (BUY, 1, -(2**70)), OutOfRange),
        ("limit", (BUY, 1, 0), OutOfRange),
        ("limit", (BUY, 1, -1), OutOfRange),
        ("limit", (BUY, 1, MAXIMUM), OutOfRange),
        ("limit", (0, 1, 1), ValueError),
        ("limit", (2**70, 1, 1), ValueError),
        ("limit", (BUY, 1.5, 1), TypeError),
        ("limit", (BUY, "1", 1), TypeError),
        ("limit", (BUY, 1, float("nan")), TypeError),
        ("limit", (BUY, 1, None), TypeError),
        ("market", (SELL, 0, 1), OutOfRange),
        ("market", (SELL, 1, 0), OutOfRange),
        ("cancel", (2,), UnknownOrderId),
        ("cancel", (0,), UnknownOrderId),
        ("cancel", (-1,), UnknownOrderId),
        ("cancel", (2**70,), UnknownOrderId),
        ("cancel", ("1",), TypeError),
        ("order", (9,), UnknownOrderId),
        ("queue_ahead", (9,), UnknownOrderId),
        ("fill_cost", (BUY, 0), OutOfRange),
        ("volume_within", (BUY, 0), OutOfRange),
        ("depth", (3, 1), ValueError),
    ],
)
def test_refusals_change_nothing(book: Any, verb: str, arguments: tuple[Any, ...], error: type[Exception]) -> None:
    book.limit(BUY, 1, 1)
    before = book.state_bytes()
    with pytest.raises(error):
        getattr(book, verb)(*arguments)
    assert book.state_bytes() == before
    book.check()


def test_post_only_refuses_to_cross(book: Any) -> None:
    book.limit(SELL, 100, 1)
    with pytest.raises(WouldCross, match="100 ticks would meet 100"):
        book.limit(BUY, 100, 1, post_only=True)
    assert book.limit(BUY, 99, 1, post_only=True) == (2, 1, [])
    with pytest.raises(ValueError, match="either immediate or post-only"):
        book.limit(BUY, 99, 1, post_only=True, immediate=True)


def test_a_side_holds_at_most_the_maximum(book: Any) -> None:
    book.limit(BUY, 5, MAXIMUM)
    with pytest.raises(OutOfRange, match="side would hold"):
        book.limit(BUY, 4, 1)
    assert book.limit(SELL, 5, MAXIMUM) == (0, 0, [(1, 5, MAXIMUM, 0)])
    assert book.state_bytes() == (2).to_bytes(8, sys.byteorder)


def flow(seed: int, messages: int, spread: int) -> list[tuple[Any, ...]]:
    """Random verbs over a wide band of prices, so that levels come and go everywhere."""
    source = random.Random(seed)
    script: list[tuple[Any, ...]] = []
    for number in range(1, messages + 1):
        kind = source.random()
        side = source.choice((BUY, SELL))
        if kind < 0.6:
            script.append(("limit", side, 10**6 - side * source.randrange(-3, spread), source.randint(1, 50)))
        elif kind < 0.95:
            script.append(("cancel", source.randint(1, number)))
        else:
            script.append(("market", side, source.randint(1, 200), MAXIMUM if side == BUY else 1))
    return script


@needs_compiled
@pytest.mark.parametrize(("seed", "spread"), [(1, 20), (2, 3_000), (3, 10**5)])
def test_long_flows_agree(seed: int, spread: int) -> None:
    pure, fast = twin.Book(), compiled.Book()
    for number, (verb, *arguments) in enumerate(flow(seed, 6_000, spread)):
        assert outcome(pure, verb, *arguments) == outcome(fast, verb, *arguments)
        if number % 500 == 0:
            fast.check()
            assert pure.state_bytes() == fast.state_bytes()
    pure.check()
    fast.check()
    assert pure.state_bytes() == fast.state_bytes()


@needs_compiled
@pytest.mark.parametrize("order", ["oldest first", "newest first", "shuffled"])
def test_memory_returns_after_a_storm_of_cancels(order: str) -> None:
    fast: Any = compiled.Book()
    small = fast.memory_bytes
    ids = [fast.limit(BUY, 1 + number * 7919 % 20_000, 1)[0] for number in range(40_000)]
    assert fast.memory_bytes / len(ids) <= 120
    if order == "newest first":
        ids.reverse()
    elif order == "shuffled":
        random.Random(5).shuffle(ids)
    for number, order_id in enumerate(ids):
        fast.cancel(order_id)
        if number % 4_000 == 0:
            fast.check()
    fast.check()
    assert len(fast) == 0
    assert fast.memory_bytes <= 2 * small


@needs_compiled
def test_memory_returns_after_a_sweep() -> None:
    fast: Any = compiled.Book()
    small = fast.memory_bytes
    for number in range(20_000):
        fast.limit(SELL, 1 + number, 1)
    assert len(fast.market(BUY, 20_000, MAXIMUM)[2]) == 20_000
    for _ in range(20):
        fast.cancel(fast.limit(SELL, 5, 1)[0])
    assert fast.memory_bytes <= 2 * small


def test_costs_are_exact_beyond_64_bits(book: Any) -> None:
    price, lots = 2**31 - 1, 2**31 - 1
    for step in range(5):
        book.limit(BUY, price - step, lots)
    book.limit(BUY, 2**61, 2**61 - 1)
    small = sum((price - step) * lots for step in range(5))
    assert book.cost_within(BUY, 1) == (5 * lots + 2**61 - 1, small + 2**61 * (2**61 - 1))


def test_any_price_has_a_level(book: Any) -> None:
    for exponent in range(62):
        book.limit(SELL, 2**exponent + 1, 1)
    assert book.depth(SELL, 100) == [(2**exponent + 1, 1, 1) for exponent in range(62)]
    assert len(book.market(BUY, 62, MAXIMUM)[2]) == 62
    book.check()


def test_the_environment_asks_for_the_twin() -> None:
    script = "from shoal.ext.book import COMPILED, Book; print(COMPILED, Book.__module__)"
    environment = {**os.environ, "SHOAL_PURE": "1"}
    answer = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    ).stdout.split()
    assert answer == ["False", "shoal.ext.book_kernel_twin"]
    assert Book.__module__.endswith("book_kernel" if COMPILED else "book_kernel_twin")
