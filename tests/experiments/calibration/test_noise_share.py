import numpy as np
import pytest

from shoal.experiments.calibration.noise_share import fit_noise_share, needed
from shoal.experiments.calibration.pool_recording import PoolRecording


def pool(*, noise, slope, minutes=20_000):
    random = np.random.default_rng(1)
    prices = 2_000.0 * np.cumprod(1.0 + random.normal(0.0, 5e-4, size=minutes))
    made = PoolRecording("made up", "", "", prices, np.zeros(minutes), np.full(minutes, 1e7))
    volumes = np.concatenate(([0.0], random.exponential(noise, size=minutes - 1) + slope * needed(made)))
    return PoolRecording("made up", "", "", prices, volumes, made.reserves)


def test_the_intercept_is_the_noise():
    made = pool(noise=3_000.0, slope=1.2)
    volume, share = fit_noise_share(made)
    assert volume.low < 3_000.0 < volume.high
    assert volume.value == pytest.approx(3_000.0, rel=0.05)
    assert share.value == pytest.approx(3_000.0 / made.volumes.mean(), rel=0.05)
    assert "slope 1.2" in volume.check


def test_needed_is_what_the_constant_product_takes():
    made = PoolRecording("made up", "", "", np.array([100.0, 121.0]), np.zeros(2), np.full(2, 1_000.0))
    # The reserve at 100 grows by the factor sqrt(1.21).
    assert needed(made)[0] == pytest.approx(100.0)
