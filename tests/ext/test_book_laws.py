"""Random verbs of every kind on every kernel that knows them all: they agree, and each keeps the laws of a book."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.ext.kernels import kernels_with, outcome

from shoal.ext.book import BUY, MAXIMUM, SELL, Unfillable
from shoal.ext.book_events import FeedBook
from shoal.ext.book_terms import MAXIMUM_CASCADE

VERBS = ("stop", "amend", "cancel_owner", "expire", "mark", "collect", "auction", "replay", "events")
KERNELS = kernels_with(*VERBS, "owner", "stp", "slide", "fill_or_kill", "display", "expiry")

sides = st.sampled_from([BUY, SELL])
prices = st.integers(97, 103) | st.sampled_from([1, 90, 110, MAXIMUM])
lots = st.integers(1, 20) | st.sampled_from([1_001, MAXIMUM - 30])
owners = st.integers(0, 2)
modes = st.integers(0, 4)
options = st.sampled_from(
    [{}, {}, {}, {"immediate": True}, {"post_only": True}, {"slide": True}, {"fill_or_kill": True}]
)
displays = st.sampled_from([0, 0, 0, 1, 2, 5])
expiries = st.sampled_from([0, 0, 3, 5, 9])
ids = st.integers(1, 40)


def naive_fills(
    queue: list[tuple[int, int, int, int, int]], side: int, limit: int, quantity: int
) -> list[tuple[int, int, int, int]]:
    """Fills of a taker against (id, price, shown, hidden, display) in the order they fill: one list, no levels."""
    line = [list(entry) for entry in queue if side * (entry[1] - limit) <= 0]
    fills = []
    while quantity and line:
        best = min(line, key=lambda entry: side * entry[1])
        line.remove(best)
        order, price, shown, hidden, display = best
        traded = min(quantity, shown)
        quantity -= traded
        fills.append((order, price, traded, shown + hidden - traded))
        if traded < shown:
            break
        if hidden:
            line.append([order, price, min(display, hidden), hidden - min(display, hidden), display])
    return fills


class AllOrders(RuleBasedStateMachine):
    """Keeps an account of every order's lots, a reader of the feed, and nothing else of a book."""

    @initialize()
    def open_books(self) -> None:
        self.books = [kernel() for kernel in KERNELS]
        for book in self.books:
            book.events(True)
        self.reader = FeedBook()
        self.lots: dict[int, int] = {}
        self.stops: dict[int, int] = {}
        self.owner: dict[int, int] = {}
        self.display: dict[int, int] = {}
        self.expiry: dict[int, int] = {}
        self.now = 0

    def every(self, verb: str, *arguments: Any, **named: Any) -> Any:
        """The answer of all books, or None if they refused."""
        answers = [outcome(book, verb, *arguments, **named) for book in self.books]
        assert all(answer == answers[0] for answer in answers), (verb, arguments, named, answers)
        refused = isinstance(answers[0], tuple) and bool(answers[0]) and isinstance(answers[0][0], type)
        return None if refused else answers[0]

    # The account

    def enter(self, order: int, resting: int) -> None:
        if order:
            assert resting > 0
            self.lots[order] = self.lots.get(order, 0) + resting

    def fill(self, fills: list[tuple[int, int, int, int]]) -> int:
        for maker, _, traded, left in fills:
            self.lots[maker] = self.lots.get(maker, 0) - traded
            assert traded > 0
            assert left >= 0
        return sum(traded for _, _, traded, _ in fills)

    def follow(self, stopped: list[tuple[int, int, int]]) -> None:
        """Settle what the verb did besides its answer: sums alone, as the two lists do not tell their common order."""
        for maker, off, _ in stopped:
            self.lots[maker] = self.lots.get(maker, 0) - off
        triggered = self.every("triggered")
        assert len(triggered) <= MAXIMUM_CASCADE
        for stop, resting, fills in triggered:
            wanted = self.stops.pop(stop)
            assert self.fill(fills) + resting <= wanted
            self.enter(stop if resting else 0, resting)

    def queue(self, side: int) -> list[tuple[int, int, int, int, int]]:
        book = self.books[0]
        shown = {order: amount for order, _, _, amount in book.displayed()}
        return [
            (order, price, shown[order], left - shown[order], self.display.get(order, 0))
            for order, own, price, left in book.orders()
            if own == side
        ]

    def settle(self, quantity: int, answer: Any, expected: Any) -> None:
        order, resting, fills = answer
        assert fills == expected
        traded = self.fill(fills)
        self.enter(order, resting)
        stopped = self.every("prevented")
        self.follow(stopped)
        assert traded + resting <= quantity
        if not stopped and resting:
            assert traded + resting == quantity

    def foresee(self, side: int, limit: int, quantity: int, owner: int, stp: int) -> list[tuple[int, int]]:
        """By level, what a taker would get."""
        return list(self.every("fill_cost", side, quantity, collar_price=limit, owner=owner, stp=stp))

    # Verbs

    @rule(
        side=sides, price=prices, quantity=lots, owner=owners, stp=modes, option=options, display=displays,
        expiry=expiries,
    )  # fmt: skip
    def limit(
        self, side: int, price: int, quantity: int, owner: int, stp: int, option: Any, display: int, expiry: int
    ) -> None:
        book = self.books[0]
        naive = [] if book.collecting else naive_fills(self.queue(-side), side, price, quantity)
        foreseen = self.foresee(side, price, quantity, owner, stp)
        following = book.next_id
        plain = {"display": display, "expiry": expiry} if not {"immediate", "fill_or_kill"} & set(option) else {}
        named = {"owner": owner, "stp": stp, **option, **plain}
        answer = self.every("limit", side, price, quantity, **named)
        reach = sum(amount for _, amount in foreseen)
        if answer is None:
            if option == {"fill_or_kill": True} and not book.collecting:
                assert reach < quantity
                assert outcome(book, "limit", side, price, quantity, **named)[0] is Unfillable
            return
        if "post_only" in option or "slide" in option:
            assert answer[:2] == (following, quantity)
            naive = []
        if "fill_or_kill" in option:
            assert sum(fill[2] for fill in answer[2]) == quantity
        if answer[0]:
            self.owner[answer[0]], self.display[answer[0]], self.expiry[answer[0]] = owner, display, expiry
        if stp and owner:
            naive = answer[2]
            assert all(self.owner[maker] != owner for maker, *_ in naive)
        if not book.collecting and naive:
            assert by_level(naive) == foreseen
        self.settle(quantity, answer, naive)

    @rule(side=sides, quantity=lots, collar=prices, owner=owners, stp=modes)
    def market(self, side: int, quantity: int, collar: int, owner: int, stp: int) -> None:
        naive = naive_fills(self.queue(-side), side, collar, quantity)
        foreseen = self.foresee(side, collar, quantity, owner, stp)
        answer = self.every("market", side, quantity, collar, owner=owner, stp=stp)
        if answer is None:
            assert self.books[0].collecting
            return
        assert by_level(answer[2]) == foreseen
        self.settle(quantity, answer, answer[2] if stp and owner else naive)

    @rule(
        side=sides, trigger=prices, quantity=lots, limit=st.none() | prices, source=st.integers(0, 1), owner=owners,
        stp=modes, expiry=expiries,
    )  # fmt: skip
    def stop(
        self, side: int, trigger: int, quantity: int, limit: int | None, source: int, owner: int, stp: int, expiry: int
    ) -> None:
        book = self.books[0]
        known = book.mark_price if source else book.last
        order = self.every(
            "stop", side, trigger, quantity, price=limit, source=source, owner=owner, stp=stp, expiry=expiry
        )
        reached = known > 0 and side * (known - trigger) >= 0
        assert (order is None) == (reached or 0 < expiry <= self.now)
        if order is not None:
            self.stops[order] = quantity
            self.owner[order], self.display[order], self.expiry[order] = owner, 0, expiry

    @rule(order=ids, quantity=st.none() | lots, price=st.none() | prices, stp=modes, post_only=st.booleans())
    def amend(self, order: int, quantity: int | None, price: int | None, stp: int, post_only: bool) -> None:
        book = self.books[0]
        had = book.order(order) if order in book else None
        line = [entry[0] for entry in book.displayed()]
        answer = self.every("amend", order, quantity=quantity, price=price, stp=stp, post_only=post_only)
        if answer is None or had is None:
            assert answer is None
            return
        side, at, left = had
        wanted, limit = quantity or left, price or at
        del self.lots[order]
        self.settle(wanted, answer, answer[2])
        if (limit, answer) == (at, (order, wanted, [])) and not self.every("triggered"):
            rest = [entry[0] for entry in book.displayed() if book.order(entry[0])[:2] == (side, at)]
            if wanted <= left:
                assert rest == [entry for entry in line if entry in rest]
            else:
                assert rest[-1] == order

    @rule(order=ids)
    def cancel(self, order: int) -> None:
        left = self.every("cancel", order)
        known = {**self.lots, **self.stops}.get(order, 0)
        assert left == (known or None)
        self.lots.pop(order, None)
        self.stops.pop(order, None)

    @rule(owner=st.integers(1, 2))
    def cancel_owner(self, owner: int) -> None:
        gone = self.every("cancel_owner", owner)
        held = [order for order, amount in {**self.lots, **self.stops}.items() if amount]
        assert gone == sorted(order for order in held if self.owner[order] == owner)
        self.forget(gone)

    @rule(step=st.integers(0, 3))
    def expire(self, step: int) -> None:
        self.now += step
        gone = self.every("expire", self.now)
        held = [order for order, amount in {**self.lots, **self.stops}.items() if amount]
        due = sorted((self.expiry[order], order) for order in held if 0 < self.expiry[order] <= self.now)
        assert gone == [order for _, order in due]
        self.forget(gone)

    def forget(self, orders: list[int]) -> None:
        for order in orders:
            self.lots.pop(order, None)
            self.stops.pop(order, None)

    @rule(price=prices)
    def mark(self, price: int) -> None:
        assert self.every("mark", price) is not None
        self.follow(self.every("prevented"))
        if not self.books[0].collecting:
            waiting = [entry for entry in self.every("stops") if entry[4] == 1]
            assert all(side * (price - trigger) < 0 for _, side, trigger, _, _ in waiting)

    @rule(on=st.booleans(), reference=prices)
    def call_phase(self, on: bool, reference: int) -> None:
        book = self.books[0]
        bid, ask = book.best_bid(), book.best_ask()
        crossed = bid is not None and ask is not None and bid >= ask
        if crossed and not on:
            assert self.every("collect", False) is None
            price, traded, trades = self.every("auction", reference)
            assert ask <= price <= bid
            assert traded == sum(trade[2] for trade in trades) > 0
            for buy, sell, amount, buy_left, sell_left in trades:
                for order, left in ((buy, buy_left), (sell, sell_left)):
                    self.lots[order] -= amount
                    assert self.lots[order] == left
        assert self.every("collect", on) is not None
        self.follow(self.every("prevented"))

    @rule(
        rows=st.lists(
            st.tuples(st.sampled_from([0, 0, 1, 2]), sides, st.integers(97, 103), st.integers(1, 9), ids),
            min_size=1,
            max_size=4,
        )
    )
    def replay(self, rows: list[tuple[int, int, int, int, int]]) -> None:
        following = self.books[0].next_id
        flow = [
            (kind, side, price, amount, order if kind == 1 else following + at)
            for at, (kind, side, price, amount, order) in enumerate(rows)
        ]
        before = dict(self.lots)
        answers = [outcome(book, "replay", *zip(*flow, strict=True)) for book in self.books]
        if isinstance(answers[0][0], type):
            assert all(answer == answers[0] for answer in answers)
            return
        count, traded, fills = answers[0]
        for answer in answers:
            assert answer[:2] == (count, traded)
            assert answer[2].tolist() == fills.tolist()
        assert (len(fills), fills[:, 3].sum()) == (count, traded)
        # Rows cancel and fill in turn, so only what entered and what is left are compared.
        for kind, _, _, _, order in flow:
            if kind == 0:
                self.owner[order] = self.display[order] = self.expiry[order] = 0
        for stop, _, _ in self.every("triggered"):
            del self.stops[stop]
        self.lots = {order: left for order, _, _, left in self.books[0].orders()}
        entered = {row[4]: row[3] for row in flow if row[0] == 0}
        assert all(left <= max(before.get(order, 0), entered.get(order, left)) for order, left in self.lots.items())

    @invariant()
    def laws(self) -> None:
        assert self.every("check") is None
        self.every("state_bytes")
        for name in ("last", "mark_price", "now", "collecting", "halted", "next_id", "orphans"):
            assert len({getattr(book, name) for book in self.books}) == 1, name
        self.every("prevented")
        stops = self.every("stops")
        assert {order: amount for order, _, _, amount, _ in stops} == self.stops
        self.lots = {order: left for order, left in self.lots.items() if left}
        orders = self.every("orders")
        assert {order: left for order, _, _, left in orders} == self.lots

    @invariant()
    def feed_rebuilds_the_book(self) -> None:
        feeds = [book.drain().tolist() for book in self.books]
        assert all(feed == feeds[0] for feed in feeds)
        self.reader.read(feeds[0])
        assert self.reader.displayed() == self.every("displayed")


def by_level(fills: list[tuple[int, int, int, int]]) -> list[tuple[int, int]]:
    """Fills added up by price, best first."""
    levels: dict[int, int] = {}
    for _, price, amount, _ in fills:
        levels[price] = levels.get(price, 0) + amount
    return list(levels.items())


AllOrders.TestCase.settings = settings(max_examples=100, stateful_step_count=50, deadline=None)
TestAllOrders = AllOrders.TestCase
