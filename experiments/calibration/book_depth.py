"""How much rests how far from the mid, and the ladder of equal orders that comes closest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shoal.experiments.calibration.bootstrap import bounds
from shoal.experiments.calibration.fit import Fit, Floats
from shoal.experiments.calibration.recording import Recording

BANDS = (0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01)
FULL = 0.01
STEP_S = 5.0


@dataclass(frozen=True, slots=True)
class DepthProfile:
    """Quote tokens a side within each band, as a mean of both sides, one row a moment."""

    bands: tuple[float, ...]
    rows: Floats

    @property
    def means(self) -> Floats:
        """Mean over time, one figure a band."""
        means: Floats = self.rows.mean(axis=0)
        return means


def profile(recording: Recording, *, bands: tuple[float, ...] = BANDS) -> DepthProfile:
    """The depth of a recorded book every five seconds, crossed moments left out."""
    rows = []
    for time_s in np.arange(STEP_S, recording.seconds, STEP_S):
        state = recording.book.at(float(time_s))
        if state.two_sided:
            rows.append([(state.depth(+1, band) + state.depth(-1, band)) / 2.0 for band in bands])
    return DepthProfile(bands, np.array(rows, dtype=np.float64))


def fit_depth(found: DepthProfile, *, reach: float) -> tuple[Fit, ...]:
    """Mean depth within each band that the recording shows, and within 1 %.

    Where the book was recorded less far than 1 %, the density of the outer half of what was recorded is carried on
    to 1 %; real books thin out further away, so that is an upper estimate.
    """
    sample = f"{len(found.rows):,} moments"
    fits = [
        Fit(
            name=f"depth within {band * 1e4:g} bps",
            value=float(found.means[index]),
            unit="USD",
            sample=sample,
            **bounds(found.rows[:, index], lambda rows: float(rows.mean())),
        )
        for index, band in enumerate(found.bands)
        if band <= reach and band < FULL
    ]
    known = [index for index, band in enumerate(found.bands) if band <= reach]
    last = known[-1]
    middle = min(known, key=lambda index: abs(found.bands[index] - found.bands[last] / 2.0))
    check = "recorded" if found.bands[last] >= FULL else f"carried on from {found.bands[last] * 1e4:g} bps"
    fits.append(
        Fit(
            name="depth within 1 %",
            value=_carried_on(found.rows, found.bands, middle, last),
            unit="USD",
            sample=sample,
            check=check,
            **bounds(found.rows, lambda rows: _carried_on(rows, found.bands, middle, last)),
        )
    )
    return tuple(fits)


def order_size(found: DepthProfile, *, first: float, step: float, levels: int, reach: float = FULL) -> float:
    """Worth of each order of a ladder on one side whose depth comes closest to the profile, by least squares.

    Args:
        found: the recorded depth.
        first: distance of the best order from the mid, fraction.
        step: distance from one to the next, fraction.
        levels: orders a side.
        reach: bands beyond it are left out.
    """
    known = [index for index, band in enumerate(found.bands) if band <= reach]
    counts = np.array(
        [sum(first + level * step <= found.bands[index] for level in range(levels)) for index in known],
        dtype=np.float64,
    )
    return float(counts @ found.means[known] / (counts @ counts))


def _carried_on(rows: Floats, bands: tuple[float, ...], middle: int, last: int) -> float:
    means = rows.mean(axis=0)
    if bands[last] >= FULL:
        return float(means[last])
    density = (means[last] - means[middle]) / (bands[last] - bands[middle])
    return float(means[last] + density * (FULL - bands[last]))
