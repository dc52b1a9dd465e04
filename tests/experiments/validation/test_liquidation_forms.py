"""First passage to liquidation holds, and is found out where theory or the market are a little wrong."""

import math
from dataclasses import replace
from functools import cache

import pytest

from shoal.experiments.validation.check import LARGEST_Z, Estimate
from shoal.experiments.validation.forms import liquidation_probability
from shoal.experiments.validation.forms.liquidation_probability import LiquidationProbability
from shoal.experiments.validation.forms.toxic_liquidation import ToxicLiquidation
from shoal.venues.credit import lending_market

SMALL = LiquidationProbability(quick_worlds=20, borrowers=64)
SEED = 7
WRONG = 1.02


@cache
def estimates() -> tuple[Estimate, ...]:
    return SMALL.run(SEED, quick=True)


def test_it_holds_within_four_standard_errors() -> None:
    assert [(one.quantity, one.z) for one in estimates() if abs(one.z) >= LARGEST_Z] == []


def test_quick_mode_is_large_enough_to_see_2_percent() -> None:
    full = LiquidationProbability()
    scale = math.sqrt(SMALL.quick_worlds * SMALL.borrowers / (full.quick_worlds * full.borrowers))
    for one in estimates():
        assert one.standard_error * scale * LARGEST_Z < (WRONG - 1.0) * abs(one.theory), one.quantity


def test_a_threshold_that_is_1_percent_off_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    exact = lending_market.exact.borrowable
    monkeypatch.setattr(
        lending_market.exact, "borrowable", lambda held, price, lltv: exact(held, price, lltv) * 101 // 100
    )
    probability, _ = SMALL.run(SEED, quick=True)
    assert abs(probability.z) > LARGEST_Z


def test_theory_of_a_walk_that_is_watched_always_does_not_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    exact = liquidation_probability.first_passage

    def watched_always(gap: float, drift: float, dates: int) -> object:
        probability = liquidation_probability.continuous_passage(gap, drift, dates)
        return exact(gap, drift, dates)._replace(probability=probability)

    monkeypatch.setattr(liquidation_probability, "first_passage", watched_always)
    probability, overshoot = SMALL.run(SEED, quick=True)
    assert abs(probability.z) > LARGEST_Z > abs(overshoot.z)


def test_the_printed_paths_and_threshold() -> None:
    """As printed, to four digits: down from 0.90, up from 0.95 and 0.97, and the fixed point between them."""
    found = [one.engine for one in ToxicLiquidation().run(SEED, quick=True)]
    printed = [0.8893, 0.8745, 0.8542, 0.9607, 0.9764, 0.9998, 0.9902, 1.0206, 1.0673]
    assert found[:9] == pytest.approx(printed, abs=6e-5)
    assert found[9] == pytest.approx(0.925926, abs=6e-7)


def test_an_incentive_of_another_market_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    exact = lending_market.exact.incentive_factor_wad
    monkeypatch.setattr(lending_market.exact, "incentive_factor_wad", lambda lltv: exact(lltv) + 10**18 // 1_000)
    assert [one.quantity for one in ToxicLiquidation().run(SEED, quick=True) if one.passed] == []


def test_a_2_percent_wrong_path_is_found_out() -> None:
    found = ToxicLiquidation().run(SEED, quick=True)
    assert [one.quantity for one in found if replace(one, theory=WRONG * one.theory).passed] == []
