"""Guards: boundaries, replenishment, and what an executor off chain may ask of them."""

from dataclasses import replace
from fractions import Fraction
from math import floor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.venues.vault.guards import LOSS_UNIT, Guards
from shoal.venues.vault.refusals import BudgetSpent, CoolingOff, SlippageAboveGuard, TradeTooLarge

GUARDS = Guards(
    maximum_slippage_ppm=5_000,
    maximum_trade_ppm=100_000,
    maximum_price_age_s=3_600,
    budget_ppm=10_000,
    budget_period_s=7 * 86_400,
    cool_off_s=300,
)
values = st.integers(1, 10**30)


@given(nav=values)
def test_the_largest_trade_passes_and_one_unit_more_does_not(nav: int) -> None:
    most = GUARDS.largest_trade(nav)
    assert most == floor(Fraction(nav, 10))
    GUARDS.check_size("fund", given=most, nav=nav)
    with pytest.raises(TradeTooLarge, match="fund: the trade is too large"):
        GUARDS.check_size("fund", given=most + 1, nav=nav)


@given(value=values)
def test_the_largest_loss_passes_and_one_unit_more_does_not(value: int) -> None:
    most = GUARDS.largest_loss(value)
    assert most == floor(Fraction(value * 5, 1000))
    GUARDS.check_slippage("fund", given=value, loss=most)
    with pytest.raises(SlippageAboveGuard):
        GUARDS.check_slippage("fund", given=value, loss=most + 1)


def test_trades_wait_for_the_whole_cool_off() -> None:
    GUARDS.check_time("fund", now_s=5, last_trade_s=None)
    GUARDS.check_time("fund", now_s=305, last_trade_s=5)
    with pytest.raises(CoolingOff, match="had 299 s since the last trade, needed 300"):
        GUARDS.check_time("fund", now_s=304, last_trade_s=5)
    replace(GUARDS, cool_off_s=0).check_time("fund", now_s=5, last_trade_s=5)


@given(nav=values, losses=st.lists(values, max_size=5))
def test_losses_add_up_to_the_budget_and_not_beyond(nav: int, losses: list[int]) -> None:
    spent, lost = 0, Fraction(0)
    for loss in losses:
        try:
            spent = GUARDS.spend("fund", spent=spent, loss=loss, nav=nav)
        except BudgetSpent:
            assert lost + Fraction(loss, nav) > Fraction(1, 100) - Fraction(len(losses), LOSS_UNIT)
            return
        lost += Fraction(loss, nav)
        assert lost <= Fraction(spent, LOSS_UNIT) <= Fraction(1, 100)
        assert GUARDS.left_ppm(spent) == floor((Fraction(1, 100) - Fraction(spent, LOSS_UNIT)) * 10**6)


def test_the_whole_budget_can_be_spent_at_once_and_not_a_unit_more() -> None:
    assert GUARDS.spend("fund", spent=0, loss=10**16, nav=10**18) == LOSS_UNIT // 100
    with pytest.raises(BudgetSpent):
        GUARDS.spend("fund", spent=0, loss=10**16 + 1, nav=10**18)
    assert GUARDS.spend("fund", spent=LOSS_UNIT // 100, loss=0, nav=1) == LOSS_UNIT // 100


def test_a_lowered_budget_does_not_stop_a_trade_without_loss() -> None:
    assert replace(GUARDS, budget_ppm=0).spend("fund", spent=7, loss=0, nav=1) == 7


@given(spent=st.integers(0, LOSS_UNIT // 100), elapsed_s=st.integers(0, 8 * 86_400))
def test_the_budget_comes_back_in_proportion_to_time(spent: int, elapsed_s: int) -> None:
    back = Fraction(LOSS_UNIT, 100) * Fraction(elapsed_s, 7 * 86_400)
    assert GUARDS.replenished(spent, elapsed_s=elapsed_s) == max(0, spent - floor(back))
    assert GUARDS.replenished(spent, elapsed_s=-5) == spent


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("maximum_slippage_ppm", -1),
        ("maximum_slippage_ppm", 10**6 + 1),
        ("maximum_trade_ppm", 0),
        ("maximum_trade_ppm", 0.5),
        ("maximum_price_age_s", 0),
        ("budget_ppm", True),
        ("budget_ppm", 10**6 + 1),
        ("budget_period_s", 0),
        ("cool_off_s", -1),
    ],
)
def test_limits_out_of_range(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=name):
        replace(GUARDS, **{name: value})
