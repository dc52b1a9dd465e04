import pandas as pd
import pytest

from shoal.experiments.calibration.pool_recording import read_pool


def test_prices_volumes_and_reserves_are_in_whole_tokens(tmp_path):
    path = tmp_path / "pool.parquet"
    stamps = pd.date_range("2024-01-01", periods=2, freq="min", tz="UTC")
    rows = {
        "ts": stamps,
        "close_tick": [200_311, 200_311],
        "in_amount0": [5_000_000, 0],
        "in_amount1": [0, 2 * 10**18],
        "liquidity": [10**18, 10**18],
    }
    pd.DataFrame(rows).to_parquet(path)
    pool = read_pool(path)
    assert pool.prices[0] == pytest.approx(2_000.0, rel=1e-4)
    assert pool.volumes.tolist() == pytest.approx([5.0, 2 * pool.prices[1]])
    assert pool.reserves[0] == pytest.approx(1e6 * pool.prices[0] ** 0.5)
