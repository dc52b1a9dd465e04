import numpy as np
import pytest
from tests.experiments.calibration.samples import level_two

from shoal.experiments.calibration.book_depth import DepthProfile, fit_depth, order_size, profile
from shoal.experiments.calibration.level_two import read_level_two

BANDS = (0.001, 0.002, 0.004, 0.01)


def linear(slope):
    return DepthProfile(BANDS, np.tile(np.array(BANDS) * slope, (50, 1)))


def test_depth_of_a_known_book(tmp_path):
    found = profile(read_level_two(level_two(tmp_path / "book.parquet")), bands=(0.00101,))
    # Six levels of two tokens a side; when the best ask is gone, the mid has moved and five are left.
    assert found.rows[0, 0] == pytest.approx(12_000.0, rel=1e-3)
    assert found.rows[-1, 0] == pytest.approx(10_000.0, rel=1e-3)


def test_a_linear_book_is_carried_on_exactly():
    fits = {fit.name: fit for fit in fit_depth(linear(1e8), reach=0.004)}
    assert fits["depth within 1 %"].value == pytest.approx(1e6)
    assert "carried on from 40 bps" in fits["depth within 1 %"].check
    assert fits["depth within 20 bps"].value == pytest.approx(2e5)


def test_what_was_recorded_is_not_carried_on():
    fits = {fit.name: fit for fit in fit_depth(linear(1e8), reach=0.01)}
    assert fits["depth within 1 %"].check == "recorded"


def test_the_ladder_of_a_ladder_is_itself():
    first, step, levels, worth = 0.0005, 0.0015, 3, 7_000.0
    counts = [sum(first + level * step <= band for level in range(levels)) for band in BANDS]
    found = DepthProfile(BANDS, np.tile(np.array(counts) * worth, (5, 1)))
    assert order_size(found, first=first, step=step, levels=levels) == pytest.approx(worth)
