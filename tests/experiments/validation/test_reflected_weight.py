import math

import numpy as np
import pytest

from shoal.experiments.validation.reflected_weight import ReflectedWeight, Traded, weights_of
from shoal.experiments.validation.statistics import Array

SIGMA = 0.4


def chain(spread: float, steps_per_year: int, weight: float = 0.5) -> ReflectedWeight:
    """The band of the closed form at logarithmic utility."""
    width = math.cbrt(0.75 * (weight * (1.0 - weight)) ** 2 * spread)
    return ReflectedWeight(weight, width, spread / 2.0, SIGMA / math.sqrt(steps_per_year))


def value(done: Traded) -> Array:
    return done.value


def squares(done: Traded) -> Array:
    squares: Array = (weights_of(done.after) - 0.5) ** 2
    return squares


@pytest.mark.parametrize(("spread", "turnover", "loss"), [(0.01, 0.06209, 4.808e-4), (0.001, 0.1348, 1.0430e-4)])
def test_it_is_what_an_independent_simulation_gave(spread: float, turnover: float, loss: float) -> None:
    """4,000 steps a year. That simulation charged sales alone, which moves figures by about the spread."""
    one = chain(spread, 4_000)
    traded, squared = (one.solve(figure).mean for figure in (value, squares))
    fees = one.solve(lambda done: done.fee).mean
    assert 4_000 * traded == pytest.approx(turnover, rel=0.012)
    assert SIGMA**2 / 2.0 * squared + 4_000 * fees == pytest.approx(loss, rel=0.017)


@pytest.mark.parametrize("spread", [0.01, 0.001, 0.0001])
def test_closely_watched_at_small_spreads_it_is_the_closed_form(spread: float) -> None:
    one = chain(spread, 40_000)
    turnover = 2.0 / 3.0 * SIGMA**2 * one.half_width**2 / spread
    loss = SIGMA**2 / 2.0 * one.half_width**2
    found = SIGMA**2 / 2.0 * one.solve(squares).mean + 40_000 * one.solve(lambda done: done.fee).mean
    assert found == pytest.approx(loss, rel=0.06)
    assert 40_000 * one.solve(value).mean == pytest.approx(turnover, rel=0.06)


def test_a_long_walk_has_its_means() -> None:
    one = ReflectedWeight(0.3, 0.05, 0.01, 0.15)
    solution = one.solve(value)
    generator = np.random.default_rng(1)
    odds, total, count = np.zeros(400), 0.0, 2_000
    for step in range(count + 100):
        done = one.trade(odds)
        total += float(done.value.mean()) if step >= 100 else 0.0
        odds = done.after + one.deviation * generator.standard_normal(len(odds))
    assert total / count == pytest.approx(solution.mean, rel=0.01)


def test_what_is_still_to_come_solves_its_equation_everywhere() -> None:
    one = ReflectedWeight(0.3, 0.05, 0.01, 0.15)
    solution = one.solve(value)
    arriving = np.linspace(-2.0, 0.5, 41)
    done = one.trade(arriving)
    gained = one.ahead(solution, arriving) - one.expected(solution, done.after)
    assert gained == pytest.approx(done.value - solution.mean, abs=1e-14)
    # The expectation is that of a normal step, whose mean a sample gives.
    draws = np.random.default_rng(2).standard_normal(20_000)
    sample = one.ahead(solution, -0.9 + one.deviation * draws)
    expected = float(one.expected(solution, np.array([-0.9]))[0])
    assert abs(float(sample.mean()) - expected) < 4 * float(sample.std()) / math.sqrt(len(sample))


def test_a_sale_pays_on_top_and_a_purchase_out_of_its_value() -> None:
    """By hand: value 1, a weight of 0.6 sold to 0.55 at 1 %, one of 0.4 bought to 0.45."""
    one = ReflectedWeight(0.5, 0.05, 0.01, 0.1)
    done = one.trade(np.array([math.log(0.6 / 0.4), math.log(0.4 / 0.6), 0.0]))
    assert done.value == pytest.approx([0.05, 0.05, 0.0])
    assert done.fee == pytest.approx([0.0005, 0.05 * 0.01 / 1.01, 0.0])
    odds = [0.55 / (1 - 0.55 - 0.0005), (0.4 + 0.05 / 1.01) / 0.55, 1.0]
    assert done.after == pytest.approx([math.log(one) for one in odds])


@pytest.mark.parametrize(("weight", "width"), [(0.1, 0.2), (0.9, 0.1), (1.5, 0.1)])
def test_a_band_beyond_0_and_1_is_refused(weight: float, width: float) -> None:
    with pytest.raises(ValueError, match="must lie between 0 and 1"):
        ReflectedWeight(weight, width, 0.0, 0.1)
