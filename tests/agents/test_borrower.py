from typing import Any

import pytest
from tests.agents.credit_stage import add_lending
from tests.agents.laws import AGENT, ETH, GAS, PRICE, USDC, AgentLaws, SmallMarket, calls_of, flat

from shoal.agents.borrower import Borrower
from shoal.sim.agent import Agent
from shoal.sim.units import Account
from shoal.sim.world import World
from shoal.venues.credit.lending_market import LendingMarket

PARAMETERS: dict[str, Any] = {
    "place": "home",
    "market": "lending",
    "collateral": ETH.amount(10),
    "debt": USDC.amount(16_000),
    "conduct": "deleverages",
    "low_health": 1.05,
    "restored_health": 1.2,
    "pools": ("pool",),
    "gas": GAS,
}


def make(world: World, **changes: Any) -> Borrower:
    return Borrower(world, AGENT, **{**PARAMETERS, **changes})


class TestBorrower(AgentLaws):
    def make(self, world: World) -> Agent:
        add_lending(world)
        return make(world)


def falling(conduct: str, *, to: float, eth: str = "100", **changes: Any) -> tuple[SmallMarket, LendingMarket]:
    """A borrower of health 10 * 2000 * .86 / 16000 = 1.075 while the price falls after two minutes."""
    prices = [*flat(120), *flat(180, to)]
    market = SmallMarket(prices, pool_price=PRICE)
    market.fund(eth=eth)
    lending = add_lending(market.world)
    make(market.world, conduct=conduct, **changes)
    market.run()
    return market, lending


def health(lending: LendingMarket) -> float:
    return lending.published(0).health(AGENT)


def test_it_opens_the_position_it_was_given_and_keeps_the_loan() -> None:
    market = SmallMarket(flat())
    market.fund()
    lending = add_lending(market.world)
    make(market.world)
    market.run(100)
    position = lending.published(0).positions[AGENT]
    assert position.collateral == ETH.amount(10)
    assert market.world.ledger.balance(USDC, Account(AGENT, "chain")) == USDC.amount(216_000)


def test_it_waits_for_lenders() -> None:
    market = SmallMarket(flat())
    market.fund()
    lending = add_lending(market.world, lender=False)
    make(market.world)
    market.run(100)
    assert lending.published(0).positions == {}
    assert [row for row in calls_of(market.world) if row["venue"] == "lending"] == []


def test_the_passive_do_nothing() -> None:
    market, lending = falling("passive", to=1_920.0)
    assert health(lending) == pytest.approx(10 * 1_920 * 0.86 / 16_000, rel=1e-3)
    assert {row["verb"] for row in calls_of(market.world)} == {"supply_collateral", "borrow"}


def test_who_tops_up_restores_its_health() -> None:
    _, lending = falling("tops up", to=1_920.0)
    assert health(lending) == pytest.approx(1.2, rel=1e-3)
    assert lending.published(0).debt(AGENT) == pytest.approx(USDC.amount(16_000), rel=1e-3)


def test_who_tops_up_can_only_add_what_it_has() -> None:
    _, lending = falling("tops up", to=1_920.0, eth="10.2")
    assert 1.04 < health(lending) < 1.06
    assert ETH.amount("10.1") < lending.published(0).positions[AGENT].collateral <= ETH.amount("10.2")


def test_who_deleverages_sells_collateral_and_repays_in_one_transaction() -> None:
    market, lending = falling("deleverages", to=1_920.0)
    view = lending.published(0)
    assert health(lending) == pytest.approx(1.2, abs=0.05)
    sold = ETH.amount(10) - view.positions[AGENT].collateral
    assert sold > 0
    [swap] = [row for row in calls_of(market.world) if row["venue"] == "pool"]
    [repay] = [row for row in calls_of(market.world) if row["verb"] == "repay"]
    assert swap["time_ns"] == repay["time_ns"]


def test_with_enough_health_nobody_acts() -> None:
    _, lending = falling("deleverages", to=1_970.0)
    assert lending.published(0).positions[AGENT].collateral == ETH.amount(10)


@pytest.mark.parametrize(
    "changes",
    [
        {"conduct": "hopes"},
        {"collateral": 0},
        {"debt": 1.5},
        {"low_health": 0.9},
        {"low_health": 1.3},
        {"pools": ()},
        {"slippage_ppm": 1_000_000},
    ],
)
def test_parameters_out_of_range_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=AGENT):
        make(SmallMarket([]).world, **changes)


def test_who_lacks_the_collateral_asks_for_nothing() -> None:
    market = SmallMarket(flat())
    market.fund(eth="9")
    add_lending(market.world)
    make(market.world)
    market.run(100)
    assert calls_of(market.world) == []


def test_an_answer_that_comes_while_a_transaction_is_under_way_counts() -> None:
    """The second fall is reported in the block that holds the answer to the first; no answer follows it."""
    market = SmallMarket([*flat(118), *flat(3, 1_940.0), *flat(180, 1_600.0)])
    market.fund()
    lending = add_lending(market.world)
    make(market.world, conduct="tops up")
    market.run()
    topped = [row["time_ns"] for row in calls_of(market.world) if row["verb"] == "supply_collateral"]
    assert len(topped) == 3
    assert health(lending) == pytest.approx(1.2, rel=1e-3)


def test_nobody_deleverages_at_a_price_that_makes_it_worse() -> None:
    """The pool pays less than the debt that a unit of collateral may carry."""
    market = SmallMarket([*flat(120), *flat(180, 1_940.0)], pool_price=1_600.0)
    market.fund()
    add_lending(market.world)
    make(market.world)
    market.run()
    assert [row for row in calls_of(market.world) if row["verb"] == "repay"] == []


def test_a_position_too_large_for_the_pool_is_sold_as_far_as_that_helps() -> None:
    market = SmallMarket([*flat(120), *flat(180, 1_940.0)])
    market.fund(eth="2000")
    lending = add_lending(market.world)
    make(market.world, collateral=ETH.amount(1_000), debt=USDC.amount(1_600_000))
    market.run()
    repaid = [row for row in calls_of(market.world) if row["verb"] == "repay"]
    assert repaid
    assert {row["result"] for row in repaid} == {"ok"}
    assert health(lending) > 1_000 * 1_940 * 0.86 / 1_600_000


def test_a_debt_smaller_than_what_a_sale_brings_is_paid_back() -> None:
    """The pool is far above a price that has fallen by two thirds: little collateral clears all of the debt."""
    market = SmallMarket([*flat(120), *flat(180, 650.0)])
    market.fund(eth="100")
    lending = add_lending(market.world)
    make(market.world, debt=USDC.amount(5_500))
    market.run()
    assert lending.published(0).debt(AGENT) < USDC.amount(500)
