import math

import numpy as np
import pytest
from tests.experiments.calibration.samples import compound_poisson

from shoal.experiments.calibration.swap_flow import fit_swap_flow, match_moments


def test_a_compound_poisson_process_gives_its_parameters_back():
    volumes = compound_poisson(rate=1.5, median=1_000.0, sigma=1.0, minutes=60_000, seed=1)
    fits = {fit.name: fit for fit in fit_swap_flow(volumes)}
    for name, truth, error in (
        ("swaps", 90.0, 0.02),
        ("swap size, median", 1_000.0, 0.05),
        ("swap size, sigma", 1.0, 0.05),
        ("swap size, mean", 1_000.0 * math.exp(0.5), 0.02),
        ("minutes without swaps", math.exp(-1.5), 0.02),
    ):
        assert fits[name].value == pytest.approx(truth, rel=error), name
        assert fits[name].low < fits[name].value < fits[name].high, name


def test_the_moments_are_unbiased_and_intervals_are_honest():
    samples = [compound_poisson(rate=1.5, median=1_000.0, sigma=1.0, minutes=5_000, seed=seed) for seed in range(40)]
    sigmas = np.array([match_moments(volumes).sigma for volumes in samples])
    assert abs(sigmas.mean() - 1.0) < 4.0 * sigmas.std() / 40**0.5
    fits = [next(fit for fit in fit_swap_flow(volumes) if fit.name == "swaps") for volumes in samples[:10]]
    assert sum(fit.low < 90.0 < fit.high for fit in fits) >= 8


@pytest.mark.parametrize("volumes", [np.zeros(10), np.ones(10)])
def test_where_no_or_every_minute_is_empty_there_is_no_rate(volumes):
    assert math.isnan(match_moments(volumes).rate)
