"""The exact law of a watched walk, against values verified independently and against what it must be by hand."""

import math

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import multivariate_normal

from shoal.experiments.validation.first_passage import MEAN_OVERSHOOT, continuous_passage, first_passage, one_step

DAY = 0.8 / math.sqrt(365)
HOUR = DAY / math.sqrt(24)
FALL = -math.log(0.8)


def test_one_date_is_the_normal_law() -> None:
    found = first_passage(0.7, -0.2, 1)
    assert found.probability == pytest.approx(ndtr(-0.5), rel=1e-14)
    density = math.exp(-0.125) / math.sqrt(2 * math.pi)
    assert found.overshoot == pytest.approx(density / ndtr(-0.5) - 0.5, rel=1e-13)


def test_two_dates_are_the_bivariate_normal_law() -> None:
    survives = multivariate_normal(mean=[0.0, 0.0], cov=[[1.0, 1.0], [1.0, 2.0]]).cdf([0.6, 0.6 - 0.3])
    # Both sums below gap + drift x date, mirrored: the drift of -0.3 is in the second bound only.
    shifted = first_passage(0.6 + 0.3, -0.3, 2).probability
    assert 1.0 - shifted == pytest.approx(survives, abs=1e-6)


@pytest.mark.parametrize(("deviation", "dates", "probability", "error"), [(DAY, 30, 0.3201, 0.0015)])
def test_a_fall_of_20_percent_in_30_days(deviation: float, dates: int, probability: float, error: float) -> None:
    """An independent simulation's figure, with its standard error."""
    found = first_passage(FALL / deviation, -deviation / 2, dates)
    assert abs(found.probability - probability) < 2 * error


def test_the_mean_overshoot_of_a_distant_barrier() -> None:
    """An independent simulation gave 0.5844 +- 0.0036; the limit of Broadie, Glasserman and Kou is 0.5826."""
    found = first_passage(FALL / DAY, -DAY / 2, 30).overshoot
    assert abs(found - 0.5844) < 2 * 0.0036
    # A drift downwards carries a little further; without one the limit is reached.
    assert first_passage(12.0, 0.0, 150).overshoot == pytest.approx(MEAN_OVERSHOOT, rel=1e-3)


@pytest.mark.parametrize(
    ("deviation", "dates", "printed"), [(DAY, 30, 0.3163), (HOUR, 720, 0.35733)], ids=("daily", "hourly")
)
def test_the_corrected_continuous_formula(deviation: float, dates: int, printed: float) -> None:
    gap = FALL / deviation
    assert continuous_passage(gap + MEAN_OVERSHOOT, -deviation / 2, dates) == pytest.approx(printed, abs=6e-5)
    assert continuous_passage(gap, -deviation / 2, dates) == pytest.approx(0.36837, abs=2e-5)


def test_watching_more_often_misses_less() -> None:
    found = [first_passage(1.0 * math.sqrt(n), 0.0, n).probability for n in (1, 4, 16, 64)]
    assert found == sorted(found)
    assert found[-1] < continuous_passage(1.0, 0.0, 1.0) == pytest.approx(2 * ndtr(-1.0), rel=1e-14)


def test_one_step_far_above_and_far_below() -> None:
    crosses, exceeds = one_step(np.array([40.0, -40.0]), 0.0)
    assert crosses.tolist() == [0.0, 1.0]
    assert exceeds == pytest.approx([0.0, 40.0])
