import math
from typing import Any

import pytest

from shoal.agents.vaults.portfolio import Portfolio
from shoal.agents.vaults.realised_volatility import ExponentialVolatility, RollingVolatility
from shoal.agents.vaults.trigger import Move
from shoal.agents.vaults.triggers.volatility_weighted import VolatilityWeighted
from shoal.sim.units import Asset

ETH = Asset("ETH", 18)
DAY_NS = 86_400 * 10**9
USUAL = 0.02 * math.sqrt(365)


def trigger(**terms: Any) -> VolatilityWeighted:
    terms = {"width": 0.1, "usual": USUAL, **terms}
    return VolatilityWeighted(volatility=lambda: RollingVolatility(window_s=10 * 86_400.0), **terms)


def asked(one: VolatilityWeighted, step: float, weight: float) -> Move | None:
    """After 20 days on which the price went up and down by that log return."""
    move = None
    for day in range(20):
        price = math.exp(step * (day % 2))
        move = one.destination(Portfolio(day * DAY_NS, {ETH: price}, {ETH: weight / price}, 1.0 - weight), {ETH: 0.5})
    return move


def width(step: float, **terms: Any) -> float:
    """By asking at both sides of the width that it says."""
    move = asked(trigger(to="edge", **terms), step, 0.999)
    assert move is not None
    found = move.weights[ETH] - 0.5
    assert asked(trigger(**terms), step, 0.5 + found - 1e-6) is None
    assert asked(trigger(**terms), step, 0.5 + found + 2e-4) is not None
    return found


@pytest.mark.parametrize(("step", "expected"), [(0.02, 0.1), (0.04, 0.2), (0.01, 0.05), (0.08, 0.4)])
def test_the_band_scales_with_the_volatility(step: float, expected: float) -> None:
    assert width(step) == pytest.approx(expected)


def test_a_negative_exponent_narrows_it_in_turmoil() -> None:
    assert width(0.04, exponent=-1.0) == pytest.approx(0.05)
    assert width(0.0, exponent=-1.0, widest=0.3) == pytest.approx(0.3)


def test_it_is_clamped() -> None:
    assert width(0.08, widest=0.15) == pytest.approx(0.15)
    assert width(0.001, narrowest=0.02) == pytest.approx(0.02)
    assert width(0.0, narrowest=0.02) == pytest.approx(0.02)


def test_a_volatility_that_has_all_but_died_out_leaves_the_widest_band() -> None:
    one = VolatilityWeighted(
        volatility=lambda: ExponentialVolatility(half_life_s=600.0), width=0.05, usual=0.8, exponent=-4.0, widest=0.3
    )
    for second, price in ((0, 100.0), (700, 101.0)):
        one.destination(Portfolio(second * 10**9, {ETH: price}, {ETH: 1.0}, cash=price), {ETH: 0.5})
    frozen = Portfolio(400_000 * 10**9, {ETH: 101.0}, {ETH: 0.79}, cash=0.21 * 101.0)
    assert one.destination(frozen, {ETH: 0.5}) is None


def test_during_warm_up_it_stays_but_invests_what_is_all_cash() -> None:
    one = trigger()
    assert one.destination(Portfolio(0, {ETH: 1.0}, {ETH: 0.9}, cash=0.1), {ETH: 0.5}) is None
    move = trigger().destination(Portfolio(0, {ETH: 1.0}, {}, cash=1.0), {ETH: 0.5})
    assert move == Move({ETH: 0.5}, "first investment")
    assert trigger().destination(Portfolio(0, {ETH: 1.0}, {}, cash=1.0), {ETH: 0.0}) is None


@pytest.mark.parametrize(
    "terms",
    [
        {"width": 0.0},
        {"usual": math.nan},
        {"exponent": math.inf},
        {"narrowest": 0.2, "widest": 0.1},
        {"to": "middle"},
        {"dust": -1.0},
    ],
)
def test_parameters_out_of_range_are_refused(terms: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="volatility-weighted"):
        trigger(**terms)
