"""The order book kernel in plain Python: the readable oracle of `book_kernel.pyx`."""

from __future__ import annotations

import struct
from bisect import bisect_left, insort
from collections import OrderedDict
from collections.abc import Iterator
from itertools import islice
from operator import index

from shoal.ext.book_refusals import MAXIMUM, OutOfRange, UnknownOrderId, WouldCross

__all__ = ["BUY", "SELL", "Book"]

BUY = 1
SELL = -1

type Fill = tuple[int, int, int, int]
type Matched = tuple[int, int, list[Fill]]


class _Order:
    """One resting order."""

    __slots__ = ("order_id", "price", "remaining", "side")

    def __init__(self, order_id: int, side: int, price: int, remaining: int) -> None:
        self.order_id = order_id
        self.side = side
        self.price = price
        self.remaining = remaining


class _Level:
    """All orders at one price, oldest first, and the sum of what remains of them."""

    __slots__ = ("orders", "price", "quantity")

    def __init__(self, price: int) -> None:
        self.price = price
        self.quantity = 0
        # A dict scans its deleted head again at each look for the oldest key; an OrderedDict does not.
        self.orders: OrderedDict[int, _Order] = OrderedDict()


class _Side:
    """The levels of one side; keys are side x price, ascending, so that the best stands last."""

    __slots__ = ("keys", "levels", "quantity", "sign")

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.keys: list[int] = []
        self.levels: dict[int, _Level] = {}
        self.quantity = 0

    def best_first(self) -> Iterator[_Level]:
        return (self.levels[key] for key in reversed(self.keys))

    def level_at(self, price: int) -> _Level:
        key = self.sign * price
        if key not in self.levels:
            insort(self.keys, key)
            self.levels[key] = _Level(price)
        return self.levels[key]

    def add(self, order: _Order) -> None:
        level = self.level_at(order.price)
        level.orders[order.order_id] = order
        level.quantity += order.remaining
        self.quantity += order.remaining

    def take(self, level: _Level, order: _Order, quantity: int) -> None:
        """Take lots off an order; drop the order, then the level, once nothing remains."""
        order.remaining -= quantity
        level.quantity -= quantity
        self.quantity -= quantity
        if order.remaining == 0:
            del level.orders[order.order_id]
        if not level.orders:
            key = self.sign * level.price
            del self.keys[bisect_left(self.keys, key)]
            del self.levels[key]


class Book:
    """Price-time priority on integer ticks and lots; knows orders by id, and no owners, funds or fees.

    Prices are ticks, quantities lots, both 1..2^62. `BUY` is +1, `SELL` is -1.
    Ids count the orders that came to rest: 1, 2, 3...
    Raises `OutOfRange`, `UnknownOrderId` or `WouldCross` before anything has changed.

    >>> book = Book()
    >>> book.limit(SELL, 101, 5)
    (1, 5, [])
    >>> book.limit(BUY, 102, 7)
    (2, 2, [(1, 101, 5, 0)])
    >>> book.best_bid(), book.best_ask()
    (102, None)
    """

    __slots__ = ("_asks", "_bids", "_next_id", "_orders")

    def __init__(self) -> None:
        self._bids = _Side(BUY)
        self._asks = _Side(SELL)
        self._orders: dict[int, _Order] = {}
        self._next_id = 1

    def limit(
        self, side: int, price: int, quantity: int, *, immediate: bool = False, post_only: bool = False
    ) -> Matched:
        """Match up to `price`, then rest what is left, unless `immediate`.

        Returns (id or 0 if nothing rests, resting lots, fills); a fill is
        (maker id, price, lots, lots the maker has left).
        """
        own, other = self._sides(side)
        price, quantity = _within(price, "price", "ticks"), _within(quantity, "quantity", "lots")
        if immediate and post_only:
            raise ValueError("an order is either immediate or post-only")
        if post_only and other.keys and self._crosses(side, price, -side * other.keys[-1]):
            raise WouldCross(f"post-only order at {price} ticks would meet {-side * other.keys[-1]}")
        if not immediate and own.quantity + quantity > MAXIMUM:
            raise OutOfRange(f"side would hold {own.quantity + quantity} lots, more than {MAXIMUM}")
        fills, left = self._match(side, price, quantity)
        if left == 0 or immediate:
            return 0, 0, fills
        order = _Order(self._next_id, side, price, left)
        self._next_id += 1
        self._orders[order.order_id] = order
        own.add(order)
        return order.order_id, left, fills

    def market(self, side: int, quantity: int, collar_price: int) -> Matched:
        """Match up to `collar_price` and drop the rest; an empty book gives no fills."""
        self._sides(side)
        quantity, collar_price = _within(quantity, "quantity", "lots"), _within(collar_price, "price", "ticks")
        fills, _ = self._match(side, collar_price, quantity)
        return 0, 0, fills

    def cancel(self, order_id: int) -> int:
        """Remove a resting order and return the lots it still had."""
        order = self._find(order_id)
        own, _ = self._sides(order.side)
        remaining = order.remaining
        own.take(own.level_at(order.price), order, remaining)
        del self._orders[order.order_id]
        return remaining

    def best_bid(self) -> int | None:
        """Highest price bid, in ticks; None without bids."""
        return self._bids.keys[-1] if self._bids.keys else None

    def best_ask(self) -> int | None:
        """Lowest price asked, in ticks; None without asks."""
        return -self._asks.keys[-1] if self._asks.keys else None

    def depth(self, side: int, levels: int) -> list[tuple[int, int, int]]:
        """Up to `levels` best levels of `side` as (price, lots, orders), best first."""
        own, _ = self._sides(side)
        count = max(0, index(levels))
        return [(level.price, level.quantity, len(level.orders)) for level in islice(own.best_first(), count)]

    def volume(self, side: int) -> int:
        """All lots resting on `side`."""
        own, _ = self._sides(side)
        return own.quantity

    def volume_within(self, side: int, price_limit: int) -> int:
        """Lots resting on `side` at `price_limit` or better for whoever takes them."""
        return self.cost_within(side, price_limit)[0]

    def cost_within(self, side: int, price_limit: int) -> tuple[int, int]:
        """(lots, sum of price x lots) resting on `side` at `price_limit` or better for whoever takes them."""
        own, _ = self._sides(side)
        price_limit = _within(price_limit, "price", "ticks")
        lots = cost = 0
        for level in own.best_first():
            if not self._crosses(-own.sign, price_limit, level.price):
                break
            lots += level.quantity
            cost += level.quantity * level.price
        return lots, cost

    def fill_cost(self, side: int, quantity: int, *, collar_price: int | None = None) -> list[tuple[int, int]]:
        """What a taker of `side` would get, as (price, lots) by level, best first; changes nothing."""
        _, other = self._sides(side)
        left = _within(quantity, "quantity", "lots")
        collar = None if collar_price is None else _within(collar_price, "price", "ticks")
        taken = []
        for level in other.best_first():
            if left == 0 or (collar is not None and not self._crosses(side, collar, level.price)):
                break
            lots = min(left, level.quantity)
            taken.append((level.price, lots))
            left -= lots
        return taken

    def order(self, order_id: int) -> tuple[int, int, int]:
        """(side, price, remaining lots) of a resting order."""
        order = self._find(order_id)
        return order.side, order.price, order.remaining

    def queue_ahead(self, order_id: int) -> int:
        """Lots at the same price that will be filled before this order."""
        order = self._find(order_id)
        own, _ = self._sides(order.side)
        ahead = 0
        for other in own.level_at(order.price).orders.values():
            if other is order:
                break
            ahead += other.remaining
        return ahead

    def orders(self) -> list[tuple[int, int, int, int]]:
        """Every resting order as (id, side, price, remaining): bids, then asks, each in the order they would fill."""
        return [
            (order.order_id, order.side, order.price, order.remaining)
            for own in (self._bids, self._asks)
            for level in own.best_first()
            for order in level.orders.values()
        ]

    def __iter__(self) -> Iterator[tuple[int, int, int, int]]:
        return iter(self.orders())

    def __len__(self) -> int:
        return len(self._orders)

    def __contains__(self, order_id: object) -> bool:
        return order_id in self._orders

    @property
    def next_id(self) -> int:
        """The id that the next order to rest will get."""
        return self._next_id

    def state_bytes(self) -> bytes:
        """The state that decides all later answers, as native 64-bit ints: next id, then `orders()`."""
        words = [self._next_id, *(word for order in self.orders() for word in order)]
        return struct.pack(f"={len(words)}q", *words)

    def check(self) -> None:
        """Raise RuntimeError if an invariant is broken: sums, order of levels, no crossing, every order found."""
        bid, ask = self.best_bid(), self.best_ask()
        if bid is not None and ask is not None and bid >= ask:
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

    def _check_level(self, own: _Side, level: _Level) -> None:
        if not level.orders or level.quantity != sum(order.remaining for order in level.orders.values()):
            raise RuntimeError(f"lots at {level.price} are not the sum of its orders")
        ids = list(level.orders)
        if ids != sorted(ids):
            raise RuntimeError(f"orders at {level.price} are not oldest first")
        for order in level.orders.values():
            known = self._orders.get(order.order_id) is order
            if not known or order.remaining <= 0 or (order.side, order.price) != (own.sign, level.price):
                raise RuntimeError(f"order {order.order_id} is not what its level says")

    def _sides(self, side: int) -> tuple[_Side, _Side]:
        side = index(side)
        if side == BUY:
            return self._bids, self._asks
        if side == SELL:
            return self._asks, self._bids
        raise ValueError(f"side is {BUY} (buy) or {SELL} (sell), not {side}")

    def _find(self, order_id: int) -> _Order:
        order = self._orders.get(index(order_id))
        if order is None:
            raise UnknownOrderId(f"no order {order_id} rests in the book")
        return order

    @staticmethod
    def _crosses(side: int, limit: int, price: int) -> bool:
        return side * (price - limit) <= 0

    def _match(self, side: int, limit: int, quantity: int) -> tuple[list[Fill], int]:
        _, other = self._sides(side)
        fills: list[Fill] = []
        while quantity and other.keys:
            level = other.levels[other.keys[-1]]
            if not self._crosses(side, limit, level.price):
                break
            maker = next(iter(level.orders.values()))
            lots = min(quantity, maker.remaining)
            quantity -= lots
            other.take(level, maker, lots)
            if maker.remaining == 0:
                del self._orders[maker.order_id]
            fills.append((maker.order_id, level.price, lots, maker.remaining))
        return fills, quantity


def _within(value: int, what: str, unit: str) -> int:
    whole = index(value)
    if not 1 <= whole <= MAXIMUM:
        raise OutOfRange(f"{what} {whole} is outside 1..{MAXIMUM} {unit}")
    return whole
