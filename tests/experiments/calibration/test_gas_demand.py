import math

import numpy as np
import pandas as pd
import pytest

from shoal.experiments.calibration.gas_demand import fit_gas, fit_gas_demand

MINUTES = 20_000


@pytest.fixture(scope="module")
def sample():
    """Gas that follows the volatility of the trailing 15 minutes with the exponent 0.4."""
    random = np.random.default_rng(1)
    slow = np.repeat(random.normal(0.0, 1.0, size=MINUTES // 100), 100)
    scale = np.fromiter((1e-4 * math.exp(value) for value in slow), dtype=np.float64)
    returns = random.normal(size=MINUTES) * scale
    prices = 2_000.0 * np.concatenate(([1.0], np.cumprod(1.0 + returns)))[:MINUTES]
    squares = np.concatenate((np.zeros(1), (prices[1:] / prices[:-1] - 1.0) ** 2))
    trailing = np.array([squares[max(0, end - 14) : end + 1].sum() for end in range(MINUTES)]) + 1e-12
    noise = random.normal(0.0, 0.2, size=MINUTES)
    gas = np.fromiter(
        (50.0 * math.exp(0.2 * math.log(one) + other) for one, other in zip(trailing, noise, strict=True)),
        dtype=np.float64,
    )
    return gas, prices


def test_the_exponent_comes_back(sample):
    fits = {fit.name: fit for fit in fit_gas(*sample)}
    fit = fits["elasticity to volatility"]
    assert fit.value == pytest.approx(0.4, abs=0.02)
    assert fit.low < 0.4 < fit.high
    assert fits["elasticity in the more volatile half"].value == pytest.approx(0.4, abs=0.05)
    assert fits["deviation of the rest"].value == pytest.approx(0.2, rel=0.05)


def test_files_are_joined_by_minute(sample, tmp_path):
    stamps = pd.date_range("2024-01-01", periods=MINUTES, freq="min", tz="UTC")
    gas, prices = tmp_path / "gas.parquet", tmp_path / "prices.parquet"
    pd.DataFrame({"ts": stamps, "gas_price_gwei": sample[0]}).to_parquet(gas)
    pd.DataFrame({"ts": stamps, "weth_usd": sample[1]}).to_parquet(prices)
    found = fit_gas_demand(gas, prices)
    assert found.value("elasticity to volatility") == fit_gas(*sample)[5].value
    assert found.date == "2024-01-01/2024-01-14"
