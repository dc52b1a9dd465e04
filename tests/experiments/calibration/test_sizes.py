import math

import numpy as np
import pytest

from shoal.experiments.calibration.sizes import fit_sizes, sigma_by_volume, tail_exponent


@pytest.fixture(scope="module")
def fits():
    sizes = np.random.default_rng(1).lognormal(6.0, 1.5, size=20_000)
    return {fit.name: fit for fit in fit_sizes(sizes)}


@pytest.mark.parametrize(
    ("name", "truth"),
    [
        ("order size, median", math.exp(6.0)),
        ("order size, sigma", 1.5),
        ("order size, mean", math.exp(6.0 + 1.5**2 / 2)),
        ("order size, sigma by volume", 1.5),
    ],
)
def test_a_log_normal_sample_gives_its_parameters_back(fits, name, truth):
    fit = fits[name]
    assert fit.value == pytest.approx(truth, rel=0.05)
    assert fit.low < truth < fit.high


def test_the_check_tells_a_law_that_does_not_fit(fits):
    right = float(fits["order size, median"].check.split()[2].rstrip(";"))
    bimodal = np.random.default_rng(2).choice((1.0, 1_000.0), size=2_000)
    wrong = float(fit_sizes(bimodal)[0].check.split()[2].rstrip(";"))
    assert right < 0.01
    assert wrong > 0.3


def test_the_tail_exponent_of_a_pareto_law():
    sizes = np.random.default_rng(3).pareto(1.5, size=100_000) + 1.0
    assert tail_exponent(sizes) == pytest.approx(1.5, rel=0.05)


def test_equal_sizes_have_no_tail_and_no_sigma():
    assert math.isnan(tail_exponent(np.full(100, 7.0)))
    assert sigma_by_volume(7.0, 7.0) == 0.0
