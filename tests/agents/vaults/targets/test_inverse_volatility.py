import math
from typing import Any

import pytest

from shoal.agents.vaults.portfolio import Portfolio
from shoal.agents.vaults.realised_volatility import RollingVolatility
from shoal.agents.vaults.targets.inverse_volatility import InverseVolatility
from shoal.sim.units import Asset

BTC, ETH = Asset("BTC", 8), Asset("ETH", 18)
DAY_NS = 86_400 * 10**9
PORTFOLIO = Portfolio(0, {BTC: 1.0, ETH: 1.0}, {}, cash=1.0)


def estimator() -> RollingVolatility:
    return RollingVolatility(window_s=10 * 86_400.0)


def fed(btc: float, eth: float, **terms: Any) -> InverseVolatility:
    """After 20 days on which the prices went up and down by these log returns."""
    target = InverseVolatility((BTC, ETH), volatility=estimator, **terms)
    for day in range(20):
        target.observe(day * DAY_NS, {BTC: math.exp(btc * (day % 2)), ETH: math.exp(eth * (day % 2))})
    return target


def test_twice_the_volatility_is_half_the_weight() -> None:
    assert fed(0.02, 0.04).weights(PORTFOLIO) == pytest.approx({BTC: 2 / 3, ETH: 1 / 3})


def test_by_variance_it_is_a_quarter() -> None:
    assert fed(0.02, 0.04, power=2.0).weights(PORTFOLIO) == pytest.approx({BTC: 0.8, ETH: 0.2})


def test_the_rest_of_the_exposure_is_cash() -> None:
    assert fed(0.03, 0.03, exposure=0.6).weights(PORTFOLIO) == pytest.approx({BTC: 0.3, ETH: 0.3})


def test_a_price_that_stands_still_does_not_get_everything() -> None:
    floor = 0.04 * math.sqrt(365) / 3
    assert fed(0.0, 0.04, floor=floor).weights(PORTFOLIO) == pytest.approx({BTC: 0.75, ETH: 0.25})


def test_one_asset_in_warm_up_holds_them_all() -> None:
    target = InverseVolatility((BTC, ETH), volatility=estimator)
    target.observe(0, {BTC: 1.0, ETH: 1.0})
    assert target.weights(PORTFOLIO) is None


@pytest.mark.parametrize("terms", [{"exposure": 0.0}, {"power": -1.0}, {"floor": 0.0}, {"exposure": math.nan}])
def test_parameters_out_of_range_are_refused(terms: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="inverse volatility"):
        InverseVolatility((BTC,), volatility=estimator, **terms)


def test_it_needs_assets() -> None:
    with pytest.raises(ValueError, match="at least one asset"):
        InverseVolatility((), volatility=estimator)
