"""What a venue is to the router."""

from __future__ import annotations

from typing import Final, Protocol

from shoal.sim.errors import RoutingError

# Least and most input and output at a price, and how much the input grows as the log price falls.
Response = tuple[float, float, float, float, float]

NOTHING: Final[Response] = (0.0, 0.0, 0.0, 0.0, 0.0)
# How far the rate may fall below the best before a curve without end counts as empty: where an output beyond all
# reserves is asked for, what could be had at any sensible price must be told from what could not.
LARGEST_FALL: Final = 20.0
# Within these, no product or quotient of the few that occur leaves the range of floats.
_SMALLEST: Final = 1e-50
_LARGEST: Final = 1e50


class Curve(Protocol):
    """One venue in one direction: what comes out for what goes in, concave, in whole tokens, fees included.

    A *rate* is what the next unit in gives, in units of the output asset. Nothing here changes: a curve is what a
    feed showed.
    """

    @property
    def venue(self) -> str:
        """The venue's name."""

    @property
    def best_rate(self) -> float:
        """The rate of the first unit."""

    @property
    def last_rate(self) -> float:
        """The rate at which the curve ends; of one without end, the best rate times exp(-LARGEST_FALL)."""

    @property
    def capacity(self) -> float:
        """The most that can be put in; infinite for a curve without end."""

    @property
    def largest_output(self) -> float:
        """What comes out at capacity; of a curve without end, what is never quite reached."""

    @property
    def flats(self) -> tuple[float, ...]:
        """Rates at which the curve is straight, best first: there the venue takes anything from least to most."""

    def response(self, price: float) -> Response:
        """What the venue trades if each unit put in must earn this rate.

        Returns (least in, least out, most in, most out, slope): least and most differ only at a flat, and slope is how
        fast the input grows as the log of the price falls.
        """

    def output(self, amount_in: float) -> float:
        """What comes out for an input up to the capacity."""

    def input(self, amount_out: float) -> float:
        """What must be put in for an output below the largest."""

    def rate(self, amount_in: float) -> float:
        """The rate of the last unit of an input up to the capacity."""

    def surplus(self, price: float) -> float:
        """The most by which the output can exceed price times input: the curve's conjugate."""


def positive(value: float, who: str, name: str) -> float:
    """The value as a float, if it is a number above 0 of a size that means anything: 1e-50 to 1e50.

    Raises:
        RoutingError: it is not.
    """
    if isinstance(value, int | float) and _SMALLEST <= value <= _LARGEST and type(value) is not bool:
        return float(value)
    raise RoutingError(who, f"{name} {value!r}", f"a number from {_SMALLEST:g} to {_LARGEST:g}")
