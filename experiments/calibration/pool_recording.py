"""Reads recordings of a concentrated pool, one row a minute."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from shoal.experiments.calibration.fit import Floats
from shoal.experiments.calibration.rows import read_rows

QUOTE_UNIT: Final = 10**6
BASE_UNIT: Final = 10**18
_TICK: Final = 1.0001


@dataclass(frozen=True, slots=True)
class PoolRecording:
    """A pool of a quote token of 6 decimals (token 0) and a base token of 18 (token 1), minute by minute.

    Args:
        source: file name.
        span: first and last minute, UTC.
        date: the days, as tags show them.
        prices: quote per base at the end of each minute.
        volumes: quote tokens swapped, both directions together, fees included.
        reserves: sqrt(price) * in-range liquidity: the quote reserve of the constant product pool whose depth at the
            price is the same.
    """

    source: str
    span: str
    date: str
    prices: Floats
    volumes: Floats
    reserves: Floats


def read_pool(path: Path) -> PoolRecording:
    """A recording with ticks, raw amounts paid in by swappers, and in-range liquidity."""
    rows = read_rows(path, "ts", "close_tick", "in_amount0", "in_amount1", "liquidity")
    prices = np.fromiter((BASE_UNIT / QUOTE_UNIT / _TICK ** int(tick) for tick in rows["close_tick"]), dtype=np.float64)
    liquidity = _floats(rows["liquidity"]) / (BASE_UNIT * QUOTE_UNIT) ** 0.5
    first, last = rows["ts"].iloc[0], rows["ts"].iloc[-1]
    return PoolRecording(
        source=path.name,
        span=f"{first:%Y-%m-%d %H:%M} .. {last:%Y-%m-%d %H:%M}",
        date=f"{first:%Y-%m-%d}/{last:%Y-%m-%d}",
        prices=prices,
        volumes=_floats(rows["in_amount0"]) / QUOTE_UNIT + _floats(rows["in_amount1"]) / BASE_UNIT * prices,
        reserves=liquidity * np.sqrt(prices),
    )


def _floats(column: Any) -> Floats:
    """Raw integers, some of them beyond 64 bits, as floats."""
    return np.array([float(value) for value in column], dtype=np.float64)
