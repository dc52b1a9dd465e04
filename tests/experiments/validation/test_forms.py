"""The closed forms hold, and would not hold if a formula or the engine were wrong by 2 %.

Random forms run here at a fraction of their size; the standard error that quick mode will have follows from the number
of blocks or windows. `pytest -m long` runs quick mode itself.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from shoal.experiments.validation import myopic_arbitrageur, routed_order
from shoal.experiments.validation.check import LARGEST_Z, Estimate
from shoal.experiments.validation.closed_form import ClosedForm
from shoal.experiments.validation.forms.arbitrage_constant_blocks import ArbitrageConstantBlocks
from shoal.experiments.validation.forms.arbitrage_poisson_blocks import ArbitragePoissonBlocks
from shoal.experiments.validation.forms.base_fee import BaseFee
from shoal.experiments.validation.forms.impermanent_loss import ImpermanentLoss
from shoal.experiments.validation.forms.loss_versus_rebalancing import LossVersusRebalancing
from shoal.experiments.validation.forms.market_maker import MarketMaker
from shoal.experiments.validation.forms.optimal_arbitrage import OptimalArbitrage
from shoal.experiments.validation.forms.optimal_split import OptimalSplit
from shoal.experiments.validation.forms.propagator import Propagator
from shoal.experiments.validation.forms.toxic_liquidation import ToxicLiquidation
from shoal.experiments.validation.mispricing import ArbitrageWithFees
from shoal.experiments.validation.registry import closed_forms
from shoal.routing.plan import Leg, Plan, Status
from shoal.sim.calls import Call
from shoal.venues.amm.constant_product_view import ConstantProductView

DETERMINISTIC = (
    BaseFee(),
    ImpermanentLoss(),
    OptimalArbitrage(),
    *OptimalSplit.instances(),
    Propagator(),
    ToxicLiquidation(),
)
SMALL: tuple[ClosedForm, ...] = (
    LossVersusRebalancing(quick_worlds=20, blocks=50),
    ArbitragePoissonBlocks(fee_ppm=500, quick_worlds=20, blocks=700),
    ArbitrageConstantBlocks(fee_ppm=500, quick_worlds=20, blocks=700),
    MarketMaker(quick_worlds=20, horizons=2),
)
SEED = 7
WRONG = 1.02


@cache
def estimates(form: ClosedForm) -> tuple[Estimate, ...]:
    return form.run(SEED, quick=True)


def perturbed(estimate: Estimate) -> Estimate:
    return replace(estimate, theory=WRONG * estimate.theory)


def steps(form: Any) -> int:
    """Blocks or windows of a quick run."""
    if isinstance(form, MarketMaker):
        return form.quick_worlds * form.horizons
    burn_in = 200 if isinstance(form, ArbitrageWithFees) else 0
    return int(form.quick_worlds * (form.blocks - burn_in))


def labels(forms: Sequence[ClosedForm]) -> list[str]:
    return [type(form).__name__ for form in forms]


@pytest.mark.parametrize("form", DETERMINISTIC, ids=labels(DETERMINISTIC))
def test_a_deterministic_form_holds(form: ClosedForm) -> None:
    found = estimates(form)
    assert found
    assert [one.quantity for one in found if not one.passed] == []


@pytest.mark.parametrize("form", DETERMINISTIC, ids=labels(DETERMINISTIC))
def test_a_deterministic_form_that_is_2_percent_wrong_fails(form: ClosedForm) -> None:
    assert [one.quantity for one in estimates(form) if perturbed(one).passed] == []


@pytest.mark.parametrize("form", SMALL, ids=labels(SMALL))
def test_a_random_form_holds_within_four_standard_errors(form: ClosedForm) -> None:
    assert [(one.quantity, one.z) for one in estimates(form) if abs(one.z) >= LARGEST_Z] == []


@pytest.mark.parametrize("form", SMALL, ids=labels(SMALL))
def test_quick_mode_is_large_enough_to_see_2_percent(form: ClosedForm) -> None:
    """The standard error that the worlds of quick mode will have puts 2 % at 4 standard errors or more."""
    full = next(one for one in closed_forms() if type(one) is type(form))
    scale = math.sqrt(steps(form) / steps(full))
    blunt = [
        one.quantity
        for one in estimates(form)
        if one.standard_error * scale * LARGEST_Z > (WRONG - 1.0) * abs(one.theory)
    ]
    assert blunt == []


@pytest.mark.parametrize(
    ("fee_ppm", "traded", "profit", "deviation"),
    [(500, 0.45455, 1.4205, 7.117), (3000, 0.12195, 0.3811, 20.22)],
)
def test_the_poisson_law_is_the_published_one(fee_ppm: int, traded: float, profit: float, deviation: float) -> None:
    """Values as verified by an independent simulation; they take gamma = fee, not -log(1 - fee)."""
    law = ArbitragePoissonBlocks(fee_ppm=fee_ppm).law()
    assert law.traded == pytest.approx(traded, rel=2e-3)
    assert law.profit * 7_200 * 1e4 == pytest.approx(profit, rel=2e-3)
    assert law.deviation * 1e4 == pytest.approx(deviation, rel=1e-3)


@pytest.mark.parametrize(("fee_ppm", "profit", "error"), [(500, 1.2708, 0.0016), (3000, 0.3207, 0.0009)])
def test_the_constant_law_is_what_an_independent_simulation_gave(fee_ppm: int, profit: float, error: float) -> None:
    form = ArbitrageConstantBlocks(fee_ppm=fee_ppm)
    assert abs(form.law().profit * 7_200 * 1e4 - profit) < 4 * error
    assert abs(form.formula() * 7_200 * 1e4 - profit) < 4 * error


def test_constant_blocks_leave_less_to_the_arbitrageur_than_poisson_blocks() -> None:
    ratio = ArbitrageConstantBlocks(fee_ppm=3000).law().profit / ArbitragePoissonBlocks(fee_ppm=3000).law().profit
    assert ratio == pytest.approx(0.84, abs=0.005)


def test_the_market_makers_figures_are_the_exact_row_of_the_table() -> None:
    theory = [one.theory for one in estimates(SMALL[-1])]
    assert theory[:3] == pytest.approx([68.23, 9.57, 15.29], abs=0.01)


def test_the_printed_optimal_arbitrage() -> None:
    assert [one.engine for one in estimates(OptimalArbitrage())] == pytest.approx(
        [46453.1183, 22.63277502, 1075.709261], rel=1e-8
    )


@pytest.mark.parametrize(
    ("form", "printed", "alone"),
    list(
        zip(
            OptimalSplit.instances(),
            (
                (3.9770, 4.4997, 1.5233, 9.96987810),
                (60.109, 32.7057, 7.1853, 94.29217260),
                (10.874251, 6.702899, 2.422849, 39491.275879),
            ),
            (9.872836, None, 39100.339236),
            strict=False,
        )
    ),
    ids=("sold", "bought", "pools of unequal prices"),
)
def test_the_printed_optimal_splits(form: OptimalSplit, printed: tuple[float, ...], alone: float | None) -> None:
    """To the digits given: half a unit of the last one, and against the best single pool."""
    engine = [one.engine for one in estimates(form)]
    assert engine[:-1] == pytest.approx(printed[:-1], abs=6e-5 if form.amount < 20 else 6e-4)
    assert engine[-1] == pytest.approx(printed[-1], rel=2e-9)
    best = max(OptimalSplit((pool,), form.amount).optimum()[-1] for pool in form.pools)
    assert engine[-1] > best
    assert alone is None or best == pytest.approx(alone, rel=1e-7)


def test_an_order_that_is_split_evenly_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def evenly(curves: Sequence[Any], amount_in: float) -> Plan:
        legs = tuple(Leg(one.venue, amount_in / 3, one.output(amount_in / 3)) for one in curves)
        return Plan(Status.OPTIMAL, amount_in, 0.0, 0.0, 0.0, 0.0, 0.0, legs)

    monkeypatch.setattr(routed_order, "route", evenly)
    assert [one.quantity for one in OptimalSplit().run(SEED, quick=True) if one.passed] == []


_honest: Callable[[str, ConstantProductView, float], Call | None] = myopic_arbitrageur.best_swap


def _always(pool: str, view: ConstantProductView, price: float) -> Call | None:
    """Brings the pool to the outside price itself, at whatever fee."""
    return _honest(pool, replace(view, fee_ppm=0), price)


def test_an_arbitrageur_who_goes_to_the_outside_price_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(myopic_arbitrageur, "best_swap", _always)
    found = SMALL[1].run(SEED, quick=True)
    assert all(abs(one.z) > 10 for one in found)


@pytest.mark.long
def test_every_form_holds_in_quick_mode_and_2_percent_wrong_fails() -> None:
    for form in closed_forms():
        found = form.run(SEED, quick=True)
        assert [(one.quantity, one.z, one.standard_error) for one in found if not one.passed] == []
        assert [(one.quantity, one.z) for one in found if perturbed(one).passed] == []
