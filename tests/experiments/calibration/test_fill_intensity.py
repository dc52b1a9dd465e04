import math

import numpy as np
import pytest

from shoal.experiments.calibration.fill_intensity import fit_intensity
from shoal.experiments.calibration.recording import Quotes, TakerOrders

SECONDS = 100_000.0
QUOTES = Quotes(np.array([0.0]), np.array([999.9]), np.array([1_000.1]))


def orders(count, decay):
    random = np.random.default_rng(1)
    sides = np.where(random.random(count) < 0.5, 1.0, -1.0)
    reached = random.exponential(1.0 / decay, size=count)
    times = np.sort(random.uniform(1.0, SECONDS, size=count))
    return TakerOrders(times, sides, np.ones(count), 1_000.0 * (1.0 + sides * reached))


def test_exponential_reach_gives_both_parameters_back():
    decay, rate = fit_intensity(orders(40_000, 3_000.0), QUOTES, seconds=SECONDS)
    assert decay.value == pytest.approx(3_000.0, rel=0.05)
    assert decay.low < 3_000.0 < decay.high
    # Half of the orders come on each side.
    assert rate.value == pytest.approx(0.2, rel=0.05)
    assert rate.low < 0.2 < rate.high


def test_too_few_orders_give_no_answer():
    assert math.isnan(fit_intensity(orders(4, 3_000.0), QUOTES, seconds=SECONDS)[0].value)


def test_orders_before_the_first_quote_are_left_out():
    late = Quotes(np.array([SECONDS / 2]), np.array([999.9]), np.array([1_000.1]))
    found = fit_intensity(orders(10_000, 3_000.0), late, seconds=SECONDS)
    assert 4_500 < int(found[0].sample.split()[0].replace(",", "")) < 5_500
