"""The recorded book as its own rows state it, without any matching."""

from __future__ import annotations

from collections.abc import Sequence

from shoal.experiments.replay_book.orders import Trade
from shoal.experiments.replay_book.shadow import Shadow
from shoal.ext.book import BUY, SELL


class RecordedOrders:
    """Each side in a book of its own, so that nothing trades and the recording may cross.

    An order at a better price than a trade that passed it had ended unseen: it is taken out.
    """

    def __init__(self) -> None:
        self._sides = {BUY: Shadow(), SELL: Shadow()}
        self._placed: dict[int, tuple[int, int]] = {}

    @property
    def best(self) -> tuple[int | None, int | None]:
        """Best bid and ask in ticks."""
        return self._sides[BUY].book.best_bid(), self._sides[SELL].book.best_ask()

    def is_best(self, order: int) -> bool:
        """Whether an order stands at the best price of its side."""
        side, ticks = self._placed.get(order, (BUY, 0))
        return order in self._sides[side] and ticks == self.best[0 if side == BUY else 1]

    def arrive(self, order: int, side: int, ticks: int, lots: int, trades: Sequence[Trade]) -> None:
        """A created order with the trades that it will make; they take nothing here, its makers' own rows do."""
        if trades:
            self._end_passed(-side, trades)
        if ticks:
            self._sides[side].rest(order, side, ticks, lots)
            self._placed[order] = side, ticks

    def _end_passed(self, side: int, trades: Sequence[Trade]) -> None:
        makers = {trade.maker for trade in trades}
        # A bid was passed by a sale below it, an ask by a purchase above it.
        deepest = max(-side * trade.ticks for trade in trades) * -side
        own = self._sides[side]
        passed = own.better_than(side, deepest)
        for order in passed:
            if order not in makers:
                own.remove(order)

    def change(self, order: int, lots: int) -> None:
        """What is left of an order by its latest row; 0 ends it."""
        if order not in self._placed:
            return
        side, ticks = self._placed[order]
        own = self._sides[side]
        if lots == 0:
            own.remove(order)
            del self._placed[order]
        elif order in own and own.left(order) != lots:
            own.remove(order)
            own.rest(order, side, ticks, lots)
