"""The price at which venues together trade a given amount, and what each of them then trades."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from shoal.routing.curve import Curve

# The search ends once what it may still miss is below this part of the amount.
_TOLERANCE: Final = 1e-15
_MOST_STEPS: Final = 200
# Rounding may put a venue's rate at an amount this far above the price at which it responds with that amount.
_SLACK: Final = 2.0**-48


class Clearing:
    """A bracket of two prices around the one sought, with what each venue trades at either end.

    As the price of a unit in falls, every venue trades more. The lower end trades at least the amount, the upper end at
    most that, and what lies between the two, venue by venue, in proportion, trades it exactly. The value lost by this
    is at most the width of the bracket times the distance of the nearer end from the amount, because curves are
    concave; the search narrows the bracket until that is nothing. At a flat both ends are at one price, and the
    venue's level is split exactly.

    Args:
        curves: of the venues, all in one direction.
        amount: what they are to trade together.
        of_output: whether the amount is what comes out rather than what goes in.
    """

    __slots__ = ("_column", "amount", "curves", "high", "high_amounts", "high_total", "low", "low_amounts", "low_slope",
                 "low_total")  # fmt: skip

    def __init__(self, curves: Sequence[Curve], amount: float, *, of_output: bool) -> None:
        self.curves = curves
        self.amount = amount
        self._column = 1 if of_output else 0
        self.high = max(curve.best_rate for curve in curves)
        self.high_amounts = [0.0] * len(curves)
        self.high_total = 0.0
        self.low, self.low_amounts, self.low_total, self.low_slope = 0.0, self.high_amounts, math.inf, 0.0

    def probe(self, price: float) -> None:
        """Make this price an end of the bracket, or, at a flat that holds the amount, both ends."""
        column, amount = self._column, self.amount
        # Curves without end are cut off: above the amount, or too low a price would look like the right one.
        cut = 2.0 * amount
        least, most = [], []
        least_total = most_total = slope = 0.0
        for curve in self.curves:
            response = curve.response(price)
            one, other = response[column], response[column + 2]
            if other > cut:
                one, other = min(one, cut), cut
            least.append(one)
            most.append(other)
            least_total += one
            most_total += other
            slope += response[4]
        if most_total < amount:
            self.high, self.high_amounts, self.high_total = price, most, most_total
            return
        if least_total <= amount:
            self.high, self.high_amounts, self.high_total = price, least, least_total
            least, least_total = most, most_total
        self.low, self.low_amounts, self.low_total = price, least, least_total
        self.low_slope = price * slope if column else slope

    def search(self, lowest: float) -> None:
        """Narrow the bracket to the amount, from below a price at which, rounding apart, the venues trade it."""
        step = _SLACK
        while not self.is_enclosed:
            lowest *= 1.0 - step
            self.probe(lowest)
            step = min(2.0 * step, 0.5)
        self._pass_flats()
        for _ in range(_MOST_STEPS):
            if self._is_narrow():
                return
            width = math.log(self.high / self.low)
            self._probe_inside(self._newton())
            self._probe_inside(self._chord())
            if self.high > self.low and 2.0 * math.log(self.high / self.low) > width:
                self._probe_inside(math.sqrt(self.high) * math.sqrt(self.low))

    @property
    def is_enclosed(self) -> bool:
        """Whether a price is known at which the venues trade at least the amount."""
        return self.low_total < math.inf

    @property
    def price(self) -> float:
        """The end of the bracket that trades nearer to the amount; in doubt the upper, which no cut has touched."""
        return self.low if self.low_total - self.amount < self.amount - self.high_total else self.high

    def shares(self) -> list[float]:
        """What each venue trades; together the amount, to rounding."""
        span = self.low_total - self.high_total
        weight = (self.amount - self.high_total) / span if span > 0.0 else 1.0
        shares = [high + weight * (low - high) for low, high in zip(self.low_amounts, self.high_amounts, strict=True)]
        largest = max(range(len(shares)), key=shares.__getitem__)
        shares[largest] += self.amount - math.fsum(shares)
        return shares

    def _pass_flats(self) -> None:
        """Leave no flat inside the bracket."""
        low, high = self.low, self.high
        flats = sorted(rate for curve in self.curves for rate in curve.flats if low < rate <= high)
        first, last = 0, len(flats)
        while first < last and self.low < self.high:
            middle = (first + last) // 2
            self.probe(flats[middle])
            if self.low == flats[middle]:
                first = middle + 1
            else:
                last = middle

    def _is_narrow(self) -> bool:
        distance = min(self.low_total - self.amount, self.amount - self.high_total)
        return distance * (self.high - self.low) <= _TOLERANCE * self.amount * self.low

    def _probe_inside(self, price: float) -> None:
        if self.low < price < self.high:
            self.probe(price)

    def _newton(self) -> float:
        """A step from the lower end, exact where inputs grow with 1 / sqrt(price), and outputs fall with sqrt(price).

        So do those of constant product pools, by themselves and together.
        """
        if self.low_slope <= 0.0:
            return math.nan
        half = 0.5 * (self.low_total - self.amount) / self.low_slope
        if self._column:
            return self.low * (1.0 + half) * (1.0 + half)
        return self.low / ((1.0 - half) * (1.0 - half)) if half < 1.0 else math.nan

    def _chord(self) -> float:
        """The straight line between the ends, in the same measure: mostly from the other side."""
        span = self.low_total - self.high_total
        if not 0.0 < span < math.inf:
            return math.nan
        weight = (self.amount - self.high_total) / span
        high, low = math.sqrt(self.high), math.sqrt(self.low)
        root = high + weight * (low - high) if self._column else high * low / (low + weight * (high - low))
        return root * root
