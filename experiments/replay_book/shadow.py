"""A book that follows identifiers of a recording: what rests in the engine under which recorded order."""

from __future__ import annotations

from typing import NamedTuple

from shoal.ext.book import BUY, MAXIMUM, SELL, Book, WouldCross


class Filled(NamedTuple):
    """A fill by the engine: the maker's recorded identifier, ticks, lots."""

    maker: int
    ticks: int
    lots: int


class Shadow:
    """The engine's book, addressed by recorded identifiers."""

    def __init__(self) -> None:
        self.book = Book()
        self._engine: dict[int, int] = {}
        self._recorded: dict[int, int] = {}

    def __contains__(self, order: int) -> bool:
        return order in self._engine

    @property
    def best(self) -> tuple[int | None, int | None]:
        """Best bid and ask in ticks."""
        return self.book.best_bid(), self.book.best_ask()

    def left(self, order: int) -> int:
        """Lots that an order has left; 0 if it does not rest."""
        engine = self._engine.get(order)
        return 0 if engine is None else self.book.order(engine)[2]

    def take(self, order: int, side: int, ticks: int, lots: int, *, immediate: bool = False) -> list[Filled]:
        """Send a limit order, or a market order with 0 ticks; what is left of a limit order rests unless immediate."""
        if ticks == 0:
            engine, _, fills = self.book.market(side, lots, 1 if side == SELL else MAXIMUM)
        else:
            engine, _, fills = self.book.limit(side, ticks, lots, immediate=immediate)
        found = [Filled(self._recorded[maker], price, taken) for maker, price, taken, _ in fills]
        for maker, _, _, left in fills:
            if left == 0:
                del self._engine[self._recorded.pop(maker)]
        self._remember(order, engine)
        return found

    def rest(self, order: int, side: int, ticks: int, lots: int) -> bool:
        """Put an order at the back of its price, unless it would trade; whether it rests."""
        try:
            engine, _, _ = self.book.limit(side, ticks, lots, post_only=True)
        except WouldCross:
            return False
        self._remember(order, engine)
        return True

    def clear_way(self, side: int, ticks: int) -> list[int]:
        """Take out every order that an order of this side at these ticks would trade with, and name them."""
        cleared: list[int] = []
        while fills := self.take(0, side, ticks, 1, immediate=True):
            cleared.append(fills[0].maker)
            self.remove(fills[0].maker)
        return cleared

    def remove(self, order: int) -> int:
        """Take an order out and give the lots it had; 0 if it did not rest."""
        engine = self._engine.pop(order, None)
        if engine is None:
            return 0
        del self._recorded[engine]
        return self.book.cancel(engine)

    def reduce(self, order: int, lots: int) -> None:
        """Leave an order fewer lots; it keeps its place."""
        if lots == 0:
            self.remove(order)
        elif lots < self.left(order):
            self.book.amend(self._engine[order], quantity=lots)

    def better_than(self, side: int, ticks: int) -> list[int]:
        """Orders of a side at better prices than these ticks, in the order in which they would fill."""
        best = self.book.best_bid() if side == BUY else self.book.best_ask()
        if best is None or side * best <= side * ticks:
            return []
        orders = self.book.orders()
        return [self._recorded[order] for order, own, price, *_ in orders if own == side and side * (price - ticks) > 0]

    def at(self, side: int, ticks: int) -> list[int]:
        """Orders of a side at these ticks, in the order in which they would fill."""
        orders = self.book.orders()
        return [self._recorded[order] for order, own, price, *_ in orders if own == side and price == ticks]

    def is_first(self, order: int) -> bool:
        """Whether a taker would meet this order before any other."""
        side, ticks, _ = self.book.order(self._engine[order])
        best = self.book.best_ask() if side == SELL else self.book.best_bid()
        return ticks == best and self.book.queue_ahead(self._engine[order]) == 0

    def _remember(self, order: int, engine: int) -> None:
        if engine:
            self._engine[order] = engine
            self._recorded[engine] = order
