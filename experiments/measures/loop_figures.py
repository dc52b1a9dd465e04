"""The scalars of one replicate of the whole loop: costs of policies, attacks, liquidations, and what they set off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from shoal.experiments.figure import Figure
from shoal.experiments.measures.cascade import branching, extra_fall, liquidation_effect, with_generations

if TYPE_CHECKING:
    from shoal.experiments.result import Result

BASE: Final = "base"
_BPS: Final = "bps"
_COSTS: Final = "Cost of rebalancing"
_ATTACKS: Final = "Attacks"
_LIQUIDATIONS: Final = "Liquidations"
_FALLS: Final = {
    "at_trough_bps": "at the trough",
    "after_10_min_bps": "10 minutes later",
    "after_1_h_bps": "1 hour later",
    "after_24_h_bps": "24 hours later",
}


def costs(worlds: Mapping[str, Result], controls: tuple[str, ...]) -> Iterator[Figure]:
    """For each policy what its trading cost against its paper twin, beside the worlds without one action."""
    found = {name: cost_of(worlds[name]) for name in (BASE, *controls) if name in worlds}
    base = found.pop(BASE)
    for policy, cost in base.items():
        yield Figure(f"cost of {policy}", _BPS, cost, topic=_COSTS)
        for name, control in found.items():
            if policy in control:
                yield Figure(f"cost of {policy}", _BPS, cost, control[policy], name, _COSTS)


def attacks(worlds: Mapping[str, Result]) -> Iterator[Figure]:
    """What attackers gained and victims lost, and who got what of it."""
    table = worlds[BASE].measured.table("attacks")
    for column, name in (
        ("victim_loss_quote_tokens", "loss of victims"),
        ("gross_quote_tokens", "gross gain of attacks"),
        ("net_quote_tokens", "of it, searchers"),
        ("builder_quote_tokens", "of it, builders and proposers"),
        ("burnt_quote_tokens", "of it, burnt"),
    ):
        yield Figure(name, "quote tokens", float(table[column].sum()), topic=_ATTACKS)
    yield Figure("attacks", "", float(len(table)), topic=_ATTACKS)


def liquidations(worlds: Mapping[str, Result], controls: tuple[str, ...]) -> Iterator[Figure]:
    """Forced volume, bad debt and the like, beside the worlds in which one action is switched off."""
    table = worlds[BASE].measured.table("liquidations")
    for row in liquidation_effect(table, table).to_dict("records"):
        yield Figure(str(row["figure"]), str(row["unit"]), float(row["value"]), topic=_LIQUIDATIONS)
    for name in controls:
        if name in worlds:
            effect = liquidation_effect(table, worlds[name].measured.table("liquidations"))
            for row in effect.to_dict("records"):
                value, other = float(row["value"]), float(row["control"])
                yield Figure(str(row["figure"]), str(row["unit"]), value, other, name, _LIQUIDATIONS)


def falls(worlds: Mapping[str, Result], control: str) -> Iterator[Figure]:
    """How much further prices fell than without the action, at the trough and later, and by which factor."""
    if control not in worlds:
        return
    table = extra_fall(worlds[BASE].measured.table("prices"), worlds[control].measured.table("prices"))
    for row in table.to_dict("records"):
        where = f"{row['asset']}, {row['source']}"
        topic = f"Fall of {row['asset']}"
        fall, other = float(row["fall_bps"]), float(row["control_fall_bps"])
        yield Figure(f"fall of {where}", _BPS, fall, other, control, topic)
        yield Figure(f"amplification of {where}, {control}", "times", float(row["amplification"]), topic=topic)
        for column, words in _FALLS.items():
            yield Figure(f"extra fall of {where} {words}, {control}", _BPS, float(row[column]), topic=topic)


def amplifications(setting: str, with_them: Result, without: Result) -> Iterator[Figure]:
    """By which factor liquidations deepen the fall of each asset in one setting, and what they leave behind."""
    table = extra_fall(with_them.measured.table("prices"), without.measured.table("prices"))
    for row in table[table["source"] == "outside"].to_dict("records"):
        fall = float(row["fall_bps"]), float(row["control_fall_bps"])
        yield Figure(f"fall of {row['asset']}, {setting}", _BPS, *fall, f"{setting}-no-liquidation", "Fall by setting")
        amplification = float(row["amplification"])
        yield Figure(
            f"amplification of {row['asset']}, {setting}", "times", amplification, topic="Amplification by setting"
        )
    effect = liquidation_effect(with_them.measured.table("liquidations"), without.measured.table("liquidations"))
    for each in effect[effect["figure"].isin(["forced volume", "bad debt"])].to_dict("records"):
        what, value = str(each["figure"]), float(each["value"])
        yield Figure(f"{what}, {setting}", str(each["unit"]), value, topic=f"{what.capitalize()} by setting")


def generations(worlds: Mapping[str, Result], control: str) -> Iterator[Figure]:
    """The share of forced volume that the control's oracle would not have triggered, and each generation's ratio.

    That share is also all offspring over everybody: the branching ratio over all generations.
    """
    if control not in worlds:
        return
    found = with_generations(worlds[BASE].measured.table("liquidations"), worlds[control].measured.table("prices"))
    table = branching(found)
    for asset, mine in table.groupby("asset", sort=True):
        share = float(mine["endogenous_share"].iloc[0])
        yield Figure(f"endogenous share of {asset} liquidations", "fraction", share, topic=_LIQUIDATIONS)
        for row in mine.to_dict("records"):
            if row["generation"]:
                name = f"branching ratio of {asset} liquidations, generation {row['generation']:.0f}"
                yield Figure(name, "", float(row["branching_ratio"]), topic=_LIQUIDATIONS)


def cost_of(result: Result) -> dict[str, float]:
    """What trading cost each policy against its paper twin, basis points of the twin at the end."""
    table = result.measured.vault_results
    return {str(row["policy"]): float(row["cost_bps"]) for row in table.to_dict("records")}
