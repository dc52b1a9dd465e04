import math

import pytest

from shoal.agents.volatility import RealisedVolatility
from shoal.sim.draws import Draws
from shoal.sim.units import SECONDS_PER_YEAR

SECOND_NS = 10**9


def test_constant_absolute_returns_give_their_own_volatility() -> None:
    volatility = RealisedVolatility(start=0.1, half_life_s=10.0)
    for second in range(1_000):
        volatility.update(second * SECOND_NS, 100.0 * math.exp(1e-4 * (second % 2)))
    assert volatility.annual == pytest.approx(1e-4 * math.sqrt(SECONDS_PER_YEAR), rel=1e-9)


def test_of_a_random_walk_it_is_unbiased_whatever_the_spacing() -> None:
    stream = Draws(7).stream("walk", "steps")
    volatility = RealisedVolatility(start=5.0, half_life_s=2_000.0)
    now_s, log_price, sigma = 0, 0.0, 0.8
    for step in range(30_000):
        gap_s = 1 + step % 5
        now_s += gap_s
        log_price += sigma * math.sqrt(gap_s / SECONDS_PER_YEAR) * stream.normal()
        volatility.update(now_s * SECOND_NS, math.exp(log_price))
    # About 2 * 2000 / ln 2 / 3 returns count: a standard error of 1.6 %.
    assert volatility.annual == pytest.approx(sigma, rel=0.065)


def test_a_return_weighs_by_the_time_it_covers() -> None:
    once, often = (RealisedVolatility(start=1.0, half_life_s=60.0) for _ in range(2))
    once.update(0, 100.0)
    once.update(120 * SECOND_NS, 100.0)
    for second in range(121):
        often.update(second * SECOND_NS, 100.0)
    assert once.variance_per_s == pytest.approx(often.variance_per_s) == pytest.approx(0.25 / SECONDS_PER_YEAR)


def test_the_same_instant_twice_counts_once() -> None:
    volatility = RealisedVolatility(start=1.0, half_life_s=60.0)
    volatility.update(0, 100.0)
    volatility.update(0, 200.0)
    assert volatility.annual == pytest.approx(1.0)


@pytest.mark.parametrize(("start", "half_life_s"), [(0.0, 1.0), (math.nan, 1.0), (1.0, 0.0), (1.0, math.inf)])
def test_parameters_out_of_range_are_refused(start: float, half_life_s: float) -> None:
    with pytest.raises(ValueError, match="volatility"):
        RealisedVolatility(start=start, half_life_s=half_life_s)
