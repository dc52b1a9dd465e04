import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.venues.credit.market import BTC, FREE, USDC, call, do, indebt, open_market, report
from tests.venues.laws import perform

from shoal.sim.calls import Call
from shoal.sim.world import World
from shoal.venues.credit.kinked_rate import KinkedRate
from shoal.venues.credit.lending_market import LendingMarket
from shoal.venues.credit.lending_view import incentive_ppm
from shoal.venues.oracle import answer_of


def indebted(*, rate: KinkedRate = FREE) -> tuple[World, LendingMarket]:
    world, market = open_market(rate=rate)
    do(world, market, "lender", "supply", amount=USDC.amount(400_000))
    indebt(world, market, "bob", collateral=BTC.amount(10), debt=USDC.amount(160_000))
    return world, market


def test_totals_health_and_liquidity() -> None:
    _, market = indebted()
    view = market.published(0)
    assert (view.liquidity, view.utilisation) == (USDC.amount(240_000), 0.4)
    assert (view.debt("bob"), view.borrowable("bob")) == (USDC.amount(160_000), USDC.amount(172_000))
    assert view.health("bob") == pytest.approx(1.075)
    assert view.health("bob", answer_of(10_000.0)) == pytest.approx(0.5375)
    assert view.liquidatable("bob", answer_of(18_604.65))
    assert not view.liquidatable("bob", answer_of(18_604.66))
    assert view.supplied("lender") == USDC.amount(400_000)
    assert view.incentive_ppm == incentive_ppm(view.lltv_ppm) == 43_841
    assert view.oracle_answer == answer_of(20_000.0)


def test_who_owes_nothing_is_infinitely_healthy() -> None:
    _, market = indebted()
    view = market.published(0)
    for owner in ("lender", "nobody"):
        assert view.health(owner) == math.inf
        assert not view.liquidatable(owner, 1)
        assert (view.debt(owner), view.borrowable(owner)) == (0, 0)
    assert market.position("nobody", 0) == (0, 0)
    empty = open_market(price=None)[1].published(0)
    assert (empty.utilisation, empty.liquidity, empty.oracle_answer) == (0.0, 0, None)


def test_without_an_answer_nobody_knows() -> None:
    _, market = indebted()
    blind = replace(market.published(0), oracle_answer=None)
    assert math.isnan(blind.health("bob"))
    assert not blind.liquidatable("bob")
    assert blind.liquidatable("bob", 1)
    assert blind.borrowable("bob") == 0
    for ask in (blind.repayment, blind.seizure):
        with pytest.raises(ValueError, match="no answer"):
            ask(1)


@settings(max_examples=30)
@given(price=st.floats(17_000.0, 18_500.0), part=st.floats(0.001, 0.9), by_shares=st.booleans())
def test_what_a_liquidation_takes_is_known_beforehand(price: float, part: float, by_shares: bool) -> None:
    world, market = indebted(rate=KinkedRate())
    before = market.published(0)
    report(world, market, price)
    answer, now_s = answer_of(price), world.clock.now_ns // 10**9 + 12
    position = before.positions["bob"]
    assert before.liquidatable("bob", answer, now_s=now_s)
    if by_shares:
        shares = int(part * position.borrow_shares)
        liquidation: Call = call("liquidate", borrower="bob", repaid_shares=shares)
        expected = before.seizure(shares, answer, now_s=now_s), shares
    else:
        seized = int(part * position.collateral)
        liquidation = call("liquidate", borrower="bob", seized=seized)
        repaid, shares = before.repayment(seized, answer, now_s=now_s)
        expected = seized, shares
    details = perform(world, market, liquidation).details
    assert market.published(0).updated_s == now_s
    assert (details["seized"], details["repaid_shares"]) == expected
    if not by_shares:
        assert details["repaid"] == repaid


def test_the_share_of_a_uniform_book_that_a_fall_makes_liquidatable() -> None:
    """Health uniform in [1, h]: (1 / (1 - d) - 1) / (h - 1) of the debt, which is Perez et al.'s equation 3.

    Source: Perez, Werner, Xu and Livshits (2021), arXiv 2009.13235, equation 3.
    """
    highest, borrowers, fall = 1.5, 200, 0.2
    world, market = open_market(rate=FREE, tokens=10**9)
    do(world, market, "lender", "supply", amount=USDC.amount(10**8))
    worth = 20_000 * 0.86
    for number in range(borrowers):
        owner = f"borrower-{number}"
        health = 1.0 + (number + 0.5) / borrowers * (highest - 1.0)
        world.endow(owner, "chain", BTC, BTC.unit)
        indebt(world, market, owner, collateral=BTC.unit, debt=USDC.floor(worth / health))
    view, answer = market.published(0), answer_of(20_000.0 * (1.0 - fall))
    liquidatable = [owner for owner in view.positions if view.liquidatable(owner, answer)]
    assert view.ripe(answer) == tuple(liquidatable)
    share = (1.0 / (1.0 - fall) - 1.0) / (highest - 1.0)
    assert len(liquidatable) / borrowers == pytest.approx(share, abs=0.5 / borrowers)
    assert not any(view.liquidatable(owner) for owner in view.positions)
