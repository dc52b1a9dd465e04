"""What makers and pools gained or lost on their fills, some time later."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from shoal.experiments.measures.kinds import kind_of_each
from shoal.experiments.measures.reference_price import Floats, ReferencePrices
from shoal.experiments.measures.spread import weighted_mean

BPS: Final = 10_000.0
NS: Final = 1_000_000_000
HORIZONS_S: Final = (1.0, 10.0, 60.0, 300.0)


def fill_markouts(fills: pd.DataFrame, reference: ReferencePrices, *, horizon_s: float) -> Floats:
    """What each fill's maker gained against the outside price ``horizon_s`` seconds later, in quote tokens.

    A maker who sold base at 101 that is worth 100 gained 1 a token; fees are left out. NaN where the price at the
    horizon is not known: after the end of the run, or when prices were recorded less often than the horizon.
    """
    horizon_ns = round(horizon_s * NS)
    if horizon_ns and horizon_ns < reference.step_ns:
        return np.full(len(fills), np.nan)
    later = reference.at(fills, later_ns=horizon_ns)
    signed_base = fills["side"].to_numpy(np.float64) * fills["base_tokens"].to_numpy(np.float64)
    signed_quote = fills["side"].to_numpy(np.float64) * fills["quote_tokens"].to_numpy(np.float64)
    gained: Floats = signed_quote - signed_base * later
    return gained


def markouts(
    fills: pd.DataFrame,
    prices: pd.DataFrame,
    agents: pd.DataFrame,
    *,
    horizons_s: Sequence[float] = HORIZONS_S,
) -> pd.DataFrame:
    """One row a venue, kind of maker and horizon, signed from the maker's side.

    Returns:
        venue, base, quote, ``maker_kind``, ``horizon_s``, ``fills`` with a known price at the horizon,
        ``volume_quote_tokens`` of them, ``markout_quote_tokens``, ``markout_bps`` of the volume,
        ``standard_error_bps`` (fills taken as independent), ``fee_bps``, what the maker got in fees (a pool) or paid
        (negative), and ``after_fees_bps``, their sum.
    """
    reference = ReferencePrices.of(prices)
    fills = fills.assign(maker_kind=kind_of_each(fills["maker"], agents, otherwise="venue"))
    fees = maker_fees(fills, reference)
    traded = fills["quote_tokens"].to_numpy(np.float64)
    groups: Mapping[Any, Any] = fills.groupby(["venue", "base", "quote", "maker_kind"], sort=True).indices
    rows = []
    for horizon_s in horizons_s:
        gained = fill_markouts(fills, reference, horizon_s=horizon_s)
        for names, index in groups.items():
            mine, sizes = gained[index], traded[index]
            known = np.isfinite(mine) & (sizes > 0)
            rows.append((*names, horizon_s, *_figures(mine[known], sizes[known], fees[index][known])))
    columns = ["venue", "base", "quote", "maker_kind", "horizon_s", "fills", "volume_quote_tokens"]
    figures = ["markout_quote_tokens", "markout_bps", "standard_error_bps", "fee_bps", "after_fees_bps"]
    result = pd.DataFrame(rows, columns=columns + figures)
    return result.sort_values(["venue", "maker_kind", "horizon_s"], ignore_index=True)


def maker_fees(fills: pd.DataFrame, reference: ReferencePrices) -> Floats:
    """What the maker got in fees in quote tokens: a pool and an outside market keep the taker's, others pay theirs."""
    in_base = (fills["fee_asset"].astype(str) == fills["base"].astype(str)).to_numpy()
    price = np.where(in_base, reference.at(fills), 1.0)
    keeps = (fills["maker"].astype(str) == fills["venue"].astype(str)).to_numpy()
    taker, maker = fills["taker_fee_tokens"].to_numpy(np.float64), fills["maker_fee_tokens"].to_numpy(np.float64)
    got: Floats = np.where(keeps, taker, -maker) * price
    return got


def _figures(gained: Floats, sizes: Floats, fees: Floats) -> tuple[int, float, float, float, float, float, float]:
    count, total = len(gained), float(sizes.sum())
    if not count:
        return 0, 0.0, math.nan, math.nan, math.nan, math.nan, math.nan
    each_bps = gained / sizes * BPS
    mean_bps = weighted_mean(each_bps, sizes)
    # A ratio estimator's standard error: deviations weighted by size.
    error = math.sqrt(float((((each_bps - mean_bps) * sizes) ** 2).sum())) / total if count > 1 else math.nan
    fee_bps = float(np.nansum(fees)) / total * BPS
    return count, total, float(gained.sum()), mean_bps, error, fee_bps, mean_bps + fee_bps
