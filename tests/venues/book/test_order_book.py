"""The order book exchange: escrow, fees, priority, refusals, and the laws of its money."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.venues.laws import VenueLaws, attempt, fund, make_exchange, perform

from shoal.ext.book import BUY, MAXIMUM, SELL
from shoal.sim.calls import Call, Fill, Outcome
from shoal.sim.errors import BadArguments, InsufficientFunds, Refusal, SlippageExceeded, UnknownVerb
from shoal.sim.journal import Journal
from shoal.sim.ledger import Ledger
from shoal.sim.units import PPM, Account, Asset
from shoal.sim.venue import Context, Venue
from shoal.sim.world import World
from shoal.venues.book.order_book import OrderBook
from shoal.venues.book.refusals import BookFull, EmptyBook, OffLot, OffTick, PostOnlyWouldCross, UnknownOrder

BTC, USDC = Asset("BTC", 8), Asset("USDC", 6)
LOT, TICK = 10_000, 10_000
OWNERS = ("alice", "bob", "carol")
NOW_NS = 1_600_000_000_000_000_000


class TestOrderBook(VenueLaws):
    """A book with a ladder of twelve levels a side around 100 USDC, and two owners who trade on it."""

    unquotable = frozenset({"cancel", "cancel_all", "replace"})

    def make(self) -> tuple[World, Venue]:
        exchange = make_exchange()
        book = OrderBook("book", BTC, USDC, tick="0.01", lot="0.0001", taker_fee_ppm=500, maker_fee_ppm=-100)
        exchange.add(book)
        fund(exchange, (BTC, USDC), tokens=10_000, owners=("alice", "bob", "maker"))
        for step in range(1, 13):
            for side in (BUY, SELL):
                perform(exchange.world, book, limit_call(side, 40 * step, 10_000 - side * 7 * step), sender="maker")
        return exchange.world, book

    def operations(self) -> st.SearchStrategy[Call]:
        sides = st.sampled_from([BUY, SELL])
        lots = st.integers(1, 900) | st.sampled_from([1, 10**8])
        ticks = st.integers(9_900, 10_100) | st.sampled_from([1, 10**7])
        flags = st.sampled_from([{}, {"immediate": True}, {"post_only": True}])
        quantities = lots.map(lambda count: count * LOT) | st.sampled_from([0, LOT + 1, -LOT])
        orders = st.integers(20, 40)
        return st.one_of(
            st.builds(limit_call, sides, lots, ticks, flags),
            st.builds(market_call, sides, quantities),
            orders.map(lambda order: Call("book", "cancel", {"order": order})),
            st.just(Call("book", "cancel_all")),
            st.builds(
                lambda order, count, at: Call(
                    "book", "replace", {"order": order, "quantity": count * LOT, "price": at * TICK}
                ),
                orders,
                lots,
                ticks,
            ),
        )

    def good_calls(self, world: World, venue: Venue) -> Mapping[str, Call]:
        order = perform(world, venue, limit_call(BUY, 5, 9_000)).order
        return {
            "limit": limit_call(BUY, 100, 10_010, {"immediate": False, "post_only": False}),
            "market": Call("book", "market", {"side": SELL, "quantity": 100 * LOT, "price": 9_900 * TICK}),
            "cancel": Call("book", "cancel", {"order": order}),
            "cancel_all": Call("book", "cancel_all"),
            "replace": Call("book", "replace", {"order": order, "quantity": 7 * LOT, "price": 9_001 * TICK}),
        }

    def amounts(self, venue: Venue) -> st.SearchStrategy[int]:
        return st.integers(1, 900).map(lambda lots: lots * LOT)

    def round_trip(self, world: World, venue: Venue, asset: Asset, amount: int) -> bool:
        """Buy and sell the same quantity, or the other way round; of a fill cut short, what there was."""
        side = SELL if asset == BTC else BUY
        first = attempt(world, venue, market_call(side, amount))
        if isinstance(first, Refusal) or not first.details["traded"]:
            return False
        second = attempt(world, venue, market_call(-side, first.details["traded"]))
        return isinstance(second, Outcome) and second.details["traded"] == first.details["traded"]

    def split(self, venue: Venue, asset: Asset, parts: Sequence[int]) -> tuple[Call, list[Call]]:
        """Under one limit: a collar would move with the best price that each part leaves."""
        side, price = (SELL, TICK) if asset == BTC else (BUY, 10**6 * TICK)
        calls = [
            Call("book", "market", {"side": side, "quantity": part, "price": price}) for part in (sum(parts), *parts)
        ]
        return calls[0], calls[1:]


def market_call(side: int, quantity: int) -> Call:
    return Call("book", "market", {"side": side, "quantity": quantity})


def limit_call(side: int, lots: int, ticks: int, flags: Mapping[str, bool] = MappingProxyType({})) -> Call:
    return Call("book", "limit", {"side": side, "quantity": lots * LOT, "price": ticks * TICK, **flags})


class Desk:
    """A book on an exchange with funded owners; a refused call must leave everything as it was."""

    def __init__(self, *, funds: int = 10**15, **parameters: Any) -> None:
        self.book = OrderBook("book", BTC, USDC, tick="0.01", lot="0.0001", **parameters)
        self.book.place("exchange")
        self.ledger = Ledger(Journal())
        for owner in OWNERS:
            for asset in (BTC, USDC):
                self.ledger.mint(asset, Account(owner, "exchange"), funds)

    def call(self, sender: str, verb: str, **arguments: Any) -> Outcome:
        before = self.state()
        context = Context(self.ledger, "exchange", sender, NOW_NS, lambda calls: ())
        try:
            return self.book.execute(Call("book", verb, arguments), context)
        except Refusal:
            assert self.state() == before
            raise

    def limit(self, sender: str, side: int, lots: int, ticks: int, **flags: bool) -> Outcome:
        return self.call(sender, "limit", side=side, quantity=lots * LOT, price=ticks * TICK, **flags)

    def market(self, sender: str, side: int, lots: int, **limit: int) -> Outcome:
        return self.call(sender, "market", side=side, quantity=lots * LOT, **limit)

    def quote(self, verb: str, **arguments: Any) -> Outcome:
        return self.book.quote(Call("book", verb, arguments), now_ns=NOW_NS)

    def state(self) -> tuple[bytes, bytes]:
        return self.book.state_bytes(), self.ledger.state_bytes()

    def held(self, owner: str) -> tuple[int, int]:
        account = Account(owner, "exchange")
        return self.ledger.balance(BTC, account), self.ledger.balance(USDC, account)

    def worth(self) -> dict[str, tuple[int, int]]:
        """Base and quote of each owner, free and in escrow."""
        worth = {}
        for owner in OWNERS:
            base, quote = self.held(owner)
            reserved = self.book.reserved(Account(owner, "exchange"))
            worth[owner] = base + reserved[BTC], quote + reserved[USDC]
        return worth

    def fees(self) -> int:
        return self.ledger.balance(USDC, self.book.fee_account)

    def check_money(self) -> None:
        """Nothing is created, and the escrow account holds exactly what its orders reserve."""
        accounts = [Account(owner, "exchange") for owner in OWNERS]
        for asset in (BTC, USDC):
            reserved = sum(self.book.reserved(account)[asset] for account in accounts)
            assert self.ledger.balance(asset, self.book.account) == reserved
            assert self.ledger.difference(asset) == 0
        assert set(self.book.owners()) <= set(accounts)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_buyer_escrows_price_and_fee_and_gets_both_back() -> None:
    desk = Desk(taker_fee_ppm=1_000, maker_fee_ppm=400)
    base, quote = desk.held("alice")
    outcome = desk.limit("alice", BUY, 5, 100)
    assert (outcome.output, outcome.order, outcome.fills, outcome.details["resting"]) == (0, 1, (), 5 * LOT)
    assert desk.held("alice") == (base, quote - 501)
    assert desk.book.reserved(Account("alice", "exchange")) == {BTC: 0, USDC: 501}
    assert desk.call("alice", "cancel", order=1).output == 501
    assert desk.held("alice") == (base, quote)
    desk.check_money()


def test_a_trade_moves_exactly_what_its_fills_say() -> None:
    desk = Desk(taker_fee_ppm=2_000, maker_fee_ppm=1_000)
    start = {owner: desk.held(owner) for owner in OWNERS}
    desk.limit("alice", SELL, 3, 100)
    desk.limit("bob", SELL, 4, 110)
    outcome = desk.limit("carol", BUY, 9, 120)
    assert outcome.fills == (
        Fill("carol", "alice", BUY, BTC, USDC, 3 * LOT, 300, USDC, 1, 1),
        Fill("carol", "bob", BUY, BTC, USDC, 4 * LOT, 440, USDC, 1, 1),
    )
    # The taker's fee is 0.2 % of 740, rounded up once; the rest of 2 lots at 120 is escrowed with the maker's fee.
    assert outcome.details == {"traded": 7 * LOT, "resting": 2 * LOT, "quote": 740, "fee": 2}
    assert (outcome.output, outcome.order) == (7 * LOT, 3)
    assert desk.held("alice") == (start["alice"][0] - 3 * LOT, start["alice"][1] + 299)
    assert desk.held("bob") == (start["bob"][0] - 4 * LOT, start["bob"][1] + 439)
    assert desk.held("carol") == (start["carol"][0] + 7 * LOT, start["carol"][1] - 740 - 2 - 240 - 1)
    assert desk.fees() == 4
    desk.check_money()


def test_a_seller_pays_its_fee_out_of_what_it_gets() -> None:
    desk = Desk(taker_fee_ppm=10_000, maker_fee_ppm=-5_000)
    _, quote = desk.held("alice")
    desk.limit("alice", BUY, 10, 1_000)
    outcome = desk.limit("bob", SELL, 10, 900)
    assert outcome.output == 10_000 - 100
    assert desk.held("alice")[1] == quote - 10_000 + 50
    assert desk.fees() == 50
    desk.check_money()


def test_a_taker_pays_the_makers_price(desk: Desk) -> None:
    _, quote = desk.held("bob")
    desk.limit("alice", SELL, 1, 100)
    desk.limit("bob", BUY, 1, 500)
    assert desk.held("bob")[1] == quote - 100
    assert desk.book.published(NOW_NS).last_price == 100 * TICK


def test_a_market_order_stops_at_the_collar() -> None:
    desk = Desk(collar_ppm=50_000)
    for ticks in (100, 105, 106):
        desk.limit("alice", SELL, 1, ticks)
    outcome = desk.market("bob", BUY, 3)
    assert (outcome.output, outcome.order, outcome.details["quote"]) == (2 * LOT, None, 205)
    assert desk.market("bob", BUY, 3, price=106 * TICK).output == LOT


@pytest.mark.parametrize("side", [BUY, SELL])
def test_a_collar_of_nothing_trades_at_the_best_price(side: int) -> None:
    desk = Desk(collar_ppm=0)
    for ticks in (1, 2, 3):
        desk.limit("alice", -side, 1, 10 + side * ticks)
    assert desk.market("bob", side, 3).details["quote"] == 10 + side


def test_an_owner_may_trade_with_itself(desk: Desk) -> None:
    start = desk.held("alice")
    desk.limit("alice", SELL, 2, 100)
    assert desk.limit("alice", BUY, 2, 100).fills[0].maker == "alice"
    assert desk.held("alice") == start


def test_cancel_all_takes_back_only_the_senders_orders(desk: Desk) -> None:
    start = desk.held("alice")
    desk.limit("bob", BUY, 1, 40)
    for ticks in (50, 60):
        desk.limit("alice", BUY, 2, ticks)
    desk.limit("alice", SELL, 3, 90)
    assert desk.call("alice", "cancel_all").details == {"orders": 3, "base": 3 * LOT, "quote": 220}
    assert desk.held("alice") == start
    assert desk.call("alice", "cancel_all").details == {"orders": 0, "base": 0, "quote": 0}
    assert [owner.owner for owner in desk.book.owners()] == ["bob"]


def test_replace_counts_the_refund_and_queues_last() -> None:
    desk = Desk(funds=1_000)
    desk.limit("alice", BUY, 10, 100)
    desk.limit("bob", BUY, 1, 100)
    assert desk.call("alice", "replace", order=1, quantity=5 * LOT, price=100 * TICK).order == 3
    assert desk.book.queue_ahead(3) == LOT
    assert desk.book.orders(Account("alice", "exchange")) == ((3, BUY, 100 * TICK, 5 * LOT),)
    with pytest.raises(InsufficientFunds):
        desk.call("alice", "replace", order=3, quantity=11 * LOT, price=100 * TICK)
    desk.check_money()


def test_the_takers_fee_is_rounded_up_once_a_call() -> None:
    desk = Desk(taker_fee_ppm=1_000)
    for owner in ("alice", "bob", "alice"):
        desk.limit(owner, SELL, 1, 100)
    assert [fill.taker_fee for fill in desk.market("carol", BUY, 3).fills] == [1, 0, 0]


def test_a_buyer_needs_the_makers_fee_too() -> None:
    desk = Desk(funds=500, taker_fee_ppm=1_000, maker_fee_ppm=400)
    with pytest.raises(InsufficientFunds, match="had 500 USDC base units, needed 501 USDC base units"):
        desk.limit("alice", BUY, 5, 100)


def test_the_feed_shows_the_book(desk: Desk) -> None:
    assert desk.book.published(NOW_NS).mid is None
    desk.limit("alice", BUY, 2, 99)
    desk.limit("alice", SELL, 3, 101)
    news = desk.book.published(NOW_NS)
    assert (news.mid, news.bids, news.asks) == (1.0, ((99 * TICK, 2 * LOT),), ((101 * TICK, 3 * LOT),))
    assert news is desk.book.published(NOW_NS)
    desk.market("bob", SELL, 1)
    assert desk.book.published(NOW_NS).bids == ((99 * TICK, LOT),)
    assert news.bids == ((99 * TICK, 2 * LOT),)


REFUSED: list[tuple[str, dict[str, Any], type[Refusal]]] = [
    ("limit", {"side": BUY, "quantity": LOT + 1, "price": TICK}, OffLot),
    ("limit", {"side": BUY, "quantity": LOT, "price": TICK + 1}, OffTick),
    ("limit", {"side": BUY, "quantity": LOT, "price": 105 * TICK, "post_only": True}, PostOnlyWouldCross),
    ("limit", {"side": BUY, "quantity": 6 * LOT, "price": 10**15 * TICK + TICK}, InsufficientFunds),
    ("limit", {"side": SELL, "quantity": 10**12 * LOT, "price": TICK}, InsufficientFunds),
    ("limit", {"side": SELL, "quantity": MAXIMUM * LOT, "price": TICK}, BookFull),
    ("market", {"side": SELL, "quantity": LOT}, EmptyBook),
    ("market", {"side": BUY, "quantity": LOT, "price": 99 * TICK}, SlippageExceeded),
    ("market", {"side": BUY, "quantity": LOT + 1}, OffLot),
    ("market", {"side": BUY, "quantity": LOT, "price": 101 * TICK + 1}, OffTick),
    ("cancel", {"order": 1}, UnknownOrder),
    ("cancel", {"order": 9}, UnknownOrder),
    ("replace", {"order": 1, "quantity": LOT, "price": TICK}, UnknownOrder),
    ("amend", {}, UnknownVerb),
    ("limit", {"side": BUY, "quantity": LOT}, BadArguments),
    ("limit", {"side": BUY, "quantity": LOT, "price": TICK, "urgent": True}, BadArguments),
    ("limit", {"side": 0, "quantity": LOT, "price": TICK}, BadArguments),
    ("limit", {"side": "buy", "quantity": LOT, "price": TICK}, BadArguments),
    ("limit", {"side": 2**20_000, "quantity": LOT, "price": TICK}, BadArguments),
    ("limit", {"side": BUY, "quantity": LOT, "price": TICK, "immediate": 1}, BadArguments),
    ("limit", {"side": BUY, "quantity": LOT, "price": TICK, "immediate": True, "post_only": True}, BadArguments),
    *[
        ("limit", {"side": BUY, "quantity": LOT, "price": TICK, name: value}, BadArguments)
        for name in ("quantity", "price")
        for value in (0, -LOT, math.nan, math.inf, 1.5, "1", None, True, [], 2**20_000, (MAXIMUM + 1) * LOT)
    ],
    *[("cancel", {"order": value}, BadArguments) for value in (-1, math.nan, "1", None, [], {})],
]


@pytest.mark.parametrize(("verb", "arguments", "refusal"), REFUSED)
def test_refusals_are_typed_and_change_nothing(
    desk: Desk, verb: str, arguments: dict[str, Any], refusal: type[Refusal]
) -> None:
    desk.limit("alice", SELL, 5, 100)
    with pytest.raises(refusal) as caught:
        desk.call("bob", verb, **arguments)
    assert type(caught.value) is refusal
    assert caught.value.who in str(caught.value)
    assert str(type(caught.value)(*caught.value.args)) == str(caught.value)


@pytest.mark.parametrize(
    "parameters",
    [
        {"taker_fee_ppm": -1},
        {"taker_fee_ppm": PPM + 1},
        {"taker_fee_ppm": 100, "maker_fee_ppm": -101},
        {"maker_fee_ppm": PPM + 1},
        {"collar_ppm": PPM},
    ],
)
def test_parameters_out_of_range_are_a_mistake(parameters: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="is outside"):
        Desk(**parameters)


def test_only_trades_are_quoted(desk: Desk) -> None:
    with pytest.raises(UnknownVerb):
        desk.quote("cancel", order=1)
    with pytest.raises(BadArguments):
        desk.quote("limit", side=BUY)


def test_a_venue_on_an_exchange_needs_no_gas(desk: Desk) -> None:
    assert (desk.book.gas("limit"), desk.book.assets) == (0, (BTC, USDC))


FEES = [(0, 0), (1_000, 400), (1_000, -1_000), (333_333, 77_777), (PPM, PPM), (1, -1)]

owners = st.sampled_from(OWNERS)
sides = st.sampled_from([BUY, SELL])
lots = st.integers(1, 12)
ticks = st.integers(95, 105) | st.sampled_from([1, 10**9])


def answer(ask: Callable[..., Outcome], *arguments: Any, **options: Any) -> Outcome | Refusal:
    """What came back, a refusal as a value."""
    try:
        return ask(*arguments, **options)
    except Refusal as refusal:
        return refusal


def moved_by(fills: Sequence[Fill], worth: dict[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    """What each owner has after these fills."""
    after = dict(worth)
    for fill in fills:
        parties = ((fill.taker, fill.side, fill.taker_fee), (fill.maker, -fill.side, fill.maker_fee))
        for owner, side, fee in parties:
            base, quote = after[owner]
            after[owner] = base + side * fill.base_amount, quote - side * fill.quote_amount - fee
    return after


class Trading(RuleBasedStateMachine):
    """Three owners trade, poor enough to be refused now and then."""

    @initialize(fees=st.sampled_from(FEES), funds=st.sampled_from([3_000, 10**9]))
    def open_book(self, fees: tuple[int, int], funds: int) -> None:
        self.desk = Desk(funds=funds, taker_fee_ppm=fees[0], maker_fee_ppm=fees[1], collar_ppm=20_000)
        self.live: list[int] = []
        self.fees = 0

    def attempt(self, sender: str, verb: str, **arguments: Any) -> Outcome | None:
        """A call, and the quote before it where there is one: both give the same, funds apart."""
        before = self.desk.state()
        quoted = answer(self.desk.quote, verb, **arguments) if verb in ("limit", "market") else None
        assert self.desk.state() == before
        worth, fees = self.desk.worth(), self.desk.fees()
        outcome = answer(self.desk.call, sender, verb, **arguments)
        if isinstance(outcome, Refusal):
            assert isinstance(outcome, InsufficientFunds) or quoted is None or str(quoted) == str(outcome)
            return None
        if quoted is not None:
            assert isinstance(quoted, Outcome)
            assert quoted == replace(outcome, fills=())
        assert self.desk.worth() == moved_by(outcome.fills, worth)
        assert self.desk.fees() - fees == sum(fill.taker_fee + fill.maker_fee for fill in outcome.fills)
        if verb in ("limit", "market", "replace"):
            assert outcome.details["fee"] == sum(fill.taker_fee for fill in outcome.fills)
            assert outcome.details["traded"] == sum(fill.base_amount for fill in outcome.fills)
        if outcome.order is not None:
            self.live.append(outcome.order)
        return outcome

    @rule(sender=owners, side=sides, lots=lots, ticks=ticks, flag=st.sampled_from(["", "immediate", "post_only"]))
    def limit(self, sender: str, side: int, lots: int, ticks: int, flag: str) -> None:
        flags = {flag: True} if flag else {}
        self.attempt(sender, "limit", side=side, quantity=lots * LOT, price=ticks * TICK, **flags)

    @rule(sender=owners, side=sides, lots=lots)
    def market(self, sender: str, side: int, lots: int) -> None:
        self.attempt(sender, "market", side=side, quantity=lots * LOT)

    @precondition(lambda self: self.live)
    @rule(sender=owners, data=st.data())
    def cancel(self, sender: str, data: st.DataObject) -> None:
        self.attempt(sender, "cancel", order=data.draw(st.sampled_from(self.live)))

    @precondition(lambda self: self.live)
    @rule(sender=owners, lots=lots, ticks=ticks, data=st.data())
    def replace(self, sender: str, lots: int, ticks: int, data: st.DataObject) -> None:
        order = data.draw(st.sampled_from(self.live))
        self.attempt(sender, "replace", order=order, quantity=lots * LOT, price=ticks * TICK)

    @rule(sender=owners)
    def cancel_all(self, sender: str) -> None:
        before = self.desk.book.reserved(Account(sender, "exchange"))
        outcome = self.attempt(sender, "cancel_all")
        assert outcome is not None
        assert (outcome.details["base"], outcome.details["quote"]) == tuple(before.values())

    @invariant()
    def money_is_sound(self) -> None:
        self.desk.check_money()
        fees = self.desk.fees()
        assert fees >= self.fees
        self.fees = fees

    @invariant()
    def feed_is_the_book(self) -> None:
        news = self.desk.book.published(NOW_NS)
        assert news.spread is None or news.spread > 0
        for side, levels in ((BUY, news.bids), (SELL, news.asks)):
            resting = [
                (price, left)
                for owner in OWNERS
                for _, at, price, left in self.desk.book.orders(Account(owner, "exchange"))
                if at == side
            ]
            prices = sorted({price for price, _ in resting}, reverse=side == BUY)
            assert levels == tuple((price, sum(q for p, q in resting if p == price)) for price in prices)


Trading.TestCase.settings = settings(max_examples=60, stateful_step_count=30)
TestTrading = Trading.TestCase


@pytest.mark.parametrize("fees", FEES)
def test_a_round_trip_never_gains(fees: tuple[int, int]) -> None:
    desk = Desk(taker_fee_ppm=fees[0], maker_fee_ppm=fees[1])
    for ticks in (97, 98, 99):
        desk.limit("alice", BUY, 7, ticks)
        desk.limit("alice", SELL, 7, 200 - ticks)
    base, quote = desk.held("bob")
    desk.market("bob", BUY, 10)
    desk.market("bob", SELL, 10)
    assert desk.held("bob")[0] == base
    assert desk.held("bob")[1] < quote


@pytest.mark.parametrize("fees", FEES)
@pytest.mark.parametrize("side", [BUY, SELL])
def test_splitting_an_order_never_beats_it(fees: tuple[int, int], side: int) -> None:
    ends = []
    for parts in ((9,), (4, 5), (1,) * 9):
        desk = Desk(taker_fee_ppm=fees[0], maker_fee_ppm=fees[1])
        for ticks in (101, 102, 103):
            desk.limit("alice", -side, 4, 100 + side * (ticks - 100))
        for part in parts:
            desk.market("bob", side, part)
        ends.append(desk.held("bob"))
    assert len({base for base, _ in ends}) == 1
    assert ends[0][1] == max(quote for _, quote in ends)
