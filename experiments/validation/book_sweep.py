"""A maker who rests a whole ladder of orders, and a taker who eats it piece by piece."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from shoal.sim.agent import Agent, Process
from shoal.sim.calls import Call, Receipt
from shoal.sim.world import World
from shoal.venues.book.order_book import OrderBook

_AT_ONCE: Final = 1_000


class Rung(NamedTuple):
    """An order to rest: +1 to buy or -1 to sell, quote base units for one base token, base base units."""

    side: int
    price: int
    quantity: int


class LadderMaker(Agent):
    """Rests orders and leaves them.

    Args:
        world: the run it belongs to.
        name: its name.
        place: where it is on the network.
        book: where it trades.
        rungs: what it rests, in this order.
    """

    def __init__(self, world: World, name: str, *, place: str, book: OrderBook, rungs: Sequence[Rung]) -> None:
        super().__init__(world, name, place=place)
        self.book = book.name
        self.rungs = rungs

    def run(self) -> Process:
        """Send them, many in a message."""
        for first in range(0, len(self.rungs), _AT_ONCE):
            orders = self.rungs[first : first + _AT_ONCE]
            yield self.send_batch([Call(self.book, "limit", one._asdict() | {"post_only": True}) for one in orders])


class Sweeper(Agent):
    """Sends market orders one after the other and writes down the last price that the feed shows after each.

    Args:
        world: the run it belongs to.
        name: its name.
        place: where it is on the network.
        book: where it trades.
        orders: (side, base base units).
        after_ns: how long it waits before the first.
    """

    def __init__(
        self, world: World, name: str, *, place: str, book: OrderBook, orders: Sequence[tuple[int, int]], after_ns: int
    ) -> None:
        super().__init__(world, name, place=place)
        self.book = book.name
        self.orders = orders
        self.after_ns = after_ns
        self.prices: list[int] = []
        self.paid: list[int] = []

    def run(self) -> Process:
        """Sweep, and read."""
        yield self.sleep(self.after_ns)
        for side, quantity in self.orders:
            receipt: Receipt = yield self.send(Call(self.book, "market", {"side": side, "quantity": quantity}))
            self.paid.append(receipt.outcome.details["quote"])
            news = self.read(self.book)
            self.prices.append(0 if news is None or news.item.last_price is None else news.item.last_price)
