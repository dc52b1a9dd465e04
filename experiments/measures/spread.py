"""What the distance between bid and ask was, over time and as trades met it."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from shoal.experiments.measures.reference_price import Floats, ReferencePrices, Times

BPS: Final = 10_000.0


def spread(venue_states: pd.DataFrame, fills: pd.DataFrame, prices: pd.DataFrame) -> pd.DataFrame:
    """One row a venue: its spread in basis points of the mid, fees included as the venue publishes them.

    Returns:
        venue, kind, base, quote; ``time_mean_bps``, ``time_median_bps``, ``time_p95_bps`` over equal samples;
        ``one_sided_share``, the share of samples without a bid or an ask; ``volume_quoted_bps``, the spread last
        sampled before each fill, weighted by quote tokens; ``volume_effective_bps``, twice what takers paid above the
        outside price, fees apart, weighted the same way; ``volume_effective_with_fees_bps``, fees included.
    """
    effective, fee = _effective_bps(fills, prices)
    rows = []
    for (venue, kind, base, quote), states in venue_states.groupby(["venue", "kind", "base", "quote"], sort=True):
        sampled = states["spread_bps"].to_numpy(np.float64)
        if kind in ("outside", "oracle", "path") and not np.isfinite(sampled).any():
            continue
        quoted = sampled[np.isfinite(sampled)]
        mine = (fills["venue"] == venue).to_numpy()
        weights = fills["quote_tokens"].to_numpy(np.float64)[mine]
        at_fills = _before(states["time_ns"].to_numpy(np.int64), sampled, fills["time_ns"].to_numpy(np.int64)[mine])
        rows.append(
            {
                "venue": venue,
                "kind": kind,
                "base": base,
                "quote": quote,
                "time_mean_bps": float(quoted.mean()) if len(quoted) else np.nan,
                "time_median_bps": float(np.median(quoted)) if len(quoted) else np.nan,
                "time_p95_bps": float(np.quantile(quoted, 0.95)) if len(quoted) else np.nan,
                "one_sided_share": 1.0 - len(quoted) / len(sampled),
                "volume_quoted_bps": weighted_mean(at_fills, weights),
                "volume_effective_bps": weighted_mean(effective[mine], weights),
                "volume_effective_with_fees_bps": weighted_mean((effective + fee)[mine], weights),
            }
        )
    return pd.DataFrame(rows, columns=list(_COLUMNS))


_COLUMNS: Final = (
    "venue",
    "kind",
    "base",
    "quote",
    "time_mean_bps",
    "time_median_bps",
    "time_p95_bps",
    "one_sided_share",
    "volume_quoted_bps",
    "volume_effective_bps",
    "volume_effective_with_fees_bps",
)


def weighted_mean(values: Floats, weights: Floats) -> float:
    """The mean of the finite values by weight; NaN if they weigh nothing."""
    usable = np.isfinite(values)
    total = float(weights[usable].sum())
    return float((values[usable] * weights[usable]).sum() / total) if total > 0 else float("nan")


def _effective_bps(fills: pd.DataFrame, prices: pd.DataFrame) -> tuple[Floats, Floats]:
    """Twice the distance paid from the outside price, and twice the taker's fee, in basis points."""
    outside = ReferencePrices.of(prices).at(fills)
    quote = fills["quote_tokens"].to_numpy(np.float64)
    in_base = (fills["fee_asset"].astype(str) == fills["base"].astype(str)).to_numpy()
    fee = fills["taker_fee_tokens"].to_numpy(np.float64) * np.where(in_base, outside, 1.0)
    distance = fills["side"].to_numpy(np.float64) * (fills["price"].to_numpy(np.float64) - outside) / outside
    return 2 * BPS * distance, 2 * BPS * fee / np.where(quote > 0, quote, np.nan)


def _before(sampled_ns: Times, values: Floats, times_ns: Times) -> Floats:
    """The value sampled last before each time."""
    index = np.searchsorted(sampled_ns, times_ns, side="left") - 1
    return np.where(index >= 0, values[np.maximum(index, 0)], np.nan)
