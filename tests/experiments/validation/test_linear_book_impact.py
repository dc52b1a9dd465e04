"""Sweeps of a linear book cost what the root law says, to the last base unit."""

import math
from dataclasses import replace
from typing import Any

import pytest

from shoal.experiments.validation.book_sweep import LadderMaker, Rung
from shoal.experiments.validation.forms import linear_book_impact
from shoal.experiments.validation.forms.linear_book_impact import LinearBookImpact
from shoal.venues.book.order_book import OrderBook

FORM = LinearBookImpact((0.005, 0.02, 0.04))
SEED = 7


def passed() -> list[bool]:
    return [one.passed for one in FORM.run(SEED, quick=True)]


def test_the_known_impacts_hold() -> None:
    found = LinearBookImpact().run(SEED, quick=True)
    assert [one.quantity for one in found if not one.passed] == []
    assert [one.engine for one in found[:3]] == pytest.approx([0.7071, 1.4142, 2.0], abs=1.01e-4)
    assert found[3].engine == pytest.approx(2.0, abs=1e-12)
    assert found[4].engine == pytest.approx(16.0 / 3.0, rel=4e-5)


def test_the_slope_is_that_of_the_law() -> None:
    assert FORM.slope == pytest.approx(2.0)
    for one, tokens in zip(FORM.run(SEED, quick=True), FORM.swept, strict=False):
        assert 0.0 <= one.theory - math.sqrt(2.0 * tokens / 2.0) < 1e-4 * (1.0 + 1e-9)


def test_a_smaller_book_holds_and_2_percent_wrong_fails() -> None:
    found = FORM.run(SEED, quick=True)
    assert all(one.passed for one in found)
    assert not any(replace(one, theory=1.02 * one.theory).passed for one in found)


def test_one_rung_in_fifty_that_is_missing_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    class Forgetful(LadderMaker):
        def __init__(self, *arguments: Any, rungs: list[Rung], **others: Any) -> None:
            kept = [rung for number, rung in enumerate(rungs) if number % 100 > 1]
            super().__init__(*arguments, rungs=kept, **others)

    monkeypatch.setattr(linear_book_impact, "LadderMaker", Forgetful)
    assert not any(passed())


def test_a_fee_of_a_millionth_is_found_out_by_the_ledger(monkeypatch: pytest.MonkeyPatch) -> None:
    class Charging(OrderBook):
        def __init__(self, *arguments: Any, **others: Any) -> None:
            super().__init__(*arguments, taker_fee_ppm=1, **others)

    monkeypatch.setattr(linear_book_impact, "OrderBook", Charging)
    assert passed() == [True, True, True, True, False, True]
