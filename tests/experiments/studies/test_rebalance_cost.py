"""The study `rebalance-cost`: its worlds, and what they say together."""

import math
import re
from dataclasses import replace
from functools import cache

import pytest
from tests.experiments.studies.crash_worlds import crash, plan

from shoal.experiments.errors import InputError
from shoal.experiments.plan import make_plan
from shoal.experiments.replicates.replicates import Replicates
from shoal.experiments.replicates.replication import plan_replicates
from shoal.experiments.replicates.run import run_replicates
from shoal.experiments.studies.rebalance_cost import RebalanceCost
from shoal.experiments.study import Amount, as_mapping

STUDY = "rebalance-cost"
LEGAL = re.compile(r"[a-z0-9][a-z0-9-]{0,63}", re.ASCII)


@cache
def worlds() -> dict[str, RebalanceCost]:
    return {
        name: study for name, study in RebalanceCost().counterfactuals().items() if isinstance(study, RebalanceCost)
    }


def test_names_of_worlds_are_names_of_folders() -> None:
    panel = RebalanceCost().panel
    cells = len(panel.panel_policies) * len(panel.forms) * len(panel.visibilities) * len(panel.sizes)
    assert cells == 144
    assert len(worlds()) == cells + len(RebalanceCost().vaults.policies)
    assert [name for name in worlds() if not LEGAL.fullmatch(name)] == []
    assert {"threshold-at-once-public-0p01pc", "cppi-sliced-private-10pc"} <= set(worlds())


def test_a_world_differs_from_the_base_in_what_its_name_says_alone() -> None:
    base = as_mapping(RebalanceCost())
    for name, study in worlds().items():
        mine = as_mapping(study)
        assert {group for group in base if mine[group] != base[group]} <= {"vaults", "execution"}
        (policy,) = study.vaults.policies
        assert study.vaults == replace(
            RebalanceCost().vaults, policies=(policy,), capital_quote_tokens=study.vaults.capital_quote_tokens
        )
        execution = study.execution
        if name.startswith("alone-"):
            assert study == replace(RebalanceCost(), vaults=replace(RebalanceCost().vaults, policies=(policy,)))
            continue
        assert execution == replace(RebalanceCost().execution, form=execution.form, private=execution.private)
        seen = "private" if execution.private else "public"
        assert name.startswith(f"{policy.lower()}-{execution.form.replace(' ', '-')}-{seen}-")


def test_a_size_is_a_typical_trade_in_parts_of_what_the_pool_trades_within_two_percent() -> None:
    study = RebalanceCost()
    liquidity = study.liquidity
    # A pool of y quote tokens takes y (sqrt(1.02) - 1) of them before its price has risen by 2 %.
    depth = float(liquidity.quote_tokens) * (liquidity.steady + liquidity.wary) * (math.sqrt(1.02) - 1.0)
    for name, size in (("calendar-sliced-public-1pc", 0.01), ("calendar-sliced-public-10pc", 0.1)):
        capital = float(worlds()[name].vaults.capital_quote_tokens)
        assert capital * study.vaults.band == pytest.approx(size * depth, rel=1e-4)


def test_figures_are_of_the_worlds_that_were_run() -> None:
    study = make_plan(STUDY, options={"hours": 0.1}).study
    assert list(study.figures({"base": crash()})) == []
    one, other = "threshold-sliced-public-1pc", "cppi-sliced-public-1pc"
    ran = {"base": crash(), one: crash(), other: crash("sandwich.attack=false"), "alone-threshold": crash()}
    figures = list(study.figures(ran))
    keys = [(figure.name, figure.world) for figure in figures]
    assert len(set(keys)) == len(keys)
    assert {figure.world for figure in figures if figure.name.startswith("cost of CPPI, sliced")} == {"", one}
    crowds = {figure.name: figure for figure in figures if figure.name.endswith("among all")}
    assert set(crowds) == {"cost of threshold among all"}
    # The same world stands for the crowd and for the single vault here.
    assert crowds["cost of threshold among all"].effect == 0.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("panel.panel_policies=momentum", "'momentum' is unknown"),
        ("panel.panel_policies=CPPI,CPPI", "'CPPI' is there twice"),
        ("panel.sizes=0.1,0", r"panel\.sizes"),
        ("panel.sizes=1.5", r"panel\.sizes"),
        ("panel.sizes=0.1,0.1", "0.1 is there twice"),
        ("panel.forms=at once,slowly", r"panel\.forms"),
        ("vaults.policies=momentum", "'momentum'"),
    ],
)
def test_a_bad_panel_is_refused(change: str, message: str) -> None:
    with pytest.raises(InputError, match=f"(?s){message}"):
        make_plan(STUDY, options={"hours": 0.1}, settings=(change,))


def test_small_sizes_have_worlds_figures_and_money_of_their_own() -> None:
    tiny = replace(RebalanceCost(), panel=replace(RebalanceCost().panel, panel_policies=("CPPI",), sizes=(1e-6, 2e-6)))
    studies = dict(tiny.counterfactuals())
    assert len(studies) == 12 + len(tiny.vaults.policies)
    assert [name for name in studies if not LEGAL.fullmatch(name)] == []
    cells = [study for name, study in studies.items() if not name.startswith("alone-")]
    amounts = {study.vaults.capital_quote_tokens for study in cells if isinstance(study, RebalanceCost)}
    assert len(amounts) == 2
    assert all(isinstance(amount, Amount) and float(amount) > 0.0 for amount in amounts)
    figures = [(each.name, each.world) for each in tiny.figures({"base": crash()} | dict.fromkeys(studies, crash()))]
    assert len(set(figures)) == len(figures)


@pytest.fixture(scope="module")
def replicates(tmp_path_factory: pytest.TempPathFactory) -> Replicates:
    """Two small worlds beside the base."""
    one = plan("panel.panel_policies=threshold,calendar", "panel.sizes=0.1", study=STUDY, hours=0.12)
    names = ["threshold-sliced-public-10pc", "calendar-sliced-public-10pc", "alone-calendar"]
    options = replace(one.options, replicates=1, worlds=names)
    return run_replicates(plan_replicates(replace(one, options=options)), out=tmp_path_factory.mktemp("panel") / "out")


def test_a_replicate_gives_each_cells_cost_and_what_the_crowd_adds(replicates: Replicates) -> None:
    assert replicates.complete
    summary = replicates.summary.set_index(["name", "world"])
    alone = "cost of calendar, sliced, public, 10% of the depth"
    assert (alone, "") in summary.index
    assert (alone, "threshold-sliced-public-10pc") in summary.index
    crowd = summary.loc[("cost of calendar among all", "alone-calendar")]
    assert math.isfinite(crowd["mean"])
    assert set(summary["unit"]) == {"bps of value"}


def test_worlds_of_one_vault_have_one(replicates: Replicates) -> None:
    states = replicates.result(7, "calendar-sliced-public-10pc").vault_states
    assert set(states["vault"]) == {"calendar-vault"}
