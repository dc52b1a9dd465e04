import numpy as np
import pytest

from shoal.experiments.calibration.pool_depth import fit_pool_depth
from shoal.experiments.calibration.pool_recording import PoolRecording


def test_the_equivalent_reserve_has_the_depth():
    prices = 2_000.0 * np.cumprod(1.0 + np.random.default_rng(1).normal(0.0, 1e-3, size=1_000))
    pool = PoolRecording("made up", "", "", prices, np.full(1_000, 10.0), np.full(1_000, 1e6))
    fits = {fit.name: fit.value for fit in fit_pool_depth(pool)}
    assert fits["equivalent reserve"] == 1e6
    assert fits["pool depth within 1 %"] == pytest.approx(4_987.562, rel=1e-6)
    assert fits["turnover of the equivalent reserve"] == pytest.approx(0.0144)
    assert fits["volatility of the pool price"] == pytest.approx(1e-3 * (365.25 * 1_440) ** 0.5, rel=0.1)
