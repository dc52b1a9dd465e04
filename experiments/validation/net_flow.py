"""A trader who follows a list, and a watcher who writes down the outside market's quotes."""

from __future__ import annotations

from typing import Final, NamedTuple

from shoal.sim.agent import Agent, Process
from shoal.sim.calls import Call
from shoal.sim.world import World
from shoal.venues.outside_market import OutsideMarket

_WHATEVER_IT_COSTS: Final = 2**200


class Order(NamedTuple):
    """A swap to be executed at a time: ``side`` +1 buys base, -1 sells it."""

    time_ns: int
    side: int
    base_amount: int


class NetFlow(Agent):
    """Sends swaps so that each executes at its time.

    It knows nothing and has all the capital it needs.

    Args:
        world: the run it belongs to.
        name: its name.
        place: where it is on the network, 1 ns from the market.
        market: the outside market; it knows its assets.
        orders: in the order of their times.

    Source: a meta-order as in the measurement of impact, Bouchaud et al. (2004).
    """

    def __init__(
        self, world: World, name: str, *, place: str, market: OutsideMarket, orders: tuple[Order, ...]
    ) -> None:
        super().__init__(world, name, place=place)
        self.market = market.name
        self.base = market.base
        self.orders = orders

    def run(self) -> Process:
        """Send each swap 1 ns before its time."""
        base = self.base
        for order in self.orders:
            yield self.sleep_until(order.time_ns - 1)
            if order.side > 0:
                arguments = {"asset_out": base, "amount_out": order.base_amount, "maximum_in": _WHATEVER_IT_COSTS}
                self.post(Call(self.market, "swap_exact_out", arguments))
            else:
                arguments = {"asset_in": base, "amount_in": order.base_amount, "minimum_out": 0}
                self.post(Call(self.market, "swap_exact_in", arguments))


class Watcher(Agent):
    """Writes down each mid that the outside market publishes, with the time of publication.

    It knows the market's feed one latency late, and nothing else.

    Args:
        world: the run it belongs to.
        name: its name.
        place: where it is on the network.
        market: the outside market's name.

    Source: none; it only reads.
    """

    def __init__(self, world: World, name: str, *, place: str, market: str) -> None:
        super().__init__(world, name, place=place)
        self.market = market
        self.mids: dict[int, float] = {}

    def run(self) -> Process:
        """Read for ever."""
        feed = self.world.feeds[self.market]
        subscription = feed.subscribe(self.place)
        while True:
            yield feed.changed(self.place)
            for news in subscription.take():
                if news.item.mid is not None:
                    self.mids[news.published_ns] = news.item.mid
