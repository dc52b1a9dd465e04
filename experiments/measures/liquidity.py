"""What providing liquidity to a pool gave against holding the same tokens."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from shoal.experiments.measures.reference_price import ReferencePrices

BPS: Final = 10_000.0


def liquidity_series(venue_states: pd.DataFrame, prices: pd.DataFrame) -> pd.DataFrame:
    """The pool shares that existed at the first sample, followed over time, in quote tokens at the outside price.

    With reserves x and y, supply S and growth g = sqrt(x y) / S over its first value, the shares are worth
    V = (x m + y) S0 / S. Had the pool charged no fee they would be worth V / g, and held
    outside the pool H = x0 m + y0. So

        V - H = (V / g - H) + V (1 - 1 / g) = impermanent loss + fee income,

    donations counted as fees, a protocol fee taken off. Holds for constant-product pools.

    Returns:
        venue, base, quote, ``time_ns``, ``mark`` (the price m used), ``value_quote_tokens``, ``holding_quote_tokens``,
        ``impermanent_loss_quote_tokens`` (negative is a loss), ``fee_income_quote_tokens``,
        ``result_quote_tokens`` (their sum: value less holding), ``result_bps`` of the first value.

    Source: Adams, Zinsmeister and Robinson, Uniswap v2 Core (2020), section 2.4 (growth of sqrt(k) as fee income).
    """
    pools = venue_states[(venue_states["kind"] == "pool") & (venue_states["base_tokens"] > 0)]
    reference = ReferencePrices.of(prices)
    frames = []
    for (venue, base, quote), states in pools.groupby(["venue", "base", "quote"], sort=True):
        supply = states["liquidity_raw"].map(_whole).to_numpy(np.float64)
        states, supply = states[supply > 0], supply[supply > 0]
        if not len(states):
            continue
        x, y = states["base_tokens"].to_numpy(np.float64), states["quote_tokens"].to_numpy(np.float64)
        outside = reference.at(states)
        mark = np.where(np.isfinite(outside), outside, y / x)
        growth = np.sqrt(x * y) / supply
        growth = growth / growth[0]
        value = (x * mark + y) * (supply[0] / supply)
        holding = x[0] * mark + y[0]
        frames.append(
            pd.DataFrame(
                {
                    "venue": venue,
                    "base": base,
                    "quote": quote,
                    "time_ns": states["time_ns"].to_numpy(np.int64),
                    "mark": mark,
                    "value_quote_tokens": value,
                    "holding_quote_tokens": holding,
                    "impermanent_loss_quote_tokens": value / growth - holding,
                    "fee_income_quote_tokens": value * (1.0 - 1.0 / growth),
                    "result_quote_tokens": value - holding,
                    "result_bps": (value - holding) / value[0] * BPS,
                }
            )
        )
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(_COLUMNS))


def liquidity_result(series: pd.DataFrame) -> pd.DataFrame:
    """One row a pool: the last row of its ``liquidity_series``, with the first value beside it.

    Returns:
        the columns of ``liquidity_series`` and ``start_value_quote_tokens``.
    """
    ends = series.groupby("venue", sort=True).tail(1).reset_index(drop=True)
    starts = series.groupby("venue", sort=True)["value_quote_tokens"].first()
    ends.insert(4, "start_value_quote_tokens", ends["venue"].map(starts).astype(np.float64))
    return ends


_COLUMNS: Final = (
    "venue",
    "base",
    "quote",
    "time_ns",
    "mark",
    "value_quote_tokens",
    "holding_quote_tokens",
    "impermanent_loss_quote_tokens",
    "fee_income_quote_tokens",
    "result_quote_tokens",
    "result_bps",
)


def _whole(text: object) -> float:
    """Base units written as text, which may be more than 38 digits; empty for venues without shares."""
    return float(int(str(text))) if text is not None and str(text).isdigit() else 0.0
