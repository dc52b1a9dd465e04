import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.agents.avellaneda_stoikov import FiniteHorizon, Quoting, Stationary

RULES: tuple[Quoting, ...] = (
    FiniteHorizon(risk_aversion=0.1, fill_decay=1.5, horizon_s=1.0),
    Stationary(risk_aversion=0.01, fill_decay=0.3, arrivals_per_s=0.9),
)


@pytest.mark.parametrize(("gamma", "spread"), [(0.1, 1.4908), (0.01, 1.3490), (1.0, 3.0217)])
def test_the_time_average_of_the_spread_is_the_published_one(gamma: float, spread: float) -> None:
    """Avellaneda and Stoikov (2008), tables 1 to 3: 1.49, 1.35 and 3.02 at sigma 2, k 1.5, T 1."""
    rule = FiniteHorizon(risk_aversion=gamma, fill_decay=1.5, horizon_s=1.0)
    spreads = [sum(rule.distances(0.0, 4.0, (step + 0.5) / 200)) for step in range(200)]
    assert math.fsum(spreads) / 200 == pytest.approx(spread, abs=2e-4)


def test_the_reservation_price_falls_with_inventory_and_reaches_the_mid_at_the_end() -> None:
    rule = FiniteHorizon(risk_aversion=0.1, fill_decay=1.5, horizon_s=1.0)
    for left, elapsed in ((1.0, 0.0), (0.25, 0.75), (1.0, 3.0)):
        bid, ask = rule.distances(3.0, 4.0, elapsed)
        # r = s - q gamma sigma^2 (T - t), midway between the quotes.
        assert (ask - bid) / 2 == pytest.approx(-3.0 * 0.1 * 4.0 * left)


def test_the_stationary_quotes_are_the_asymptotic_ones() -> None:
    """Gueant, Lehalle and Fernandez-Tapia (2013): sigma 0.3, A 0.9, k 0.3, gamma 0.01."""
    rule = Stationary(risk_aversion=0.01, fill_decay=0.3, arrivals_per_s=0.9)
    bids = [rule.distances(q, 0.09, 0.0)[0] for q in (-2.0, -1.0, 0.0, 1.0, 2.0)]
    slope = math.sqrt(0.09 * 0.01 / (2 * 0.3 * 0.9) * (1 + 0.01 / 0.3) ** 31)
    exact = [math.log(1 + 0.01 / 0.3) / 0.01 + (2 * q + 1) / 2 * slope for q in range(-2, 3)]
    assert bids == pytest.approx(exact)
    assert (round(bids[0], 4), round(bids[-1], 4)) == (3.1772, 3.4486)
    # Close to the exact solution of their differential equations.
    assert bids == pytest.approx([3.1768, 3.2449, 3.3130, 3.3812, 3.4493], abs=1e-3)


@pytest.mark.parametrize("rule", RULES)
@given(inventory=st.floats(-10, 10), variance=st.floats(0.0, 10.0))
def test_bid_and_ask_mirror_each_other(rule: Quoting, inventory: float, variance: float) -> None:
    bid, ask = rule.distances(inventory, variance, 0.3)
    assert rule.distances(-inventory, variance, 0.3) == pytest.approx((ask, bid), rel=1e-12, abs=1e-12)
    wider = rule.distances(inventory, variance + 1.0, 0.3)
    assert sum(wider) > bid + ask


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
def test_parameters_out_of_range_are_refused(value: float) -> None:
    for name in ("risk_aversion", "fill_decay", "horizon_s"):
        with pytest.raises(ValueError, match=name):
            FiniteHorizon(**{"risk_aversion": 1.0, "fill_decay": 1.0, "horizon_s": 1.0, name: value})
    for name in ("risk_aversion", "fill_decay", "arrivals_per_s"):
        with pytest.raises(ValueError, match=name):
            Stationary(**{"risk_aversion": 1.0, "fill_decay": 1.0, "arrivals_per_s": 1.0, name: value})
