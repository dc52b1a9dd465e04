"""Orders, price levels and the two sides of the order book's Python twin."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import OrderedDict
from collections.abc import Iterator


class Order:
    """One resting order: shown lots stand in the queue, hidden ones wait to be shown."""

    __slots__ = ("display", "expiry", "hidden", "order_id", "owner", "price", "shown", "side")

    def __init__(
        self, order_id: int, side: int, price: int, remaining: int, owner: int = 0, display: int = 0, expiry: int = 0
    ) -> None:
        self.order_id = order_id
        self.side = side
        self.price = price
        self.owner = owner
        self.display = display
        self.expiry = expiry
        self.shown = min(display, remaining) if display else remaining
        self.hidden = remaining - self.shown

    @property
    def remaining(self) -> int:
        """Lots that may still be filled, hidden ones included."""
        return self.shown + self.hidden

    @property
    def is_plain(self) -> bool:
        """Whether side, price and lots say all about it."""
        return not (self.owner or self.display or self.expiry)


class Level:
    """All orders at one price, oldest first, and the sums of their shown and hidden lots."""

    __slots__ = ("hidden", "orders", "price", "shown")

    def __init__(self, price: int) -> None:
        self.price = price
        self.shown = 0
        self.hidden = 0
        # A dict scans its deleted head again at each look for the oldest key; an OrderedDict does not.
        self.orders: OrderedDict[int, Order] = OrderedDict()

    @property
    def quantity(self) -> int:
        """All lots at this price."""
        return self.shown + self.hidden

    def oldest(self) -> Order:
        """The order that fills next."""
        return next(iter(self.orders.values()))


class Side:
    """The levels of one side; keys are side x price, ascending, so that the best stands last."""

    __slots__ = ("keys", "levels", "quantity", "sign")

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.keys: list[int] = []
        self.levels: dict[int, Level] = {}
        self.quantity = 0

    def best_price(self) -> int | None:
        """Price of the level that fills first; None without orders."""
        return self.sign * self.keys[-1] if self.keys else None

    def best_first(self) -> Iterator[Level]:
        """The levels in the order they fill."""
        return (self.levels[key] for key in reversed(self.keys))

    def within(self, limit: int) -> Iterator[Level]:
        """The levels that a taker with this limit reaches, best first."""
        for key in reversed(self.keys):
            if key < self.sign * limit:
                return
            yield self.levels[key]

    def orders(self) -> Iterator[Order]:
        """The orders as they stand in line."""
        return (order for level in self.best_first() for order in level.orders.values())

    def level_at(self, price: int) -> Level:
        """The level at a price, opened if there is none."""
        key = self.sign * price
        if key not in self.levels:
            insort(self.keys, key)
            self.levels[key] = Level(price)
        return self.levels[key]

    def add(self, order: Order) -> None:
        """Put an order last in line at its price."""
        level = self.level_at(order.price)
        level.orders[order.order_id] = order
        level.shown += order.shown
        level.hidden += order.hidden
        self.quantity += order.shown + order.hidden

    def take(self, level: Level, order: Order, quantity: int) -> bool:
        """Take shown lots off an order; whether its next hidden ones were then shown, last in line.

        The order goes once it has nothing left, and the level with its last order.
        """
        order.shown -= quantity
        level.shown -= quantity
        self.quantity -= quantity
        if order.shown:
            return False
        if order.hidden:
            self._refresh(level, order)
            return True
        del level.orders[order.order_id]
        self._close_if_empty(level)
        return False

    def hide_less(self, order: Order, quantity: int) -> None:
        """Take hidden lots off an order; it keeps its place."""
        order.hidden -= quantity
        self.level_at(order.price).hidden -= quantity
        self.quantity -= quantity

    def remove(self, order: Order) -> None:
        """Take an order out with all it has left, which it still says itself."""
        level = self.level_at(order.price)
        level.shown -= order.shown
        level.hidden -= order.hidden
        self.quantity -= order.remaining
        del level.orders[order.order_id]
        self._close_if_empty(level)

    def _refresh(self, level: Level, order: Order) -> None:
        order.shown = min(order.display, order.hidden)
        order.hidden -= order.shown
        level.shown += order.shown
        level.hidden -= order.shown
        level.orders.move_to_end(order.order_id)

    def _close_if_empty(self, level: Level) -> None:
        if not level.orders:
            key = self.sign * level.price
            del self.keys[bisect_left(self.keys, key)]
            del self.levels[key]
