"""What a place published and when; remote readers see it one latency late, without an event per reader."""

from __future__ import annotations

from typing import Any, NamedTuple

import simpy

from shoal.sim.clock import DELIVERY, Clock
from shoal.sim.latency import Network

_KEPT = 256


class News(NamedTuple):
    """One published item: when it was published, and what."""

    published_ns: int
    item: Any


class _Reader:
    """How far the readers at one place have come: news up to ``seen`` has arrived there.

    ``due_ns`` is when item ``due_of`` arrives, worked out once.
    """

    __slots__ = ("arrival_ns", "awaited", "due_ns", "due_of", "seen", "waiting")

    def __init__(self, seen: int) -> None:
        self.seen = seen
        self.arrival_ns = 0
        self.due_ns = 0
        self.due_of = -1
        self.waiting: simpy.Event | None = None
        self.awaited = -1


class Feed:
    """A sequence of news from one place.

    ``read(place)`` pulls the newest item that has arrived there; a later item never arrives before an earlier one.
    Who must wake on news waits for ``changed(place)``. The latency of an item is drawn by (link, feed, item number),
    so that everybody at one place sees it at the same time and reading draws nothing.

    Complexity: publishing O(1); reading amortised O(1) per published item and place; memory O(items in flight).
    """

    def __init__(self, name: str, place: str, clock: Clock, network: Network) -> None:
        self.name = name
        self.place = place
        self._clock = clock
        self._network = network
        self._news: list[News] = []
        self._first = 0
        self._readers: dict[str, _Reader] = {}
        self._waiting: dict[str, _Reader] = {}
        self._subscriptions: list[Subscription] = []

    def publish(self, item: Any) -> None:
        """Add an item now, and wake who waits for it, each one latency later."""
        self._news.append(News(self._clock.now_ns, item))
        if self._waiting:
            # Who still waits had seen everything before: this item is the first in flight to that place.
            for place, reader in self._waiting.items():
                self._schedule(place, reader)
            self._waiting.clear()
        if len(self._news) > 4 * _KEPT:
            self._trim()

    def read(self, place: str) -> News | None:
        """The newest item that has arrived at the place, or None before the first."""
        reader = self._readers.get(place) or self._reader(place)
        news = self._news
        index = reader.seen - self._first
        if index < len(news) and self._clock.now_ns >= reader.due_ns:
            self._advance(place, reader)
            index = reader.seen - self._first
        return news[index - 1] if index else None

    def subscribe(self, place: str) -> Subscription:
        """A cursor of a reader who must miss nothing; it begins with the next item that arrives at the place."""
        reader = self._reader(place)
        self._advance(place, reader)
        subscription = Subscription(self, place, reader.seen)
        self._subscriptions.append(subscription)
        return subscription

    def arrived(self, place: str, after: int) -> list[News]:
        """What has arrived at the place after the first ``after`` items ever published, as far as it is kept."""
        reader = self._reader(place)
        self._advance(place, reader)
        return self._news[max(after - self._first, 0) : reader.seen - self._first]

    def changed(self, place: str) -> simpy.Event:
        """An event that succeeds when the next item arrives at the place; its value is that ``News``."""
        reader = self._reader(place)
        self._advance(place, reader)
        # A triggered event may still be in flight with its item: who comes now shares it.
        if reader.waiting is None or (reader.waiting.triggered and reader.awaited < reader.seen):
            reader.waiting = simpy.Event(self._clock)
            if reader.seen - self._first < len(self._news):
                self._schedule(place, reader)
            else:
                self._waiting[place] = reader
        return reader.waiting

    def _schedule(self, place: str, reader: _Reader) -> None:
        """Let the waiting event succeed when the first item in flight arrives."""
        event = reader.waiting
        assert event is not None
        event._ok = True
        event._value = self._news[reader.seen - self._first]
        reader.awaited = reader.seen
        arrival_ns = self._arrival_ns(place, reader)
        self._clock.schedule(event, DELIVERY, arrival_ns - self._clock.now_ns)  # type: ignore[arg-type]

    def _reader(self, place: str) -> _Reader:
        reader = self._readers.get(place)
        if reader is None:
            reader = self._readers[place] = _Reader(self._first)
        return reader

    def _arrival_ns(self, place: str, reader: _Reader) -> int:
        """When the first item in flight arrives: its own delay, but not before the item that went ahead."""
        if reader.due_of != reader.seen:
            published_ns = self._news[reader.seen - self._first].published_ns
            delay_ns = 0 if place == self.place else self._network.delay_of(self.place, place, self.name, reader.seen)
            reader.due_ns = max(published_ns + delay_ns, reader.arrival_ns)
            reader.due_of = reader.seen
        return reader.due_ns

    def _advance(self, place: str, reader: _Reader) -> None:
        now_ns, known = self._clock.now_ns, self._first + len(self._news)
        while reader.seen < known:
            arrival_ns = self._arrival_ns(place, reader)
            if arrival_ns > now_ns:
                return
            reader.arrival_ns = arrival_ns
            reader.seen += 1

    def _trim(self) -> None:
        """Drop what every reader has passed and every subscription has taken, except the newest few."""
        for place, reader in self._readers.items():
            self._advance(place, reader)
        passed = min((reader.seen for reader in self._readers.values()), default=self._first + len(self._news))
        taken = min((subscription.taken for subscription in self._subscriptions), default=passed)
        drop = min(passed - _KEPT, taken) - self._first
        if drop > 0:
            del self._news[:drop]
            self._first += drop


class Subscription:
    """Reads every item of a feed once, in order; what it has not taken is kept for it.

    Args:
        feed: the feed.
        place: where the reader is.
        taken: how many items ever published it has passed.
    """

    __slots__ = ("_feed", "_place", "taken")

    def __init__(self, feed: Feed, place: str, taken: int) -> None:
        self._feed = feed
        self._place = place
        self.taken = taken

    def take(self) -> list[News]:
        """What has arrived since the last time, oldest first."""
        news = self._feed.arrived(self._place, self.taken)
        self.taken += len(news)
        return news
