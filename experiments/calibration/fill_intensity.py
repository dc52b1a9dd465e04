"""How often takers reach a quote, by its distance from the mid."""

from __future__ import annotations

import math

import numpy as np

from shoal.experiments.calibration.bootstrap import bounds
from shoal.experiments.calibration.fit import Fit, Floats, logarithms
from shoal.experiments.calibration.recording import Quotes, TakerOrders

DISTANCES = np.arange(0.5, 10.01, 0.5) * 1e-4
LEAST = 5


def fit_intensity(orders: TakerOrders, quotes: Quotes, *, seconds: float) -> tuple[Fit, ...]:
    """A and k of rate = A exp(-k d), the rate on one side at which takers reach the distance d from the mid.

    An order reaches d if its last price is at least d beyond the mid just before it. The log rate is regressed on d
    from 0.5 to 10 bps, each distance weighed by its count and those with fewer than five orders left out.

    Source: Avellaneda and Stoikov (2008), section 3.2; k in units of 1 / fraction of the mid.
    """
    mids = quotes.mids(orders.times_s)
    reached = orders.sides * (orders.worst_prices / mids - 1.0)
    reached = reached[np.isfinite(reached)]
    sample = f"{len(reached):,} orders, {int((reached >= DISTANCES[0]).sum()):,} beyond {DISTANCES[0] * 1e4:g} bps"
    rate, decay, fitted = _regress(reached, seconds)
    check = f"R2 of the log rate {fitted:.2f}"
    return (
        Fit(
            name="fill intensity, k",
            value=decay,
            unit="1/fraction",
            sample=sample,
            check=check,
            **bounds(reached, lambda rows: _regress(rows, seconds)[1]),
        ),
        Fit(
            name="fill intensity, A",
            value=rate,
            unit="1/s a side",
            sample=sample,
            check=check,
            **bounds(reached, lambda rows: _regress(rows, seconds)[0]),
        ),
    )


def _regress(reached: Floats, seconds: float) -> tuple[float, float, float]:
    """A, k and R2; NaN if too few distances were reached."""
    counts = (reached[:, None] >= DISTANCES[None, :]).sum(axis=0).astype(np.float64)
    known = counts >= LEAST
    if known.sum() < 3:
        return math.nan, math.nan, math.nan
    weights, distances = counts[known], DISTANCES[known]
    logs = logarithms(weights / 2.0 / seconds)
    middle_x, middle_y = np.average(distances, weights=weights), np.average(logs, weights=weights)
    spread = float((weights * (distances - middle_x) ** 2).sum())
    slope = float((weights * (distances - middle_x) * (logs - middle_y)).sum()) / spread
    left = float((weights * (logs - middle_y - slope * (distances - middle_x)) ** 2).sum())
    whole = float((weights * (logs - middle_y) ** 2).sum())
    return math.exp(middle_y - slope * middle_x), -slope, 1.0 - left / whole if whole > 0.0 else math.nan
