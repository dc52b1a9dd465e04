import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.agents.vaults.portfolio import Portfolio
from shoal.agents.vaults.targets.constant_leverage import ConstantLeverage
from shoal.sim.units import Asset

ETH = Asset("ETH", 18)


def levered(leverage: float) -> Portfolio:
    """Worth 100."""
    return Portfolio(0, {ETH: 2.0}, {ETH: 50.0 * leverage}, cash=100.0 * (1.0 - leverage))


def wanted(leverage: float, target: ConstantLeverage | None = None) -> float:
    weights = (target or ConstantLeverage(ETH)).weights(levered(leverage))
    assert weights is not None
    return weights[ETH]


@pytest.mark.parametrize(("now", "then"), [(2.2, 2.19), (2.6, 2.30), (1.5, 1.7), (2.0, 2.0), (1.8, 1.81), (2.3, 2.285)])
def test_it_recentres_a_little_at_a_time(now: float, then: float) -> None:
    """The first two by the contract's rule at ETH2x-FLI's terms: 2.2 * 0.95 + 2 * 0.05, and the maximum."""
    assert wanted(now) == pytest.approx(then)


def test_the_first_trade_sells_the_published_share_of_the_collateral() -> None:
    assert 1.0 - wanted(2.2) / 2.2 == pytest.approx(0.004545, abs=5e-7)


def test_at_full_speed_it_goes_to_the_target() -> None:
    assert wanted(1.71, ConstantLeverage(ETH, speed=1.0)) == pytest.approx(2.0)


@pytest.mark.parametrize("leverage", [0.0, 0.4, 1.0])
def test_without_debt_it_is_levered_straight_to_the_target(leverage: float) -> None:
    assert wanted(leverage) == 2.0


@given(st.floats(1.01, 20.0), st.floats(0.01, 1.0))
def test_it_stays_within_its_bounds_and_never_leaves_the_target(now: float, speed: float) -> None:
    then = wanted(now, ConstantLeverage(ETH, speed=speed))
    assert 1.7 <= then <= 2.3
    if 1.7 <= now <= 2.3:
        assert abs(then - 2.0) <= abs(now - 2.0) + 1e-12


def test_it_wants_nothing_where_the_debt_has_eaten_the_collateral() -> None:
    gone = Portfolio(0, {ETH: 1.0}, {ETH: 50.0}, cash=-60.0)
    assert ConstantLeverage(ETH).weights(gone) is None


@pytest.mark.parametrize(
    "terms",
    [
        {"minimum": 0.0},
        {"minimum": 2.1},
        {"maximum": 1.9},
        {"speed": 0.0},
        {"speed": 1.1},
        {"target": float("nan")},
    ],
)
def test_parameters_out_of_range_are_refused(terms: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="constant leverage"):
        ConstantLeverage(ETH, **terms)
