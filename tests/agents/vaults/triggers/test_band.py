import math
from collections.abc import Callable

import pytest

from shoal.agents.vaults.optimal_band import half_width
from shoal.agents.vaults.triggers.band import AbsoluteBand, OptimalBand, RelativeBand


def test_an_absolute_band_is_the_same_for_all() -> None:
    assert [AbsoluteBand(0.05).half_width(weight, 1e6) for weight in (0.0, 0.5, 2.0)] == [0.05] * 3


def test_a_relative_band_is_a_share_of_the_weight() -> None:
    found = [RelativeBand(0.1).half_width(weight, 1e6) for weight in (0.0, 0.5, 2.0)]
    assert found == pytest.approx([0.0, 0.05, 0.2])


def test_an_optimal_band_follows_the_closed_form() -> None:
    assert OptimalBand(0.003, 2.0).half_width(0.3, 1e6) == half_width(0.3, cost=0.003, risk_aversion=2.0)


def test_an_optimal_band_of_a_cost_that_grows_with_size_is_wider_for_a_larger_vault() -> None:
    band = OptimalBand(lambda tokens: 0.001 + 1e-8 * tokens)
    widths = [band.half_width(0.5, nav) for nav in (1e3, 1e5, 1e7)]
    assert widths == sorted(widths)
    assert widths[0] == pytest.approx(half_width(0.5, cost=0.001), rel=0.01)
    assert widths[2] > 1.5 * widths[0]


@pytest.mark.parametrize(
    "make",
    [
        lambda: AbsoluteBand(-0.1),
        lambda: AbsoluteBand(math.nan),
        lambda: RelativeBand(math.nan),
        lambda: OptimalBand(-0.1),
        lambda: OptimalBand(0.1, 0.0),
    ],
)
def test_parameters_out_of_range_are_refused(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match="band"):
        make()
