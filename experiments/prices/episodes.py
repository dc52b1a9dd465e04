"""Other stretches of recorded bars: those of a given length in which the first asset fell furthest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from shoal.experiments.errors import OptionError, Place
from shoal.experiments.prices.bars import Bars, Prices, Series, Times
from shoal.experiments.prices.span import as_text

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Episode:
    """A stretch of recorded bars.

    Args:
        rank: 1 has the deepest fall.
        start_ns: start of a bar.
        end_ns: exclusive.
        fall: deepest fall of the first asset in it from a price to a later one, as a share.
    """

    rank: int
    start_ns: int
    end_ns: int
    fall: float

    def note(self) -> dict[str, Any]:
        """The episode as plain values, for the manifest."""
        return {"rank": self.rank, "start": as_text(self.start_ns), "end": as_text(self.end_ns), "fall": self.fall}


def deepest_episodes(bars: Bars, count: int, *, length_ns: int, besides: tuple[int, int], gap_ns: int) -> list[Episode]:
    """The stretches with the deepest falls, the deepest first; none overlaps another.

    A stretch begins with a bar of the first asset. Of neighbouring ones with the same fall in them the middle one is
    taken, so that there is something before the fall and after it; of others the earliest. The order of a bar's high
    and low is not known: what counts is what surely came one after the other.

    Args:
        bars: all there are, gaps included.
        count: how many.
        length_ns: length of each.
        besides: start and end of a stretch that none may overlap.
        gap_ns: longest step from one bar to the next inside a stretch, for any asset.

    Raises:
        OptionError: there are fewer.

    >>> prices = np.array([8.0, 8.0, 8.0, 7.0, 7.0, 7.0, 7.0, 3.5, 3.5, 3.5])
    >>> series = Series("BTC", np.arange(10), prices, prices, prices, prices)
    >>> bars = Bars({"BTC": series}, bar_ns=1, start_ns=0, end_ns=9, shape="price")
    >>> found = deepest_episodes(bars, 2, length_ns=3, besides=(0, 1), gap_ns=1)
    >>> [(each.start_ns, each.fall) for each in found]
    [(5, 0.5), (1, 0.125)]
    """
    first = next(iter(bars.series.values()))
    starts = first.times_ns
    ends = starts + length_ns
    free = (starts >= bars.start_ns) & (ends <= bars.end_ns)
    free &= (ends <= besides[0]) | (starts >= besides[1])
    for series in bars.series.values():
        free &= _unbroken(series, starts, ends, bars, gap_ns)
    falls = _falls(first, starts, ends, bars)
    found: list[Episode] = []
    while len(found) < count and free.any():
        index = _deepest(falls, free, length_ns // bars.bar_ns)
        start, end = int(starts[index]), int(ends[index])
        found.append(Episode(len(found) + 1, start, end, float(falls[index])))
        free &= (ends <= start) | (starts >= end)
    if len(found) < count:
        raise OptionError(
            Place("option paths"),
            f"deepest falls first, the file has room for {len(found)} stretches of {length_ns / 3.6e12:g} h without "
            f"overlap or gap beside the span asked for, and {count} are needed",
            f"Take at most {len(found) + 1} paths, or a shorter span.",
        )
    return found


def _deepest(falls: Prices, free: Flags, length: int) -> int:
    """Of the first run of neighbours with the deepest fall the middle one; the first of a run that shares no fall."""
    rows = np.flatnonzero(free & (falls == falls[free].max()))
    breaks = np.flatnonzero(np.diff(rows) > 1)
    run = rows[: breaks[0] + 1] if len(breaks) else rows
    return int(run[(len(run) - 1) // 2 if len(run) <= length else 0])


def _unbroken(series: Series, starts: Times, ends: Times, bars: Bars, gap_ns: int) -> Flags:
    """Whether an asset has bars over all of each stretch without too long a step; what reading it alone checks."""
    times = series.times_ns
    first = np.searchsorted(times, starts, side="right") - 1
    last = np.searchsorted(times, ends, side="left") - (bars.shape == "ohlc")
    there = (first >= 0) & (last < len(times)) & (last >= first)
    first, last = np.clip(first, 0, len(times) - 1), np.clip(last, 0, len(times) - 1)
    if bars.shape == "ohlc":
        there &= (times[first] + bars.bar_ns > starts) & (times[last] + bars.bar_ns >= ends)
    long_steps = np.concatenate([[0], np.cumsum(np.diff(times) > gap_ns)])
    found: Flags = there & (long_steps[last] == long_steps[first])
    return found


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Highest and lowest price of stretches, and the deepest fall in each; one array element a stretch."""

    high: Prices
    low: Prices
    fall: Prices

    def then(self, later: _Stretch) -> _Stretch:
        """Each stretch followed by another one."""
        across = 1.0 - later.low / self.high
        return _Stretch(
            np.maximum(self.high, later.high),
            np.minimum(self.low, later.low),
            np.maximum(np.maximum(self.fall, later.fall), across),
        )

    def at(self, rows: npt.NDArray[Any]) -> _Stretch:
        return _Stretch(self.high[rows], self.low[rows], self.fall[rows])


def _falls(series: Series, starts: Times, ends: Times, bars: Bars) -> Prices:
    """The deepest fall of each stretch over the bars wholly in it, or over its first one where none is.

    Stretches of 1, 2, 4, ... bars are put together from halves, and every other one from those.
    """
    count = len(starts)
    tail = bars.bar_ns if bars.shape == "ohlc" else 0
    lengths = np.maximum(1, np.searchsorted(series.times_ns, ends - tail, side="right") - np.arange(count))
    within = np.maximum(0.0, np.maximum(1.0 - series.low / series.open, 1.0 - series.close / series.high))
    powers = _Stretch(series.high, series.low, within)
    # A stretch that holds the lowest price of its first bar alone: it adds nothing to the stretch with that bar.
    found = _Stretch(series.low.copy(), series.low.copy(), np.zeros(count))
    at, size = np.arange(count), 1
    while size <= int(lengths.max(initial=0)):
        rows = np.flatnonzero(lengths & size)
        longer = found.at(rows).then(powers.at(at[rows]))
        found.high[rows], found.low[rows], found.fall[rows] = longer.high, longer.low, longer.fall
        at[rows] += size
        powers = _doubled(powers, size)
        size *= 2
    return found.fall


def _doubled(powers: _Stretch, size: int) -> _Stretch:
    """Stretches of twice the size; those that would pass the end stay as they are, and nobody asks for them."""
    rows = np.minimum(np.arange(len(powers.high)) + size, len(powers.high) - 1)
    return powers.then(powers.at(rows))
