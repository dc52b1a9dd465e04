"""When blocks come: at constant intervals or at Poisson times."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from shoal.sim.draws import Stream


class BlockSchedule(Protocol):
    """The times of blocks 1, 2, 3, ..., in whole nanoseconds."""

    @property
    def interval_ns(self) -> int:
        """The mean time between blocks."""

    def times_ns(self, start_ns: int, stream: Stream) -> Iterator[int]:
        """The blocks' times after the start, in order, without end; gaps are drawn by block number."""


@dataclass(frozen=True, slots=True)
class ConstantBlocks:
    """A block every interval, as on Ethereum since proof of stake (12 s)."""

    interval_ns: int

    def __post_init__(self) -> None:
        _check(self.interval_ns)

    def times_ns(self, start_ns: int, stream: Stream) -> Iterator[int]:
        """Start + interval, start + 2 intervals, ..."""
        time_ns = start_ns
        while True:
            time_ns += self.interval_ns
            yield time_ns


@dataclass(frozen=True, slots=True)
class PoissonBlocks:
    """Exponential gaps of this mean, rounded up to whole nanoseconds, as under proof of work."""

    interval_ns: int

    def __post_init__(self) -> None:
        _check(self.interval_ns)

    def times_ns(self, start_ns: int, stream: Stream) -> Iterator[int]:
        """The start plus the sum of the gaps."""
        time_ns = start_ns
        while True:
            time_ns += stream.wait_ns(self.interval_ns)
            yield time_ns


def _check(interval_ns: object) -> None:
    if type(interval_ns) is not int or interval_ns < 1:
        raise ValueError(f"block interval must be whole nanoseconds >= 1, had {interval_ns!r}")
