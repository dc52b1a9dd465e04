"""The sandwich's closed form holds, and would not if a formula or an attacker were wrong."""

from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from shoal.agents import sandwicher
from shoal.agents.sandwich import Reserves, Sandwich, Swap, best_sandwich, sandwiched
from shoal.agents.sandwicher import Sandwicher
from shoal.experiments.validation.check import Estimate
from shoal.experiments.validation.forms import sandwich_profit
from shoal.experiments.validation.forms.sandwich_profit import SandwichProfit

FORMS = SandwichProfit.instances()


@cache
def estimates(form: SandwichProfit) -> tuple[Estimate, ...]:
    return form.run(7, quick=True)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_every_figure_holds_and_none_would_if_it_were_2_percent_wrong(form: SandwichProfit) -> None:
    assert [one.quantity for one in estimates(form) if not one.passed] == []
    assert [one.quantity for one in estimates(form) if replace(one, theory=1.02 * one.theory).passed] == []


def test_the_printed_table() -> None:
    """Front-runs and profits, without a fee and with 0.3 %."""
    printed = {
        0: [2.521899, 0.0504975, 5.062879, 0.1009899, 5.160696, 0.5247376, 27.216198, 5.4726368],
        3_000: [2.525669, 0.0351018, 5.070448, 0.0701625, 5.168277, 0.4907735, 27.255434, 5.2813214],
    }
    for form in FORMS:
        if form.fee_ppm in printed:
            sales = [one.engine for one in estimates(form) if "sells" in one.quantity]
            assert sales == pytest.approx(printed[form.fee_ppm], abs=1e-6)


def test_an_attacker_who_forgets_the_fee_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetful(pool: Reserves, victim: Swap, *, most: int) -> Sandwich | None:
        wrong = best_sandwich(pool._replace(fee_ppm=0), victim, most=most)
        return None if wrong is None else sandwiched(pool, victim, wrong.front_in)

    monkeypatch.setattr(sandwicher, "best_sandwich", forgetful)
    failed = {one.quantity for one in SandwichProfit().run(7, quick=True) if not one.passed}
    assert len([one for one in failed if "front-run" in one]) == 8


def test_an_attacker_who_does_not_mind_his_cost_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(*arguments: Any, **options: Any) -> Sandwicher:
        return Sandwicher(*arguments, **{**options, "minimum_profit_quote_tokens": 0.0})

    monkeypatch.setattr(sandwich_profit, "Sandwicher", careless)
    failed = [one.quantity for one in SandwichProfit().run(7, quick=True) if not one.passed]
    assert failed == ["safe slippage of 100 at a cost of 0.1"]
