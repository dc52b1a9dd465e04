"""The curves of a market whose log price moves in proportion to what is traded, one for each direction."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

from shoal.routing.curve import LARGEST_FALL, NOTHING, Response, positive

# Below this, the difference from the logarithm is summed as a series: subtracting would lose its digits.
_SMALL: Final = 0.01
_TERMS: Final = 8


@dataclass(frozen=True, slots=True)
class ExponentialSale:
    """Base in, quote out: the rate falls by the factor exp(-input / scale).

    Args:
        venue: the market's name.
        best_rate: quote for the first base token, the fee taken off.
        scale: base tokens that move the log price by 1.

    Raises:
        RoutingError: a number is not finite and above 0.

    Source: Bouchaud, Gefen, Potters and Wyart (2004), linear impact on the log price.
    """

    venue: str
    best_rate: float
    scale: float
    last_rate: float = field(init=False)
    capacity: float = field(init=False)
    largest_output: float = field(init=False)
    flats: tuple[float, ...] = field(init=False, default=())

    def __post_init__(self) -> None:
        positive(self.best_rate, self.venue, "best rate")
        positive(self.scale, self.venue, "scale")
        object.__setattr__(self, "last_rate", self.best_rate * math.exp(-LARGEST_FALL))
        object.__setattr__(self, "capacity", self.scale * LARGEST_FALL)
        object.__setattr__(self, "largest_output", self.output(self.capacity))

    def response(self, price: float) -> Response:
        """What moves the market down to the price."""
        best = self.best_rate
        if price >= best:
            return NOTHING
        if price <= self.last_rate:
            return self.capacity, self.largest_output, self.capacity, self.largest_output, 0.0
        amount_in = min(self.scale * math.log1p((best - price) / price), self.capacity)
        amount_out = min(self.scale * (best - price), self.largest_output)
        return amount_in, amount_out, amount_in, amount_out, self.scale

    def output(self, amount_in: float) -> float:
        """The integral of the rate."""
        return -self.best_rate * self.scale * math.expm1(-amount_in / self.scale)

    def input(self, amount_out: float) -> float:
        """What must be sold for that much."""
        return min(-self.scale * math.log1p(-amount_out / (self.best_rate * self.scale)), self.capacity)

    def rate(self, amount_in: float) -> float:
        """The rate after this input."""
        return self.best_rate * math.exp(-amount_in / self.scale)

    def surplus(self, price: float) -> float:
        """The integral of rate less price, as far as it is above 0."""
        if price >= self.best_rate:
            return 0.0
        if price <= self.last_rate:
            return self.largest_output - price * self.capacity
        return price * self.scale * less_logarithm((self.best_rate - price) / price)


@dataclass(frozen=True, slots=True)
class ExponentialPurchase:
    """Quote in, base out: the price paid rises by the factor exp(output / scale).

    Args:
        venue: the market's name.
        best_rate: base for the first quote token, the fee taken off.
        scale: base tokens that move the log price by 1.

    Raises:
        RoutingError: a number is not finite and above 0.

    Source: Bouchaud, Gefen, Potters and Wyart (2004), linear impact on the log price.
    """

    venue: str
    best_rate: float
    scale: float
    last_rate: float = field(init=False)
    capacity: float = field(init=False)
    largest_output: float = field(init=False)
    flats: tuple[float, ...] = field(init=False, default=())
    # The quote tokens, fee included, that the scale is worth before anything is traded.
    _worth: float = field(init=False, repr=False)

    def __post_init__(self) -> None:
        positive(self.best_rate, self.venue, "best rate")
        positive(self.scale, self.venue, "scale")
        worth = positive(self.scale / self.best_rate, self.venue, "scale over best rate")
        object.__setattr__(self, "_worth", worth)
        object.__setattr__(self, "last_rate", self.best_rate * math.exp(-LARGEST_FALL))
        object.__setattr__(self, "capacity", worth * math.expm1(LARGEST_FALL))
        object.__setattr__(self, "largest_output", self.scale * LARGEST_FALL)

    def response(self, price: float) -> Response:
        """What moves the market up to the price."""
        best = self.best_rate
        if price >= best:
            return NOTHING
        if price <= self.last_rate:
            return self.capacity, self.largest_output, self.capacity, self.largest_output, 0.0
        excess = (best - price) / price
        amount_in = min(self._worth * excess, self.capacity)
        amount_out = min(self.scale * math.log1p(excess), self.largest_output)
        return amount_in, amount_out, amount_in, amount_out, self._worth * (1.0 + excess)

    def output(self, amount_in: float) -> float:
        """What that much buys."""
        return self.scale * math.log1p(amount_in / self._worth)

    def input(self, amount_out: float) -> float:
        """The integral of the price paid."""
        return min(self._worth * math.expm1(amount_out / self.scale), self.capacity)

    def rate(self, amount_in: float) -> float:
        """The rate after this input."""
        return self.best_rate / (1.0 + amount_in / self._worth)

    def surplus(self, price: float) -> float:
        """The integral of rate less price, as far as it is above 0."""
        if price >= self.best_rate:
            return 0.0
        if price <= self.last_rate:
            return self.largest_output - price * self.capacity
        if 2.0 * price < self.best_rate:
            return self.scale * (price / self.best_rate - 1.0 - math.log(price / self.best_rate))
        return self.scale * less_logarithm((price - self.best_rate) / self.best_rate)


def less_logarithm(value: float) -> float:
    """The value less log(1 + value), above -1, good to some 1e-13 of itself however small it is.

    >>> less_logarithm(1e-9), less_logarithm(-0.5)
    (4.999999996666667e-19, 0.1931471805599453)
    """
    if abs(value) >= _SMALL:
        return value - math.log1p(value)
    total = 0.0
    for power in range(_TERMS, 1, -1):
        total = 1.0 / power - value * total
    return value * value * total
