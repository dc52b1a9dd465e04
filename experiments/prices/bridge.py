"""From bars to a price path on a fine grid, joint across assets."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Final

import numpy as np

from shoal.experiments.errors import OptionError, Place
from shoal.experiments.prices.bars import Bars, Prices, Series, correlation, volatility_per_bar
from shoal.experiments.prices.normals import Blocks, Matrix, mix, mixing_weights
from shoal.experiments.prices.range_bridge import MINIMUM_POINTS, bridge_bars, bridge_plain, parkinson_deviation
from shoal.sim.price_path import PricePath

PRICE_STEP_NS: Final = 10**9
MAXIMUM_POINTS: Final = 10**8
_POINTS_AT_ONCE: Final = 2**16
_PURPOSE: Final = "price bridge"
_LABEL: Final = "between the stamps of the source the path is a model's"


def bridge_prices(
    bars: Bars,
    *,
    seed: int,
    step_ns: int = PRICE_STEP_NS,
    correlations: Mapping[tuple[str, str], float] | None = None,
) -> PricePath:
    """A path on a grid of ``step_ns`` that honours open, high, low and close of every bar exactly.

    Within a bar it is a Brownian bridge mapped onto the bar's extremes (``bridge_bars``), increments correlated across
    assets. A close and the next open are neighbours on the grid. With one price a row it is a plain bridge
    from price to price, volatility from their returns. Gaps that were allowed are crossed by a plain bridge. The
    draws of a bar are keyed by (seed, symbol, start of the bar), so a part of the span has the draws of the whole.

    Args:
        bars: checked bars.
        seed: of the draws.
        step_ns: the grid; it must divide a bar and leave at least 4 points in it (1 with one price a row).
        correlations: of each pair of symbols; None estimates them from the bars' close returns.

    Raises:
        OptionError: the grid does not fit the bars, the span holds more than 10**8 points, or a bad seed.
    """
    points = _points_per_bar(bars, step_ns)
    if correlations is None:
        correlations = {pair: correlation(bars, *pair) for pair in combinations(sorted(bars.symbols), 2)}
    weights = mixing_weights(bars.symbols, correlations)
    first_ns, slots = _slots(bars)
    if slots * points > MAXIMUM_POINTS:
        raise OptionError(
            Place("option price_step"),
            f"the span has {slots * points:,} steps, and at most {MAXIMUM_POINTS:,} are made",
            "Choose a longer step or a shorter span.",
        )
    prices = {symbol: np.empty((slots, points)) for symbol in bars.symbols}
    plans = {symbol: _Plan(bars, symbol, first_ns, points) for symbol in bars.symbols}
    blocks = {symbol: Blocks(seed, symbol, _PURPOSE) for symbol in bars.symbols}
    for begin, stop in _chunks(slots, max(1, _POINTS_AT_ONCE // points)):
        starts = range(first_ns + begin * bars.bar_ns, first_ns + stop * bars.bar_ns, bars.bar_ns)
        raw = {symbol: _draw(blocks[symbol], starts, points) for symbol in bars.symbols}
        for symbol, plan in plans.items():
            plan.fill(prices[symbol][begin:stop], mix(raw, weights[symbol]), begin)
    for symbol, plan in plans.items():
        plan.cross_gaps(prices[symbol])
    return _path(bars, first_ns, step_ns, seed, correlations, {name: table.ravel() for name, table in prices.items()})


def recorded_path(bars: Bars) -> PricePath:
    """The prices at the stamps of the source and nothing between: opens of bars, or the prices as they are.

    Raises:
        OptionError: the assets have not the same stamps, because of gaps.
    """
    series = list(bars.series.values())
    times = series[0].times_ns
    if not all(np.array_equal(times, each.times_ns) for each in series):
        raise OptionError(
            Place("the prices"), "the symbols have different gaps", "Choose a span without gaps, or bridge them."
        )
    path = PricePath(
        times,
        {symbol: each.open for symbol, each in bars.series.items()},
        end_ns=max(bars.end_ns, int(times[-1]) + 1),
        kind="recorded",
        source_step_ns=bars.bar_ns,
        provenance=dict(bars.provenance),
    )
    return path.window(bars.start_ns, bars.end_ns)


class _Plan:
    """How one asset fills its slots of one bar each: from bars, from price to price, or across a gap.

    The normals of a gap, and of the step that leads into it, are kept as they come by.
    """

    def __init__(self, bars: Bars, symbol: str, first_ns: int, points: int) -> None:
        self._series: Series = bars.series[symbol]
        self._ranged = bars.shape == "ohlc"
        self._points = points
        self._slots = ((self._series.times_ns - first_ns) // bars.bar_ns).astype(np.int64)
        if self._ranged:
            spread = parkinson_deviation(self._series.high, self._series.low) / math.sqrt(max(1, points - 1))
        else:
            spread = np.full(len(self._slots), volatility_per_bar(bars, symbol) / math.sqrt(points))
        self._step_deviation: Prices = spread
        self._gaps = np.flatnonzero(np.diff(self._slots) > 1)
        self._kept: dict[int, list[Matrix]] = {int(gap): [] for gap in self._gaps}

    def fill(self, table: Matrix, normals: Matrix, begin: int) -> None:
        """Fill the slots from ``begin`` on that have a bar; keep the normals of those that have none."""
        low, high = np.searchsorted(self._slots, (begin, begin + len(table)))
        chosen = np.arange(low, high)
        rows = self._slots[chosen] - begin
        if self._ranged:
            part = self._series
            table[rows] = bridge_bars(
                part.open[chosen], part.high[chosen], part.low[chosen], part.close[chosen], normals[rows, :-1]
            )
        else:
            last = len(self._slots) - 1
            chosen = chosen[(chosen < last) & ~np.isin(chosen, self._gaps)]
            rows = self._slots[chosen] - begin
            price = self._series.close
            table[rows] = bridge_plain(price[chosen], price[chosen + 1], self._step_deviation[chosen], normals[rows])
        self._keep(normals, begin)

    def _keep(self, normals: Matrix, begin: int) -> None:
        for gap, kept in self._kept.items():
            before, after = int(self._slots[gap]), int(self._slots[gap + 1])
            low, high = max(before, begin), min(after, begin + len(normals))
            if low < high:
                part = normals[low - begin : high - begin].ravel()
                # A bar spends all its normals but the last, which leads out of it.
                kept.append(part[self._points - 1 :].copy() if self._ranged and low == before else part.copy())

    def cross_gaps(self, table: Matrix) -> None:
        """Fill what is left: a plain bridge from the last price before each gap to the first after it."""
        flat = table.reshape(-1)
        for gap, kept in self._kept.items():
            first = int(self._slots[gap]) * self._points + (self._points - 1 if self._ranged else 0)
            stop = int(self._slots[gap + 1]) * self._points
            sides = self._step_deviation[gap : gap + 2]
            deviation = math.sqrt((float(sides[0]) ** 2 + float(sides[1]) ** 2) / 2.0)
            flat[first:stop] = bridge_plain(
                self._series.close[gap : gap + 1],
                self._series.open[gap + 1 : gap + 2],
                np.array([deviation]),
                np.concatenate(kept)[None, :],
            )[0]


def _points_per_bar(bars: Bars, step_ns: int) -> int:
    place = Place("option price_step")
    if type(step_ns) is not int or step_ns <= 0 or bars.bar_ns % step_ns:
        raise OptionError(
            place, f"{step_ns!r} ns does not divide the bars of {bars.bar_ns} ns", "Choose a step that divides a bar."
        )
    points = bars.bar_ns // step_ns
    if bars.shape == "ohlc" and points < MINIMUM_POINTS:
        raise OptionError(
            place,
            f"a bar of {bars.bar_ns} ns has {points} steps of {step_ns} ns, and open, high, low and close need "
            f"{MINIMUM_POINTS}",
            "Choose a shorter step, or take the opens as they are.",
        )
    return points


def _slots(bars: Bars) -> tuple[int, int]:
    first = min(int(series.times_ns[0]) for series in bars.series.values())
    last = max(int(series.times_ns[-1]) for series in bars.series.values())
    return first, (last - first) // bars.bar_ns + (bars.shape == "ohlc")


def _chunks(count: int, size: int) -> Iterator[tuple[int, int]]:
    return ((begin, min(begin + size, count)) for begin in range(0, count, size))


def _draw(blocks: Blocks, starts: Sequence[int], points: int) -> Matrix:
    normals = np.empty((len(starts), points))
    for row, start_ns in enumerate(starts):
        blocks.generator(start_ns).standard_normal(out=normals[row])
    return normals


def _path(
    bars: Bars,
    first_ns: int,
    step_ns: int,
    seed: int,
    correlations: Mapping[tuple[str, str], float],
    prices: Mapping[str, Prices],
) -> PricePath:
    count = len(next(iter(prices.values())))
    begin = -(-(bars.start_ns - first_ns) // step_ns)
    stop = -(-(bars.end_ns - first_ns) // step_ns)
    provenance = {
        **bars.provenance,
        "model": {
            "name": "Brownian bridge in log price",
            "label": _LABEL,
            "volatility": "range of each bar (Parkinson)" if bars.shape == "ohlc" else "returns from price to price",
            "correlation": {"/".join(pair): value for pair, value in correlations.items()},
            "price_step_ns": step_ns,
            "seed": seed,
        },
    }
    return PricePath(
        (first_ns + step_ns * np.arange(count, dtype=np.int64))[begin:stop],
        {symbol: series[begin:stop] for symbol, series in prices.items()},
        end_ns=bars.end_ns,
        kind="bridged",
        source_step_ns=bars.bar_ns,
        provenance=provenance,
    )
