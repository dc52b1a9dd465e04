"""The order book kernel in plain Python: the readable oracle of `book_kernel.pyx`."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index

import numpy as np
from numpy.typing import NDArray

from shoal.ext.book_auction_twin import clearing
from shoal.ext.book_events import EventLog
from shoal.ext.book_flow_twin import check_flow
from shoal.ext.book_matching_twin import Matching
from shoal.ext.book_questions_twin import mode_of, within
from shoal.ext.book_refusals import MAXIMUM, StillCrossed, WouldTrigger
from shoal.ext.book_sides_twin import Order, Side
from shoal.ext.book_stops_twin import Stop
from shoal.ext.book_terms import (
    ADD,
    BUY,
    EXECUTE,
    FLOW_CANCEL,
    FLOW_MARKET,
    LAST,
    MARK,
    MAXIMUM_PARTS,
    REDUCE,
    SELL,
    STP_NONE,
    Cleared,
    Matched,
    Trade,
    Triggered,
)

__all__ = ["BUY", "SELL", "Book"]


class Book(Matching):
    """Price-time priority on integer ticks and lots; knows orders by id and owners by number, no funds and no fees.

    Prices are ticks, quantities lots, both 1..2^62. `BUY` is +1, `SELL` is -1. Ids count the orders that came to rest
    and the stops: 1, 2, 3...; an order keeps its id when it is amended, shows hidden lots, or was a stop.
    Every refusal is a `BookRefusal`, raised before anything has changed; contradictory options raise ValueError.

    >>> book = Book()
    >>> book.limit(SELL, 101, 5)
    (1, 5, [])
    >>> book.limit(BUY, 102, 7)
    (2, 2, [(1, 101, 5, 0)])
    >>> book.best_bid(), book.best_ask()
    (102, None)
    """

    __slots__ = ()

    def limit(
        self,
        side: int,
        price: int,
        quantity: int,
        *,
        owner: int = 0,
        stp: int = STP_NONE,
        immediate: bool = False,
        post_only: bool = False,
        slide: bool = False,
        fill_or_kill: bool = False,
        display: int = 0,
        expiry: int = 0,
    ) -> Matched:
        """Match up to `price`, then rest what is left, unless `immediate` or `fill_or_kill`.

        Returns (id or 0 if nothing rests, resting lots, fills); a fill is
        (maker id, price, lots, lots the maker has left). Stops that these fills set off come after; see `triggered`.

        Args:
            side: `BUY` or `SELL`.
            price: Worst price, in ticks.
            quantity: Lots.
            owner: Whose order; 0 is nobody, who never meets itself.
            stp: What happens on meeting an order of the same owner; see `prevented`.
            immediate: Drop what does not trade at once.
            post_only: Refuse to trade at once.
            slide: As `post_only`, but a price that would trade becomes one tick short of it.
            fill_or_kill: Trade all at once or be refused.
            display: Lots shown at a time, the rest hidden; 0 shows all. Newly shown lots stand last in line.
            expiry: When `expire` takes it away, in ns; 0 is never.

        Raises:
            OutOfRange, AlreadyExpired, Collecting, WouldCross, Unfillable: nothing has changed.
        """
        own, other = self._sides(side)
        price, quantity = within(price, "price", "ticks"), within(quantity, "quantity", "lots")
        owner, stp = within(owner, "owner", "", minimum=0), mode_of(stp)
        if display:
            display = within(display, "display", "lots", minimum=-(-quantity // MAXIMUM_PARTS), maximum=quantity)
        expiry = within(expiry, "expiry", "ns", minimum=0)
        takes, posts = immediate or fill_or_kill, post_only or slide
        if takes and posts:
            raise ValueError("an order is either immediate or post-only")
        if takes and (display or expiry):
            raise ValueError("an immediate order never rests: it has no display and no expiry")
        self._require_time_left(expiry)
        if takes or posts:
            self._require_matching()
        if posts:
            price = self._posted_price(own.sign, price, slide)
        if not takes:
            self._require_room(own, quantity)
        if fill_or_kill:
            self._require_fill(other, price, quantity, owner, stp)
        self._begin()
        fills, left = self._match(own.sign, price, quantity, owner, stp)
        if left == 0 or takes:
            order_id = left = 0
        else:
            order_id = self._take_id()
            self._rest(Order(order_id, own.sign, price, left, owner, display, expiry))
        self._cascade()
        return order_id, left, fills

    def market(self, side: int, quantity: int, collar_price: int, *, owner: int = 0, stp: int = STP_NONE) -> Matched:
        """Match up to `collar_price` and drop the rest; an empty book gives no fills.

        Raises:
            OutOfRange, Collecting: nothing has changed.
        """
        own, _ = self._sides(side)
        quantity, collar_price = within(quantity, "quantity", "lots"), within(collar_price, "price", "ticks")
        owner, stp = within(owner, "owner", "", minimum=0), mode_of(stp)
        self._require_matching()
        self._begin()
        fills, _ = self._match(own.sign, collar_price, quantity, owner, stp)
        self._cascade()
        return 0, 0, fills

    def stop(
        self,
        side: int,
        trigger: int,
        quantity: int,
        *,
        price: int | None = None,
        collar_price: int | None = None,
        source: int = LAST,
        owner: int = 0,
        stp: int = STP_NONE,
        expiry: int = 0,
    ) -> int:
        """Wait until the last trade (`LAST`) or the mark (`MARK`) reaches `trigger`, then be an order; returns its id.

        A buy waits below its trigger, a sell above it. With `price` it becomes a limit order, otherwise a market order
        up to `collar_price` (None: any price). The stops that one match or mark sets off stand in line, oldest first,
        behind those set off before, and are worked off once the verb's own order is done: see `triggered`, `halted`.

        Raises:
            OutOfRange, AlreadyExpired, WouldTrigger: nothing has changed.
        """
        own, _ = self._sides(side)
        trigger, quantity = within(trigger, "trigger", "ticks"), within(quantity, "quantity", "lots")
        if price is not None and collar_price is not None:
            raise ValueError("a stop has either a price or a collar")
        limit = MAXIMUM if own.sign == BUY else 1
        if price is not None or collar_price is not None:
            limit = within(collar_price if price is None else price, "price", "ticks")  # type: ignore[arg-type]
        if index(source) not in (LAST, MARK):
            raise ValueError(f"a stop's source is {LAST} (last trade) or {MARK} (mark), not {source}")
        owner, stp = within(owner, "owner", "", minimum=0), mode_of(stp)
        expiry = within(expiry, "expiry", "ns", minimum=0)
        self._require_time_left(expiry)
        stop = Stop(
            self._next_id, own.sign, trigger, quantity, limit, price is not None, index(source), owner, stp, expiry
        )
        known = self._last if stop.source == LAST else self._mark
        if known and stop.reached(known):
            raise WouldTrigger(f"stop at {trigger} ticks would be set off at once by {known}")
        self._begin()
        self._stops.add(stop)
        return self._take_id()

    def amend(
        self,
        order_id: int,
        *,
        quantity: int | None = None,
        price: int | None = None,
        stp: int = STP_NONE,
        post_only: bool = False,
    ) -> Matched:
        """Give a resting order another price, or other lots to have left.

        At the same price and with no more lots it keeps its place and loses hidden lots first. Otherwise it leaves and
        comes back under its id as a new limit order would: it may trade, and rests last in line.
        Returns as `limit` does.

        Raises:
            UnknownOrderId, OutOfRange, Collecting, WouldCross: nothing has changed.
        """
        order = self._find(order_id)
        own, _ = self._sides(order.side)
        quantity = order.remaining if quantity is None else within(quantity, "quantity", "lots")
        price = order.price if price is None else within(price, "price", "ticks")
        stp = mode_of(stp)
        if order.display:
            within(quantity, "quantity", "lots", maximum=min(MAXIMUM, order.display * MAXIMUM_PARTS))
        if post_only:
            self._require_matching()
        keeps_place = price == order.price and quantity <= order.remaining
        if not keeps_place:
            if post_only:
                self._posted_price(order.side, price, slide=False)
            self._require_room(own, quantity - order.remaining)
        self._begin()
        if keeps_place:
            self._shrink(own, order, order.remaining - quantity)
            self._cascade()
            return order.order_id, quantity, []
        self._drop(order)
        fills, left = self._match(order.side, price, quantity, order.owner, stp)
        if left:
            self._rest(Order(order.order_id, order.side, price, left, order.owner, order.display, order.expiry))
        self._cascade()
        return order.order_id if left else 0, left, fills

    def cancel(self, order_id: int) -> int:
        """Remove a resting order or a stop and return the lots it still had.

        Raises:
            UnknownOrderId: nothing has changed.
        """
        whole = index(order_id)
        if whole in self._stops:
            self._begin()
            return self._stops.remove(whole).quantity
        order = self._find(order_id)
        self._begin()
        self._drop(order)
        return order.remaining

    def cancel_owner(self, owner: int) -> list[int]:
        """Cancel all orders and stops of an owner; returns their ids, ascending.

        Raises:
            OutOfRange: owner 0 is nobody.
        """
        owner = within(owner, "owner", "")
        entries = [*self._orders.values(), *self._stops]
        return self._cancel_all(sorted(entry.order_id for entry in entries if entry.owner == owner))

    def expire(self, now: int) -> list[int]:
        """Tell the time in ns and cancel what has expired by then; returns ids, first expired first, then by id.

        Raises:
            OutOfRange: time went back.
        """
        self._now = within(now, "now", "ns", minimum=self._now)
        entries = [*self._orders.values(), *self._stops]
        expired = sorted((entry.expiry, entry.order_id) for entry in entries if 0 < entry.expiry <= self._now)
        return self._cancel_all([order_id for _, order_id in expired])

    def mark(self, price: int) -> list[Triggered]:
        """Tell the mark price in ticks, and work off the stops that it sets off, as `triggered` says.

        Raises:
            OutOfRange: nothing has changed.
        """
        price = within(price, "price", "ticks")
        self._begin()
        self._mark = price
        self._stops.notice(MARK, price)
        self._cascade()
        return self.triggered()

    def collect(self, collecting: bool) -> list[Triggered]:
        """Begin to collect orders without matching, or end it; stops that became due meanwhile are then worked off.

        Raises:
            StillCrossed: bids and asks cross; `auction` comes first. Nothing has changed.
        """
        bid, ask = self.best_bid(), self.best_ask()
        if not collecting and bid is not None and ask is not None and bid >= ask:
            raise StillCrossed(f"bid {bid} and ask {ask} still cross: an auction comes first")
        self._begin()
        self._collecting = bool(collecting)
        self._cascade()
        return self.triggered()

    def auction(self, reference_price: int) -> Cleared:
        """Trade what crosses at one price: most lots, then least surplus, then the side with surplus, then reference.

        Orders fill by price, then age, on both sides. Owners may trade with themselves. Stops that the price sets off
        wait until `collect(False)`. Returns (price or None if nothing crosses, lots, trades); a trade is
        (buy id, sell id, lots, lots the buy has left, lots the sell has left).

        Raises:
            OutOfRange: nothing has changed.

        >>> book = Book()
        >>> book.collect(True), book.limit(BUY, 105, 8), book.limit(SELL, 100, 8)
        ([], (1, 8, []), (2, 8, []))
        >>> book.auction(103)
        (103, 8, [(1, 2, 8, 0, 0)])
        """
        reference_price = within(reference_price, "price", "ticks")
        self._begin()
        cleared = clearing(self._bids, self._asks, reference_price)
        if cleared is None:
            return None, 0, []
        price, volume = cleared
        trades: list[Trade] = []
        left = volume
        while left:
            buy_level, sell_level = next(self._bids.best_first()), next(self._asks.best_first())
            buy, sell = buy_level.oldest(), sell_level.oldest()
            lots = min(left, buy.shown, sell.shown)
            left -= lots
            self._take(self._bids, buy_level, buy, lots, EXECUTE, price)
            self._take(self._asks, sell_level, sell, lots, EXECUTE, price)
            trades.append((buy.order_id, sell.order_id, lots, buy.remaining, sell.remaining))
        self._traded(price, price)
        return price, volume, trades

    def replay(
        self,
        kinds: Sequence[int] | NDArray[np.int64],
        sides: Sequence[int] | NDArray[np.int64],
        prices: Sequence[int] | NDArray[np.int64],
        quantities: Sequence[int] | NDArray[np.int64],
        ids: Sequence[int] | NDArray[np.int64],
        *,
        fills: bool = True,
    ) -> tuple[int, int, NDArray[np.int64] | None]:
        """Work through a flow: kind 0 is a limit order, 1 a cancel by id, 2 a market order at any price.

        Orders rest under the flow's ids. A cancel uses the id alone, and one that names no order is counted in
        `orphans`; a market order has no price. Returns the number of fills, the lots traded and, if asked for, the
        fills as an int64 array of (taker id, maker id, price, lots).

        Raises:
            OutOfRange, Collecting: a row is out of range, ids do not ascend from `next_id` on, or a side might hold
                too much; nothing has changed.
            ValueError: a row has an unknown kind or side, or the columns differ in length; nothing has changed.
        """
        rows = check_flow((kinds, sides, prices, quantities, ids), self._next_id, self._bids, self._asks, self._stops)
        self._require_matching()
        self._begin()
        self._orphans = 0
        taken: list[tuple[int, int, int, int]] = []
        for kind, side, price, quantity, order_id in rows:
            if kind == FLOW_CANCEL:
                self._cancel_of_flow(order_id)
                continue
            limit = price if kind != FLOW_MARKET else MAXIMUM if side == BUY else 1
            self._next_id = order_id + 1
            matched, left = self._match(side, limit, quantity, 0, STP_NONE)
            if left and kind != FLOW_MARKET:
                self._rest(Order(order_id, side, price, left))
            taken += ((order_id, maker, at, lots) for maker, at, lots, _ in matched)
            before = len(self._triggered)
            self._cascade()
            for stop_id, _, stop_fills in self._triggered[before:]:
                taken += ((stop_id, maker, at, lots) for maker, at, lots, _ in stop_fills)
        traded = sum(row[3] for row in taken)
        return len(taken), traded, np.array(taken, np.int64).reshape(-1, 4) if fills else None

    def events(self, recording: bool) -> None:
        """Begin to write the event feed, or end it and forget what was not drained.

        It begins with an `ADD` of every resting order, so that a reader needs nothing else; see `book_events`.
        """
        self._sequence = self._log.sequence if self._log else self._sequence
        self._log = EventLog(self._sequence) if recording else None
        for order in self._resting():
            self._note(ADD, order, order.price, order.shown)

    def drain(self) -> NDArray[np.int64]:
        """Rows of the event feed since the last drain: int64 (sequence, kind, id, side, price, lots)."""
        return (self._log or EventLog()).drain()

    def _cancel_all(self, order_ids: list[int]) -> list[int]:
        self._begin()
        for order_id in order_ids:
            if order_id in self._orders:
                self._drop(self._orders[order_id])
            else:
                self._stops.remove(order_id)
        return order_ids

    def _cancel_of_flow(self, order_id: int) -> None:
        order = self._orders.get(order_id)
        if order is None:
            self._orphans += 1
        else:
            self._drop(order)

    def _shrink(self, own: Side, order: Order, lots: int) -> None:
        """Take lots off an order that keeps its place: hidden ones first."""
        hidden = min(lots, order.hidden)
        own.hide_less(order, hidden)
        if lots > hidden:
            self._take(own, own.level_at(order.price), order, lots - hidden, REDUCE, order.price)
