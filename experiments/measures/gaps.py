"""How far the prices of venues of one pair stood apart."""

from __future__ import annotations

from itertools import combinations
from typing import Final

import numpy as np
import pandas as pd

from shoal.experiments.measures.reference_price import Floats, Times

BPS: Final = 10_000.0
_TRADED: Final = ("book", "pool")


def gap_series(prices: pd.DataFrame) -> pd.DataFrame:
    """Each trading venue's mid against the outside price, and the venues of a pair against each other, over time.

    Returns:
        base, quote, venue, ``against``, ``time_ns``, ``gap_bps``: (mid of venue / mid of against - 1) in basis points;
        NaN where either has none. Times are those at which the venue was sampled.
    """
    frames = []
    for (base, quote), rows in prices.groupby(["base", "quote"], sort=True):
        sampled = {str(venue): _mids(mine) for venue, mine in rows.groupby("venue", sort=True)}
        kinds = dict(zip(rows["venue"], rows["kind"], strict=True))
        traded = sorted(name for name, kind in kinds.items() if kind in _TRADED)
        outside = sorted(name for name, kind in kinds.items() if kind == "outside")[:1]
        outside = outside or sorted(name for name, kind in kinds.items() if kind == "path")[:1]
        for one, other in [*((venue, name) for venue in traded for name in outside), *combinations(traded, 2)]:
            times, mids = sampled[one]
            frames.append(
                pd.DataFrame(
                    {
                        "base": base,
                        "quote": quote,
                        "venue": one,
                        "against": other,
                        "time_ns": times,
                        "gap_bps": (mids / _at(*sampled[other], times) - 1.0) * BPS,
                    }
                )
            )
    columns = ["base", "quote", "venue", "against", "time_ns", "gap_bps"]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)


def _mids(rows: pd.DataFrame) -> tuple[Times, Floats]:
    ordered = rows.sort_values("time_ns", kind="stable")
    return ordered["time_ns"].to_numpy(np.int64), ordered["mid"].to_numpy(np.float64)


def _at(sampled_ns: Times, mids: Floats, times_ns: Times) -> Floats:
    """The mid sampled last at or before each time: venues may be sampled at different intervals."""
    index = np.searchsorted(sampled_ns, times_ns, side="right") - 1
    return np.where(index >= 0, mids[np.maximum(index, 0)], np.nan)


def gaps(series: pd.DataFrame) -> pd.DataFrame:
    """One row a pair of venues: how far apart their mids were, over equal samples of ``gap_series``.

    Returns:
        base, quote, venue, against; ``mean_bps`` (signed), ``mean_absolute_bps``, ``p95_absolute_bps``,
        ``maximum_absolute_bps``, ``samples`` where both had a price.
    """
    rows = []
    for names, rows_of_pair in series.groupby(["base", "quote", "venue", "against"], sort=True):
        gap = rows_of_pair["gap_bps"].to_numpy(np.float64)
        gap = gap[np.isfinite(gap)]
        size = np.abs(gap)
        rows.append(
            (
                *names,
                float(gap.mean()) if len(gap) else np.nan,
                float(size.mean()) if len(gap) else np.nan,
                float(np.quantile(size, 0.95)) if len(gap) else np.nan,
                float(size.max()) if len(gap) else np.nan,
                len(gap),
            )
        )
    columns = ["base", "quote", "venue", "against"]
    figures = ["mean_bps", "mean_absolute_bps", "p95_absolute_bps", "maximum_absolute_bps", "samples"]
    return pd.DataFrame(rows, columns=columns + figures)
