"""The study `crash` end to end, on short spans: what is conserved, what adds up, and what one action changes."""

import os
import subprocess
import sys
from collections import defaultdict
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import cast

import pandas as pd
import pytest
from tests.experiments.studies.crash_worlds import SMALL, crash, plan, small

import shoal
from shoal.experiments.errors import InputError
from shoal.experiments.measures.measured import LOOP
from shoal.experiments.measures.shortfall import EXECUTED, PARTS
from shoal.experiments.plan import Plan, make_plan
from shoal.experiments.result import Result
from shoal.experiments.runner import build_world, run_plan
from shoal.experiments.studies.crash import NO_ANTICIPATION, NO_ATTACK, NO_LIQUIDATION, NO_REBALANCING, Crash
from shoal.sim.records import Records, Schema
from shoal.sim.world import World
from shoal.venues.vault.vault import Vault

UNITS = {"BTC": 10**8, "ETH": 10**18, "USDC": 10**6}
SWITCHES = {
    NO_ATTACK: "sandwich.attack=false",
    NO_ANTICIPATION: "anticipation.anticipate=false",
    NO_LIQUIDATION: "liquidators.liquidate=false",
    NO_REBALANCING: "vaults.rebalance=false",
}
PLACEBOS = {
    NO_ATTACK: "sandwich.minimum_profit_quote_tokens=1e18",
    NO_ANTICIPATION: "anticipation.minimum_profit_quote_tokens=1e18",
    NO_LIQUIDATION: "liquidators.minimum_profit_quote_tokens=1e18",
}
BUSY = ("generated.crash_after_hours=0.05", "generated.crash_minutes=2")
BUSY_HOURS = 0.1
ELSEWHERE = """
from shoal.experiments.plan import make_plan
from shoal.experiments.runner import run_plan
print(run_plan(make_plan("crash", options={{"seed": 7, "hours": 0.1}}, settings={settings!r})).result.digest)
"""
EARLY = 0.02
"""Hours until everybody has come and nobody has fallen."""


@cache
def played() -> World:
    """A short world that is still there when it has ended."""
    one = plan(hours=EARLY)
    world = build_world(one, Records())
    world.run(until_ns=one.prices.end_ns)
    return world


def vaults(world: World) -> list[Vault]:
    return [venue for venue in world.venues.values() if isinstance(venue, Vault)]


# --- what happens -----------------------------------------------------------------------------------------------


def test_vaults_trade_attackers_attack_and_borrowers_are_liquidated() -> None:
    result = crash()
    assert result.complete
    assert {"done", "refused"} <= set(result.rebalances["result"])
    traded = result.vault_orders[result.vault_orders["result"] == "ok"]
    assert {"calendar-vault", "threshold-vault", "CPPI-vault", "leverage-vault"} <= set(traded["vault"])
    assert len(result.attacks) > 0
    assert len(result.liquidations) > 0
    assert any(sender.endswith(" anticipator") for sender in result.fills["taker"].unique())


def test_who_refuses_says_why() -> None:
    refused = crash().rebalances[crash().rebalances["result"] == "refused"]
    assert len(refused)
    assert (refused["why"].str.len() > 0).all()


def test_every_asset_is_conserved() -> None:
    conservation = crash().manifest["conservation"]
    assert {"BTC", "ETH", "USDC", "hold-vault-share"} <= set(conservation)
    assert all(int(difference) == 0 for difference in conservation.values())


def test_the_same_seed_gives_the_same_digest_and_another_seed_another() -> None:
    again = run_plan(plan()).result
    assert len(again.digest) == 64
    assert again.digest == crash().digest
    other = make_plan(plan().study, options={"seed": 8, "hours": EARLY})
    assert run_plan(other).result.digest != run_plan(plan(hours=EARLY)).result.digest


def test_the_digest_does_not_depend_on_the_process() -> None:
    """Another hash seed, zone and language, and pure Python."""
    environment = {"PYTHONHASHSEED": "4242", "TZ": "Asia/Kathmandu", "LANG": "tr_TR.UTF-8", "SHOAL_PURE": "1"}
    command = [sys.executable, "-c", ELSEWHERE.format(settings=small(*BUSY))]
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=True)
    here = run_plan(plan(*BUSY, hours=BUSY_HOURS)).result
    assert len(here.vault_orders) > 0
    assert len(here.attacks) > 0
    assert done.stdout.strip() == here.digest


@pytest.mark.parametrize("schema", LOOP, ids=[schema.name for schema in LOOP])
def test_tables_have_their_columns_and_rows(schema: Schema) -> None:
    table = crash().arrow(schema.name)
    assert table.column_names == [name for name, _ in schema.columns]
    assert table.num_rows > 0


# --- what adds up -----------------------------------------------------------------------------------------------


def test_what_everybody_won_and_lost_sums_to_zero_in_every_asset() -> None:
    closed = crash().measured.closure
    assert set(closed["asset"]) == {"BTC", "ETH", "USDC"}
    assert closed["difference_raw"].tolist() == [0, 0, 0]


def test_what_vaults_and_lending_markets_hold_is_their_share_holders() -> None:
    agents = crash().agents
    kept = agents[agents["kind"].isin(["Vault", "LendingMarket"])]
    # What rounding leaves: a base unit of share is worth less than one of any asset.
    assert (kept["change_tokens"].abs() < 1e-4).all()
    depositor = agents[(agents["owner"] == "leverage depositor") & (agents["asset"] == "USDC")].iloc[0]
    assert depositor["change_tokens"] < -1_000_000


def test_every_owners_change_in_value_is_explained() -> None:
    earned = crash().measured.earned
    assert earned["residual_quote_tokens"].abs().max() < 1e-6


@pytest.mark.parametrize("part", PARTS)
def test_parts_of_the_shortfall_are_whole(part: str) -> None:
    assert all(isinstance(value, int) for value in crash().measured.attribution[f"{part}_raw"])


def test_parts_of_the_shortfall_sum_to_the_total_of_every_rebalance() -> None:
    attributed = crash().measured.attribution
    assert len(attributed) > 5
    for row in attributed.itertuples():
        assert sum(getattr(row, f"{part}_raw") for part in PARTS) == row.total_raw
    assert attributed["unaudited_orders"].sum() == attributed["unpriced_orders"].sum() == 0


def test_the_shortfall_of_what_was_traded_follows_from_orders_alone() -> None:
    """Worth of what was paid less worth of what was got, at the decision's mid, whatever the audits say between."""
    costs: dict[tuple[str, int], int] = defaultdict(int)
    orders = crash().vault_orders
    for order in orders[orders["result"] == "ok"].itertuples():
        paid, got = int(order.amount_in_raw), int(order.amount_out_raw)
        price = Fraction(order.reference) * UNITS["USDC"]
        if order.asset_in == "USDC":
            costs[order.vault, order.rebalance] += paid - round(price * got / UNITS[order.asset_out])
        else:
            costs[order.vault, order.rebalance] += round(price * paid / UNITS[order.asset_in]) - got
    attributed = crash().measured.attribution
    found = {
        (row.vault, row.rebalance): sum(getattr(row, f"{part}_raw") for part in EXECUTED)
        for row in attributed[attributed["orders"] > 0].itertuples()
    }
    assert len(costs) > 3
    # Every stage is rounded by itself, and so an order by a base unit either way.
    assert found == {key: pytest.approx(cost, abs=len(orders)) for key, cost in costs.items()}


def test_orders_of_vaults_are_their_fills() -> None:
    flows: dict[tuple[str, str, str], int] = defaultdict(int)
    orders = crash().vault_orders
    for order in orders[orders["result"] == "ok"].itertuples():
        flows[order.vault, order.venue, order.asset_in] -= int(order.amount_in_raw)
        flows[order.vault, order.venue, order.asset_out] += int(order.amount_out_raw)
    filled: dict[tuple[str, str, str], int] = defaultdict(int)
    fills = crash().fills
    for fill in fills[fills["taker"].str.endswith("-vault")].itertuples():
        filled[fill.taker, fill.venue, fill.base] += fill.side * int(fill.base_raw)
        filled[fill.taker, fill.venue, fill.quote] -= fill.side * int(fill.quote_raw)
        filled[fill.taker, fill.venue, fill.fee_asset] -= int(fill.taker_fee_raw)
    assert len(flows) > 6
    assert flows == filled


def test_a_sandwich_gains_what_searcher_builder_and_burn_share() -> None:
    attacks = crash().attacks
    shared = attacks["net_quote_tokens"] + attacks["builder_quote_tokens"] + attacks["burnt_quote_tokens"]
    assert (shared - attacks["gross_quote_tokens"]).abs().max() < 1e-6
    assert (attacks["victim_loss_quote_tokens"] > 0).all()


def test_liquidated_positions_were_unhealthy_at_the_oracle() -> None:
    liquidations = crash().liquidations
    assert (liquidations["health"] < 1).all()
    assert (liquidations["sold_tokens"] <= liquidations["seized_tokens"] * (1 + 1e-12)).all()


# --- vaults -----------------------------------------------------------------------------------------------------


def test_a_vault_that_never_trades_costs_nothing() -> None:
    states = crash().vault_states
    held = states[states["policy"] == "hold"]
    assert len(held) > 50
    assert (held["nav_tokens"] == held["twin_nav_tokens"]).all()
    results = crash().measured.vault_results.set_index("policy")
    assert results.loc["hold", ["cost_tokens", "cost_bps", "turnover"]].tolist() == [0.0, 0.0, 0.0]
    assert (results.loc[["calendar", "threshold", "CPPI"], "cost_tokens"].abs() > 0).all()


def test_weights_add_up_and_all_vaults_begin_alike() -> None:
    states = crash().vault_states
    sums = states.groupby(["time_ns", "vault"])["weight"].sum()
    assert (sums - 1).abs().max() < 1e-9
    first = states.drop_duplicates("vault")["nav_tokens"]
    assert first.min() == pytest.approx(1e7, rel=5e-3)
    assert first.max() == pytest.approx(1e7, rel=5e-3)


def test_what_a_vault_publishes_is_what_the_ledger_says() -> None:
    world = played()
    for vault in vaults(world):
        view = vault.published(world.clock.now_ns)
        assert view.supply > 0
        assert view.supply == sum(amount for _, amount in world.ledger.holders(vault.share_asset))
        held = world.ledger.balances(vault.account)
        assert {asset: amount for asset, amount in view.holdings.items() if amount} == held
        assert view.nav == pytest.approx(1e13, rel=5e-3)
        assert view.share_price == pytest.approx(1.0, rel=5e-3)


def test_private_vaults_are_never_sandwiched() -> None:
    private = crash("execution.private=true")
    public, hidden = (set(result.attacks["victim"]) for result in (crash(), private))
    names = {vault.name for vault in vaults(played())}
    assert public & names
    assert hidden
    assert not hidden & names
    assert set(private.vault_orders["visibility"]) == {"builder"}
    assert (private.audits["benign_out_raw"] >= private.audits["actual_out_raw"]).all()


# --- counterfactuals --------------------------------------------------------------------------------------------


def cast_of(study: Plan) -> dict[str, object]:
    world = build_world(study, Records())
    return {
        "agents": {name: type(agent).__name__ for name, agent in world.agents.items()},
        "venues": {name: (type(venue).__name__, world.host_of[name].name) for name, venue in world.venues.items()},
        "endowments": dict(world.endowments),
    }


@pytest.mark.parametrize("name", SWITCHES)
def test_a_control_keeps_every_agent_every_venue_and_every_balance(name: str) -> None:
    base, control = plan(), plan(SWITCHES[name])
    assert base.study.counterfactuals()[name] == control.study
    assert cast_of(control) == cast_of(base)


def test_there_is_a_control_for_each_action() -> None:
    assert set(Crash().counterfactuals()) == set(SWITCHES)


def first_move_ns(name: str) -> int:
    """When the action first does anything."""
    if name == NO_REBALANCING:
        decided = crash().rebalances
        return int(decided[~decided["vault"].str.startswith("leverage")]["decided_ns"].min())
    orders = crash().orders
    if name == NO_LIQUIDATION:
        return int(orders["sent_ns"][orders["verb"] == "liquidate"].min())
    word = {NO_ATTACK: "sandwicher", NO_ANTICIPATION: "anticipator"}[name]
    return int(orders["sent_ns"][orders["sender"].str.contains(word)].min())


def until(result: Result, table: str, time_ns: int) -> pd.DataFrame:
    rows = result.table(table)
    return rows[rows["time_ns"] < time_ns].reset_index(drop=True)


@pytest.mark.parametrize("name", SWITCHES)
def test_before_an_action_does_anything_its_control_is_the_same(name: str) -> None:
    base, control, begins_ns = crash(), crash(SWITCHES[name]), first_move_ns(name)
    assert begins_ns > base.prices["time_ns"].min()
    compared = 0
    for table in base.tables():
        if "time_ns" in base.arrow(table).column_names:
            mine = until(base, table, begins_ns)
            pd.testing.assert_frame_equal(mine, until(control, table, begins_ns))
            compared += len(mine)
    assert compared > 100
    assert base.digest != control.digest


def test_a_control_lacks_the_action_alone() -> None:
    assert len(crash(SWITCHES[NO_ATTACK]).attacks) == 0
    assert len(crash(SWITCHES[NO_LIQUIDATION]).liquidations) == 0
    takers = set(crash(SWITCHES[NO_ANTICIPATION]).fills["taker"])
    assert not [taker for taker in takers if taker.endswith(" anticipator")]
    # Without rebalancing the leveraged vault still builds its position up.
    assert set(crash(SWITCHES[NO_REBALANCING]).vault_orders["vault"]) == {"leverage-vault"}
    for name in SWITCHES:
        assert (crash(SWITCHES[name]).measured.closure["difference_raw"] == 0).all()


@pytest.mark.parametrize("name", PLACEBOS)
def test_who_asks_an_infinite_profit_is_as_if_switched_off(name: str) -> None:
    placebo, control = crash(PLACEBOS[name]), crash(SWITCHES[name])
    assert placebo.tables() == control.tables()
    for table in placebo.tables():
        pd.testing.assert_frame_equal(placebo.table(table), control.table(table), check_exact=True)
    assert placebo.digest == control.digest


def test_figures_come_of_whatever_worlds_there_are() -> None:
    study = plan().study
    alone = list(study.figures({"base": crash()}))
    names = [figure.name for figure in alone]
    assert {"cost of CPPI", "attacks", "loss of victims", "forced volume", "bad debt"} <= set(names)
    assert all(figure.control is None for figure in alone)
    assert len(set(names)) == len(names)
    worlds = {"base": crash()} | {name: crash(change) for name, change in SWITCHES.items()}
    paired = list(study.figures(worlds))
    keys = [(figure.name, figure.unit, figure.world) for figure in paired]
    assert len(set(keys)) == len(keys)
    assert {figure.world for figure in paired} >= set(SWITCHES)
    costs = {figure.world: figure for figure in paired if figure.name == "cost of hold"}
    assert {figure.effect for figure in costs.values()} == {0.0}
    assert "amplification of BTC, outside, no-liquidation" in {figure.name for figure in paired}


# --- what is refused --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("vaults.policies=hold,momentum", "'momentum'.*There are calendar"),
        ("vaults.policies=hold,hold", "'hold'.*twice"),
        ("vaults.leverage=3", "leverage_low, leverage, leverage_high and ripcord"),
        ("vaults.ripcord=2", "Each must be at least the one before"),
        ("sandwich.private_share=1.5", r"sandwich\.private_share"),
        ("sandwich.minimum_profit_quote_tokens=inf", r"sandwich\.minimum_profit_quote_tokens"),
        ("vaults.exposure=0", r"vaults\.exposure"),
        ("borrowers.low_health=1", r"borrowers\.low_health"),
        ("execution.form=slowly", r"execution\.form"),
    ],
)
def test_bad_parameters_are_refused_with_the_reason(change: str, message: str) -> None:
    with pytest.raises(InputError, match=f"(?s){message}"):
        plan(change)


def test_more_borrowers_than_units_of_debt_are_refused() -> None:
    with pytest.raises(InputError, match="raise the debt or lower the number of borrowers"):
        run_plan(plan("borrowers.debt_quote_tokens=0.000001"))


def test_a_world_of_one_policy_runs() -> None:
    assert set(run_plan(plan("vaults.policies=CPPI", hours=EARLY)).result.vault_states["vault"]) == {"CPPI-vault"}


# --- recorded prices --------------------------------------------------------------------------------------------


def test_on_recorded_prices_the_report_says_that_effects_are_marginal(shared: Path, tmp_path: Path) -> None:
    result = shoal.run(
        "crash",
        prices=shared / "data" / "crypto_ohlcv_1h_2018-05_2022-02.parquet",
        symbols=["BTC", "ETH"],
        start="2020-03-12T10:00Z",
        hours=0.5,
        noise=SMALL["noise"],
        makers=SMALL["makers"],
        borrowers={"borrowers": 12, "preset": "uniform"},
    )
    assert len(result.liquidations) > 0
    page = cast(Path, result.report(tmp_path / "report.html")).read_text(encoding="utf-8")
    assert "The recorded path already contains what was liquidated on those days" in page
    assert "marginal effect" in page
    assert "An anachronism: prices of 2020-03-12" in page


def test_on_generated_prices_there_is_no_such_notice(tmp_path: Path) -> None:
    page = crash().report(tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Attacks and who paid" in page
    assert "anachronism" not in page
