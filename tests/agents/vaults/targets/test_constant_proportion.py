import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.agents.vaults.portfolio import Portfolio
from shoal.agents.vaults.targets.constant_proportion import ConstantProportion
from shoal.agents.vaults.triggers.threshold import Threshold
from shoal.sim.units import Asset

BTC, ETH = Asset("BTC", 8), Asset("ETH", 18)
YEAR_NS = 365 * 86_400 * 10**9


def insured(**terms: Any) -> ConstantProportion:
    return ConstantProportion({ETH: 1.0}, **{"multiplier": 5.0, "floor": 0.9, **terms})


def cash(value: float, now_ns: int = 0, shares: float = 1.0) -> Portfolio:
    return Portfolio(now_ns, {ETH: 1.0}, {}, value, shares)


def exposure(target: ConstantProportion, portfolio: Portfolio) -> float:
    weights = target.weights(portfolio)
    assert weights is not None
    return weights[ETH] * portfolio.nav


@pytest.mark.parametrize(("fall", "value", "cushion"), [(0.10, 95.0, 5.0), (0.20, 90.0, 0.0), (0.25, 87.5, -2.5)])
def test_the_floor_breaks_only_by_a_fall_of_more_than_one_over_the_multiplier(
    fall: float, value: float, cushion: float
) -> None:
    """By hand: value 100, floor 90, multiplier 5, so 50 at risk."""
    target = insured()
    assert exposure(target, cash(100.0)) == pytest.approx(50.0)
    after = Portfolio(1, {ETH: 1.0 - fall}, {ETH: 50.0}, cash=50.0)
    assert after.nav == pytest.approx(value)
    assert after.nav - 90.0 == pytest.approx(cushion, abs=1e-9)
    assert exposure(target, after) == pytest.approx(5.0 * max(cushion, 0.0), abs=1e-9)


@given(st.floats(1.5, 10.0), st.floats(0.1, 0.95), st.floats(-0.9, 3.0))
def test_one_step_is_the_published_recursion(multiplier: float, floor: float, growth: float) -> None:
    """The cushion grows by the multiplier times the return, as long as the exposure is not capped."""
    target = insured(multiplier=multiplier, floor=floor, maximum=100.0)
    risky = exposure(target, cash(1.0))
    after = Portfolio(1, {ETH: 1.0 + growth}, {ETH: risky}, cash=1.0 - risky)
    cushion = (1.0 - floor) * (1.0 + multiplier * growth)
    if after.nav <= 0.0:
        assert target.weights(after) is None
    else:
        assert exposure(target, after) == pytest.approx(multiplier * max(cushion, 0.0), rel=1e-6, abs=1e-9)


def test_once_in_cash_it_stays_in_cash() -> None:
    target = insured()
    assert exposure(target, cash(100.0)) > 0.0
    for now_ns in range(1, 5):
        assert exposure(target, cash(90.0 - 1e-6, now_ns)) == 0.0


def test_the_exposure_is_capped() -> None:
    assert exposure(insured(floor=0.5), cash(100.0)) == 100.0
    assert exposure(insured(floor=0.5, maximum=2.0), cash(100.0)) == 200.0


def test_the_floor_grows_at_its_rate() -> None:
    target = insured(floor=0.8, growth_per_year=0.1)
    target.weights(cash(100.0))
    target.weights(cash(100.0, YEAR_NS // 3))
    assert exposure(target, cash(100.0, YEAR_NS)) == pytest.approx(5.0 * (100.0 - 80.0 * math.exp(0.1)))
    assert target.floor == pytest.approx(80.0 * math.exp(0.1))


def test_with_a_ratchet_the_floor_follows_the_highest_value_and_never_falls() -> None:
    target = insured(floor=0.9, ratchet=0.9)
    floors = []
    for now_ns, value in enumerate((100.0, 120.0, 110.0, 130.0, 118.0)):
        target.weights(cash(value, now_ns))
        floors.append(target.floor)
    assert floors == pytest.approx([90.0, 108.0, 108.0, 117.0, 117.0])


@given(st.lists(st.floats(50.0, 200.0), min_size=1, max_size=30))
def test_the_ratchet_is_the_published_maximum(values: list[float]) -> None:
    target = insured(floor=0.7, ratchet=0.8)
    for now_ns, value in enumerate(values):
        target.weights(cash(value, now_ns))
        assert target.floor == pytest.approx(max(0.7 * values[0], 0.8 * max(values[: now_ns + 1])))


def test_a_deposit_does_not_lift_the_cushion() -> None:
    target = insured()
    before = target.weights(cash(100.0, 0, shares=100.0))
    assert target.weights(cash(300.0, 1, shares=300.0)) == pytest.approx(before)


def test_several_assets_share_the_exposure_as_in_the_basket() -> None:
    target = ConstantProportion({BTC: 0.25, ETH: 0.75}, multiplier=4.0, floor=0.9)
    portfolio = Portfolio(0, {BTC: 1.0, ETH: 1.0}, {}, cash=100.0)
    assert target.weights(portfolio) == pytest.approx({BTC: 0.1, ETH: 0.3})


@given(st.floats(-0.15, 0.15))
def test_a_relative_band_is_the_tolerance_of_the_multiplier(change: float) -> None:
    """|E / C - m| > b m at the same time as |w / w* - 1| > b."""
    multiplier, share = 4.0, 0.1
    target = insured(multiplier=multiplier, floor=0.8)
    risky = exposure(target, cash(1.0))
    portfolio = Portfolio(1, {ETH: 1.0 + change}, {ETH: risky}, cash=1.0 - risky)
    weights = target.weights(portfolio)
    assert weights is not None
    drift = abs(risky * (1.0 + change) / (portfolio.nav - 0.8) - multiplier)
    if abs(drift - share * multiplier) > 1e-9:
        fires = Threshold(relative=share, dust=0.0).destination(portfolio, weights) is not None
        assert fires == (drift > share * multiplier)


@pytest.mark.parametrize(
    "terms",
    [
        {"multiplier": 1.0},
        {"multiplier": math.nan},
        {"floor": 1.0},
        {"floor": -0.1},
        {"floor": 0.0},
        {"ratchet": 1.0},
        {"growth_per_year": math.nan},
        {"maximum": 0.0},
    ],
)
def test_parameters_out_of_range_are_refused(terms: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="constant proportion"):
        insured(**terms)
