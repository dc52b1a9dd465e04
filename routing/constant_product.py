"""The curve of a constant product pool."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from shoal.routing.curve import LARGEST_FALL, NOTHING, Response, positive
from shoal.sim.errors import RoutingError


@dataclass(frozen=True, slots=True)
class ConstantProductCurve:
    """A pool of two reserves whose product stays, the fee taken from the input; it never ends.

    Args:
        venue: the pool's name.
        reserve_in: of the asset put in, whole tokens.
        reserve_out: of the asset taken out, whole tokens.
        fee: what the pool keeps of each input, as a fraction.

    Raises:
        RoutingError: a reserve is no finite number above 0, or the fee is not at least 0 and below 1.

    Source: Angeris, Evans, Chitra and Boyd (2022), "Optimal routing for constant function market makers".

    >>> round(ConstantProductCurve("pool", 1000.0, 1000.0, 0.003).output(10.0), 9)
    9.871580344
    """

    venue: str
    reserve_in: float
    reserve_out: float
    fee: float
    # What the input is measured against: the reserve, gross of the fee.
    scale: float = field(init=False)
    best_rate: float = field(init=False)
    last_rate: float = field(init=False)
    capacity: float = field(init=False, default=math.inf)
    flats: tuple[float, ...] = field(init=False, default=())

    def __post_init__(self) -> None:
        reserve_in = positive(self.reserve_in, self.venue, "reserve in")
        reserve_out = positive(self.reserve_out, self.venue, "reserve out")
        if not 0.0 <= self.fee < 1.0:
            raise RoutingError(self.venue, f"fee {self.fee!r}", "a fraction from 0 to below 1")
        scale = reserve_in / (1.0 - self.fee)
        object.__setattr__(self, "scale", scale)
        object.__setattr__(self, "best_rate", reserve_out / scale)
        object.__setattr__(self, "last_rate", self.best_rate * math.exp(-LARGEST_FALL))

    @property
    def largest_output(self) -> float:
        """The reserve, never quite reached."""
        return self.reserve_out

    def response(self, price: float) -> Response:
        """What brings the pool's rate down to the price."""
        best = self.best_rate
        if price >= best:
            return NOTHING
        # The difference is exact where the two are close: no digits are lost on small trades.
        excess = (best - price) / price
        root = math.sqrt(1.0 + excess)
        share = excess / (1.0 + root)
        amount_in = self.scale * share
        amount_out = self.reserve_out * share / root
        return amount_in, amount_out, amount_in, amount_out, 0.5 * self.scale * root

    def output(self, amount_in: float) -> float:
        """What comes out, short of the last digits that rounding to base units takes."""
        share = amount_in / self.scale
        return self.reserve_out * (share / (1.0 + share))

    def input(self, amount_out: float) -> float:
        """What must be put in for less than the reserve."""
        return self.scale * (amount_out / (self.reserve_out - amount_out))

    def rate(self, amount_in: float) -> float:
        """The marginal rate after this input."""
        grown = 1.0 + amount_in / self.scale
        return self.best_rate / (grown * grown)

    def surplus(self, price: float) -> float:
        """The square of the difference of two roots: small where the price is near the best rate, to the last digit."""
        if price >= self.best_rate:
            return 0.0
        difference = math.sqrt(self.reserve_out) - math.sqrt(price * self.scale)
        return difference * difference
