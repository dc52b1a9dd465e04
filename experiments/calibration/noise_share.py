"""How much of a pool's volume moves its price, and how much does not."""

from __future__ import annotations

import math

import numpy as np

from shoal.experiments.calibration.bootstrap import bounds
from shoal.experiments.calibration.fit import Fit, Floats
from shoal.experiments.calibration.pool_recording import PoolRecording


def fit_noise_share(pool: PoolRecording) -> tuple[Fit, ...]:
    """Volume a minute regressed on what the minute's price move needed; the intercept is volume without a move.

    A move of the log price by r needs reserve * |exp(r / 2) - 1| quote tokens at least. The regression takes what
    goes with moves for arbitrage, and what is left at no move for noise. That assumes in-range liquidity as at the
    minute's end, and noise that does not rise with volatility; noise that moves the price until an arbitrageur takes
    it back within the minute counts as noise only as far as moves do not show it. So the share is an order of
    magnitude, and it is said beside it how much of the volume the regression explains.
    """
    rows = np.column_stack((pool.volumes[1:], needed(pool)))
    intercept, slope, explained = _regress(rows)
    sample = f"{len(rows):,} minutes"
    check = f"slope {slope:.2f}, R2 {explained:.2f}"
    return (
        Fit(
            name="noise volume",
            value=intercept,
            unit="USD/min",
            sample=sample,
            check=check,
            **bounds(rows, lambda some: _regress(some)[0]),
        ),
        Fit(
            name="noise share of volume",
            value=intercept / float(rows[:, 0].mean()),
            unit="fraction",
            sample=sample,
            check=check,
            **bounds(rows, lambda some: _regress(some)[0] / float(some[:, 0].mean())),
        ),
    )


def needed(pool: PoolRecording) -> Floats:
    """Quote tokens that each minute's price move needs at least, from the second minute on."""
    roots = np.sqrt(pool.prices[1:] / pool.prices[:-1])
    amounts: Floats = pool.reserves[1:] * abs(roots - 1.0)
    return amounts


def _regress(rows: Floats) -> tuple[float, float, float]:
    """Intercept, slope and R2 of the first column on the second."""
    volumes, moves = rows[:, 0], rows[:, 1]
    spread = float(moves.var())
    if spread == 0.0:
        return math.nan, math.nan, math.nan
    slope = float(((volumes - volumes.mean()) * (moves - moves.mean())).mean()) / spread
    intercept = float(volumes.mean()) - slope * float(moves.mean())
    left = float(((volumes - intercept - slope * moves) ** 2).mean())
    return intercept, slope, 1.0 - left / float(volumes.var())
