"""How volatile a price has been, from observations at any times, by several estimators with one face."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

from shoal.agents.parameters import positive, whole_number, within
from shoal.agents.volatility import RealisedVolatility
from shoal.sim.units import NANOSECONDS_PER_SECOND, SECONDS_PER_YEAR

_START: Final = 1e-9


class Volatility(Protocol):
    """An estimator: prices in, volatility out."""

    @property
    def annual(self) -> float | None:
        """Fraction per square-root year of 365 days; None during warm-up."""

    def update(self, now_ns: int, price: float) -> None:
        """Take the price that holds now; a second one at the same time, or an earlier one, counts for nothing.

        Raises:
            ValueError: not a finite number above 0.
        """


VolatilityMaker = Callable[[], Volatility]


class ExponentialVolatility:
    """Exponentially weighted volatility, as if there had been nothing before the first price.

    Args:
        half_life_s: seconds.
        warm_up_s: seconds that must be covered before it says anything; None is one half-life.

    Raises:
        ValueError: a parameter is out of range.

    Source: RiskMetrics (1996), for uneven spacing; the weight of the missing past is divided out.

    >>> volatility = ExponentialVolatility(half_life_s=60.0, warm_up_s=0.0)
    >>> volatility.update(0, 100.0)
    >>> volatility.annual
    >>> volatility.update(60 * 10**9, 100.0 * math.exp(0.001))
    >>> round(volatility.annual / (0.001 * math.sqrt(SECONDS_PER_YEAR / 60)), 6)
    1.0
    """

    __slots__ = ("_estimate", "_first_ns", "_half_life_s", "_last_ns", "_warm_up_s")

    def __init__(self, *, half_life_s: float, warm_up_s: float | None = None) -> None:
        self._estimate = RealisedVolatility(start=_START, half_life_s=half_life_s)
        self._half_life_s = half_life_s
        self._warm_up_s = _warm_up(half_life_s, warm_up_s)
        self._first_ns: int | None = None
        self._last_ns = 0

    @property
    def annual(self) -> float | None:
        """Fraction per square-root year; None during warm-up."""
        if self._first_ns is None or self._last_ns <= self._first_ns:
            return None
        covered_s = (self._last_ns - self._first_ns) / NANOSECONDS_PER_SECOND
        if covered_s < self._warm_up_s:
            return None
        kept = math.exp2(-covered_s / self._half_life_s)
        if kept == 1.0:
            # So short a time leaves nothing to divide by.
            return None
        start = _START * _START / SECONDS_PER_YEAR
        seen = max(0.0, self._estimate.variance_per_s - kept * start) / (1.0 - kept)
        return math.sqrt(seen * SECONDS_PER_YEAR)

    def update(self, now_ns: int, price: float) -> None:
        """Take the next price."""
        positive("volatility", price=price)
        if self._first_ns is None:
            self._first_ns = self._last_ns = now_ns
        elif now_ns <= self._last_ns:
            return
        self._estimate.update(now_ns, price)
        self._last_ns = now_ns


class RollingVolatility:
    """Volatility over the last so many seconds: squared log returns over the time they cover.

    Args:
        window_s: seconds; returns that ended within them count.
        warm_up_s: seconds that must be covered before it says anything; None is the window.

    Raises:
        ValueError: a parameter is out of range.

    Source: realised variance, Andersen, Bollerslev, Diebold and Labys (2003), for uneven spacing.

    >>> volatility = RollingVolatility(window_s=120.0, warm_up_s=0.0)
    >>> for minute in range(5):
    ...     volatility.update(minute * 60 * 10**9, 100.0 * math.exp(0.001 * (minute % 2)))
    >>> round(volatility.annual / (0.001 * math.sqrt(SECONDS_PER_YEAR / 60)), 6)
    1.0
    """

    __slots__ = ("_first_ns", "_last_ns", "_last_price", "_returns", "_warm_up_s", "_window_ns")

    def __init__(self, *, window_s: float, warm_up_s: float | None = None) -> None:
        positive("volatility", window_s=window_s)
        self._window_ns = round(window_s * NANOSECONDS_PER_SECOND)
        self._warm_up_s = _warm_up(window_s, warm_up_s)
        # End, length and square of each return.
        self._returns: deque[tuple[int, int, float]] = deque()
        self._first_ns: int | None = None
        self._last_ns = 0
        self._last_price = 0.0

    @property
    def annual(self) -> float | None:
        """Fraction per square-root year; None during warm-up, or where the window holds no return."""
        if self._first_ns is None or not self._returns:
            return None
        if self._last_ns - self._first_ns < self._warm_up_s * NANOSECONDS_PER_SECOND:
            return None
        squares = math.fsum(square for _, _, square in self._returns)
        covered_s = sum(length for _, length, _ in self._returns) / NANOSECONDS_PER_SECOND
        return math.sqrt(squares / covered_s * SECONDS_PER_YEAR)

    def update(self, now_ns: int, price: float) -> None:
        """Take the next price."""
        positive("volatility", price=price)
        if self._first_ns is None:
            self._first_ns = now_ns
        elif now_ns <= self._last_ns:
            return
        else:
            change = math.log(price / self._last_price)
            self._returns.append((now_ns, now_ns - self._last_ns, change * change))
        self._last_ns, self._last_price = now_ns, price
        while self._returns and self._returns[0][0] <= now_ns - self._window_ns:
            self._returns.popleft()


class LaggedVolatility:
    """What another estimator knew a while ago.

    Args:
        volatility: the estimator; it is told of a price once that is ``lag_ns`` old.
        lag_ns: nanoseconds.

    Raises:
        ValueError: the lag is no whole number above 0.

    Source: index rules that trade on a volatility of days before, such as the S&P Risk Control indices.
    """

    __slots__ = ("_lag_ns", "_volatility", "_waiting")

    def __init__(self, volatility: Volatility, *, lag_ns: int) -> None:
        whole_number("volatility", lag_ns=lag_ns)
        self._volatility = volatility
        self._lag_ns = lag_ns
        self._waiting: deque[tuple[int, float]] = deque()

    @property
    def annual(self) -> float | None:
        """Fraction per square-root year; None during warm-up."""
        return self._volatility.annual

    def update(self, now_ns: int, price: float) -> None:
        """Take the next price, and pass on those that are old enough."""
        positive("volatility", price=price)
        self._waiting.append((now_ns, price))
        while self._waiting and self._waiting[0][0] <= now_ns - self._lag_ns:
            self._volatility.update(*self._waiting.popleft())


class LargestVolatility:
    """The largest of several estimates, such as a fast and a slow one.

    Args:
        volatilities: the estimators.

    Raises:
        ValueError: there are none.

    Source: S&P Risk Control indices take the larger of a short-term and a long-term exponential volatility.
    """

    __slots__ = ("_volatilities",)

    def __init__(self, *volatilities: Volatility) -> None:
        if not volatilities:
            raise ValueError("volatility: the largest of none; name at least one estimator")
        self._volatilities = volatilities

    @property
    def annual(self) -> float | None:
        """Fraction per square-root year; None until every one has warmed up."""
        largest = 0.0
        for one in self._volatilities:
            annual = one.annual
            if annual is None:
                return None
            largest = max(largest, annual)
        return largest

    def update(self, now_ns: int, price: float) -> None:
        """Take the next price."""
        for one in self._volatilities:
            one.update(now_ns, price)


def _warm_up(usual_s: float, warm_up_s: float | None) -> float:
    if warm_up_s is None:
        return usual_s
    within("volatility", 0.0, 1e12, warm_up_s=warm_up_s)
    return warm_up_s
