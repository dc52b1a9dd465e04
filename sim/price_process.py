"""How the world's price path reaches the venues that live by it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, cast

import simpy

from shoal.sim.clock import PRICE
from shoal.sim.price_path import PricePath
from shoal.sim.world import World


class Follower(Protocol):
    """A venue that takes its price from outside."""

    name: str

    def observe(self, price: float) -> None:
        """The outside price is now this, quote tokens per base token."""


def follow(world: World, venues: Mapping[str, Follower], path: PricePath) -> None:
    """Let outside markets take their prices from a path, step by step, and publish them.

    The price that holds now is taken at once. Each later step is one event of the clock for all symbols, before
    everything else at that instant; steps before now are skipped, and the path's last price holds after its end.

    Args:
        world: the run; the venues live on its hosts already.
        venues: base symbol to outside market.
        path: the prices.

    Raises:
        ValueError: a venue lives on no host of the world, or the path has no such symbol.
    """
    for symbol, venue in venues.items():
        if cast(object, world.venues.get(venue.name)) is not venue:
            raise ValueError(f"{venue.name}: add it to a host of this world before it follows a path")
        if symbol not in path.prices:
            raise ValueError(f"the path has no prices of {symbol!r}; it has {', '.join(path.symbols)}")
    followed = [(venue, world.host_of[venue.name], path.prices[symbol]) for symbol, venue in venues.items()]
    times, clock = path.times_ns, world.clock

    def take(index: int) -> None:
        for venue, host, prices in followed:
            venue.observe(float(prices[index]))
            host.publish((venue.name,))
        if index + 1 < len(times):
            clock.at(int(times[index + 1]), PRICE, on_step, index + 1)

    def on_step(event: simpy.Event) -> None:
        take(cast(int, event.value))

    if clock.now_ns < path.start_ns:
        clock.at(path.start_ns, PRICE, on_step, 0)
    elif clock.now_ns < path.end_ns:
        take(path.index_at(clock.now_ns))
