import math
from pathlib import Path

import numpy as np
import pytest

from shoal.experiments.calibration.positions import fit_debts, fit_positions
from shoal.experiments.calibration.recorded import MARKETS, POSITIONS
from shoal.experiments.market.borrowers import CRVUSD


def test_a_sample_of_the_law_gives_its_parameters_back() -> None:
    normals = np.random.default_rng(1).standard_normal((20_000, 2)).tolist()
    debts = np.array([math.exp(10 + 1.5 * first) for first, _ in normals])
    mixed = [-0.3 * first + math.sqrt(1 - 0.09) * second for first, second in normals]
    healths = np.array([math.exp(0.4 * math.exp(0.7 * each)) for each in mixed])
    fits = {fit.name: fit for fit in fit_debts(debts, healths)}
    truths = {
        "debt, median": math.exp(10),
        "debt, sigma": 1.5,
        "ln health, median": 0.4,
        "ln ln health, sigma": 0.7,
        "debt and health, correlation of ranks as normals": -0.3,
    }
    assert {name: fits[name].value for name in truths} == pytest.approx(truths, rel=0.05)


def test_the_shipped_law_is_what_the_recording_says_to_two_digits(shared: Path) -> None:
    fitted = fit_positions(shared / "data" / POSITIONS, shared / "data" / MARKETS)
    told = {
        "debt, sigma": CRVUSD.sigma,
        "debt, tail exponent": CRVUSD.tail_exponent,
        "debt, largest over median": CRVUSD.largest,
        "ln health, median": CRVUSD.health_median,
        "ln ln health, sigma": CRVUSD.health_sigma,
        "debt and health, correlation of ranks as normals": CRVUSD.correlation,
    }
    found = {name: fitted.value(name) for name in told}
    assert {name: float(f"{value:.2g}") for name, value in found.items()} == told
    assert 0.3 < fitted.value("debt, share of the largest percent") < 0.4
