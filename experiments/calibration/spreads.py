"""The quoted spread, and how much the mid moved meanwhile."""

from __future__ import annotations

import math

import numpy as np

from shoal.experiments.calibration.bootstrap import bounds
from shoal.experiments.calibration.fit import Fit, logarithms
from shoal.experiments.calibration.recording import Quotes
from shoal.sim.units import PPM, SECONDS_PER_YEAR

STEP_S = 1.0
RETURN_S = 5.0


def fit_spreads(quotes: Quotes, *, seconds: float) -> tuple[Fit, ...]:
    """Median and mean of the spread at every second, and the volatility of the mid over steps of five seconds."""
    times = np.arange(quotes.times_s[0] + STEP_S, seconds, STEP_S)
    found = np.searchsorted(quotes.times_s, times, side="left") - 1
    spreads = (quotes.asks[found] / quotes.bids[found] - 1.0) * PPM
    mids = quotes.mids(np.arange(quotes.times_s[0] + STEP_S, seconds, RETURN_S))
    squares = logarithms(mids[1:] / mids[:-1]) ** 2
    sample = f"{len(spreads):,} seconds"
    return (
        Fit(
            name="spread, median",
            value=float(np.median(spreads)),
            unit="ppm",
            sample=sample,
            **bounds(spreads, lambda rows: float(np.median(rows))),
        ),
        Fit(
            name="spread, mean",
            value=float(spreads.mean()),
            unit="ppm",
            sample=sample,
            **bounds(spreads, lambda rows: float(rows.mean())),
        ),
        Fit(
            name="volatility of the mid",
            value=_annual(squares),
            unit="1/sqrt(year)",
            sample=f"{len(squares):,} returns over {RETURN_S:.0f} s",
            **bounds(squares, _annual),
        ),
    )


def _annual(squares: np.ndarray) -> float:
    return math.sqrt(float(squares.mean()) * SECONDS_PER_YEAR / RETURN_S)
