"""Made-up recordings with known parameters."""

import math
from pathlib import Path

import numpy as np
import pandas as pd

START = pd.Timestamp("2024-01-01", tz="UTC")


def level_two(path: Path, *, seconds: int = 60, half_spread: float = 0.5, tokens: float = 2.0) -> Path:
    """A book of 100 levels a side that never changes but for one level, and two orders of three fills each."""
    rows = []
    for level in range(100):
        for side, sign in (("bid", -1), ("ask", +1)):
            price = 1_000.0 + sign * (half_spread + level * 0.1)
            rows.append((0.0, "snapshot", np.nan, 5.0, side, price, tokens))
    rows.append((0.5, "depth", 500.0, 4.0, "ask", 1_000.0 + half_spread, 99.0))
    rows.append((30.0, "depth", 30_000.0, 6.0, "ask", 1_000.0 + half_spread, 0.0))
    for second in range(seconds):
        for side, sign in (("bid", -1), ("ask", +1)):
            rows.append((float(second), "bbo", np.nan, np.nan, side, 1_000.0 + sign * half_spread, 1.0))
    for time_s, side, sign in ((10.2, "buy", +1), (20.2, "sell", -1)):
        for fill in range(3):
            rows.append((time_s, "trade", time_s * 1e3, np.nan, side, 1_000.0 + sign * (half_spread + fill), 0.1))
    columns = ["time_s", "type", "exch_ts_ms", "last_update_id", "side", "price", "qty"]
    frame = pd.DataFrame(rows, columns=columns).sort_values("time_s", kind="stable")
    frame["local_ts_ns"] = START.value + (frame.pop("time_s") * 1e9).astype("int64")
    frame.to_parquet(path)
    return path


def level_three(folder: Path) -> tuple[Path, Path]:
    """Three orders a side; one taker with two fills; one ask whose end is missing, passed by a trade."""
    events = [
        (0.0, 1, "created", "bid", 999.0, 1.0),
        (0.0, 2, "created", "ask", 1_001.0, 1.0),
        (0.0, 3, "created", "ask", 1_002.0, 1.0),
        (0.0, 4, "created", "ask", 1_000.5, 5.0),
        (0.0, 8, "created", "bid", 0.0, 5.0),
        (5.0, 2, "deleted", "ask", 1_001.0, 0.0),
        (5.0, 3, "changed", "ask", 1_002.0, 0.4),
        (20.0, 1, "deleted", "bid", 999.0, 0.0),
        (20.0, 3, "deleted", "ask", 1_002.0, 0.0),
        (20.0, 4, "deleted", "ask", 1_000.5, 0.0),
    ]
    orders = pd.DataFrame(events, columns=["time_s", "id", "action", "direction", "price", "volume"])
    fills = [(5.0, 1_001.0, 1.0, 9, 2, "buy"), (5.0, 1_002.0, 0.6, 9, 3, "buy")]
    trades = pd.DataFrame(fills, columns=["time_s", "price", "amount", "buy_order_id", "sell_order_id", "side"])
    for frame in (orders, trades):
        frame["local_ts"] = START + pd.to_timedelta(frame.pop("time_s"), unit="s")
    paths = folder / "orders.parquet", folder / "trades.parquet"
    orders.to_parquet(paths[0])
    trades.to_parquet(paths[1])
    return paths


def compound_poisson(*, rate: float, median: float, sigma: float, minutes: int, seed: int) -> np.ndarray:
    """Sums a minute of log-normal sizes at Poisson times."""
    random = np.random.default_rng(seed)
    counts = random.poisson(rate, size=minutes)
    sizes = random.lognormal(math.log(median), sigma, size=int(counts.sum()))
    ends = np.cumsum(counts)
    running = np.concatenate(([0.0], np.cumsum(sizes)))
    return np.where(counts > 0, running[ends] - running[ends - counts], 0.0)
