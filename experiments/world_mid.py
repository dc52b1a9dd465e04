"""The reference of every shortfall: the mean mid over a world's venues, weighted by depth, as it is now."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from shoal.sim.units import Asset
from shoal.sim.venue import Venue
from shoal.sim.world import World
from shoal.venues.oracle import Oracle, mixed_price


class Reference(Protocol):
    """What an asset is worth now in the quote asset, quote tokens for one token; None before there is a price."""

    def __call__(self, asset: Asset, /) -> float | None:
        """The price now."""


def worth_of_one(reference: Reference, asset: Asset) -> float:
    """What one token is worth now; NaN before there is a price."""
    price = reference(asset)
    return math.nan if price is None else price


class WorldMid:
    """The experimenter's price: the mean of the venues' mids, weighted by what can be traded there within 1 %.

    It reads venues as they are, without latency and outside every agent's knowledge, and changes nothing.

    Args:
        world: the run.
        quote: in what prices are; itself worth 1.
        markets: by asset, the venues that trade it against the quote.

    Raises:
        ValueError: a venue is not there, or trades another pair.
    """

    def __init__(self, world: World, *, quote: Asset, markets: Mapping[Asset, Sequence[str]]) -> None:
        self._world = world
        self._quote = quote
        self._venues: dict[Asset, tuple[Any, ...]] = {}
        for asset, names in markets.items():
            unknown = [name for name in names if not _trades(world.venues.get(name), asset, quote)]
            if unknown:
                raise ValueError(f"no venue {', '.join(unknown)} trades {asset} in {quote}")
            self._venues[asset] = tuple(world.venues[name] for name in names)

    def __call__(self, asset: Asset) -> float | None:
        """The price now."""
        return self._mid(asset, "")

    def before(self, asset: Asset, venue: str) -> float | None:
        """The price now, but at one venue as its feed last showed it: before the call that it has just executed.

        An exchange that shows its state at intervals gives the state of up to one interval ago.
        """
        return self._mid(asset, venue)

    def _mid(self, asset: Asset, shown: str) -> float | None:
        if asset == self._quote:
            return 1.0
        now_ns = self._world.clock.now_ns
        return mixed_price(
            self._shown(venue.name) if venue.name == shown else venue.published(now_ns)
            for venue in self._venues.get(asset, ())
        )

    def _shown(self, venue: str) -> Any:
        feed = self._world.feeds[venue]
        news = feed.read(feed.place)
        return None if news is None else news.item


def _trades(venue: Venue | None, asset: Asset, quote: Asset) -> bool:
    return venue is not None and not isinstance(venue, Oracle) and venue.assets[:2] == (asset, quote)
