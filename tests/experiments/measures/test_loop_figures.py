"""Figures of a replicate from its worlds, worlds that were not run included."""

import math
from collections.abc import Mapping

import pandas as pd
import pyarrow as pa
import pytest
from tests.experiments.loop_tables import loop_tables
from tests.experiments.synthetic import SyntheticRun, manifest

from shoal.experiments.figure import Figure
from shoal.experiments.measures import loop_figures
from shoal.experiments.result import Result

CONTROL = "no-liquidation"


@pytest.fixture(scope="module")
def base() -> Result:
    """Two vaults, three attacks, three liquidations, a crash."""
    return Result(manifest(), SyntheticRun().tables() | loop_tables())


@pytest.fixture(scope="module")
def calm() -> Result:
    """The same without any of it, and a crash half as deep."""
    empty = {name: table.slice(0, 0) for name, table in loop_tables().items() if name in ("attacks", "liquidations")}
    return Result(manifest(), SyntheticRun(crash=0.15).tables() | loop_tables() | empty)


def named(figures: object) -> Mapping[tuple[str, str], Figure]:
    found = list(figures)  # type: ignore[call-overload]
    by_name = {(figure.name, figure.world): figure for figure in found}
    assert len(by_name) == len(found)
    return by_name


def test_the_cost_of_a_policy_is_that_of_its_vault_at_the_end(base: Result) -> None:
    costs = loop_figures.cost_of(base)
    results = base.measured.vault_results.set_index("policy")["cost_bps"]
    assert costs == results.to_dict()
    assert set(costs) == {"calendar", "threshold"}


def test_costs_stand_alone_and_beside_each_control_that_was_run(base: Result, calm: Result) -> None:
    alone = named(loop_figures.costs({"base": base}, (CONTROL, "no-attack")))
    assert set(alone) == {("cost of calendar", ""), ("cost of threshold", "")}
    paired = named(loop_figures.costs({"base": base, CONTROL: calm}, (CONTROL, "no-attack")))
    figure = paired["cost of calendar", CONTROL]
    assert figure.control == figure.value == alone["cost of calendar", ""].value
    assert ("cost of calendar", "no-attack") not in paired


def test_attacks_sum_up_what_was_lost_and_who_got_it(base: Result, calm: Result) -> None:
    found = named(loop_figures.attacks({"base": base}))
    table = base.table("attacks")
    assert found["attacks", ""].value == len(table) == 3
    assert found["loss of victims", ""].value == pytest.approx(table["victim_loss_quote_tokens"].sum())
    shares = sum(found[f"of it, {who}", ""].value for who in ("searchers", "builders and proposers", "burnt"))
    assert shares == pytest.approx(found["gross gain of attacks", ""].value)
    assert {figure.value for figure in loop_figures.attacks({"base": calm})} == {0.0}


def test_liquidations_beside_their_control(base: Result, calm: Result) -> None:
    found = named(loop_figures.liquidations({"base": base, CONTROL: calm}, (CONTROL, "no-rebalancing")))
    assert found["bad debt", ""].value == 15.0
    assert found["bad debt", CONTROL].effect == 15.0
    assert found["liquidations", CONTROL].control == 0.0
    assert {world for _, world in found} == {"", CONTROL}


def test_falls_need_their_control(base: Result, calm: Result) -> None:
    assert list(loop_figures.falls({"base": base}, CONTROL)) == []
    found = named(loop_figures.falls({"base": base, CONTROL: calm}, CONTROL))
    fall = found["fall of BTC, outside", CONTROL]
    assert fall.control is not None
    assert fall.value > fall.control > 0.0
    ratio = found[f"amplification of BTC, outside, {CONTROL}", ""].value
    assert ratio == pytest.approx(fall.value / fall.control)
    assert found[f"extra fall of BTC, outside at the trough, {CONTROL}", ""].value > 0.0


def test_a_world_beside_itself_is_not_amplified(base: Result) -> None:
    found = named(loop_figures.falls({"base": base, CONTROL: base}, CONTROL))
    ratios = [figure.value for (name, _), figure in found.items() if name.startswith("amplification")]
    assert ratios
    assert set(ratios) == {1.0}
    assert {figure.effect for (name, _), figure in found.items() if name.startswith("fall of")} == {0.0}


def test_amplifications_name_their_setting(base: Result, calm: Result) -> None:
    found = named(loop_figures.amplifications("depth-3", base, calm))
    assert found["fall of BTC, depth-3", "depth-3-no-liquidation"].effect > 0.0
    assert found["amplification of BTC, depth-3", ""].value > 1.0
    assert found["bad debt, depth-3", ""].value == 15.0
    assert ("forced volume, depth-3", "") in found


def test_generations_need_their_control(base: Result, calm: Result) -> None:
    assert list(loop_figures.generations({"base": base}, CONTROL)) == []
    assert list(loop_figures.generations({"base": calm, CONTROL: calm}, CONTROL)) == []
    found = named(loop_figures.generations({"base": base, CONTROL: calm}, CONTROL))
    names = {name for name, _ in found}
    assert "endogenous share of ETH liquidations" in names
    assert all("generation" in name for name in names - {"endogenous share of ETH liquidations"})


def test_what_the_control_would_have_seen_too_is_not_endogenous(base: Result) -> None:
    found = named(loop_figures.generations({"base": base, CONTROL: lowered(base)}, CONTROL))
    assert found["endogenous share of ETH liquidations", ""].value == 0.0
    assert len(found) == 1


def lowered(result: Result) -> Result:
    """The same with an oracle of ether that answers next to nothing from the first sample on."""
    prices: pd.DataFrame = result.table("prices").drop(columns="time")
    low = prices[prices["kind"] == "outside"].assign(kind="oracle", mid=1.0)
    tables: dict[str, pa.Table] = {name: result.arrow(name) for name in result.tables()}
    tables["prices"] = pa.Table.from_pandas(pd.concat([prices, low]), preserve_index=False)
    return Result(result.manifest, tables)


def test_a_run_without_vaults_costs_nobody_anything() -> None:
    plain = Result(manifest(), SyntheticRun().tables())
    assert loop_figures.cost_of(plain) == {}
    assert list(loop_figures.costs({"base": plain}, ())) == []
    assert not any(math.isnan(figure.value) for figure in loop_figures.liquidations({"base": plain}, ()))
