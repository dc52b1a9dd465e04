import math

import numpy as np
import pytest

from shoal.experiments.calibration.recording import Quotes
from shoal.experiments.calibration.spreads import fit_spreads
from shoal.sim.units import SECONDS_PER_YEAR


def test_spread_and_volatility_of_a_random_walk():
    seconds, volatility = 20_000, 0.8
    steps = np.random.default_rng(1).normal(0.0, volatility / math.sqrt(SECONDS_PER_YEAR), size=seconds)
    mids = 1_000.0 * (1.0 + np.cumsum(steps))
    quotes = Quotes(np.arange(seconds, dtype=np.float64), mids * (1 - 1e-4), mids * (1 + 1e-4))
    median, mean, moved = fit_spreads(quotes, seconds=float(seconds))
    assert median.value == pytest.approx(200.0, rel=1e-3)
    assert mean.value == pytest.approx(200.0, rel=1e-3)
    assert moved.low < volatility < moved.high
