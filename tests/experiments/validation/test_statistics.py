import math

import numpy as np
import pytest

from shoal.experiments.validation.statistics import Mean, controlled_mean, mean, with_rounding


def test_the_mean_of_independent_values() -> None:
    values = np.random.default_rng(1).normal(3.0, 2.0, 10_000)
    found = mean(values)
    assert abs(found.value - 3.0) < 4 * found.standard_error
    assert found.standard_error == pytest.approx(0.02, rel=0.05)


def test_controls_take_out_what_they_explain_and_move_nothing_else() -> None:
    generator = np.random.default_rng(2)
    control = generator.normal(0.0, 1.0, 5_000)
    values = 3.0 + control + generator.normal(0.0, 0.1, 5_000)
    found = controlled_mean(values, control[:, None])
    assert found.standard_error == pytest.approx(0.1 / math.sqrt(5_000), rel=0.05)
    assert abs(found.value - 3.0) < 4 * found.standard_error


def test_the_error_covers_the_truth_as_often_as_it_should() -> None:
    generator = np.random.default_rng(3)
    deviations = []
    for _ in range(400):
        controls = generator.normal(size=(20, 3))
        found = controlled_mean(controls @ np.array([1.0, -2.0, 0.5]) + generator.normal(size=20), controls)
        deviations.append(found.value / found.standard_error)
    # Student's t with 16 degrees of freedom has a standard deviation of 1.07.
    assert 0.95 < float(np.std(deviations)) < 1.2


def test_without_controls_it_is_the_plain_mean() -> None:
    values = np.array([1.0, 2.0, 4.0])
    assert controlled_mean(values, np.empty((3, 0))) == pytest.approx(mean(values))


def test_rounding_counts_as_error_beside_chance() -> None:
    assert with_rounding(Mean(2.0, 0.0), 0.1) == Mean(2.0, 0.1)
    assert with_rounding(Mean(2.0, 0.3), 0.4).standard_error == pytest.approx(0.5)
