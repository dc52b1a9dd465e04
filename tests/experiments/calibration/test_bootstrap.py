import math

import numpy as np
import pytest

from shoal.experiments.calibration.bootstrap import bounds


def mean(rows):
    return float(rows.mean())


def test_the_interval_of_a_mean_is_as_wide_as_theory_says():
    rows = np.random.default_rng(3).normal(5.0, 2.0, size=3_000)
    found = bounds(rows, mean)
    assert found["low"] < 5.0 < found["high"]
    assert found["high"] - found["low"] == pytest.approx(2 * 1.96 * 2.0 / math.sqrt(3_000), rel=0.3)


def test_clusters_widen_the_interval():
    random = np.random.default_rng(4)
    apart = random.normal(size=3_000)
    together = np.repeat(random.normal(size=60), 50)
    wide, narrow = bounds(together, mean), bounds(apart, mean)
    assert wide["high"] - wide["low"] > 3 * (narrow["high"] - narrow["low"])


def test_the_same_rows_give_the_same_interval():
    rows = np.random.default_rng(5).normal(size=500)
    assert bounds(rows, mean) == bounds(rows, mean)


def test_undefined_draws_are_left_out():
    rows = np.arange(100, dtype=np.float64)
    found = bounds(rows, lambda some: math.nan if some[0] < 50.0 else 1.0)
    assert found == {"low": 1.0, "high": 1.0}
