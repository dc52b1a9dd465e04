import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.agents.vaults.optimal_band import half_width
from shoal.agents.vaults.portfolio import Portfolio
from shoal.agents.vaults.triggers.band import AbsoluteBand
from shoal.agents.vaults.triggers.threshold import Threshold
from shoal.sim.units import Asset

ETH = Asset("ETH", 18)
TARGET = {ETH: 0.5}


def goes(threshold: Threshold, weight: float, target: float = 0.5) -> float | None:
    """The weight it goes to, of a vault worth 4."""
    move = threshold.destination(Portfolio(0, {ETH: 4.0}, {ETH: weight}, cash=4.0 - 4.0 * weight), {ETH: target})
    return None if move is None else move.weights[ETH]


@pytest.mark.parametrize("weight", [0.375, 0.625])
def test_exactly_at_its_edge_a_weight_stays(weight: float) -> None:
    assert goes(Threshold(absolute=0.125), weight) is None
    assert goes(Threshold(relative=0.25), weight) is None


@pytest.mark.parametrize(("weight", "edge"), [(0.376, None), (0.374, 0.375), (0.626, 0.625), (0.9, 0.625)])
def test_outside_it_goes_to_the_nearest_edge(weight: float, edge: float | None) -> None:
    assert goes(Threshold(absolute=0.125, to="edge"), weight) == edge


def test_the_three_places_to_go() -> None:
    found = [goes(Threshold(absolute=0.1, to=to), 0.7) for to in ("target", "half-way", "edge")]
    assert found == pytest.approx([0.5, 0.6, 0.6])


def test_what_a_fee_leaves_a_trade_to_the_edge_short_of_it_does_not_ask_for_the_next_one() -> None:
    threshold = Threshold(absolute=0.1, to="edge")
    weight = goes(threshold, 0.61)
    assert weight is not None
    after_fee = weight / (1.0 - 0.003 * (0.61 - weight))
    assert after_fee > 0.6
    assert goes(threshold, after_fee) is None
    assert goes(Threshold(absolute=0.1, to="edge", dust=0.0), after_fee) is not None


@given(st.floats(0.05, 0.95), st.floats(0.01, 0.5), st.floats(0.01, 0.99))
def test_relative_is_absolute_times_the_weight(target: float, share: float, weight: float) -> None:
    if abs(abs(weight - target) - share * target - 1e-4) > 1e-9:
        relative = goes(Threshold(relative=share, to="edge"), weight, target)
        absolute = goes(Threshold(absolute=share * target, to="edge"), weight, target)
        assert relative == (None if absolute is None else pytest.approx(absolute))


def test_under_leverage() -> None:
    move = Threshold(relative=0.1).destination(Portfolio(0, {ETH: 1.0}, {ETH: 2.3}, cash=-1.3), {ETH: 2.0})
    assert move is not None
    assert move.weights == {ETH: 2.0}
    assert move.reason == "ETH drifted +0.3000, band 0.2000"


def test_the_optimal_band_is_the_closed_form() -> None:
    width = half_width(0.5, cost=0.003)
    threshold = Threshold.optimal_band(0.003)
    assert goes(threshold, 0.5 + width - 1e-6) is None
    assert goes(threshold, 0.5 + width + 1e-3) == pytest.approx(0.5 + width)


@given(st.floats(0.05, 0.95), st.floats(1e-5, 0.05), st.floats(1e-5, 0.05), st.floats(0.0, 1.0))
def test_a_dearer_trade_never_trades_where_a_cheaper_one_stays(
    target: float, one: float, other: float, weight: float
) -> None:
    low, high = sorted((one, other))
    if goes(Threshold.optimal_band(low), weight, target) is None:
        assert goes(Threshold.optimal_band(high), weight, target) is None


def test_without_liquidity_it_never_trades() -> None:
    assert goes(Threshold.optimal_band(lambda tokens: math.inf), 0.999) is None


@pytest.mark.parametrize(
    "terms",
    [
        {},
        {"absolute": 0.1, "relative": 0.1},
        {"absolute": 0.1, "band": AbsoluteBand(0.1)},
        {"absolute": math.nan},
        {"relative": -0.1},
        {"absolute": 0.1, "to": "middle"},
        {"absolute": 0.1, "dust": -1.0},
    ],
)
def test_parameters_out_of_range_are_refused(terms: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"threshold|band"):
        Threshold(**terms)
