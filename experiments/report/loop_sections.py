"""Sections on vaults, adversaries and liquidations, each there only if its tables are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import pandas as pd

from shoal.experiments.measures.attribution import HORIZON_S
from shoal.experiments.measures.shortfall import PARTS
from shoal.experiments.plots.theme import words
from shoal.experiments.report.cells import Column, duration, moment, number, percent, sheet, signed, whole
from shoal.experiments.report.section import Figure, Section

if TYPE_CHECKING:
    from shoal.experiments.measures.measured import Measured
    from shoal.experiments.plots.plots import Plots

_BPS: Final = "bps"
_QUOTE: Final = "quote tokens"
_WORST: Final = 12


def loop_sections(measured: Measured, plots: Plots) -> Iterator[Section]:
    """Those sections that have something to say, in the order of the report."""
    if measured.has("vault_states"):
        yield _vaults(measured, plots)
    if measured.has("vault_orders"):
        yield _rebalances(measured, plots)
    if measured.has("attacks"):
        yield _attacks(measured, plots)
    if measured.has("liquidations"):
        yield _liquidations(measured, plots)


def _vaults(measured: Measured, plots: Plots) -> Section:
    results = (
        Column("vault", "vault"),
        Column("start_nav_tokens", "value at first", _QUOTE, number),
        Column("return_bps", "return", _BPS, signed, toned=True),
        Column("deepest_fall_bps", "deepest fall", _BPS, signed),
        Column("twin_return_bps", "paper twin", _BPS, signed),
        Column("cost_bps", "cost: twin less vault", "bps of the twin", signed),
        Column("cost_tokens", "cost", _QUOTE, signed),
        Column("turnover", "turnover", "times value", number),
        Column("mean_exposure", "exposure", "mean, times value", number),
        Column("rebalances", "rebalances", "", whole),
        Column("refused", "refused", "", whole),
    )
    refusals = (
        Column("vault", "vault"),
        Column("decided_ns", "first", "UTC", moment),
        Column("times", "times recorded", "", whole),
        Column("why", "why it could not trade"),
    )
    return Section(
        "vaults",
        "What the vaults hold: weights, value, and the paper twin",
        "Each vault has a paper twin that holds the same once the vault has made its initial investment, and trades to "
        "the same weights whenever the vault decides to, at once and free at the world's mid; its debt costs it "
        "nothing. What the vault is worth less is what trading cost it, late and partial trades and interest included. "
        "Values are at the mean mid of all venues, weighted by depth; what lies in custody counts as last reported.",
        (
            Figure("weights", plots.weights(), "Risky assets as shares of value; dotted, what the vault wants in all."),
            Figure("nav", plots.nav(), "Net asset value, and the distance to the paper twin; dotted, who only holds."),
        ),
        (
            sheet(measured.vault_results, results, "What became of each vault"),
            sheet(
                _refusals(measured.table("rebalances"), measured.vault_results["vault"]),
                refusals,
                "Vaults that could not trade, and why",
            ),
        ),
    )


def _refusals(rebalances: pd.DataFrame, vaults: pd.Series[str]) -> pd.DataFrame:
    """Refused decisions by vault and reason, figures in the reason left out."""
    refused = rebalances[rebalances["result"] == "refused"]
    refused = refused.assign(why=refused["why"].astype(str).str.split(":", n=1).str[0].map(_plain))
    table = refused.groupby(["vault", "why"], sort=True)["decided_ns"].agg(decided_ns="min", times="size").reset_index()
    place = table["vault"].map({vault: at for at, vault in enumerate(vaults)})
    return table.assign(place=place).sort_values(["place", "vault", "decided_ns"], kind="stable")


def _plain(reason: str) -> str:
    """A refusal's code as words; a sentence stays as it is."""
    return words(reason) if reason.isidentifier() else reason


def _rebalances(measured: Measured, plots: Plots) -> Section:
    parts = [Column(f"{part}_bps", part, _BPS, signed) for part in PARTS]
    size = Column("intended_quote_tokens", "to trade", _QUOTE, number)
    policies = (
        Column("policy", "policy"),
        Column("rebalances", "decisions", "", whole),
        size,
        *parts,
        Column("total_bps", "total", _BPS, signed),
        Column("total_median_bps", "median", _BPS, signed),
        Column("total_quote_tokens", "total", _QUOTE, signed),
    )
    markouts = (
        Column("policy", "policy"),
        Column("markout_block_bps", "next block", _BPS, signed, toned=True),
        Column("markout_minute_bps", "1 min", _BPS, signed, toned=True),
        Column("markout_hour_bps", "1 h", _BPS, signed, toned=True),
    )
    dearest = (
        Column("vault", "vault"),
        Column("decided_ns", "decided", "UTC", moment),
        Column("result", "result"),
        size,
        *parts,
        Column("total_bps", "total", _BPS, signed),
        Column("total_quote_tokens", "total", _QUOTE, signed),
    )
    attributed = measured.attribution
    worst = attributed.sort_values("total_quote_tokens", ascending=False, kind="stable").head(_WORST)
    missing = int(attributed["unaudited_orders"].sum() + attributed["unpriced_orders"].sum())
    limit = f" {missing} orders could not be audited or priced." if missing else ""
    return Section(
        "rebalances",
        "What each rebalance cost, and who took it",
        "Against the mean mid of all venues, weighted by depth, at the moment of the decision (for what a later slice "
        "adds because prices have moved on, when that slice was begun). Delay is what that mid "
        "moved until the top of the block that held the trade; then the venue's fee; impact and spread, as if executed "
        "alone at the top of the block; benign ordering, what others in the block before it did; the adversary, what "
        "attackers took: the block was executed again without them. Gas counts failed attempts. Unfilled is what the "
        f"price did within {duration(HORIZON_S)}, or until the next decision, to what was left. The parts sum "
        "to the total, to the base unit. A cost is positive. By policy the initial investment is left out, and what is "
        "tried again counts once in what was to be traded." + limit,
        (Figure("shortfall", plots.shortfall(), "Implementation shortfall of all rebalances of a policy, by part."),),
        (
            sheet(measured.attribution_by_policy, policies, "Cost of rebalancing by policy"),
            sheet(measured.attribution_by_policy, markouts, "What was got less what was paid, some time later"),
            sheet(worst, dearest, "The dearest rebalances"),
        ),
    )


def _attacks(measured: Measured, plots: Plots) -> Section:
    figures = (
        Column("attacks", "attacks", "", whole),
        Column("gross_quote_tokens", "gain", _QUOTE, number),
        Column("net_quote_tokens", "kept", _QUOTE, signed, toned=True),
        Column("builder_quote_tokens", "to builders and proposers", _QUOTE, number),
        Column("burnt_quote_tokens", "burnt", _QUOTE, number),
        Column("kept_share", "kept", "% of the gain", percent),
        Column("victim_loss_quote_tokens", "lost by victims", _QUOTE, number),
    )
    by_victim = measured.attacks_by_victim
    by_victim = by_victim.assign(kind=by_victim["victim_kind"].map(words))
    return Section(
        "attacks",
        "Attacks and who paid",
        "Sandwiches that landed: a bundle in which somebody trades before a waiting transaction and back after it. The "
        "gain is what its trades brought, at the mid of the top of the block; gas is burnt or goes to the proposer, "
        "payments to the builder, and the searcher keeps the rest. A victim's loss is what it would have got more in "
        "its own place without the attackers' transactions; what exceeds the gain went to those who provide the pool, "
        "mostly as fees that the attackers paid.",
        (Figure("attacks", plots.attacks(), "Gain by attacker, and loss by kind of victim."),),
        (
            sheet(measured.attacks_by_attacker, (Column("attacker", "attacker"), *figures), "By attacker"),
            sheet(by_victim, (Column("kind", "victim"), *figures), "By kind of victim"),
            sheet(measured.attacks_on_vaults, (Column("victim", "vault"), *figures), "Vaults that were attacked"),
        ),
    )


def _liquidations(measured: Measured, plots: Plots) -> Section:
    totals = (
        Column("market", "market"),
        Column("liquidations", "liquidations", "", whole),
        Column("borrowers", "borrowers", "", whole),
        Column("seized_quote_tokens", "seized", _QUOTE, number),
        Column("repaid_tokens", "repaid", "loan tokens", number),
        Column("bad_debt_tokens", "bad debt", "loan tokens", number),
        Column("sold_share", "sold at once", "% of seized", percent),
        Column("share_of_volume", "sold at once", "% of volume", percent),
        Column("lowest_oracle_price", "lowest oracle", "price", number),
        Column("first_ns", "first", "UTC", moment),
    )
    return Section(
        "liquidations",
        "Liquidations: forced sales, bad debt and the price",
        "Lending markets judge positions by their oracle, never by the market. What is seized is sold by liquidators, "
        "in the same transaction or later; debt that collateral no longer covers is borne by lenders. How much further "
        "the price fell for it only a paired world without liquidations tells: run the study with --replicates.",
        (
            Figure(
                "liquidations",
                plots.liquidations(),
                "Price outside and at the oracle; what was seized and the bad debt left.",
            ),
        ),
        (sheet(measured.liquidation_totals, totals, "Liquidations by market"),),
    )
