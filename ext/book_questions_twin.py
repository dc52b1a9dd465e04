"""What can be asked of the order book's Python twin without changing it."""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Iterator
from itertools import islice
from operator import index

from shoal.ext.book_events import EventLog
from shoal.ext.book_refusals import MAXIMUM, OutOfRange, UnknownOrderId
from shoal.ext.book_sides_twin import Level, Order, Side
from shoal.ext.book_stops_twin import Stops
from shoal.ext.book_terms import BUY, CANCEL_MAKER, DECREMENT, SELL, STP_NONE, Prevented, Triggered


class Questions:
    """The state of a book, and every question about it."""

    __slots__ = (
        "_asks", "_bids", "_collecting", "_last", "_log", "_mark", "_next_id", "_now", "_orders",
        "_orphans", "_prevented", "_sequence", "_stops", "_triggered",
    )  # fmt: skip

    def __init__(self) -> None:
        self._bids = Side(BUY)
        self._asks = Side(SELL)
        self._orders: dict[int, Order] = {}
        self._stops = Stops()
        self._next_id = 1
        self._last = 0
        self._mark = 0
        self._now = 0
        self._collecting = False
        # What the last verb did besides its answer.
        self._prevented: list[Prevented] = []
        self._triggered: list[Triggered] = []
        self._orphans = 0
        self._log: EventLog | None = None
        self._sequence = 0

    def best_bid(self) -> int | None:
        """Highest price bid, in ticks; None without bids."""
        return self._bids.best_price()

    def best_ask(self) -> int | None:
        """Lowest price asked, in ticks; None without asks."""
        return self._asks.best_price()

    def depth(self, side: int, levels: int) -> list[tuple[int, int, int]]:
        """Up to `levels` best levels of `side` as (price, shown lots, orders), best first."""
        own, _ = self._sides(side)
        count = max(0, index(levels))
        return [(level.price, level.shown, len(level.orders)) for level in islice(own.best_first(), count)]

    def volume(self, side: int) -> int:
        """All lots resting on `side`, hidden ones included."""
        own, _ = self._sides(side)
        return own.quantity

    def volume_within(self, side: int, price_limit: int) -> int:
        """Lots shown on `side` at `price_limit` or better for whoever takes them."""
        return self.cost_within(side, price_limit)[0]

    def cost_within(self, side: int, price_limit: int) -> tuple[int, int]:
        """(lots, sum of price x lots) shown on `side` at `price_limit` or better for whoever takes them."""
        own, _ = self._sides(side)
        lots = cost = 0
        for level in own.within(within(price_limit, "price", "ticks")):
            lots += level.shown
            cost += level.shown * level.price
        return lots, cost

    def fill_cost(
        self, side: int, quantity: int, *, collar_price: int | None = None, owner: int = 0, stp: int = STP_NONE
    ) -> list[tuple[int, int]]:
        """What a taker of `side` would get, as (price, lots) by level, best first; changes nothing.

        Hidden lots count, and so does the prevention of self-trades.
        """
        _, other = self._sides(side)
        left = within(quantity, "quantity", "lots")
        collar = None if collar_price is None else within(collar_price, "price", "ticks")
        owner, stp = within(owner, "owner", "", minimum=0), mode_of(stp)
        return self._reach(other, left, collar, owner, stp)

    def order(self, order_id: int) -> tuple[int, int, int]:
        """(side, price, remaining lots, hidden ones included) of a resting order."""
        order = self._find(order_id)
        return order.side, order.price, order.remaining

    def queue_ahead(self, order_id: int) -> int:
        """Lots shown at the same price that will be filled before this order."""
        order = self._find(order_id)
        own, _ = self._sides(order.side)
        ahead = 0
        for other in own.level_at(order.price).orders.values():
            if other is order:
                break
            ahead += other.shown
        return ahead

    def orders(self) -> list[tuple[int, int, int, int]]:
        """Every resting order as (id, side, price, remaining): bids, then asks, each in the order they would fill."""
        return [(order.order_id, order.side, order.price, order.remaining) for order in self._resting()]

    def displayed(self) -> list[tuple[int, int, int, int]]:
        """As `orders`, with the lots each shows: what the event feed tells."""
        return [(order.order_id, order.side, order.price, order.shown) for order in self._resting()]

    def stops(self) -> list[tuple[int, int, int, int, int]]:
        """Every stop as (id, side, trigger, lots, source): first those waiting, by id, then those due, in line."""
        return [(stop.order_id, stop.side, stop.trigger, stop.quantity, stop.source) for stop in self._stops]

    def prevented(self) -> list[Prevented]:
        """What the last verb took off resting orders so that no owner traded with itself."""
        return list(self._prevented)

    def triggered(self) -> list[Triggered]:
        """The stops that the last verb worked off, in order."""
        return list(self._triggered)

    @property
    def halted(self) -> bool:
        """Whether stops are still due for the next verb, because one works off at most `MAXIMUM_CASCADE`."""
        return bool(self._stops.due) and not self._collecting

    @property
    def orphans(self) -> int:
        """Cancels of the last replay that named no resting order."""
        return self._orphans

    @property
    def last(self) -> int:
        """Price of the last trade, in ticks; 0 before the first."""
        return self._last

    @property
    def mark_price(self) -> int:
        """The mark as last told, in ticks; 0 before."""
        return self._mark

    @property
    def now(self) -> int:
        """The time as last told by `expire`; 0 before."""
        return self._now

    @property
    def collecting(self) -> bool:
        """Whether orders are collected for an auction and nothing matches."""
        return self._collecting

    @property
    def next_id(self) -> int:
        """The id that the next order to rest, or the next stop, will get."""
        return self._next_id

    def __iter__(self) -> Iterator[tuple[int, int, int, int]]:
        return iter(self.orders())

    def __len__(self) -> int:
        return len(self._orders)

    def __contains__(self, order_id: object) -> bool:
        return order_id in self._orders

    def state_bytes(self) -> bytes:
        """The state that decides all later answers, as native 64-bit ints; `last` and the event feed are apart.

        Next id and `orders()`. Only if there is something to say, then: 0; the count of orders with an owner, a display
        or an expiry, and (id, owner, display, shown, expiry) of each; the count of waiting stops, of due stops, and
        (id, side, trigger, lots, limit, rests, source, owner, stp, expiry) of each; mark, now, collecting.
        """
        words = [self._next_id, *(word for order in self.orders() for word in order), *self._further_words()]
        return struct.pack(f"={len(words)}q", *words)

    def check(self) -> None:
        """Raise RuntimeError if an invariant is broken: sums, order of levels, no crossing, every order found."""
        bid, ask = self.best_bid(), self.best_ask()
        if bid is not None and ask is not None and bid >= ask and not self._collecting:
            raise RuntimeError(f"book is crossed: bid {bid}, ask {ask}")
        seen = 0
        for own in (self._bids, self._asks):
            if sorted(own.levels) != own.keys:
                raise RuntimeError("levels are out of order")
            if own.quantity != sum(level.quantity for level in own.levels.values()):
                raise RuntimeError("a side's lots are not the sum of its levels")
            for level in own.levels.values():
                seen += len(level.orders)
                self._check_level(own, level)
        if seen != len(self._orders):
            raise RuntimeError(f"{seen} orders rest, {len(self._orders)} are known by id")
        if any(stop.order_id in self._orders for stop in self._stops):
            raise RuntimeError("a stop rests and waits at once")

    def _check_level(self, own: Side, level: Level) -> None:
        orders = level.orders.values()
        if not orders or level.shown != sum(order.shown for order in orders):
            raise RuntimeError(f"lots at {level.price} are not the sum of its orders")
        if level.hidden != sum(order.hidden for order in orders):
            raise RuntimeError(f"hidden lots at {level.price} are not the sum of its orders")
        for order in orders:
            known = self._orders.get(order.order_id) is order
            place = (order.side, order.price) == (own.sign, level.price)
            if not known or not place or order.shown <= 0 or order.hidden < 0 or order.order_id >= self._next_id:
                raise RuntimeError(f"order {order.order_id} is not what its level says")
            if order.shown > order.display > 0 or (order.hidden and not order.display):
                raise RuntimeError(f"order {order.order_id} shows other lots than it should")

    def _further_words(self) -> list[int]:
        special = [order for order in self._resting() if not order.is_plain]
        ends = (self._mark, self._now, int(self._collecting))
        if not special and not self._stops and not any(ends):
            return []
        words = [0, len(special)]
        for order in special:
            words += (order.order_id, order.owner, order.display, order.shown, order.expiry)
        words += (len(self._stops.waiting), len(self._stops.due))
        for stop in self._stops:
            words += stop.words()
        return [*words, *ends]

    def _resting(self) -> Iterator[Order]:
        yield from self._bids.orders()
        yield from self._asks.orders()

    def _sides(self, side: int) -> tuple[Side, Side]:
        side = index(side)
        if side == BUY:
            return self._bids, self._asks
        if side == SELL:
            return self._asks, self._bids
        raise ValueError(f"side is {BUY} (buy) or {SELL} (sell), not {side}")

    def _find(self, order_id: int) -> Order:
        order = self._orders.get(index(order_id))
        if order is None:
            raise UnknownOrderId(f"no order {order_id} rests in the book")
        return order

    @staticmethod
    def _reach(other: Side, left: int, limit: int | None, owner: int, stp: int) -> list[tuple[int, int]]:
        """(price, lots) by level that a taker of up to `left` lots would trade."""
        taken: list[tuple[int, int]] = []
        for level in other.best_first() if limit is None else other.within(limit):
            if left == 0:
                break
            lots, left = _reach_at(level, left, owner if stp else 0, stp)
            if lots:
                taken.append((level.price, lots))
        return taken


def _reach_at(level: Level, left: int, owner: int, stp: int) -> tuple[int, int]:
    """(lots that a taker would trade at this level, lots it would still want)."""
    if not owner or all(order.owner != owner for order in level.orders.values()):
        lots = min(left, level.quantity)
        return lots, left - lots
    traded = 0
    queue = deque((order.owner == owner, order.shown, order.hidden, order.display) for order in level.orders.values())
    while left and queue:
        own, shown, hidden, display = queue.popleft()
        if own and stp == CANCEL_MAKER:
            continue
        if own and stp != DECREMENT:
            return traded, 0
        lots = min(left, shown)
        left -= lots
        traded += 0 if own else lots
        if hidden:
            queue.append((own, min(display, hidden), hidden - min(display, hidden), display))
    return traded, left


def within(value: int, what: str, unit: str, *, minimum: int = 1, maximum: int = MAXIMUM) -> int:
    """An int that `value` stands for, within its range; raises OutOfRange."""
    whole = index(value)
    if not minimum <= whole <= maximum:
        raise OutOfRange(f"{what} {whole} is outside {minimum}..{maximum} {unit}".rstrip())
    return whole


def mode_of(stp: int) -> int:
    """A mode of self-trade prevention; raises ValueError for any other int."""
    mode = index(stp)
    if not STP_NONE <= mode <= DECREMENT:
        raise ValueError(f"self-trade prevention is a mode {STP_NONE}..{DECREMENT}, not {mode}")
    return mode
