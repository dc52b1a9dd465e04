"""Price gaps between venues."""

import numpy as np
import pandas as pd
import pytest

from shoal.experiments.measures.gaps import gap_series, gaps


def prices(book: list[float], outside: list[float]) -> pd.DataFrame:
    frames = [
        pd.DataFrame({"time_ns": range(len(mids)), "venue": kind, "kind": kind, "base": "B", "quote": "Q", "mid": mids})
        for kind, mids in (("book", book), ("outside", outside))
    ]
    return pd.concat(frames, ignore_index=True)


def test_equal_prices_have_no_gap() -> None:
    row = gaps(gap_series(prices([10.0, 12.0], [10.0, 12.0]))).iloc[0]
    assert (row["mean_bps"], row["maximum_absolute_bps"], row["samples"]) == (0.0, 0.0, 2)


def test_a_gap_is_signed_and_its_size_is_not() -> None:
    row = gaps(gap_series(prices([101.0, 99.0], [100.0, 100.0]))).iloc[0]
    assert row["mean_bps"] == pytest.approx(0.0)
    assert row["mean_absolute_bps"] == pytest.approx(100.0)


def test_a_missing_price_is_no_gap() -> None:
    series = gap_series(prices([np.nan, 99.0], [100.0, 100.0]))
    assert series["gap_bps"].isna().tolist() == [True, False]
    assert gaps(series)["samples"].tolist() == [1]


def test_an_outside_price_sampled_more_often_leaves_no_holes() -> None:
    table = prices([101.0, 99.0], [100.0, 100.0])
    table["time_ns"] *= 30
    often = table[table["kind"] == "outside"].assign(time_ns=[15, 16])
    series = gap_series(pd.concat([table, often]))
    assert series["time_ns"].tolist() == [0, 30]
    assert series["gap_bps"].notna().all()


def test_every_pair_of_trading_venues_is_there(tables: dict[str, pd.DataFrame]) -> None:
    found = gaps(gap_series(tables["prices"]))
    pairs = set(zip(found["venue"], found["against"], strict=True))
    assert {("BTC book", "BTC outside"), ("BTC pool", "BTC outside"), ("BTC book", "BTC pool")} <= pairs
    assert len(pairs) == 6


def test_without_prices_there_is_no_gap(tables: dict[str, pd.DataFrame]) -> None:
    assert gaps(gap_series(tables["prices"].iloc[:0])).empty
