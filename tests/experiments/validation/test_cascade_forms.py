"""Cascades amplify as the law says, and a law or an engine that is a little wrong is found out."""

from dataclasses import replace
from functools import cache

import pytest

from shoal.agents.liquidation import Prospects
from shoal.experiments.validation import cascade_world
from shoal.experiments.validation.cascade_world import START_PRICE, play_cascade
from shoal.experiments.validation.check import Estimate
from shoal.experiments.validation.forms.cascade_amplification import CascadeAmplification
from shoal.experiments.validation.forms.liquidatable_share import LiquidatableShare
from shoal.venues.credit import lending_market
from shoal.venues.outside_market import OutsideMarket

SEED = 7
WRONG = 1.02
PERMANENT = CascadeAmplification(0.8, within_shock=25)
TRANSIENT = CascadeAmplification(0.8, 0.6, within_shock=25)


@cache
def estimates(form: CascadeAmplification | LiquidatableShare) -> tuple[Estimate, ...]:
    return form.run(SEED, quick=True)


def failing(found: tuple[Estimate, ...]) -> list[bool]:
    return [not one.passed for one in found]


FORMS = (*CascadeAmplification.instances(), LiquidatableShare())


@pytest.mark.parametrize("form", FORMS, ids=[form.name for form in FORMS])
def test_it_holds_and_would_not_if_theory_were_2_percent_wrong(form: CascadeAmplification) -> None:
    found = estimates(form)
    assert [(one.quantity, one.z) for one in found if not one.passed] == []
    assert [one.quantity for one in found if replace(one, theory=WRONG * one.theory).passed] == []
    assert [one.quantity for one in found if replace(one, theory=one.theory / WRONG).passed] == []


def test_the_figures_of_the_law() -> None:
    theory = [estimates(form)[0].theory for form in CascadeAmplification.instances()]
    assert theory == pytest.approx([2.0, 5.0, 10.0, 1 / 0.85, 1 / 0.7, 1 / 0.76, 1 / 0.52])


def test_discreteness_is_as_small_as_stated() -> None:
    for form in CascadeAmplification.instances():
        law, stepwise, _ = estimates(form)
        most = form.ratio / form.within_shock / 2.0
        assert abs(stepwise.theory - law.theory) < most + 1e-3 * law.theory


def test_where_the_first_threshold_lies_moves_the_end_by_as_little_as_stated() -> None:
    thresholds, ratio = PERMANENT.thresholds(), PERMANENT.ratio
    end = PERMANENT.recursion(thresholds).price
    for place in (0.01, 0.5, 0.99):
        lower = PERMANENT.distance * (place - (1.0 - ratio) / 2.0)
        moved = PERMANENT.recursion([threshold - lower for threshold in thresholds]).price
        assert abs(moved - end) <= 1.01 * PERMANENT.distance * ratio / (1.0 - ratio)


@pytest.mark.parametrize("form", [PERMANENT, TRANSIENT], ids=["inside", "on an exchange"])
def test_an_incentive_a_thousandth_off_is_found_out(
    form: CascadeAmplification, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = lending_market.exact.incentive_factor_wad
    monkeypatch.setattr(lending_market.exact, "incentive_factor_wad", lambda lltv: exact(lltv) + 10**18 // 1_000)
    assert failing(form.run(SEED, quick=True))[1]


def test_a_liquidator_that_keeps_a_fiftieth_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    exact = Prospects._sold
    monkeypatch.setattr(Prospects, "_sold", lambda self, seized: exact(self, seized) * 98 // 100)
    assert failing(PERMANENT.run(SEED, quick=True)) == [True, True, True]


def test_an_impact_that_lasts_2_percent_longer_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    class Lasting(OutsideMarket):
        def __init__(self, *arguments: object, permanent_share: float, **others: object) -> None:
            super().__init__(*arguments, permanent_share=permanent_share * 1.02, **others)  # type: ignore[arg-type]

    monkeypatch.setattr(cascade_world, "OutsideMarket", Lasting)
    assert failing(TRANSIENT.run(SEED, quick=True)) == [True, True, True]


def test_an_oracle_that_sees_the_transient_part_makes_it_worse(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the assumption on half-lives is for: with a long one everybody is liquidated on a price that recovers."""
    monkeypatch.setattr(cascade_world, "_HALF_LIFE_S", 1e9)
    assert failing(TRANSIENT.run(SEED, quick=True))[2]


@pytest.mark.parametrize("at_once", [True, False])
def test_above_1_nothing_ends_the_fall(at_once: bool) -> None:
    end = play_cascade(
        seed=SEED,
        thresholds=PERMANENT.thresholds()[:60],
        debt_quote_tokens=PERMANENT.debt / PERMANENT.kappa * 1.1,
        depth_quote_tokens=1_000_000.0,
        shocked_price=START_PRICE - PERMANENT.shock / 5.0,
        permanent_share=1.0,
        at_once=at_once,
    )
    assert (end.liquidated, end.left) == (60, 0)


def test_a_shock_that_reaches_nobody_stays_alone() -> None:
    end = play_cascade(
        seed=SEED,
        thresholds=(1_900.0, 1_890.0),
        debt_quote_tokens=1_000.0,
        depth_quote_tokens=1_000_000.0,
        shocked_price=1_950.0,
        permanent_share=1.0,
        at_once=True,
    )
    assert end == (1_950.0, 0, 2)


def test_who_owes_too_much_at_the_start_stops_the_run() -> None:
    with pytest.raises(RuntimeError, match="0 of 1 borrowers got their loan"):
        play_cascade(
            seed=SEED,
            thresholds=(2_001.0,),
            debt_quote_tokens=1_000.0,
            depth_quote_tokens=1_000_000.0,
            shocked_price=1_950.0,
            permanent_share=1.0,
            at_once=True,
        )


@pytest.mark.parametrize(("kappa", "share"), [(1.0, 1.0), (2.0, 0.6), (0.5, 0.0)])
def test_a_cascade_that_would_not_end_has_no_form(kappa: float, share: float) -> None:
    with pytest.raises(ValueError, match="must be above 0 and below 1"):
        CascadeAmplification(kappa, share)


def test_a_threshold_half_a_percent_off_changes_the_liquidatable_share(monkeypatch: pytest.MonkeyPatch) -> None:
    exact = lending_market.exact.borrowable
    monkeypatch.setattr(lending_market.LendingMarket, "_require_health", lambda self, context: None)
    monkeypatch.setattr(
        lending_market.exact, "borrowable", lambda held, price, lltv: exact(held, price, lltv) * 995 // 1_000
    )
    assert all(failing(LiquidatableShare().run(SEED, quick=True)))
