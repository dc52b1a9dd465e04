"""Credit of the study: who lends, who borrows how much, and who liquidates."""

from typing import Any, cast

import pytest
from tests.experiments.market.stage import Stage, stage

from shoal.agents.borrower import Borrower
from shoal.agents.lender import Lender
from shoal.agents.liquidator import Liquidator
from shoal.experiments.market.credit import add_borrowers, add_lending, add_liquidators, lending_name
from shoal.experiments.market.loop_parameters import BorrowerGroup, LendingGroup, LiquidatorGroup
from shoal.experiments.market.parameters import CustodyGroup, GasGroup
from shoal.experiments.study import Amount

GAS = GasGroup()


def borrowing(symbol: int = 0, **changes: Any) -> tuple[Stage, list[Borrower]]:
    one, lending = stage(), LendingGroup()
    pair = one.pairs[symbol]
    add_lending(one.world, pair, lending, gas=GAS)
    add_borrowers(one.world, pair, BorrowerGroup(**changes), lending, gas=GAS)
    return one, [agent for agent in one.world.agents.values() if isinstance(agent, Borrower)]


def test_the_lender_brings_the_supply() -> None:
    one = stage()
    market = add_lending(one.world, one.pairs[0], LendingGroup(supply_quote_tokens=Amount("123.45")), gas=GAS)
    assert market.name == lending_name("BTC")
    assert cast(Lender, one.world.agents["BTC lender"]).amount == 123_450_000
    assert one.world.endowments["BTC lender", market.loan] == 123_450_000


@pytest.mark.parametrize("preset", ["crvusd", "uniform"])
@pytest.mark.parametrize("symbol", [0, 1])
def test_debts_sum_to_what_was_asked_for(preset: str, symbol: int) -> None:
    _, borrowers = borrowing(symbol, borrowers=80, preset=preset, debt_quote_tokens=Amount("1000000"))
    assert len(borrowers) == 80
    # Each is rounded down to a base unit.
    assert 0 <= 10**12 - sum(each.debt for each in borrowers) <= 80


def test_everybody_begins_healthy_and_can_pay_what_it_puts_up() -> None:
    one, borrowers = borrowing(borrowers=60)
    pair = one.pairs[0]
    for each in borrowers:
        backing = pair.base.tokens(each.collateral) * pair.price * 0.86
        assert backing / pair.quote.tokens(each.debt) > 1.0
        held = one.world.endowments[each.name, pair.base]
        assert held >= each.collateral
        assert (held > each.collateral) == (each.conduct == "tops up")


def test_the_share_of_the_watchful_is_as_asked_for() -> None:
    assert {each.conduct for each in borrowing(borrowers=60, watchful_share=0.0)[1]} == {"passive"}
    assert {each.conduct for each in borrowing(borrowers=60, watchful_share=1.0)[1]} == {"tops up", "deleverages"}


def test_a_share_below_one_base_unit_is_refused() -> None:
    with pytest.raises(ValueError, match=r"BTC borrower 0: of 0\.000001 USDC its share is less than one unit"):
        borrowing(borrowers=20, debt_quote_tokens=Amount("0.000001"))


def liquidating(**changes: Any) -> list[Liquidator]:
    one = stage()
    add_lending(one.world, one.pairs[1], LendingGroup(), gas=GAS)
    add_liquidators(one.world, one.pairs[1], LiquidatorGroup(**changes), gas=GAS, custody=CustodyGroup())
    return [agent for agent in one.world.agents.values() if isinstance(agent, Liquidator)]


def test_every_second_liquidator_submits_privately_and_each_next_bids_more() -> None:
    four = liquidating(liquidators=4)
    assert [each.builder for each in four] == [None, "builder", None, "builder"]
    assert [each.tip_share for each in four] == pytest.approx([0.5, 0.55, 0.6, 0.65])
    assert max(each.tip_share for each in liquidating(liquidators=30)) == 1.0


@pytest.mark.parametrize("liquidate", [True, False])
def test_they_can_be_switched_off(liquidate: bool) -> None:
    assert [each.active for each in liquidating(liquidate=liquidate)] == [liquidate] * 2
