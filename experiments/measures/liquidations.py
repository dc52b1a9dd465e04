"""Forced selling: how much was liquidated, at what loss to lenders, and how much of it markets had to absorb."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from shoal.experiments.measures.volume import NS

_COLUMNS: Final = (
    "market",
    "asset",
    "liquidations",
    "borrowers",
    "liquidators",
    "repaid_tokens",
    "seized_tokens",
    "seized_quote_tokens",
    "bad_debt_tokens",
    "sold_tokens",
    "sold_share",
    "volume_tokens",
    "share_of_volume",
    "lowest_oracle_price",
    "first_ns",
    "last_ns",
)


def liquidation_totals(liquidations: pd.DataFrame, fills: pd.DataFrame) -> pd.DataFrame:
    """One row a lending market.

    Returns:
        market, asset; how many liquidations, borrowers and liquidators; tokens repaid and seized,
        ``seized_quote_tokens`` at the world's mids then, ``bad_debt_tokens`` left to lenders; ``sold_tokens`` of the
        collateral in the same transactions and its ``sold_share``; ``volume_tokens`` of the asset on all venues from
        the first to the last liquidation, and ``share_of_volume``, what was sold over that: the share absorbed.
    """
    records = []
    for (market, asset), mine in liquidations.groupby(["market", "asset"], sort=True):
        first, last = int(mine["time_ns"].iloc[0]), int(mine["time_ns"].iloc[-1])
        traded = fills[(fills["base"] == asset) & fills["time_ns"].between(first, last)]
        seized, sold = float(mine["seized_tokens"].sum()), float(mine["sold_tokens"].sum())
        volume = float(traded["base_tokens"].sum())
        records.append(
            (
                str(market),
                str(asset),
                len(mine),
                mine["borrower"].nunique(),
                mine["liquidator"].nunique(),
                float(mine["repaid_tokens"].sum()),
                seized,
                float((mine["seized_tokens"] * mine["mid"]).sum()),
                float(mine["bad_debt_tokens"].sum()),
                sold,
                sold / seized if seized else np.nan,
                volume,
                sold / volume if volume else np.nan,
                float(mine["oracle_price"].min()),
                first,
                last,
            )
        )
    return pd.DataFrame(records, columns=list(_COLUMNS))


def liquidations_over_time(
    liquidations: pd.DataFrame, *, start_ns: int, end_ns: int, buckets: int = 96
) -> pd.DataFrame:
    """Forced volume of each asset in equal stretches of time.

    Returns:
        asset, ``time_ns`` (the start of the stretch), ``bucket_s``, liquidations, seized_tokens, seized_quote_tokens,
        sold_tokens, bad_debt_tokens; stretches without any are there with 0.
    """
    width_ns = max(1, -(-(end_ns - start_ns) // buckets))
    starts = start_ns + width_ns * np.arange(buckets, dtype=np.int64)
    frames = []
    for asset, mine in liquidations.groupby("asset", sort=True):
        bucket = np.clip((mine["time_ns"].to_numpy(np.int64) - start_ns) // width_ns, 0, buckets - 1)
        values = {
            "seized_tokens": mine["seized_tokens"],
            "seized_quote_tokens": mine["seized_tokens"] * mine["mid"],
            "sold_tokens": mine["sold_tokens"],
            "bad_debt_tokens": mine["bad_debt_tokens"],
        }
        sums = {
            name: np.bincount(bucket, weights=value.to_numpy(np.float64), minlength=buckets)
            for name, value in values.items()
        }
        counts = np.bincount(bucket, minlength=buckets)
        shown = {"asset": str(asset), "time_ns": starts, "bucket_s": width_ns / NS, "liquidations": counts}
        frames.append(pd.DataFrame(shown | sums))
    columns = ["asset", "time_ns", "bucket_s", "liquidations", "seized_tokens", "seized_quote_tokens", "sold_tokens",
               "bad_debt_tokens"]  # fmt: skip
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)
