"""Takers whose reach beyond the outside price is exponential: the demand of Avellaneda and Stoikov's model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from shoal.sim.agent import Agent, Process
from shoal.sim.calls import Call
from shoal.sim.draws import Stream
from shoal.sim.world import World
from shoal.venues.book.order_book import OrderBook

_ARRIVAL: Final = "arrival"


class ImpatientTakers(Agent):
    """Arrive at Poisson times, each with one lot to trade at once or not at all; one process stands for all of them.

    Buyers and sellers are equally likely. Each accepts prices up to an exponential distance from the outside price it
    knows, so that a quote at distance d is hit by the share exp(-decay d) of those who come for it.

    Args:
        world: the run it belongs to.
        name: its name.
        place: where it is on the network.
        book: where it trades; it knows the grid.
        outside: the outside market's name.
        mean_wait_ns: between arrivals of either side.
        decay: of the share of takers with the distance of a quote, per quote token.

    Source: Avellaneda and Stoikov (2008), section 2.5: intensity A exp(-k delta).
    """

    def __init__(
        self,
        world: World,
        name: str,
        *,
        place: str,
        book: OrderBook,
        outside: str,
        mean_wait_ns: float,
        decay: float,
    ) -> None:
        super().__init__(world, name, place=place)
        self.book = book.name
        self.grid = book.grid
        self.outside = outside
        self.mean_wait_ns = mean_wait_ns
        self.decay = decay

    def run(self) -> Process:
        """Send each order 1 ns before it is due at the book."""
        sides, reaches = self.draws("side"), self.draws("reach")
        for arrival_ns in arrivals_ns(self.now_ns, self.draws(_ARRIVAL), self.mean_wait_ns):
            yield self.sleep_until(arrival_ns - 1)
            side = 1 if sides.next() < 0.5 else -1
            limit = side * reaches.exponential(1.0 / self.decay)
            news = self.read(self.outside)
            if news is None or news.item.mid is None:
                continue
            limit += news.item.mid
            price = self.grid.price_below(limit) if side > 0 else self.grid.price_above(limit)
            order = {"side": side, "quantity": self.grid.lot, "price": price, "immediate": True}
            self.post(Call(self.book, "limit", order))


def arrivals_ns(start_ns: int, stream: Stream, mean_wait_ns: float) -> Iterator[int]:
    """The times at which takers arrive, without end."""
    time_ns = start_ns
    while True:
        time_ns += stream.wait_ns(mean_wait_ns)
        yield time_ns


def arrival_stream(seed: int, name: str) -> Stream:
    """A stream with the key of the takers' own, for whoever must know their times ahead."""
    return Stream(seed, name, _ARRIVAL)
