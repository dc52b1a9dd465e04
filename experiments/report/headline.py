"""The figures at the top of a report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from shoal.experiments.measures.frames import rows
from shoal.experiments.report.cells import duration, number, signed

if TYPE_CHECKING:
    from shoal.experiments.measures.measured import Measured


_ASSETS_SHOWN: Final = 6


@dataclass(frozen=True, slots=True)
class Card:
    """One key figure."""

    title: str
    figure: str
    detail: str
    tone: str = ""


def cards(measured: Measured, manifest: Mapping[str, Any]) -> list[Card]:
    """Key figures, those there are."""
    return [
        *_falls(measured),
        *_depth(measured),
        *_volume(measured),
        *_liquidity(measured),
        *_rebalancing(measured),
        *_attacks(measured),
        *_liquidations(measured),
        *_conservation(manifest),
    ]


def _falls(measured: Measured) -> Iterator[Card]:
    prices = measured.table("prices")
    outside = prices[prices["kind"].isin(["outside" if (prices["kind"] == "outside").any() else "path"])]
    for (base, quote), samples in outside.groupby(["base", "quote"], sort=True):
        mid = samples["mid"].dropna()
        if len(mid):
            fall = float((mid / mid.cummax() - 1).min()) * 100
            first, last, lowest = (number(float(one)) for one in (mid.iloc[0], mid.iloc[-1], mid.min()))
            detail = f"deepest fall; {first} → {last} {quote}, lowest {lowest}"
            yield Card(f"{base} outside", f"{signed(fall)} %", detail, "loss" if fall < 0 else "")


def _depth(measured: Measured) -> Iterator[Card]:
    books = measured.spread[measured.spread["kind"] == "book"]
    if len(books):
        worst = books.sort_values("one_sided_share", kind="stable").iloc[-1]
        share = float(worst["one_sided_share"]) * 100
        yield Card("Without bid or ask", f"{number(share)} %", f"of the time, {worst['venue']}")
    drops = measured.resilience
    known = drops["recovery_s"].dropna()
    if len(known):
        detail = f"median of {len(known)} of {len(drops)} drops by more than 30 %"
        yield Card("Half of the depth back", f"after {duration(float(known.median()))}", detail)


def _volume(measured: Measured) -> Iterator[Card]:
    fills = measured.table("fills")
    if len(fills):
        quotes = " + ".join(sorted(set(fills["quote"])))
        yield Card("Traded", f"{_large(float(fills['quote_tokens'].sum()))} {quotes}", f"in {number(len(fills))} fills")
    kinds = dict(zip(measured.venues["venue"], measured.venues["kind"], strict=True))
    inside = measured.arbitrage_share[measured.arbitrage_share["venue"].map(kinds).isin(["book", "pool"])]
    total = float(inside["volume_quote_tokens"].sum())
    if total > 0:
        share = float(inside["arbitrage_quote_tokens"].sum()) / total * 100
        yield Card("Arbitrage", f"{number(share)} %", "of the volume on books and pools")


def _liquidity(measured: Measured) -> Iterator[Card]:
    for row in rows(measured.liquidity_result):
        detail = f"providing liquidity against holding; fees {signed(row.fee_income_quote_tokens)} {row.quote}"
        yield Card(str(row.venue), f"{signed(row.result_bps)} bps", detail, "loss" if row.result_bps < 0 else "gain")


def _rebalancing(measured: Measured) -> Iterator[Card]:
    if not measured.has("vault_orders"):
        return
    by_policy = measured.attribution_by_policy
    intended = float(by_policy["intended_quote_tokens"].sum())
    if intended > 0:
        cost = float(by_policy["total_quote_tokens"].sum())
        detail = f"of what {int(by_policy['rebalances'].sum())} decisions were to trade; {signed(cost)} in all"
        yield Card(
            "Cost of rebalancing", f"{signed(cost / intended * 1e4)} bps", detail, "loss" if cost > 0 else "gain"
        )


def _attacks(measured: Measured) -> Iterator[Card]:
    if measured.has("attacks"):
        attacks = measured.table("attacks")
        lost = float(attacks["victim_loss_quote_tokens"].sum())
        paid = attacks[attacks["victim"].isin(measured.table("vault_states")["vault"])]
        detail = f"lost in {len(attacks)} sandwiches, {number(float(paid['victim_loss_quote_tokens'].sum()))} by vaults"
        yield Card("Taken by attackers", _large(lost), detail, "loss" if lost > 0 else "")


def _liquidations(measured: Measured) -> Iterator[Card]:
    if measured.has("liquidations"):
        totals = measured.liquidation_totals
        seized, bad = float(totals["seized_quote_tokens"].sum()), float(totals["bad_debt_tokens"].sum())
        detail = f"seized in {int(totals['liquidations'].sum())} liquidations; bad debt {number(bad)}"
        yield Card("Forced sales", _large(seized), detail, "loss" if bad > 0 else "")


def _conservation(manifest: Mapping[str, Any]) -> Iterator[Card]:
    conservation = manifest.get("conservation", {})
    if conservation:
        broken = {asset: value for asset, value in conservation.items() if value}
        figure = "0" if not broken else ", ".join(f"{asset} {value}" for asset, value in broken.items())
        assets, more = ", ".join(list(conservation)[:_ASSETS_SHOWN]), len(conservation) - _ASSETS_SHOWN
        assets += f" and {more} more" if more > 0 else ""
        detail = f"created less destroyed less held: {assets}, to the base unit"
        yield Card("Money missing", figure, detail, "loss" if broken else "gain")


def _large(value: float) -> str:
    for size, letter in ((1e9, "bn"), (1e6, "m"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g} {letter}"
    return number(value)
