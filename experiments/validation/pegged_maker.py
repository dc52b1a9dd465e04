"""A market maker with no view: both quotes at a fixed distance from the outside price."""

from __future__ import annotations

from shoal.sim.agent import Agent, Process
from shoal.sim.calls import Call
from shoal.sim.world import World
from shoal.venues.book.order_book import OrderBook


class PeggedMaker(Agent):
    """Takes back its quotes and places both anew at every outside price, one lot each, whatever it holds.

    It knows the outside price one latency late and nothing else; it has all the capital it needs.

    Args:
        world: the run it belongs to.
        name: its name.
        place: where it is on the network.
        book: where it quotes; it knows the grid.
        outside: the outside market's name.
        distance: from the outside price to each quote, quote base units for one whole base token.

    Source: Avellaneda and Stoikov (2008), section 3.3, the symmetric strategy.
    """

    def __init__(self, world: World, name: str, *, place: str, book: OrderBook, outside: str, distance: int) -> None:
        super().__init__(world, name, place=place)
        self.book = book.name
        self.grid = book.grid
        self.outside = outside
        self.distance = distance

    def run(self) -> Process:
        """Quote anew at each price."""
        cancel = Call(self.book, "cancel_all")
        lot = self.grid.lot
        while True:
            news = yield self.changed(self.outside)
            if news.item.mid is None:
                continue
            middle = self.grid.price_below(news.item.mid)
            self.post(cancel)
            for side in (1, -1):
                price = middle - side * self.distance
                self.post(Call(self.book, "limit", {"side": side, "quantity": lot, "price": price}))
