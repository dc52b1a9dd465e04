"""How volatile a price has been lately."""

from __future__ import annotations

import math

from shoal.agents.parameters import positive
from shoal.sim.units import SECONDS_PER_YEAR


class RealisedVolatility:
    """Exponentially weighted mean of squared log returns over the time between them.

    A return over a time dt weighs 1 - 2 ** (-dt / half-life), so that unevenly spaced prices are weighed by the time
    they cover.

    Args:
        start: volatility before the first return, fraction per square-root year.
        half_life_s: seconds.

    Raises:
        ValueError: not finite numbers above 0.

    Source: RiskMetrics (1996), for uneven spacing.

    >>> volatility = RealisedVolatility(start=0.6, half_life_s=60.0)
    >>> volatility.update(0, 100.0), volatility.update(60 * 10**9, 100.0)
    (None, None)
    >>> round(volatility.annual ** 2 / 0.36, 6)
    0.5
    """

    __slots__ = ("_half_life_s", "_last_ns", "_last_price", "variance_per_s")

    def __init__(self, *, start: float, half_life_s: float) -> None:
        positive("volatility", start=start, half_life_s=half_life_s)
        self.variance_per_s = start * start / SECONDS_PER_YEAR
        self._half_life_s = half_life_s
        self._last_ns = 0
        self._last_price: float | None = None

    @property
    def annual(self) -> float:
        """Fraction per square-root year."""
        return math.sqrt(self.variance_per_s * SECONDS_PER_YEAR)

    def update(self, time_ns: int, price: float) -> None:
        """Take the next price."""
        last, elapsed_s = self._last_price, (time_ns - self._last_ns) / 1e9
        if last is not None:
            if elapsed_s <= 0.0:
                return
            change = math.log(price / last)
            kept = math.exp2(-elapsed_s / self._half_life_s)
            self.variance_per_s = kept * self.variance_per_s + (1.0 - kept) * change * change / elapsed_s
        self._last_price, self._last_ns = price, time_ns
