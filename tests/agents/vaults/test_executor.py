import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from tests.agents.laws import AGENT, ETH, GAS, SECOND_NS, USDC, AgentLaws, calls_of, flat, rows, wave
from tests.agents.vaults.market import GUARDS, Scene, add_executor, add_vault

from shoal.agents.depositor import Depositor
from shoal.agents.vaults.portfolio import Portfolio, Weights
from shoal.agents.vaults.triggers.calendar import Calendar
from shoal.agents.vaults.triggers.never import Never
from shoal.sim.agent import Agent
from shoal.sim.errors import AgentFailed
from shoal.sim.world import World

LOOSE = replace(GUARDS, maximum_slippage_ppm=200_000)


class TestVaultExecutor(AgentLaws):
    def make(self, world: World) -> Agent:
        add_vault(world)
        return add_executor(world)


class TestControl(AgentLaws):
    """It keeps everything and sends nothing."""

    acts = False

    def make(self, world: World) -> Agent:
        add_vault(world)
        return add_executor(world, active=False)


def test_it_invests_a_first_time_and_then_keeps_the_weight() -> None:
    scene = Scene(wave(size=0.05))
    assert scene.weight == pytest.approx(0.5, abs=0.01)
    first, *others = scene.rebalances
    assert first["result"] == "done"
    assert first["first"] == 1
    assert first["nav_tokens"] == pytest.approx(100_000, rel=0.02)
    assert others
    assert {row["first"] for row in others} == {0}
    assert [row["rebalance"] for row in scene.rebalances] == list(range(1, len(scene.rebalances) + 1))


def test_what_a_leg_says_is_what_the_pool_did() -> None:
    scene = Scene(wave(size=0.05), vault={"guards": LOOSE})
    fills = [row for row in rows(scene.world, "fills") if row["taker"] == "vault"]
    assert len(fills) == len(scene.orders) > 1
    for fill, order in zip(fills, scene.orders, strict=True):
        assert order["landed_ns"] == fill["time_ns"]
        paid, got = (fill["quote_raw"], fill["base_raw"]) if fill["side"] > 0 else (fill["base_raw"], fill["quote_raw"])
        # The pool keeps its fee of what is paid.
        paid += fill["taker_fee_raw"]
        assert (order["amount_in_raw"], order["amount_out_raw"]) == (paid, got)
        assert order["result"] == "ok"
        assert order["gas_raw"] > 0
        assert order["transaction"] > 0
        assert order["sent_ns"] == order["decided_ns"] < order["landed_ns"]


def test_gas_is_what_the_executor_paid() -> None:
    scene = Scene(wave(size=0.05))
    paid = [row["fee_raw"] for row in rows(scene.world, "transactions") if row["sender"] == AGENT]
    assert sum(row["gas_raw"] for row in scene.orders) == sum(paid) > 0


def test_the_cost_is_what_the_twin_has_more_from_the_initial_investment_on() -> None:
    scene = Scene(wave(size=0.01), executor={"trigger": Calendar(interval_ns=60 * SECOND_NS)})
    first, *later = scene.rebalances
    second = next(row for row in later if row["result"] == "done")
    assert (first["first"], second["first"]) == (1, 0)
    assert first["twin_nav_tokens"] == pytest.approx(first["nav_tokens"], rel=1e-12)
    assert first["nav_tokens"] < 100_000
    order = next(order for order in scene.orders if order["rebalance"] == second["rebalance"])
    paid, got = float(order["amount_in_raw"]), float(order["amount_out_raw"])
    tokens = (paid / 1e6, got / 1e18) if order["asset_in"] == "USDC" else (got / 1e6, paid / 1e18)
    # The twin traded its own difference from the same weight at the mid of the decision.
    assert 0 < second["twin_nav_tokens"] - second["nav_tokens"] < 0.1 * tokens[0]
    assert tokens[1] * order["reference"] == pytest.approx(tokens[0], rel=0.1)


def test_a_control_says_what_it_would_have_done_and_leaves_the_twin_alone() -> None:
    scene = Scene(wave(size=0.05), executor={"active": False, "trigger": Calendar(interval_ns=60 * SECOND_NS)})
    assert {row["result"] for row in scene.rebalances} == {"held"}
    assert len(scene.rebalances) >= 4
    assert {row["twin_nav_tokens"] for row in scene.rebalances} == {100_000.0}
    assert scene.orders == []


def refusals(scene: Scene) -> list[str]:
    assert {row["result"] for row in scene.rebalances} == {"refused"}
    assert scene.orders == []
    assert calls_of(scene.world) == []
    assert {row["planned_in_raw"] for row in scene.unfilled} <= {USDC.amount("50000")}
    return [row["why"].partition(":")[0] for row in scene.rebalances]


@pytest.mark.parametrize(
    ("guards", "why"),
    [
        (replace(GUARDS, maximum_slippage_ppm=1_000), "SlippageAboveGuard"),
        (replace(GUARDS, budget_ppm=10), "BudgetSpent"),
        (replace(GUARDS, maximum_price_age_s=1), "StalePrice"),
    ],
)
def test_a_vault_that_cannot_trade_says_why_once_and_pays_no_gas(guards: Any, why: str) -> None:
    assert refusals(Scene(flat(), vault={"guards": guards})) == [why]


def test_a_market_without_liquidity() -> None:
    assert refusals(Scene(flat(), market={"stocked": False})) == ["no venue with liquidity for ETH"]


def test_a_trade_above_the_guard_is_cut_to_it_and_goes_on() -> None:
    scene = Scene(flat(), vault={"guards": replace(LOOSE, maximum_trade_ppm=100_000)})
    assert [row["result"] for row in scene.rebalances][:3] == ["partial"] * 3
    assert scene.rebalances[0]["why"].startswith("cut to the largest trade")
    [left, *_] = scene.unfilled
    assert float(left["planned_in_raw"]) / 1e6 == pytest.approx(40_000, rel=0.01)
    assert (left["rebalance"], left["part"], left["transaction"], left["gas_raw"]) == (1, 2, -1, 0)
    assert scene.weight == pytest.approx(0.5, abs=0.002)


def test_a_cool_off_is_waited_for() -> None:
    guards = replace(LOOSE, cool_off_s=60, maximum_trade_ppm=100_000)
    scene = Scene(flat(), vault={"guards": guards})
    landed = [row["landed_ns"] for row in scene.orders]
    assert len(landed) > 2
    assert min(later - earlier for earlier, later in pairwise(landed)) >= 60 * SECOND_NS
    assert "CoolingOff" in {row["why"].partition(":")[0] for row in scene.rebalances}


def test_a_refused_transaction_is_an_attempt_with_gas() -> None:
    """The manager is somebody else: the contract refuses each time."""
    scene = Scene(flat(), seconds=100, vault={"manager": "somebody"})
    assert {row["result"] for row in scene.rebalances} == {"refused"}
    assert len(scene.rebalances) == len(scene.orders) > 2
    for row in scene.orders:
        assert row["result"] == "NotTheManager"
        assert row["amount_in_raw"] == row["amount_out_raw"] == 0
        assert row["planned_in_raw"] > 0
        assert row["gas_raw"] > 0
        assert row["transaction"] > 0


def test_a_private_transaction_that_would_revert_costs_nothing() -> None:
    scene = Scene(flat(), seconds=100, vault={"manager": "somebody"}, executor={"builder": "builder"})
    assert scene.orders
    assert {(row["visibility"], row["gas_raw"], row["transaction"]) for row in scene.orders} == {("builder", 0, -1)}


class Wrong:
    """A target that wants what cannot be had."""

    def __init__(self, weight: float) -> None:
        self.weight = weight

    def observe(self, now_ns: int, prices: Any) -> None:
        """Nothing to learn."""

    def weights(self, portfolio: Portfolio) -> Weights | None:
        """Always the same."""
        return {ETH: self.weight}


@pytest.mark.parametrize("weight", [math.nan, math.inf, -0.5, 1.5])
def test_infeasible_weights_are_refused(weight: float) -> None:
    assert refusals(Scene(flat(), seconds=60, executor={"target": Wrong(weight)})) == ["infeasible"]


def test_nothing_happens_without_deposits() -> None:
    scene = Scene(wave(), vault={"deposit": {}})
    assert scene.rebalances == []


def test_a_late_date_is_made_up_for_once() -> None:
    """Blocks come every 50 s, dates every 20 s."""
    scene = Scene(
        wave(size=0.05),
        seconds=290,
        market={"block_ns": 50 * SECOND_NS},
        executor={"trigger": Calendar(interval_ns=20 * SECOND_NS), "interval_ns": SECOND_NS},
    )
    landed = {row["landed_ns"] for row in scene.orders}
    assert len(landed) == len(scene.orders) <= 5


def test_it_may_look_when_prices_come() -> None:
    scene = Scene(wave(size=0.05), executor={"interval_ns": None})
    assert scene.weight == pytest.approx(0.5, abs=0.01)
    published = {row["time_ns"] for row in rows(scene.world, "orders") if row["verb"] == "report"}
    assert {row["decided_ns"] - 50_000_000 for row in scene.rebalances[1:]} <= published


def test_a_price_that_came_while_it_traded_is_looked_at_at_once() -> None:
    """The oracle's second answer lands in the block of the first trade, and a third does not come for ten minutes."""
    prices = [2_000.0] * 50 + [2_010.0] * 15 + [2_200.0] * 235
    scene = Scene(prices, vault={"guards": LOOSE}, executor={"interval_ns": None})
    first, second, *_ = scene.rebalances
    assert second["decided_ns"] == first["ended_ns"]
    assert scene.weight == pytest.approx(0.5, abs=0.005)


def test_a_deposit_changes_the_twin_by_its_share() -> None:
    scene = Scene(flat(), seconds=100, executor={"trigger": Never()})
    assert scene.log is not None
    before = scene.log.twin_nav("vault")
    scene.world.endow("late", "chain", USDC, USDC.amount("50000"))
    scene.world.endow("late", "chain", ETH, ETH.amount("1"))
    Depositor(scene.world, "late", place="home", vault="vault", amounts={USDC: USDC.amount("50000")}, gas=GAS)
    nav = scene.log.nav("vault")
    scene.market.run(200)
    assert scene.log.twin_nav("vault") == pytest.approx(before * (1 + 50_000 / nav))


def test_parameters_out_of_range() -> None:
    with pytest.raises(ValueError, match="prices must name a feed"):
        Scene(flat(), run=False, executor={"prices": {}})
    with pytest.raises(ValueError, match="interval_ns"):
        Scene(flat(), run=False, executor={"interval_ns": 0})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"vault": "pool"}, "'pool' is no vault of this world"),
        ({"markets": {ETH: ("outside", "nowhere")}}, "no venue 'nowhere' to trade at"),
        ({"markets": {ETH: ("vault oracle",)}}, "vault may not call vault oracle"),
    ],
)
def test_what_is_not_there_is_found_at_the_start(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(AgentFailed, match=words):
        Scene(flat(), seconds=1, executor=changes)
