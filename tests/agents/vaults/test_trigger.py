"""Laws that every trigger keeps."""

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.agents.vaults.portfolio import Portfolio, Weights
from shoal.agents.vaults.realised_volatility import RollingVolatility
from shoal.agents.vaults.trigger import Move, Trigger
from shoal.agents.vaults.triggers.calendar import Calendar
from shoal.agents.vaults.triggers.combination import AllOf, AnyOf
from shoal.agents.vaults.triggers.leverage_bounds import LeverageBounds
from shoal.agents.vaults.triggers.never import Never
from shoal.agents.vaults.triggers.threshold import Threshold
from shoal.agents.vaults.triggers.volatility_weighted import VolatilityWeighted
from shoal.sim.units import Asset

BTC, ETH = Asset("BTC", 8), Asset("ETH", 18)
TARGET: Weights = {BTC: 0.3, ETH: 0.4}
DAY_NS = 86_400 * 10**9


def weighted() -> Trigger:
    return VolatilityWeighted(volatility=lambda: RollingVolatility(window_s=864_000.0), width=0.05, usual=0.5)


MAKERS: dict[str, Callable[[], Trigger]] = {
    "never": Never,
    "calendar": lambda: Calendar(interval_ns=DAY_NS),
    "absolute": lambda: Threshold(absolute=0.05),
    "relative": lambda: Threshold(relative=0.1, to="half-way"),
    "edge": lambda: Threshold(absolute=0.05, to="edge"),
    "optimal": lambda: Threshold.optimal_band(0.003),
    "volatility-weighted": weighted,
    "leverage bounds": lambda: LeverageBounds(minimum=0.6, maximum=0.8),
    "any of": lambda: AnyOf(Threshold(absolute=0.05), Calendar(interval_ns=DAY_NS)),
    "all of": lambda: AllOf(Threshold(absolute=0.05), Calendar(interval_ns=DAY_NS)),
}
each = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


def portfolio(now_ns: int = 0, btc: float = 0.0, eth: float = 0.0, scale: float = 1.0) -> Portfolio:
    """Worth 1 at these weights, in a unit of money of which ``scale`` make 1."""
    prices = {BTC: 2.0 * scale, ETH: 0.5 * scale}
    return Portfolio(now_ns, prices, {BTC: btc / 2.0, ETH: 2.0 * eth}, scale * (1.0 - btc - eth))


@each
def test_a_vault_that_is_all_cash_is_invested(make: Callable[[], Trigger]) -> None:
    move = make().destination(portfolio(), TARGET)
    assert move is not None
    assert move.weights
    assert move.reason


@each
def test_without_net_asset_value_nothing_moves(make: Callable[[], Trigger]) -> None:
    trigger = make()
    prices = {BTC: 1.0, ETH: 1.0}
    assert trigger.destination(Portfolio(0, prices, {}, cash=0.0), TARGET) is None
    assert trigger.destination(Portfolio(DAY_NS, prices, {ETH: 1.0}, cash=-2.0), TARGET) is None


@each
def test_what_was_refused_is_asked_for_again(make: Callable[[], Trigger]) -> None:
    trigger = make()
    first = trigger.destination(portfolio(), TARGET)
    again = trigger.destination(portfolio(1_000_000_000), TARGET)
    assert first is not None
    assert again is not None
    assert again.weights == first.weights


@each
def test_once_carried_out_it_is_quiet_on_target(make: Callable[[], Trigger]) -> None:
    trigger = make()
    assert trigger.destination(portfolio(), TARGET) is not None
    trigger.fired(10)
    assert trigger.destination(portfolio(20, btc=0.3, eth=0.4), TARGET) is None


@each
@given(
    looks=st.lists(
        st.tuples(st.integers(1, 3 * DAY_NS), st.floats(0.0, 0.9), st.floats(0.0, 0.9), st.booleans()), max_size=10
    )
)
def test_moves_do_not_depend_on_the_unit_of_money(
    make: Callable[[], Trigger], looks: list[tuple[int, float, float, bool]]
) -> None:
    one, other, now_ns = make(), make(), 0
    for gap_ns, btc, eth, carried_out in looks:
        now_ns += gap_ns
        first = one.destination(portfolio(now_ns, btc, eth), TARGET)
        second = other.destination(portfolio(now_ns, btc, eth, scale=1024.0), TARGET)
        assert (first is None) == (second is None)
        if first is not None and second is not None:
            assert first.weights == pytest.approx(second.weights, rel=1e-9, abs=1e-12)
            assert all(math.isfinite(weight) for weight in first.weights.values())
            if carried_out:
                one.fired(now_ns)
                other.fired(now_ns)


def test_a_move_says_where_and_why() -> None:
    move = Move({ETH: 0.5}, "date")
    assert (move.weights, move.reason) == ({ETH: 0.5}, "date")
