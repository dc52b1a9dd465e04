import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.experiments.replicates.estimate import (
    Sample,
    between_paths,
    correlation,
    estimate,
    half_width,
    mean,
    variance,
    variance_removed,
)

# Student (1908), The probable error of a mean, section 9: additional hours of sleep by two soporifics; the values are
# R's `t.test(extra ~ group, data = sleep, paired = TRUE)`.
FIRST = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
SECOND = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
numbers = st.floats(-1e6, 1e6)


def samples(values: list[float], controls: list[float] | None = None, seeds: int = 10**6) -> list[Sample]:
    return [
        Sample(1 + index // seeds, value, None if controls is None else controls[index])
        for index, value in enumerate(values)
    ]


def test_students_sleep() -> None:
    found = estimate("sleep", "h", "first", samples(FIRST, SECOND), level=0.95)
    assert (found.n, found.paths, found.world) == (10, 1, "first")
    assert found.mean == pytest.approx(-1.58, abs=1e-12)
    assert (found.low, found.high) == pytest.approx((-2.4598858, -0.7001142), abs=1e-7)
    assert (found.value_mean, found.control_mean) == pytest.approx((0.75, 2.33))
    assert found.correlation == pytest.approx(0.7951702, abs=1e-7)
    assert found.standard_deviation == pytest.approx(1.2299955, abs=1e-7)
    apart = variance(FIRST) + variance(SECOND)
    assert found.variance_removed_share == pytest.approx(1.0 - 1.2299955**2 / apart, abs=1e-7)
    assert math.isnan(found.between_path_variance)


def test_the_level_sets_the_width() -> None:
    at = {level: half_width([1.0, 2.0, 3.0], level)[1] for level in (0.8, 0.95, 0.99)}
    # Tables of Student's t with 2 degrees of freedom: 1.8856, 4.3027, 9.9248.
    assert at == pytest.approx({0.8: 1.8856 / 3**0.5, 0.95: 4.3027 / 3**0.5, 0.99: 9.9248 / 3**0.5}, abs=1e-4)


def test_one_replicate_has_no_interval() -> None:
    found = estimate("cost", "bps", "no-attack", [Sample(1, 3.0, 1.0)], level=0.95)
    assert (found.n, found.mean, found.value_mean, found.control_mean) == (1, 2.0, 3.0, 1.0)
    for name in ("low", "high", "standard_deviation", "correlation", "variance_removed_share"):
        assert math.isnan(getattr(found, name)), name


def test_replicates_without_a_number_are_left_out() -> None:
    found = estimate("cost", "bps", "", samples([1.0, math.nan, 3.0, math.inf]), level=0.95)
    assert (found.n, found.mean) == (2, 2.0)
    nothing = estimate("cost", "bps", "", samples([math.nan]), level=0.95)
    assert nothing.n == 0
    assert math.isnan(nothing.mean)


def test_several_paths_are_clusters() -> None:
    values = [1.0, 3.0, 11.0, 13.0, 21.0, 23.0]
    found = estimate("cost", "bps", "", samples(values, seeds=2), level=0.95)
    center, half = half_width([2.0, 12.0, 22.0], 0.95)
    assert (found.n, found.paths, found.mean) == (6, 3, 12.0)
    assert (found.low, found.high) == (center - half, center + half)
    # Path means vary by 100; each has variance 2 / 2 of its own.
    assert found.between_path_variance == pytest.approx(99.0)


def test_between_paths_needs_two_of_two_and_is_never_negative() -> None:
    assert math.isnan(between_paths([[1.0, 2.0]]))
    assert math.isnan(between_paths([[1.0, 2.0], [3.0]]))
    assert between_paths([[0.0, 10.0], [1.0, 9.0]]) == 0.0


def test_pairing_that_costs_is_negative() -> None:
    assert variance_removed([1.0, 2.0, 3.0], [3.0, 2.0, 1.0]) == -1.0
    assert math.isnan(variance_removed([1.0, 1.0], [2.0, 2.0]))
    assert math.isnan(correlation([1.0, 1.0], [2.0, 3.0]))
    assert math.isnan(mean([]))


@given(st.lists(st.tuples(numbers, numbers), min_size=2, max_size=30))
def test_shares_and_intervals_hold_together(pairs: list[tuple[float, float]]) -> None:
    found = estimate("cost", "", "control", [Sample(1, *pair) for pair in pairs], level=0.9)
    assert found.low <= found.mean <= found.high
    assert math.isnan(found.correlation) or -1.0 <= found.correlation <= 1.0
    assert math.isnan(found.variance_removed_share) or -1.0 - 1e-9 <= found.variance_removed_share <= 1.0
