import math

import pytest
from tests.routing.laws import CurveLaws

from shoal.routing.curve import Curve
from shoal.routing.levels import Levels
from shoal.sim.errors import RoutingError


class TestLevels(CurveLaws):
    may_be_endless = True

    def curve(self, rate: float, depth: float, more: float) -> Curve:
        if not (isinstance(rate, float) and isinstance(depth, float)):
            return Levels("venue", (rate,), (depth,))
        rates = tuple(rate * math.exp(-0.3 * more * level) for level in range(6))
        return Levels("venue", rates, (depth, 2 * depth, 0.5 * depth, depth, 3 * depth, 0.1 * depth))


def test_a_level_without_end_is_a_fixed_price() -> None:
    """Worse than its rate it takes nothing, at its rate anything, below it all there is."""
    level = Levels("venue", (2.0,), (math.inf,))
    assert level.response(2.1) == (0.0, 0.0, 0.0, 0.0, 0.0)
    assert level.response(2.0) == (0.0, 0.0, math.inf, math.inf, 0.0)
    assert level.response(1.9) == (math.inf, math.inf, math.inf, math.inf, 0.0)
    assert (level.surplus(2.0), level.surplus(1.9)) == (0.0, math.inf)
    assert (level.output(3.0), level.input(6.0), level.rate(1e9)) == (6.0, 3.0, 2.0)


@pytest.mark.parametrize(
    ("rates", "capacities"),
    [
        ((), ()),
        ((1.0,), ()),
        ((1.0, 2.0), (1.0, 1.0)),
        ((1.0, math.nan), (1.0, 1.0)),
        ((1.0,), (math.nan,)),
        ((2.0, 1.0), (math.inf, 1.0)),
    ],
)
def test_levels_that_make_no_sense_are_refused(rates: tuple[float, ...], capacities: tuple[float, ...]) -> None:
    with pytest.raises(RoutingError):
        Levels("venue", rates, capacities)


def test_levels_of_one_rate_are_one_flat() -> None:
    book = Levels("venue", (2.0, 2.0, 1.0), (1.0, 2.0, 4.0))
    assert book.response(2.0) == (0.0, 0.0, 3.0, 6.0, 0.0)
    assert book.output(2.0) == 4.0
