"""Intervals for figures from dependent samples: a circular block bootstrap."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypedDict

import numpy as np

from shoal.experiments.calibration.fit import Floats

DRAWS = 400
BLOCKS = 30


class Bounds(TypedDict):
    """The ends of a 95 % interval."""

    low: float
    high: float


def bounds(
    rows: Floats, statistic: Callable[[Floats], float], *, blocks: int = BLOCKS, draws: int = DRAWS, seed: int = 1
) -> Bounds:
    """The 95 % percentile interval of a statistic of rows in time order.

    Whole stretches of neighbouring rows are drawn together, about ``blocks`` stretches a sample, so that clusters
    stay clusters. Draws for which the statistic is undefined are left out.

    Args:
        rows: observations in time order, along the first axis.
        statistic: of an array like ``rows``.
        blocks: stretches the sample is cut into.
        draws: bootstrap samples.
        seed: of the draws.

    Source: Politis and Romano (1992), circular block bootstrap.
    """
    count = len(rows)
    length = max(1, count // blocks)
    random = np.random.default_rng(seed)
    offsets = np.arange(length)
    values = []
    for _ in range(draws):
        starts = random.integers(0, count, size=-(-count // length))
        chosen = (starts[:, None] + offsets[None, :]).ravel()[:count] % count
        values.append(statistic(rows[chosen]))
    defined = [value for value in values if not math.isnan(value)]
    if not defined:
        return {"low": math.nan, "high": math.nan}
    low, high = np.percentile(np.array(defined), (2.5, 97.5))
    return {"low": float(low), "high": float(high)}
