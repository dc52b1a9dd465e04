"""The curve of resting orders: straight from price level to price level."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from math import inf

from shoal.routing.curve import Response, positive
from shoal.sim.errors import RoutingError


@dataclass(frozen=True, slots=True)
class Levels:
    """One side of a book: each level trades at its rate until it is used up. One level without end is a fixed price.

    Args:
        venue: the book's name.
        rates: of the levels, output for each unit in, fees included, best first.
        capacities: the most that each takes in, whole tokens, fees included; the last may be infinite.

    Raises:
        RoutingError: no levels, rates that rise, or a number that is not above 0.

    >>> book = Levels("book", (2.0, 1.0), (3.0, 5.0))
    >>> book.output(4.0), book.input(7.0), book.response(1.0)
    (7.0, 4.0, (3.0, 6.0, 8.0, 11.0, 0.0))
    """

    venue: str
    rates: tuple[float, ...]
    capacities: tuple[float, ...]
    _falling: tuple[float, ...] = field(init=False, repr=False)
    _inputs: tuple[float, ...] = field(init=False, repr=False)
    _outputs: tuple[float, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not self.rates or len(self.rates) != len(self.capacities):
            raise RoutingError(self.venue, f"{len(self.rates)} rates, {len(self.capacities)} capacities", "as many")
        for rate, capacity in zip(self.rates, self.capacities, strict=True):
            positive(rate, self.venue, "rate")
            if capacity != inf:
                positive(capacity, self.venue, "capacity")
        if inf in self.capacities[:-1]:
            raise RoutingError(self.venue, "a level behind one without end", "none")
        if any(worse > better for better, worse in pairwise(self.rates)):
            raise RoutingError(self.venue, "levels whose rates rise", "the best first")
        outputs = (rate * capacity for rate, capacity in zip(self.rates, self.capacities, strict=True))
        object.__setattr__(self, "_falling", tuple(-rate for rate in self.rates))
        object.__setattr__(self, "_inputs", (0.0, *accumulate(self.capacities)))
        object.__setattr__(self, "_outputs", (0.0, *accumulate(outputs)))

    @property
    def best_rate(self) -> float:
        """Of the first level."""
        return self.rates[0]

    @property
    def last_rate(self) -> float:
        """Of the last level."""
        return self.rates[-1]

    @property
    def capacity(self) -> float:
        """Of all levels shown."""
        return self._inputs[-1]

    @property
    def largest_output(self) -> float:
        """Of all levels shown."""
        return self._outputs[-1]

    @property
    def flats(self) -> tuple[float, ...]:
        """Every level is one."""
        return self.rates

    def response(self, price: float) -> Response:
        """Least: the levels better than the price; most: the level at the price too."""
        better = bisect_left(self._falling, -price)
        matched = bisect_right(self._falling, -price, better)
        return self._inputs[better], self._outputs[better], self._inputs[matched], self._outputs[matched], 0.0

    def output(self, amount_in: float) -> float:
        """Level by level; beyond the last there is nothing."""
        level = self._level(self._inputs, amount_in)
        extra = min(amount_in - self._inputs[level], self.capacities[level])
        return self._outputs[level] + extra * self.rates[level]

    def input(self, amount_out: float) -> float:
        """Level by level, the output at most the largest."""
        level = self._level(self._outputs, amount_out)
        return self._inputs[level] + (amount_out - self._outputs[level]) / self.rates[level]

    def rate(self, amount_in: float) -> float:
        """Of the level that takes the last unit."""
        return self.rates[self._level(self._inputs, amount_in)]

    def surplus(self, price: float) -> float:
        """What the levels better than the price give beyond it."""
        better = bisect_left(self._falling, -price)
        if self._inputs[better] == inf:
            return inf
        return sum((self.rates[level] - price) * self.capacities[level] for level in range(better))

    def _level(self, totals: tuple[float, ...], amount: float) -> int:
        """The level in which a running total passes this amount."""
        return max(0, min(bisect_left(totals, amount), len(self.rates)) - 1)
