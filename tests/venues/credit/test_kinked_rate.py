import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.sim.units import SECONDS_PER_YEAR
from shoal.venues.credit.kinked_rate import KinkedRate
from shoal.venues.credit.lending_math import WAD

RATE = KinkedRate(base_ppm=10_000, kink_ppm=800_000, slope_below_ppm=40_000, slope_above_ppm=600_000)


@pytest.mark.parametrize(
    ("utilisation", "a_year"), [(0.0, 0.01), (0.4, 0.03), (0.8, 0.05), (0.9, 0.35), (1.0, 0.65), (1.5, 0.65)]
)
def test_the_two_lines(utilisation: float, a_year: float) -> None:
    assert RATE.per_year_wad(round(utilisation * 10**6) * 10**12) / WAD == pytest.approx(a_year, rel=1e-12)


def test_a_second_is_a_year_over_its_seconds_rounded_down() -> None:
    assert RATE.per_second_wad(40, 100) == 3 * 10**16 // SECONDS_PER_YEAR
    assert RATE.per_second_wad(0, 0) == 10**16 // SECONDS_PER_YEAR


@given(st.integers(0, 2 * WAD), st.integers(0, 2 * WAD))
def test_more_utilisation_is_never_cheaper(one: int, other: int) -> None:
    assert RATE.per_year_wad(min(one, other)) <= RATE.per_year_wad(max(one, other))


@pytest.mark.parametrize(
    "bad",
    [
        {"base_ppm": -1},
        {"slope_below_ppm": 0.5},
        {"slope_above_ppm": True},
        {"slope_above_ppm": 10_000_001},
        {"kink_ppm": 9_999},
        {"kink_ppm": 990_001},
        {"kink_ppm": 0.9},
    ],
)
def test_parameters_out_of_range(bad: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="ppm"):
        KinkedRate(**bad)  # type: ignore[arg-type]
