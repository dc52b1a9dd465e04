"""Realised volatility of the outside price, for what depends on how nervous the world is."""

from __future__ import annotations

import math
from bisect import bisect_right
from itertools import accumulate, pairwise

from shoal.sim.price_path import PricePath
from shoal.sim.units import NANOSECONDS_PER_SECOND, SECONDS_PER_YEAR


class RealisedVolatility:
    """The path's realised volatility over a trailing window, a fraction per square-root year.

    It looks back only; before a window has passed it uses what there is, and ``floor`` before that.

    Args:
        path: the outside prices.
        symbol: which of them.
        window_s: seconds looked back.
        floor: returned where the window holds no movement.
    """

    def __init__(self, path: PricePath, symbol: str, *, window_s: int, floor: float) -> None:
        prices = path.prices[symbol].tolist()
        squares = [math.log(later / earlier) ** 2 for earlier, later in pairwise(prices)]
        self._times_ns = path.times_ns.tolist()
        self._sums = list(accumulate(squares, initial=0.0))
        self._window_ns = window_s * NANOSECONDS_PER_SECOND
        self._floor = floor

    def __call__(self, now_ns: int) -> float:
        """The volatility as of a time."""
        last = bisect_right(self._times_ns, now_ns) - 1
        first = max(0, bisect_right(self._times_ns, now_ns - self._window_ns) - 1)
        if last <= first:
            return self._floor
        seconds = (self._times_ns[last] - self._times_ns[first]) / NANOSECONDS_PER_SECOND
        return max(self._floor, math.sqrt((self._sums[last] - self._sums[first]) * SECONDS_PER_YEAR / seconds))
