"""The study `cascade`: its shock, its worlds, and what they say together."""

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.experiments.studies.crash_worlds import crash, plan

from shoal.experiments.errors import InputError
from shoal.experiments.market.loop_parameters import ShockGroup
from shoal.experiments.plan import make_plan
from shoal.experiments.replicates.replicates import Replicates
from shoal.experiments.replicates.replication import plan_replicates
from shoal.experiments.replicates.run import run_replicates
from shoal.experiments.studies.cascade import Cascade
from shoal.experiments.studies.market import Market
from shoal.experiments.study import as_mapping
from shoal.sim.price_path import PricePath

STUDY = "cascade"
LEGAL = re.compile(r"[a-z0-9][a-z0-9-]{0,63}", re.ASCII)
HOUR_NS = 3_600 * 10**9
CALM = "-no-liquidation"


def shocked(hours: float = 1.0, **changes: Any) -> PricePath:
    """The path of a shock after 30 minutes."""
    study = Cascade(shock=ShockGroup(**{"after_minutes": 30.0, **changes}))
    return study.prices_default(seed=7, symbols=("BTC", "ETH"), start_ns=0, end_ns=round(hours * HOUR_NS))


def worlds() -> Mapping[str, Cascade]:
    return {name: study for name, study in Cascade().counterfactuals().items() if isinstance(study, Cascade)}


# --- the shock --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("symbol", ["BTC", "ETH"])
def test_without_volatility_a_jump_is_one_step_of_the_stated_size(symbol: str) -> None:
    prices = shocked(form="jump", depth=0.4, volatility=0.0).prices[symbol]
    assert set(prices[:1800]) == {prices[0]}
    assert prices[1800:] / prices[0] == pytest.approx(np.full(1800, 0.6), rel=1e-12)


def test_without_volatility_a_ramp_falls_evenly_in_logarithms_and_stays() -> None:
    prices = shocked(form="ramp", depth=0.4, ramp_minutes=10.0, volatility=0.0).prices["BTC"]
    assert prices[1800] == pytest.approx(prices[0])
    assert prices[2100] / prices[0] == pytest.approx(math.sqrt(0.6))
    assert prices[2400:] / prices[0] == pytest.approx(np.full(1200, 0.6), rel=1e-12)


@pytest.mark.parametrize("form", ["jump", "ramp"])
@pytest.mark.parametrize("volatility", [0.3, 2.0])
def test_volatility_is_as_stated_before_in_and_after_the_fall(form: str, volatility: float) -> None:
    path = shocked(6.0, form=form, after_minutes=180.0, depth=0.25, volatility=volatility)
    calm = shocked(6.0, form=form, after_minutes=180.0, depth=0.25, volatility=0.0)
    for symbol in path.symbols:
        moves = np.diff([math.log(ratio) for ratio in path.prices[symbol] / calm.prices[symbol]])
        for part in (moves[:10_800], moves[10_800:]):
            assert np.std(part) * math.sqrt(365 * 24 * 3600) == pytest.approx(volatility, rel=0.05)


def test_generated_is_the_crash_of_the_market() -> None:
    study = Cascade(shock=ShockGroup(form="generated"))
    span = {"seed": 7, "symbols": ("BTC", "ETH"), "start_ns": 0, "end_ns": HOUR_NS}
    assert study.prices_default(**span).digest() == Market().prices_default(**span).digest()
    assert shocked().digest() != Market().prices_default(**span).digest()


# --- the worlds -------------------------------------------------------------------------------------------------


def test_names_of_worlds_are_names_of_folders() -> None:
    assert [name for name in worlds() if not LEGAL.fullmatch(name)] == []
    assert {
        "no-liquidation",
        "no-rebalancing",
        "permanent-0p6",
        "depth-0p1",
        "oracle-pool",
        "debt-3",
        "all-cppi",
    } <= set(worlds())
    odd = replace(Cascade().sweep, depth_multiples=(1e-6, 1e6), debt_multiples=(0.25,), permanent_shares=())
    assert [name for name in Cascade(sweep=odd).counterfactuals() if not LEGAL.fullmatch(name)] == []


def test_every_setting_is_a_pair_that_differs_in_liquidations_alone() -> None:
    settings = [name for name in worlds() if not name.startswith("no-") and not name.endswith(CALM)]
    assert len(settings) == 13
    assert len(worlds()) == 2 * 13 + 2
    for name in settings:
        mine, calm = worlds()[name], worlds()[name + CALM]
        assert mine.liquidators.liquidate
        assert calm == replace(mine, liquidators=replace(mine.liquidators, liquidate=False))


@pytest.mark.parametrize(
    ("name", "groups"),
    [
        ("permanent-0p6", {"outside"}),
        ("depth-0p1", {"outside"}),
        ("oracle-mix", {"oracle"}),
        ("debt-0p3", {"borrowers"}),
        ("debt-3", {"borrowers", "lending"}),
        ("all-cppi", {"vaults"}),
        ("no-liquidation", {"liquidators"}),
        ("no-rebalancing", {"vaults"}),
    ],
)
def test_a_world_differs_from_the_base_in_what_its_name_says_alone(name: str, groups: set[str]) -> None:
    base, mine = as_mapping(Cascade()), as_mapping(worlds()[name])
    assert {group for group in base if mine[group] != base[group]} == groups


def test_settings_are_multiples_of_the_base() -> None:
    base = Cascade()
    assert worlds()["permanent-0p6"].outside.permanent_share == 0.6
    assert worlds()["depth-0p1"].outside.depth_quote_tokens == pytest.approx(base.outside.depth_quote_tokens / 10)
    assert float(worlds()["debt-3"].borrowers.debt_quote_tokens) == 3 * float(base.borrowers.debt_quote_tokens)
    # Three times the debt needs three times the money to lend; a third of it needs no less.
    assert float(worlds()["debt-3"].lending.supply_quote_tokens) == 3 * float(base.lending.supply_quote_tokens)
    all_of_it = worlds()["all-leverage"].vaults
    assert all_of_it.policies == ("leverage",)
    assert float(all_of_it.capital_quote_tokens) == len(base.vaults.policies) * float(base.vaults.capital_quote_tokens)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("sweep.sweep_policies=momentum", "'momentum' is unknown"),
        ("sweep.sweep_policies=CPPI,CPPI", "'CPPI' is there twice"),
        ("sweep.permanent_shares=0.5,1.5", r"sweep\.permanent_shares"),
        ("sweep.depth_multiples=0", r"sweep\.depth_multiples"),
        ("sweep.debt_multiples=-1", r"sweep\.debt_multiples"),
        ("sweep.oracle_sources=guess", r"sweep\.oracle_sources"),
        ("shock.depth=1", r"shock\.depth"),
        ("shock.form=dip", r"shock\.form"),
    ],
)
def test_a_bad_sweep_is_refused(change: str, message: str) -> None:
    with pytest.raises(InputError, match=f"(?s){message}"):
        make_plan(STUDY, options={"hours": 0.1}, settings=(change,))


# --- what they say ----------------------------------------------------------------------------------------------


def test_figures_are_of_the_worlds_that_were_run() -> None:
    study, quiet = Cascade(), crash("liquidators.liquidate=false")
    alone = [figure.name for figure in study.figures({"base": crash()})]
    assert not [name for name in alone if name.startswith(("amplification", "fall of"))]
    half = list(study.figures({"base": crash(), "depth-0p1": crash()}))
    assert [figure.name for figure in half] == alone
    both = list(study.figures({"base": crash(), "depth-0p1": crash(), "depth-0p1" + CALM: quiet}))
    added = {figure.name: figure for figure in both if figure.name not in alone}
    assert {"amplification of BTC, depth-0p1", "fall of ETH, depth-0p1", "forced volume, depth-0p1"} <= set(added)
    assert added["forced volume, depth-0p1"].value > 0.0
    fall = added["fall of BTC, depth-0p1"]
    assert fall.world == "depth-0p1" + CALM
    assert fall.control is not None
    assert added["amplification of BTC, depth-0p1"].value == pytest.approx(fall.value / fall.control)


@pytest.fixture(scope="module")
def replicates(tmp_path_factory: pytest.TempPathFactory) -> Replicates:
    """One seed with and without liquidations, borrowers close to the edge, and a thin market outside."""
    one = plan(
        "shock.after_minutes=2",
        "shock.ramp_minutes=2",
        "shock.volatility=0.2",
        "outside.depth_quote_tokens=2000000",
        "outside.permanent_share=1",
        "borrowers.preset=uniform",
        study=STUDY,
        hours=0.12,
    )
    options = replace(one.options, replicates=1, worlds=["no-liquidation"])
    return run_replicates(plan_replicates(replace(one, options=options)), out=tmp_path_factory.mktemp("fall") / "out")


def test_liquidations_deepen_the_fall(replicates: Replicates) -> None:
    assert replicates.complete
    summary = replicates.summary.set_index(["name", "world"])["mean"]
    assert summary["liquidations", ""] > 0
    for asset in ("BTC", "ETH"):
        assert summary[f"amplification of {asset}, outside, no-liquidation", ""] > 1.0
        assert summary[f"fall of {asset}, outside", "no-liquidation"] > 0.0
        assert 0.0 <= summary[f"endogenous share of {asset} liquidations", ""] < 1.0
    assert math.isfinite(summary["cost of CPPI", ""])


def test_the_path_is_the_same_in_both_worlds(replicates: Replicates) -> None:
    paths = [
        table[table["kind"] == "path"]["mid"].tolist()
        for table in (replicates.result(7, world).prices for world in ("base", "no-liquidation"))
    ]
    assert paths[0] == paths[1]
    assert min(paths[0]) < 0.8 * 2_000
