from typing import Any

import pytest
from tests.agents.credit_stage import add_lending
from tests.agents.laws import AGENT, ETH, GAS, PRICE, USDC, AgentLaws, SmallMarket, calls_of, fills_of, flat, rows

from shoal.agents.liquidator import Liquidator
from shoal.sim.agent import Agent
from shoal.sim.world import World

PARAMETERS: dict[str, Any] = {
    "place": "home",
    "market": "lending",
    "pools": ("pool",),
    "hedges": ("outside",),
    "sold_at_once": 0.5,
    "minimum_profit_quote_tokens": 1.0,
    "tip_share": 0.3,
    "slippage_ppm": 10_000,
    "gas": GAS,
}
FALL = [*flat(120), *flat(180, 1_950.0)]


def make(world: World, name: str = AGENT, **changes: Any) -> Liquidator:
    return Liquidator(world, name, **{**PARAMETERS, **changes})


class TestLiquidator(AgentLaws):
    def make(self, world: World) -> Agent:
        add_lending(world, healths=(1.005, 1.5))
        return make(world)


def played(prices: list[float], *, healths: tuple[float, ...] = (1.01,), usdc: str = "200000", **changes: Any) -> Any:
    market = SmallMarket(prices, pool_price=PRICE)
    market.fund(usdc=usdc)
    lending = add_lending(market.world, healths=healths)
    make(market.world, **changes)
    market.run()
    return market, lending.published(0)


def liquidations(market: SmallMarket, who: str = AGENT) -> list[str]:
    return [row["result"] for row in calls_of(market.world, who) if row["verb"] == "liquidate"]


def test_it_liquidates_all_of_an_unhealthy_position_sells_half_and_hedges_the_rest() -> None:
    market, view = played(FALL, healths=(1.01, 1.5))
    assert view.debt("debtor 0") == 0
    assert view.debt("debtor 1") > 0
    assert liquidations(market) == ["ok"]
    sold = {fill["venue"]: int(fill["base_raw"]) for fill in fills_of(market.world) if fill["side"] == -1}
    # The pool keeps its 0.3 % fee out of the fill.
    assert sold["outside"] == pytest.approx(sold["pool"] / 0.997, rel=1e-6)
    # 20,000 of debt at an incentive of 4.38 %, and the price of 1950.
    assert sum(sold.values()) == pytest.approx(ETH.floor(20_000 * 1.043841 / 1_950), rel=3e-3)


def test_nobody_is_liquidated_while_healthy() -> None:
    market, view = played(FALL, healths=(1.1,))
    assert view.debt("debtor 0") >= USDC.amount(20_000)
    assert liquidations(market) == []


def test_it_sells_all_at_once_without_any_money_of_its_own() -> None:
    market, view = played(FALL, usdc="0", sold_at_once=1.0, hedges=())
    assert view.debt("debtor 0") == 0
    assert liquidations(market) == ["ok"]


def test_with_little_money_it_liquidates_a_part() -> None:
    market, view = played(FALL, usdc="2000", sold_at_once=0.0)
    assert 0 < view.debt("debtor 0") < USDC.amount(18_500)
    assert set(liquidations(market)) == {"ok"}


def test_it_leaves_what_does_not_pay() -> None:
    market, _ = played(FALL, minimum_profit_quote_tokens=1e6)
    assert liquidations(market) == []


def test_switched_off_it_sends_nothing() -> None:
    market, _ = played(FALL, active=False)
    assert calls_of(market.world) == []


def test_it_seizes_all_of_a_position_under_water_and_lenders_bear_the_rest() -> None:
    deep = [*flat(120), *flat(180, 1_500.0)]
    market, view = played(deep, sold_at_once=0.0)
    assert view.positions == {}
    assert set(liquidations(market)) == {"ok"}
    assert view.total_supply < USDC.amount(4_000_000)


def test_of_two_that_race_one_comes_too_late() -> None:
    market = SmallMarket(FALL)
    market.fund()
    market.fund(owner="rival")
    add_lending(market.world, healths=(1.01,))
    make(market.world)
    make(market.world, "rival", tip_share=0.6)
    market.run()
    results = {name: liquidations(market, name) for name in (AGENT, "rival")}
    assert results == {AGENT: ["HealthyPosition"], "rival": ["ok"]}
    paid = [row["fee_raw"] for row in rows(market.world, "transactions") if row["sender"] == AGENT]
    assert all(fee > 0 for fee in paid)


def test_it_takes_only_as_much_as_the_pool_can_bear() -> None:
    """A position as large as a fifth of the pool: selling all of it at once would cost more than the incentive."""
    market = SmallMarket(FALL)
    market.fund(usdc="0", eth="10")
    lending = add_lending(market.world, healths=(1.01,), debt="400000")
    make(market.world, sold_at_once=1.0, hedges=())
    market.run(160)
    owed = lending.published(0).debt("debtor 0")
    assert 0 < owed < USDC.amount(400_000)


@pytest.mark.parametrize(
    "changes", [{"sold_at_once": 1.5}, {"tip_share": -0.1}, {"slippage_ppm": 1_000_000}, {"pools": ()}, {"at_most": 0}]
)
def test_parameters_out_of_range_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=AGENT):
        make(SmallMarket([]).world, **changes)


def times_of(market: SmallMarket) -> list[int]:
    return [row["time_ns"] for row in calls_of(market.world) if row["verb"] == "liquidate"]


def test_several_positions_go_in_one_block() -> None:
    market, view = played(FALL, healths=(1.005, 1.01, 1.015))
    assert view.total_borrow == 0
    assert liquidations(market) == ["ok"] * 3
    assert len(set(times_of(market))) == 1


def test_it_can_be_held_to_one_a_block() -> None:
    market, view = played(FALL, healths=(1.005, 1.01, 1.015), at_most=1)
    assert view.total_borrow == 0
    assert len(set(times_of(market))) == 3


def test_several_sales_of_one_block_are_planned_one_after_the_other() -> None:
    """Each brings what was planned, though those before it move the pool by more than its slippage."""
    market = SmallMarket(FALL)
    market.fund(usdc="0")
    lending = add_lending(market.world, healths=(1.005, 1.01, 1.015))
    make(market.world, sold_at_once=1.0, hedges=(), slippage_ppm=100)
    market.run()
    assert liquidations(market) == ["ok"] * 3
    assert len(set(times_of(market))) == 1
    assert lending.published(0).total_borrow == 0


def test_it_sends_no_more_than_its_gas_pays_for() -> None:
    market = SmallMarket(FALL)
    # One transaction of 351,000 gas may cost some 0.0006 ETH, at the tip and four times a base fee that has fallen.
    market.fund(eth="0.001")
    add_lending(market.world, healths=(1.005, 1.01, 1.015))
    make(market.world, sold_at_once=0.0, hedges=(), tip_share=0.0)
    market.run()
    first, *others = times_of(market)
    assert len(others) == 2
    # What it seized pays for the others.
    assert first < min(others)
