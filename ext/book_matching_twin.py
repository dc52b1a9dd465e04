"""When orders are refused, and how they trade, rest and leave, in the order book's Python twin."""

from __future__ import annotations

from shoal.ext.book_questions_twin import Questions
from shoal.ext.book_refusals import MAXIMUM, AlreadyExpired, Collecting, OutOfRange, Unfillable, WouldCross
from shoal.ext.book_sides_twin import Level, Order, Side
from shoal.ext.book_terms import (
    ADD,
    CANCEL_BOTH,
    CANCEL_TAKER,
    DECREMENT,
    DELETE,
    EXECUTE,
    LAST,
    MAXIMUM_CASCADE,
    REDUCE,
    Fill,
)


class Matching(Questions):
    """The checks that every verb makes first, and the effects that follow once nothing can be refused any more."""

    __slots__ = ()

    # Checks: they only read

    def _require_time_left(self, expiry: int) -> None:
        if 0 < expiry <= self._now:
            raise AlreadyExpired(f"expiry {expiry} is not after {self._now} ns")

    def _require_matching(self) -> None:
        if self._collecting:
            raise Collecting("orders are collected for an auction: none trades at once, and none can promise not to")

    def _require_room(self, own: Side, quantity: int) -> None:
        if own.quantity + quantity > MAXIMUM:
            raise OutOfRange(f"side would hold {own.quantity + quantity} lots, more than {MAXIMUM}")

    def _require_fill(self, other: Side, price: int, quantity: int, owner: int, stp: int) -> None:
        lots = sum(lots for _, lots in self._reach(other, quantity, price, owner, stp))
        if lots < quantity:
            raise Unfillable(f"{lots} of {quantity} lots could be filled up to {price} ticks")

    def _posted_price(self, side: int, price: int, slide: bool) -> int:
        """The price at which an order does not trade at once."""
        _, other = self._sides(side)
        best = other.best_price()
        if best is None or side * (best - price) > 0:
            return price
        if slide and 1 <= best - side <= MAXIMUM:
            return best - side
        raise WouldCross(f"post-only order at {price} ticks would meet {best}")

    # Effects: nothing below refuses

    def _begin(self) -> None:
        """Forget what the last verb did besides its answer."""
        self._prevented, self._triggered = [], []

    def _take_id(self) -> int:
        self._next_id += 1
        return self._next_id - 1

    def _note(self, kind: int, order: Order, price: int, lots: int) -> None:
        if self._log is not None:
            self._log.write(kind, order.order_id, order.side, price, lots)

    def _rest(self, order: Order) -> None:
        own, _ = self._sides(order.side)
        self._orders[order.order_id] = order
        own.add(order)
        self._note(ADD, order, order.price, order.shown)

    def _drop(self, order: Order) -> None:
        own, _ = self._sides(order.side)
        own.remove(order)
        del self._orders[order.order_id]
        self._note(DELETE, order, order.price, order.shown)

    def _take(self, own: Side, level: Level, order: Order, lots: int, kind: int, price: int) -> None:
        """Take shown lots off an order, because of a trade or without one."""
        self._note(kind, order, price, lots)
        if own.take(level, order, lots):
            self._note(ADD, order, order.price, order.shown)
        elif order.shown == 0:
            del self._orders[order.order_id]

    def _match(self, side: int, limit: int, quantity: int, owner: int, stp: int) -> tuple[list[Fill], int]:
        """Trade up to `limit`: the fills, and the lots that may still rest."""
        _, other = self._sides(side)
        fills: list[Fill] = []
        while quantity and other.keys and not self._collecting:
            level = other.levels[other.keys[-1]]
            if side * (level.price - limit) > 0:
                break
            maker = level.oldest()
            if stp and owner and maker.owner == owner:
                quantity = self._prevent(other, level, maker, quantity, stp)
                continue
            lots = min(quantity, maker.shown)
            quantity -= lots
            self._take(other, level, maker, lots, EXECUTE, level.price)
            fills.append((maker.order_id, level.price, lots, maker.remaining))
        if fills:
            self._traded(fills[0][1], fills[-1][1])
        return fills, quantity

    def _prevent(self, other: Side, level: Level, maker: Order, quantity: int, stp: int) -> int:
        """Keep a taker from an order of its own; the lots it may still take or rest."""
        if stp == DECREMENT:
            lots = min(quantity, maker.shown)
            self._take(other, level, maker, lots, REDUCE, level.price)
            self._prevented.append((maker.order_id, lots, maker.remaining))
            return quantity - lots
        if stp == CANCEL_TAKER:
            self._prevented.append((maker.order_id, 0, maker.remaining))
            return 0
        self._drop(maker)
        self._prevented.append((maker.order_id, maker.remaining, 0))
        return 0 if stp == CANCEL_BOTH else quantity

    def _traded(self, first: int, last: int) -> None:
        """Note a match's first and last price; those between set off no other stops."""
        self._last = last
        self._stops.notice(LAST, first, last)

    def _cascade(self) -> None:
        """Work off the stops that are due, first come first served; each may set off more."""
        for _ in range(MAXIMUM_CASCADE):
            if self._collecting or not self._stops.due:
                return
            stop = self._stops.pop_due()
            own, _ = self._sides(stop.side)
            if stop.rests and own.quantity + stop.quantity > MAXIMUM:
                self._triggered.append((stop.order_id, 0, []))
                continue
            fills, left = self._match(stop.side, stop.limit, stop.quantity, stop.owner, stop.stp)
            if left and stop.rests:
                self._rest(Order(stop.order_id, stop.side, stop.limit, left, stop.owner, expiry=stop.expiry))
            self._triggered.append((stop.order_id, left if stop.rests else 0, fills))
