"""Checked bars, and what the bridge needs to know of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Times = npt.NDArray[np.int64]
Prices = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """The bars of one asset, ascending, one array element a bar; prices in USDC per whole unit.

    Args:
        symbol: the base symbol.
        times_ns: start of each bar; for one price a row the time of that price.
        open: first price of the bar.
        high: highest.
        low: lowest.
        close: last. With one price a row the four arrays are the same one.
    """

    symbol: str
    times_ns: Times
    open: Prices
    high: Prices
    low: Prices
    close: Prices


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """Bars of one or more assets over one span.

    Args:
        series: base symbol to its bars; they cover the span, gaps aside.
        bar_ns: length of a bar.
        start_ns: start of the span.
        end_ns: end of the span, exclusive.
        shape: "ohlc", or "price" when the source has one price a row.
        provenance: source, hash, columns, symbols and notes, as plain values.
    """

    series: Mapping[str, Series]
    bar_ns: int
    start_ns: int
    end_ns: int
    shape: Literal["ohlc", "price"]
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The base symbols, in the order asked for."""
        return tuple(self.series)


def logarithms(values: Prices) -> Prices:
    """Natural logarithms through libm: NumPy's own differ in the last bit between processors."""
    return np.fromiter(map(math.log, values.tolist()), dtype=np.float64, count=len(values))


def correlation(bars: Bars, first: str, second: str) -> float:
    """Correlation of two assets' close-to-close log returns over neighbouring bars that both have, mean removed.

    Below 3 common returns, or without variation, it is 0.
    """
    left, right = bars.series[first], bars.series[second]
    times, at_left, at_right = np.intersect1d(left.times_ns, right.times_ns, assume_unique=True, return_indices=True)
    neighbours = np.flatnonzero(np.diff(times) == bars.bar_ns)
    returns = []
    for series, at in ((left, at_left), (right, at_right)):
        logs = logarithms(series.close[at])
        returns.append((logs[neighbours + 1] - logs[neighbours]).tolist())
    return _pearson(*returns)


def volatility_per_bar(bars: Bars, symbol: str) -> float:
    """Root mean square of the close-to-close log returns over neighbouring bars; 0 when there are none."""
    series = bars.series[symbol]
    logs = logarithms(series.close)
    neighbours = np.flatnonzero(np.diff(series.times_ns) == bars.bar_ns)
    returns = (logs[neighbours + 1] - logs[neighbours]).tolist()
    return math.sqrt(math.fsum(value * value for value in returns) / len(returns)) if returns else 0.0


def _pearson(left: list[float], right: list[float]) -> float:
    count = len(left)
    if count < 3:
        return 0.0
    mean_left, mean_right = math.fsum(left) / count, math.fsum(right) / count
    deviations_left = [value - mean_left for value in left]
    deviations_right = [value - mean_right for value in right]
    size = math.sqrt(math.fsum(a * a for a in deviations_left) * math.fsum(b * b for b in deviations_right))
    if size == 0.0:
        return 0.0
    product = math.fsum(a * b for a, b in zip(deviations_left, deviations_right, strict=True))
    return max(-1.0, min(1.0, product / size))
