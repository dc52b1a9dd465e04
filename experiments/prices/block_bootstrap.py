"""Other histories from the bars of one: whole blocks of neighbouring bars, drawn again and joined at their closes."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from shoal.experiments.errors import OptionError, Place
from shoal.experiments.prices.bars import Bars, Prices, Series
from shoal.experiments.prices.normals import Blocks

_OWNER: Final = "market"
_PURPOSE: Final = "block bootstrap"
Rows = npt.NDArray[np.int64]


def default_block(count: int) -> int:
    """The mean block length when nobody says otherwise: the cube root of the number of bars, rounded up.

    Source: Hall, Horowitz and Jing (1995), On blocking rules for the bootstrap with dependent data, Biometrika 82: the
    rate that is best for variances.

    >>> default_block(48), default_block(1000), default_block(1)
    (4, 10, 1)
    """
    length = 1
    while length**3 < count:
        length += 1
    return length


def bootstrap_bars(bars: Bars, *, seed: int, block_ns: int | None = None) -> Bars:
    """Bars of the same span and stamps, drawn with replacement in blocks of random length around a circle.

    All symbols are drawn together, so that what moved together still does. A bar keeps its shape and its step from the
    close before it; it is rescaled so that the step starts from the close drawn before it. The first opens at the
    recorded open. A step across a gap of the source is not drawn: there, and at the seam of the circle, a bar opens at
    the close before it.

    Args:
        bars: of which blocks are drawn, all of them with the same chance to start a block.
        seed: of the draws.
        block_ns: mean length of the geometric block lengths, nanoseconds; None is ``default_block`` bars.

    Raises:
        OptionError: the symbols have different gaps, or a block is shorter than a bar or longer than the span.

    Source: Politis and Romano (1994), The stationary bootstrap, Journal of the American Statistical Association 89.
    """
    series = list(bars.series.values())
    times = series[0].times_ns
    if not all(np.array_equal(times, each.times_ns) for each in series):
        raise OptionError(
            Place("the prices"), "the symbols have different gaps", "Choose a span without gaps for a bootstrap."
        )
    length = _length(bars, len(times), block_ns)
    rows = draw_rows(len(times), length, seed)
    note = {
        "name": "stationary block bootstrap of the bars",
        "source": "Politis and Romano 1994",
        "mean_block_ns": length * bars.bar_ns,
        "seed": seed,
    }
    drawn = {symbol: _drawn(each, rows, bars.bar_ns) for symbol, each in bars.series.items()}
    return replace(bars, series=drawn, provenance={**bars.provenance, "bootstrap": note})


def draw_rows(count: int, mean_block: int, seed: int) -> Rows:
    """For each bar the number of the bar it is drawn from; a block goes on with chance 1 - 1/mean_block."""
    uniforms = Blocks(seed, _OWNER, _PURPOSE).generator(0).random((count, 2))
    rows = np.empty(count, dtype=np.int64)
    row = 0
    for index in range(count):
        if index == 0 or uniforms[index, 0] * mean_block < 1.0:
            row = int(uniforms[index, 1] * count)
        else:
            row = (row + 1) % count
        rows[index] = row
    return rows


def _length(bars: Bars, count: int, block_ns: int | None) -> int:
    if block_ns is None:
        return default_block(count)
    if block_ns % bars.bar_ns or not 1 <= block_ns // bars.bar_ns <= count:
        raise OptionError(
            Place("option path_block"),
            f"a block of {block_ns / 1e9:g} s is no whole number of bars of {bars.bar_ns / 1e9:g} s from 1 to {count}",
            "Write a multiple of a bar's length, at most the span.",
        )
    return block_ns // bars.bar_ns


def _drawn(series: Series, rows: Rows, bar_ns: int) -> Series:
    before = np.concatenate([series.open[:1], series.close[:-1]])
    # What a gap in the source did belongs to no bar.
    alone = np.concatenate([[True], np.diff(series.times_ns) != bar_ns])
    before = np.where(alone, series.open, before)
    scales: Prices = np.empty(len(rows))
    close = float(series.open[0]) * float(before[rows[0]]) / float(series.open[rows[0]])
    for index, row in enumerate(rows.tolist()):
        scales[index] = close / float(before[row])
        close = float(series.close[row]) * float(scales[index])
        if not (math.isfinite(close) and close > 0.0):
            raise OptionError(
                Place("option path_source"), "the drawn returns leave the range of prices", "Choose a shorter span."
            )
    parts = (getattr(series, name)[rows] * scales for name in ("open", "high", "low", "close"))
    return Series(series.symbol, series.times_ns, *parts)
