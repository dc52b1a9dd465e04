"""Random paths through a bar that honour its open, high, low and close exactly."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from shoal.experiments.prices.bars import Prices, Times, logarithms
from shoal.experiments.prices.normals import Matrix, exponentials

MINIMUM_POINTS: Final = 4
# E[range^2] of a Brownian motion over a bar is 4 ln 2 times its variance.
PARKINSON: Final = 4.0 * math.log(2.0)
_ROUNDS: Final = 60
_TOLERANCE: Final = 1e-6


def parkinson_deviation(high: Prices, low: Prices) -> Prices:
    """Standard deviation of the log price over each bar, told from its range alone.

    Source: Parkinson (1980), The extreme value method for estimating the variance of the rate of return,
    Journal of Business 53(1).
    """
    deviation: Prices = (logarithms(high) - logarithms(low)) / math.sqrt(PARKINSON)
    return deviation


def bridge_bars(open_: Prices, high: Prices, low: Prices, close: Prices, normals: Matrix) -> Matrix:
    """One path a bar, from its open to its close, whose highest point is its high and whose lowest is its low.

    A Brownian bridge in log price, volatility from the bar's range (Parkinson), is mapped onto the bar by adding
    tents: straight lines from 0 at the open up to a point and down to 0 at the close. While the path passes the high,
    its highest point is lowered onto it; while it stays short of it, the point that needs the smallest push in its own
    standard deviations is raised onto it; in the same way for the low, in turn, until both are met. Tents are smooth,
    so the realised variance and the correlation of the increments with those of other assets stay what they were,
    which scaling the path would not grant. What is left beyond a bound after 60 rounds is folded back at it.

    Args:
        open_: first price of each bar; high, low and close likewise.
        normals: standard normals, one row a bar, one less than the points wanted (at least 3).

    Returns:
        Prices, one row a bar; first, last, greatest and smallest are exactly those given.
    """
    bars, steps = normals.shape
    if steps + 1 < MINIMUM_POINTS:
        raise ValueError(f"a bar's path needs at least {MINIMUM_POINTS} points, had {steps + 1}")
    base = logarithms(open_)
    top, bottom, end = logarithms(high) - base, logarithms(low) - base, logarithms(close) - base
    deviation = parkinson_deviation(high, low)
    share = np.arange(steps + 1) / steps
    path = np.zeros((bars, steps + 1))
    np.cumsum(normals, axis=1, out=path[:, 1:])
    path -= share * path[:, -1:]
    path *= (deviation / math.sqrt(steps))[:, None]
    path += share * end[:, None]
    _add_tents(path, top, bottom, deviation, share)
    _fold(path, top, bottom)
    prices = open_[:, None] * exponentials(path)
    _honour(prices, open_, high, low, close)
    return prices


def _add_tents(path: Matrix, top: Prices, bottom: Prices, deviation: Prices, share: Prices) -> None:
    inner = share[1:-1]
    # Standard deviation of a bridge inside the bar: a push costs least where it is wide.
    width = np.sqrt(inner * (1.0 - inner))
    active = np.arange(len(path))
    for _ in range(_ROUNDS):
        part = path[active]
        for target, side in ((top[active], 1.0), (bottom[active], -1.0)):
            _push(part, target, side, share, width)
        path[active] = part
        slack = _TOLERANCE * deviation[active]
        missed = np.abs(part[:, 1:-1].max(axis=1) - top[active]) > slack
        missed |= np.abs(part[:, 1:-1].min(axis=1) - bottom[active]) > slack
        active = active[missed]
        if not len(active):
            return


def _push(part: Matrix, target: Prices, side: float, share: Prices, width: Prices) -> None:
    rows = np.arange(len(part))
    short = (target[:, None] - part[:, 1:-1]) * side
    point: npt.NDArray[np.intp] = np.argmin(short, axis=1)
    below = np.flatnonzero(short[rows, point] > 0.0)
    if len(below):
        point[below] = np.argmin(short[below] / width, axis=1)
    peak = share[point + 1]
    push = (target - part[rows, point + 1])[:, None]
    part += push * np.minimum(share / peak[:, None], (1.0 - share) / (1.0 - peak)[:, None])


def _fold(path: Matrix, top: Prices, bottom: Prices) -> None:
    height = (top - bottom)[:, None]
    np.subtract(path, bottom[:, None], out=path)
    np.abs(path, out=path)
    np.subtract(height, np.abs(height - path), out=path)
    path += bottom[:, None]


def _honour(prices: Matrix, open_: Prices, high: Prices, low: Prices, close: Prices) -> None:
    rows = np.arange(len(prices))
    highest = np.argmax(prices[:, 1:-1], axis=1) + 1
    lowest = np.argmin(prices[:, 1:-1], axis=1) + 1
    np.clip(prices, low[:, None], high[:, None], out=prices)
    _set(prices, rows, highest, high, (high > open_) & (high > close))
    _set(prices, rows, lowest, low, (low < open_) & (low < close))
    prices[:, 0] = open_
    prices[:, -1] = close


def _set(prices: Matrix, rows: Times, points: Times, values: Prices, where: npt.NDArray[np.bool_]) -> None:
    prices[rows[where], points[where]] = values[where]


def bridge_plain(start: Prices, end: Prices, deviation: Prices, normals: Matrix) -> Matrix:
    """Brownian bridges in log price from one price to the next; the end itself is not part of the path.

    Args:
        start: price each path begins with.
        end: price it leads to, one step after its last point.
        deviation: standard deviation of the log price over one step.
        normals: standard normals, one row a path, one for each step.

    Returns:
        Prices, as many as there are normals; the first of each row is its start, exactly.
    """
    steps = normals.shape[1]
    base = logarithms(start)
    share = np.arange(steps) / steps
    path = np.cumsum(normals, axis=1)
    total = path[:, -1:].copy()
    path[:, 1:] = path[:, :-1]
    path[:, 0] = 0.0
    path -= share * total
    path *= deviation[:, None]
    path += share * (logarithms(end) - base)[:, None]
    prices = start[:, None] * exponentials(path)
    prices[:, 0] = start
    return prices
