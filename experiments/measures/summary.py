"""The key figures of a run, one a row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from shoal.experiments.measures.frames import rows

if TYPE_CHECKING:
    from shoal.experiments.measures.measured import Measured

type Row = tuple[str, str, str, float, str]

COLUMNS: Final = ("topic", "subject", "figure", "value", "unit")
MARKOUT_S: Final = 300.0
_TRADED: Final = ("book", "pool")


def summary(measured: Measured, manifest: Mapping[str, Any]) -> pd.DataFrame:
    """Key figures of a run.

    Returns:
        topic, subject (a venue, a kind of owner, an asset), figure, value, unit.
    """
    parts = (
        _spread,
        _depth,
        _resilience,
        _volume,
        _gaps,
        _arbitrage,
        _markouts,
        _liquidity,
        _earned,
        _vaults,
        _attacks,
        _liquidations,
    )
    found = [row for part in parts for row in part(measured)]
    found += [
        ("conservation", asset, "minted less burnt less held", float(difference), f"{asset} base units")
        for asset, difference in manifest.get("conservation", {}).items()
    ]
    return pd.DataFrame(found, columns=list(COLUMNS))


def _spread(measured: Measured) -> Iterator[Row]:
    for row in _traded(measured.spread):
        yield "spread", row.venue, "spread, weighted by volume", row.volume_quoted_bps, "bps"
        if row.kind == "book":
            yield "spread", row.venue, "time without bid or ask", row.one_sided_share * 100, "%"


def _depth(measured: Measured) -> Iterator[Row]:
    for row in _traded(measured.depth):
        yield "depth", row.venue, "mean within 1 %", row.mean_quote_tokens, row.quote
        yield "depth", row.venue, "lowest within 1 %", row.minimum_quote_tokens, row.quote


def _resilience(measured: Measured) -> Iterator[Row]:
    for venue, drops in measured.resilience.groupby("venue", sort=True):
        yield "depth", str(venue), "drops by more than 30 %", float(len(drops)), "drops"
        known = drops["recovery_s"].dropna()
        if len(known):
            yield "depth", str(venue), "time until half was back, median", float(known.median()), "s"


def _volume(measured: Measured) -> Iterator[Row]:
    for row in rows(measured.volume):
        if row.kind in (*_TRADED, "outside"):
            yield "volume", row.venue, "traded", row.volume_quote_tokens, row.quote
        if np.isfinite(row.turnover_per_day):
            yield "volume", row.venue, "turnover of its reserves", row.turnover_per_day, "times a day"


def _gaps(measured: Measured) -> Iterator[Row]:
    kinds = dict(zip(measured.venues["venue"], measured.venues["kind"], strict=True))
    for row in rows(measured.gaps):
        if kinds.get(row.against) not in _TRADED:
            yield "gap", row.venue, "from the outside price, mean", row.mean_absolute_bps, "bps"


def _arbitrage(measured: Measured) -> Iterator[Row]:
    kinds = dict(zip(measured.venues["venue"], measured.venues["kind"], strict=True))
    for row in rows(measured.arbitrage_share):
        if kinds.get(row.venue) in _TRADED:
            yield "arbitrage", row.venue, "share of volume", row.arbitrage_share * 100, "%"


def _markouts(measured: Measured) -> Iterator[Row]:
    kinds = dict(zip(measured.venues["venue"], measured.venues["kind"], strict=True))
    table = measured.markouts[measured.markouts["horizon_s"] == MARKOUT_S]
    for row in rows(table[table["fills"] > 0]):
        if kinds.get(row.venue) in _TRADED:
            who = row.venue if kinds[row.venue] == "pool" else f"{row.venue}, {row.maker_kind}"
            yield "markout", who, "maker's gain after 5 min, fees included", row.after_fees_bps, "bps"


def _liquidity(measured: Measured) -> Iterator[Row]:
    for row in rows(measured.liquidity_result):
        yield "liquidity", row.venue, "fee income", row.fee_income_quote_tokens, row.quote
        yield "liquidity", row.venue, "impermanent loss", row.impermanent_loss_quote_tokens, row.quote
        yield "liquidity", row.venue, "result against holding", row.result_bps, "bps"


def _earned(measured: Measured) -> Iterator[Row]:
    quotes = " + ".join(sorted(set(measured.venues["quote"])))
    for row in rows(measured.earned_by_kind):
        earned = row.value_change_quote_tokens - row.holding_quote_tokens
        yield "earned", row.kind, "gained from others", earned, quotes


def _vaults(measured: Measured) -> Iterator[Row]:
    if measured.has("vault_states"):
        for row in rows(measured.vault_results):
            yield "vault", row.vault, "return", row.return_bps, "bps"
            yield "vault", row.vault, "paper twin less vault", row.cost_bps, "bps"
    if measured.has("vault_orders"):
        for row in rows(measured.attribution_by_policy):
            yield "rebalancing", row.policy, "cost of what was to be traded", row.total_bps, "bps"
            yield "rebalancing", row.policy, "of it taken by attackers", row.adversary_bps, "bps"


def _attacks(measured: Measured) -> Iterator[Row]:
    if measured.has("attacks"):
        for row in rows(measured.attacks_by_victim):
            yield "attacks", row.victim_kind, "lost", row.victim_loss_quote_tokens, "quote tokens"


def _liquidations(measured: Measured) -> Iterator[Row]:
    if measured.has("liquidations"):
        for row in rows(measured.liquidation_totals):
            yield "liquidations", row.market, "seized", row.seized_quote_tokens, "quote tokens"
            yield "liquidations", row.market, "bad debt", row.bad_debt_tokens, "loan tokens"


def _traded(table: pd.DataFrame) -> Iterator[Any]:
    return (row for row in rows(table) if row.kind in _TRADED)
