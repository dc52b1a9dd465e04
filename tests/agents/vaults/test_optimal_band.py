import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.agents.vaults.optimal_band import cost_of_spread, half_width, half_width_at_depth

weights = st.floats(-2.0, 3.0)
costs = st.floats(1e-7, 0.1)


@pytest.mark.parametrize(
    ("weight", "cost", "closed", "numeric"),
    [
        (0.5, 0.003, 0.06552, 0.06581),
        (0.5, 0.0005, 0.03606, 0.03611),
        (0.5, 0.00005, 0.01674, 0.01674),
        (0.2, 0.003, 0.04866, 0.04852),
    ],
)
def test_it_is_the_width_that_maximises_growth(weight: float, cost: float, closed: float, numeric: float) -> None:
    """The second value maximises the exact stationary growth rate of the reflected weight at logarithmic utility."""
    assert half_width(weight, cost=cost) == pytest.approx(closed, abs=5e-6)
    assert half_width(weight, cost=cost) == pytest.approx(numeric, rel=0.006)


def test_a_spread_is_two_costs() -> None:
    """Published: mu = 0.08, sigma = 0.4, spread 1 %: half width 0.07768; mixing them up is off by a cube root of 2."""
    assert half_width(0.5, cost=cost_of_spread(0.01)) == pytest.approx(0.07768, abs=5e-6)
    assert half_width(0.5, cost=0.01) / half_width(0.5, cost=cost_of_spread(0.01)) == pytest.approx(2 ** (1 / 3))


@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_what_does_not_drift_needs_no_band(weight: float) -> None:
    assert half_width(weight, cost=0.01) == 0.0
    assert half_width(weight, cost=math.inf) == 0.0
    assert half_width_at_depth(weight, cost=lambda tokens: 0.01, nav=1e6) == 0.0


def test_without_liquidity_there_is_no_trade() -> None:
    assert half_width(0.5, cost=math.inf) == math.inf
    assert half_width_at_depth(0.5, cost=lambda tokens: math.inf, nav=1e6) == math.inf


@given(weights, costs, costs)
def test_a_dearer_trade_never_has_a_narrower_band(weight: float, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert half_width(weight, cost=low) <= half_width(weight, cost=high)


@given(weights, costs, st.floats(0.1, 20.0))
def test_it_scales_as_the_cube_root(weight: float, cost: float, risk_aversion: float) -> None:
    whole = half_width(weight, cost=cost)
    assert half_width(weight, cost=cost / 8.0) == pytest.approx(whole / 2.0, rel=1e-9)
    scaled = half_width(weight, cost=cost, risk_aversion=risk_aversion)
    assert scaled * math.cbrt(risk_aversion) == pytest.approx(whole, rel=1e-9)


@given(st.floats(-1.0, 2.0), st.floats(1e-5, 0.02), st.floats(0.0, 1e-7), st.floats(0.0, 1e3), st.floats(1e3, 1e8))
def test_the_band_at_depth_is_the_one_made_for_the_cost_of_its_own_trade(
    weight: float, fee: float, impact: float, gas: float, nav: float
) -> None:
    def cost(tokens: float) -> float:
        return fee + impact * tokens + gas / tokens

    width = half_width_at_depth(weight, cost=cost, nav=nav, widest=1e6)
    if abs(weight * (1.0 - weight)) < 1e-6:
        return
    assert half_width(weight, cost=cost(width * nav)) == pytest.approx(width, rel=1e-6)


@given(st.floats(0.05, 0.95), st.floats(1e-4, 0.02), st.floats(0.0, 100.0), st.floats(0.0, 100.0))
def test_dearer_gas_widens_the_band_at_depth(weight: float, fee: float, one: float, other: float) -> None:
    low, high = (
        half_width_at_depth(weight, cost=lambda tokens, gas=gas: fee + gas / tokens, nav=1e5)  # type: ignore[misc]
        for gas in sorted((one, other))
    )
    assert low <= high * (1 + 1e-9)


def test_a_fixed_cost_alone_gives_the_fourth_root() -> None:
    """width^3 = 1.5 w^2 (1 - w)^2 gas / (width nav), by hand: w = 0.5, gas 10, nav 10,000."""
    width = half_width_at_depth(0.5, cost=lambda tokens: 10.0 / tokens, nav=1e4)
    assert width == pytest.approx((1.5 / 16 * 10 / 1e4) ** 0.25, rel=1e-9)


def test_liquidity_that_ends_does_not_end_the_band_below_it() -> None:
    width = half_width_at_depth(0.5, cost=lambda tokens: 0.003 if tokens <= 1e5 else math.inf, nav=1e6)
    assert width == pytest.approx(half_width(0.5, cost=0.003), rel=1e-9)
    gone = half_width_at_depth(0.5, cost=lambda tokens: 0.003 if tokens <= 5e4 else math.inf, nav=1e6)
    assert gone == math.inf


@pytest.mark.parametrize("cost", [math.nan, -0.001])
def test_a_cost_that_is_none_is_refused(cost: float) -> None:
    with pytest.raises(ValueError, match="cost"):
        half_width(0.5, cost=cost)
    with pytest.raises(ValueError, match="cost"):
        half_width_at_depth(0.5, cost=lambda tokens: cost, nav=1e6)


def test_other_parameters_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="weight"):
        half_width(math.nan, cost=0.01)
    with pytest.raises(ValueError, match="risk_aversion"):
        half_width(0.5, cost=0.01, risk_aversion=0.0)
    with pytest.raises(ValueError, match="nav"):
        half_width_at_depth(0.5, cost=lambda tokens: 0.01, nav=0.0)
    with pytest.raises(ValueError, match="spread"):
        cost_of_spread(1.5)
