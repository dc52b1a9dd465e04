"""Whose trades make up the volume, and how much of it is arbitrage."""

from __future__ import annotations

from typing import Final

import pandas as pd

from shoal.experiments.measures.kinds import kind_of_each

ARBITRAGE: Final = "arbitrag"


def volume_by_taker(fills: pd.DataFrame, agents: pd.DataFrame) -> pd.DataFrame:
    """One row a venue and kind of taker.

    Returns:
        venue, base, quote, ``taker_kind``, ``fills``, ``volume_quote_tokens``, ``share`` of the venue's volume; the
        shares of a venue sum to 1.
    """
    kind = pd.Series(kind_of_each(fills["taker"], agents, otherwise="unknown"), index=fills.index, dtype=str)
    grouped = fills.assign(taker_kind=kind).groupby(["venue", "base", "quote", "taker_kind"], sort=True)
    result = grouped.agg(fills=("quote_tokens", "size"), volume_quote_tokens=("quote_tokens", "sum")).reset_index()
    total = result.groupby("venue")["volume_quote_tokens"].transform("sum")
    result["share"] = result["volume_quote_tokens"] / total.where(total > 0)
    return result


def arbitrage_share(fills: pd.DataFrame, agents: pd.DataFrame) -> pd.DataFrame:
    """One row a venue: the part of its volume whose taker is an arbitrageur, of pools or of books.

    Returns:
        venue, base, quote, ``volume_quote_tokens``, ``arbitrage_quote_tokens``, ``arbitrage_share``.
    """
    by_taker = volume_by_taker(fills, agents)
    is_arbitrage = by_taker["taker_kind"].str.lower().str.contains(ARBITRAGE, regex=False)
    by_taker["arbitrage_quote_tokens"] = by_taker["volume_quote_tokens"].where(is_arbitrage, 0.0)
    result = by_taker.groupby(["venue", "base", "quote"], sort=True)[
        ["volume_quote_tokens", "arbitrage_quote_tokens"]
    ].sum()
    total = result["volume_quote_tokens"]
    result["arbitrage_share"] = result["arbitrage_quote_tokens"] / total.where(total > 0)
    return result.reset_index()
