"""How deep a concentrated pool is, and the constant product pool that is as deep."""

from __future__ import annotations

import math

import numpy as np

from shoal.experiments.calibration.bootstrap import bounds
from shoal.experiments.calibration.fit import Fit, logarithms
from shoal.experiments.calibration.pool_recording import PoolRecording
from shoal.sim.units import SECONDS_PER_YEAR

ONE_PERCENT = math.sqrt(1.01) - 1.0
MINUTES_PER_DAY = 1_440.0


def fit_pool_depth(pool: PoolRecording) -> tuple[Fit, ...]:
    """Median depth within 1 %, the reserve that gives it, turnover, and the volatility of the pool's price.

    In-range liquidity is taken to reach 1 % to either side, which is more than it does where it is concentrated.
    """
    sample = f"{len(pool.reserves):,} minutes"
    squares = logarithms(pool.prices[1:] / pool.prices[:-1]) ** 2
    both = np.column_stack((pool.volumes, pool.reserves))
    return (
        Fit(
            name="pool depth within 1 %",
            value=float(np.median(pool.reserves)) * ONE_PERCENT,
            unit="USD",
            sample=sample,
            check="in-range liquidity carried on to 1 %",
            **bounds(pool.reserves, lambda rows: float(np.median(rows)) * ONE_PERCENT),
        ),
        Fit(
            name="equivalent reserve",
            value=float(np.median(pool.reserves)),
            unit="USD a side",
            sample=sample,
            check="depth / (sqrt(1.01) - 1)",
            **bounds(pool.reserves, lambda rows: float(np.median(rows))),
        ),
        Fit(
            name="turnover of the equivalent reserve",
            value=_turnover(both),
            unit="1/day",
            sample=sample,
            **bounds(both, _turnover),
        ),
        Fit(
            name="volatility of the pool price",
            value=_annual(squares),
            unit="1/sqrt(year)",
            sample=f"{len(squares):,} returns over 1 min",
            **bounds(squares, _annual),
        ),
    )


def _turnover(rows: np.ndarray) -> float:
    return float(rows[:, 0].mean()) * MINUTES_PER_DAY / float(np.median(rows[:, 1]))


def _annual(squares: np.ndarray) -> float:
    return math.sqrt(float(squares.mean()) * SECONDS_PER_YEAR / 60.0)
