"""How much could be traded within 1 %, how deep it fell, and how fast it came back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np
import pandas as pd

from shoal.experiments.measures.reference_price import Floats, Times

NS: Final = 1_000_000_000


def depth(venue_states: pd.DataFrame) -> pd.DataFrame:
    """One row a venue: quote tokens within 1 % of the mid, mean of both sides, from the first there were.

    Returns:
        venue, kind, base, quote; ``mean_quote_tokens``, ``median_quote_tokens``, ``minimum_quote_tokens``,
        ``start_quote_tokens``, ``end_quote_tokens``; ``minimum_time_ns``, when it was thinnest.
    """
    known = venue_states[venue_states["depth_quote_tokens"].notna()]
    rows = []
    for (venue, kind, base, quote), states in known.groupby(["venue", "kind", "base", "quote"], sort=True):
        opened = np.flatnonzero(states["depth_quote_tokens"].to_numpy(np.float64) > 0)
        states = states.iloc[opened[0] :] if len(opened) else states.iloc[:0]
        values = states["depth_quote_tokens"].to_numpy(np.float64)
        if not len(values) or not np.isfinite(values).all():
            # Unlimited depth is a labelled limit, and has no statistics.
            continue
        thinnest = int(values.argmin())
        rows.append(
            {
                "venue": venue,
                "kind": kind,
                "base": base,
                "quote": quote,
                "mean_quote_tokens": float(values.mean()),
                "median_quote_tokens": float(np.median(values)),
                "minimum_quote_tokens": float(values[thinnest]),
                "start_quote_tokens": float(values[0]),
                "end_quote_tokens": float(values[-1]),
                "minimum_time_ns": int(states["time_ns"].iloc[thinnest]),
            }
        )
    columns = ["venue", "kind", "base", "quote", "mean_quote_tokens", "median_quote_tokens", "minimum_quote_tokens"]
    return pd.DataFrame(rows, columns=[*columns, "start_quote_tokens", "end_quote_tokens", "minimum_time_ns"])


@dataclass(frozen=True, slots=True)
class Drop:
    """One fall of depth and its recovery; times in nanoseconds, depth in quote tokens.

    ``recovery_s`` runs from the trough to half the way back; NaN if that did not happen within the run.
    """

    start_ns: int
    trough_ns: int
    recovered_ns: int | None
    reference_quote_tokens: float
    trough_quote_tokens: float

    @property
    def recovery_s(self) -> float:
        """Seconds from the trough to half the way back."""
        return float("nan") if self.recovered_ns is None else (self.recovered_ns - self.trough_ns) / NS


def resilience(venue_states: pd.DataFrame, *, fall: float = 0.3, window_s: float = 1_800.0) -> pd.DataFrame:
    """One row a drop of depth: how deep, and how long until half of it was back.

    A drop begins at the first sample below (1 - fall) x reference, where the reference is the median depth of the
    ``window_s`` seconds before, and is kept until the drop ends. The trough is the lowest sample since; the drop ends
    at the first sample after it that has regained half of reference - trough.

    Returns:
        venue, base, quote, start_ns, trough_ns, recovered_ns (missing if not within the run),
        reference_quote_tokens, trough_quote_tokens, ``fall_share``, ``recovery_s``.
    """
    rows = []
    known = venue_states[np.isfinite(venue_states["depth_quote_tokens"].to_numpy(np.float64))]
    for (venue, base, quote), states in known.groupby(["venue", "base", "quote"], sort=True):
        times = states["time_ns"].to_numpy(np.int64)
        values = states["depth_quote_tokens"].to_numpy(np.float64)
        for drop in drops(times, values, fall=fall, window_ns=round(window_s * NS)):
            share = 1.0 - drop.trough_quote_tokens / drop.reference_quote_tokens
            rows.append(
                {"venue": venue, "base": base, "quote": quote}
                | asdict(drop)
                | {"fall_share": share, "recovery_s": drop.recovery_s}
            )
    columns = ["venue", "base", "quote", *Drop.__slots__, "fall_share", "recovery_s"]
    return pd.DataFrame(rows, columns=columns).astype({"recovered_ns": "Int64"})


def drops(times_ns: Times, values: Floats, *, fall: float, window_ns: int) -> Iterator[Drop]:
    """Find the drops of one venue's depth; see ``resilience`` for the definition."""
    index, first = 1, 0
    while index < len(values):
        while times_ns[first] < times_ns[index] - window_ns:
            first += 1
        reference = float(np.median(values[first:index])) if first < index else 0.0
        if values[index] >= (1.0 - fall) * reference:
            index += 1
            continue
        end, trough = _end_of_drop(values, index, reference)
        recovered = None if end is None else int(times_ns[end])
        yield Drop(int(times_ns[index]), int(times_ns[trough]), recovered, reference, float(values[trough]))
        if end is None:
            return
        # The thin samples are no reference for the next drop.
        index, first = end + 1, end


def _end_of_drop(values: Floats, start: int, reference: float) -> tuple[int | None, int]:
    trough = start
    for index in range(start + 1, len(values)):
        if values[index] < values[trough]:
            trough = index
        elif values[index] >= (reference + values[trough]) / 2:
            return index, trough
    return None, trough
