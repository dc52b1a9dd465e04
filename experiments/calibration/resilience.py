"""How fast a book fills up again after large orders."""

from __future__ import annotations

import math

import numpy as np

from shoal.experiments.calibration.bootstrap import bounds
from shoal.experiments.calibration.fit import Fit, Floats
from shoal.experiments.calibration.recording import Recording

BAND = 0.0005
BEFORE_S = 0.5
AFTER_S = (0.5, 5.0, 30.0)
SHARE = 0.05
MOST = 100


def fit_resilience(recording: Recording) -> tuple[Fit, ...]:
    """Depth within 5 bps on the side that was hit, over its depth before, at delays after the largest orders.

    The largest 5 % of the orders, at most a hundred; the band moves with the mid. A book that answers within the
    delay shows about 1. Values are medians, for a book that was empty before has no ratio that could be averaged.
    """
    orders = recording.orders
    count = min(MOST, max(1, int(len(orders.quote_tokens) * SHARE)))
    largest = np.sort(np.argsort(-orders.quote_tokens, kind="stable")[:count])
    rows = np.array(
        [_ratios(recording, float(orders.times_s[each]), int(orders.sides[each])) for each in largest], dtype=np.float64
    )
    rows = rows[np.isfinite(rows).all(axis=1)]
    if not len(rows):
        return ()
    return tuple(
        Fit(
            name=f"depth left {after_s:g} s after large orders",
            value=float(np.median(rows[:, index])),
            unit="fraction",
            sample=f"{len(rows)} orders",
            **bounds(rows[:, index], lambda some: float(np.median(some))),
        )
        for index, after_s in enumerate(AFTER_S)
    )


def _ratios(recording: Recording, time_s: float, side: int) -> Floats:
    before = _depth(recording, time_s - BEFORE_S, side)
    return np.array([_depth(recording, time_s + after_s, side) / before for after_s in AFTER_S], dtype=np.float64)


def _depth(recording: Recording, time_s: float, side: int) -> float:
    """Depth on one side, NaN outside the recording or where there is none."""
    if not 0.0 < time_s < recording.seconds:
        return math.nan
    state = recording.book.at(time_s)
    return (state.depth(side, BAND) or math.nan) if state.two_sided else math.nan
