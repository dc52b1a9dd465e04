"""How much was traded where, and how often a pool's money turned over."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from shoal.experiments.measures.reference_price import ReferencePrices

NS: Final = 1_000_000_000
DAY_S: Final = 86_400.0


def volume(
    fills: pd.DataFrame, venue_states: pd.DataFrame, prices: pd.DataFrame, *, simulated_s: float
) -> pd.DataFrame:
    """One row a venue: what was traded there.

    Args:
        fills: the table ``fills``.
        venue_states: the table ``venue_states``.
        prices: the table ``prices``.
        simulated_s: length of the run in seconds of simulated time.

    Returns:
        venue, kind, base, quote; ``fills``; ``volume_base_tokens``, ``volume_quote_tokens``; ``share``, of the pair's
        volume in quote tokens over all venues; ``value_quote_tokens``, a pool's mean reserves at the outside price
        (NaN for others); ``turnover_per_day``, volume over that value, for one day of simulated time.
    """
    value = _pool_value(venue_states, prices)
    traded = fills.groupby("venue")
    count, base_tokens, quote_tokens = traded.size(), traded["base_tokens"].sum(), traded["quote_tokens"].sum()
    venues = venue_states.groupby(["venue", "kind", "base", "quote"], sort=True).size().reset_index()
    result = venues[["venue", "kind", "base", "quote"]].copy()
    names = result["venue"]
    result["fills"] = names.map(count).fillna(0).astype(np.int64)
    result["volume_base_tokens"] = names.map(base_tokens).fillna(0.0).astype(np.float64)
    result["volume_quote_tokens"] = names.map(quote_tokens).fillna(0.0).astype(np.float64)
    pair_total = result.groupby(["base", "quote"])["volume_quote_tokens"].transform("sum")
    result["share"] = result["volume_quote_tokens"] / pair_total.where(pair_total > 0)
    result["value_quote_tokens"] = names.map(value).astype(np.float64)
    days = simulated_s / DAY_S
    result["turnover_per_day"] = result["volume_quote_tokens"] / result["value_quote_tokens"] / days
    return result


def volume_over_time(fills: pd.DataFrame, *, start_ns: int, end_ns: int, buckets: int = 60) -> pd.DataFrame:
    """Volume by venue in equal stretches of time.

    Returns:
        venue, base, quote, ``time_ns`` (the start of the stretch), ``bucket_s``, fills, volume_quote_tokens; stretches
        without a trade are there with 0.
    """
    width_ns = max(1, -(-(end_ns - start_ns) // buckets))
    starts = start_ns + width_ns * np.arange(buckets, dtype=np.int64)
    frames = []
    for (venue, base, quote), rows in fills.groupby(["venue", "base", "quote"], sort=True):
        bucket = np.clip((rows["time_ns"].to_numpy(np.int64) - start_ns) // width_ns, 0, buckets - 1)
        frames.append(
            pd.DataFrame(
                {
                    "venue": venue,
                    "base": base,
                    "quote": quote,
                    "time_ns": starts,
                    "bucket_s": width_ns / NS,
                    "fills": np.bincount(bucket, minlength=buckets),
                    "volume_quote_tokens": np.bincount(
                        bucket, weights=rows["quote_tokens"].to_numpy(np.float64), minlength=buckets
                    ),
                }
            )
        )
    columns = ["venue", "base", "quote", "time_ns", "bucket_s", "fills", "volume_quote_tokens"]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)


def _pool_value(venue_states: pd.DataFrame, prices: pd.DataFrame) -> pd.Series[float]:
    """Mean value of each pool's reserves at the outside price, in quote tokens."""
    pools = venue_states[venue_states["kind"] == "pool"]
    outside = ReferencePrices.of(prices).at(pools)
    mark = np.where(np.isfinite(outside), outside, pools["mid"].to_numpy(np.float64))
    value = pools["base_tokens"].to_numpy(np.float64) * mark + pools["quote_tokens"].to_numpy(np.float64)
    means: pd.Series[float] = pd.Series(value, index=pools.index).groupby(pools["venue"]).mean()
    return means
