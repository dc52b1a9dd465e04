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
