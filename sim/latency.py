"""How long a message takes between two places; drawn by (link, sender, message number)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from shoal.sim.draws import Draws, Stream


class Latency(Protocol):
    """A model of one link: whole nanoseconds, at least 1."""

    def delay_ns(self, stream: Stream, number: int) -> int:
        """The delay of message ``number``, drawn from the stream at that index."""


@dataclass(frozen=True, slots=True)
class ConstantLatency:
    """The same delay for every message."""

    delay: int

    def __post_init__(self) -> None:
        if type(self.delay) is not int or self.delay < 1:
            raise ValueError(f"latency must be a whole number of nanoseconds >= 1, had {self.delay!r}")

    def delay_ns(self, stream: Stream, number: int) -> int:
        """The constant."""
        return self.delay


@dataclass(frozen=True, slots=True)
class LogNormalLatency:
    """Log-normal delay: median in nanoseconds, ``sigma`` the standard deviation of its logarithm."""

    median_ns: int
    sigma: float

    def __post_init__(self) -> None:
        if type(self.median_ns) is not int or self.median_ns < 1:
            raise ValueError(f"median latency must be a whole number of nanoseconds >= 1, had {self.median_ns!r}")
        if not 0.0 <= self.sigma <= 5.0:
            raise ValueError(f"sigma of a log-normal latency must lie in 0 to 5, had {self.sigma!r}")

    def delay_ns(self, stream: Stream, number: int) -> int:
        """The delay of that number, rounded up to whole nanoseconds."""
        return max(1, math.ceil(self.median_ns * math.exp(self.sigma * stream.normal_at(number))))


class Network:
    """The latency of each ordered pair of places, and the numbering of messages.

    A place is a name: a host's, or an agent's site. Unlisted pairs use ``default``.
    """

    def __init__(self, draws: Draws, default: Latency) -> None:
        self._draws = draws
        self._default = default
        self._links: dict[tuple[str, str], Latency] = {}
        self._numbers: dict[tuple[str, str, str], int] = {}

    def link(self, source: str, target: str, latency: Latency, *, both_ways: bool = True) -> None:
        """Set the latency from one place to another (and back)."""
        self._links[source, target] = latency
        if both_ways:
            self._links[target, source] = latency

    def latency(self, source: str, target: str) -> Latency:
        """The model of a link."""
        return self._links.get((source, target), self._default)

    def delay_ns(self, source: str, target: str, sender: str) -> int:
        """The delay of this sender's next message over the link."""
        latency = self._links.get((source, target), self._default)
        if type(latency) is ConstantLatency:
            return latency.delay
        key = (source, target, sender)
        number = self._numbers.get(key, 0)
        self._numbers[key] = number + 1
        return latency.delay_ns(self._draws.stream(sender, f"latency {source}>{target}"), number)

    def delay_of(self, source: str, target: str, sender: str, number: int) -> int:
        """The delay of message ``number`` of this sender over the link, whoever asks and however often."""
        latency = self._links.get((source, target), self._default)
        if type(latency) is ConstantLatency:
            return latency.delay
        return latency.delay_ns(self._draws.stream(sender, f"latency {source}>{target}"), number)
