"""Small sources of prices, sound to begin with, and how a refusal is checked."""

import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from shoal.experiments.errors import InputError
from shoal.experiments.prices import read_prices

HOUR_NS = 3_600 * 10**9
START = pd.Timestamp("2020-03-12", tz="UTC")


@pytest.fixture
def frame():
    """Six hourly bars of BTC-USD and ETH-USD, interleaved by time."""
    rows = []
    for hour in range(6):
        for symbol, level in (("BTC-USD", 8000.0), ("ETH-USD", 200.0)):
            open_ = level * (1 + 0.01 * hour)
            close = level * (1 + 0.01 * (hour + 1)) * (1 + 0.002 * (hour % 2))
            high, low = max(open_, close) * 1.004, min(open_, close) * 0.995
            rows.append((START + pd.Timedelta(hours=hour), symbol, open_, high, low, close, 5.0))
    return pd.DataFrame(rows, columns=["ts", "symbol", "open", "high", "low", "close", "volume"])


@pytest.fixture
def csv_text():
    """Five hourly bars of one asset as CSV, header in line 1."""

    def build(**cells):
        rows = [["ts", "open", "high", "low", "close", "volume"]]
        for hour in range(5):
            rows.append([f"2020-03-12T0{hour}:00:00Z", "100.5", "103", "99.25", "101", "7"])
        for cell, value in cells.items():
            column, row = cell.rsplit("_", 1)
            rows[int(row) - 1][rows[0].index(column)] = value
        return "".join(",".join(row) + "\n" for row in rows)

    return build


@pytest.fixture
def write(tmp_path):
    """Writes bytes or text and gives the path."""

    def to(data, name="prices.csv"):
        path = tmp_path / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    return to


@pytest.fixture
def assert_refused():
    """Reads a source, which must be assert_refused by this error at this place for this reason, with a remedy."""

    def check(source, kind, reason, *, row=None, column=None, symbols=("BTC",), **options):
        with pytest.raises(InputError, match=reason) as caught:
            read_prices(source, symbols=list(symbols), **options)
        error = caught.value
        assert type(error) is kind
        assert (error.place.row, error.place.column) == (row, column)
        if isinstance(source, Path) and not error.place.file.startswith("option"):
            assert error.place.file == str(source)
        assert re.search(r"[\w)']\.$", error.remedy)
        assert "\n" not in str(error)
        return error

    return check


def bars_like(rng, count, *, deviation=0.01, correlation=0.8, points=720):
    """Bars cut from correlated random walks: open, high, low, close for BTC and ETH."""
    normals = rng.standard_normal((2, count, points - 1))
    normals[1] = correlation * normals[0] + np.sqrt(1 - correlation**2) * normals[1]
    walks = np.zeros((2, count, points))
    walks[:, :, 1:] = np.cumsum(normals, axis=2) * (deviation / np.sqrt(points - 1))
    times = pd.date_range(START, periods=count, freq="h")
    frames = []
    for symbol, level, walk in zip(("BTC-USD", "ETH-USD"), (8000.0, 200.0), walks, strict=True):
        base = np.concatenate([[0.0], np.cumsum(walk[:, -1])[:-1]])
        logs = {"open": base, "high": base + walk.max(1), "low": base + walk.min(1), "close": base + walk[:, -1]}
        prices = {name: [level * math.exp(value) for value in values] for name, values in logs.items()}
        frames.append(pd.DataFrame({"ts": times, "symbol": symbol, **prices}))
    return pd.concat(frames, ignore_index=True)


@pytest.fixture
def walk_frame():
    """Bars cut from correlated random walks of known volatility."""
    return bars_like
