import math
from typing import Any

import pytest

from shoal.agents.vaults.portfolio import Portfolio
from shoal.agents.vaults.realised_volatility import LaggedVolatility, RollingVolatility
from shoal.agents.vaults.targets.volatility_target import VolatilityTarget
from shoal.sim.units import Asset

BTC, ETH = Asset("BTC", 8), Asset("ETH", 18)
DAY_NS = 86_400 * 10**9
PORTFOLIO = Portfolio(0, {BTC: 1.0, ETH: 1.0}, {}, cash=1.0)


def estimator() -> RollingVolatility:
    return RollingVolatility(window_s=10 * 86_400.0)


def fed(step: float, **terms: Any) -> VolatilityTarget:
    target = VolatilityTarget({ETH: 1.0}, volatility=estimator, **terms)
    for day in range(20):
        target.observe(day * DAY_NS, {ETH: math.exp(step * (day % 2))})
    return target


def test_the_exposure_is_wanted_over_realised() -> None:
    realised = 0.04 * math.sqrt(365)
    assert fed(0.04, wanted=0.3).weights(PORTFOLIO) == pytest.approx({ETH: 0.3 / realised})


def test_the_exposure_is_capped() -> None:
    assert fed(0.01, wanted=0.3).weights(PORTFOLIO) == {ETH: 1.0}
    assert fed(0.01, wanted=0.3, maximum=1.5).weights(PORTFOLIO) == {ETH: 1.5}


def test_a_price_that_stands_still_gets_the_cap() -> None:
    assert fed(0.0, wanted=0.3, maximum=1.5).weights(PORTFOLIO) == {ETH: 1.5}


def test_a_basket_is_judged_as_a_whole() -> None:
    """One half goes up by as much as the other falls: little moves, and the exposure is capped."""
    target = VolatilityTarget({BTC: 0.5, ETH: 0.5}, volatility=estimator, wanted=0.1)
    for day in range(20):
        target.observe(day * DAY_NS, {BTC: 1.0 + 0.04 * (day % 2), ETH: 1.0 - 0.04 * (day % 2)})
    assert target.weights(PORTFOLIO) == {BTC: 0.5, ETH: 0.5}


def test_during_warm_up_it_holds() -> None:
    target = VolatilityTarget({ETH: 1.0}, volatility=estimator, wanted=0.3)
    target.observe(0, {ETH: 1.0})
    target.observe(9 * DAY_NS, {ETH: 1.1})
    assert target.weights(PORTFOLIO) is None


def test_with_a_lag_the_crash_does_not_count_on_its_day() -> None:
    calm, lagged = (
        VolatilityTarget({ETH: 1.0}, volatility=maker, wanted=0.3, maximum=10.0)
        for maker in (estimator, lambda: LaggedVolatility(estimator(), lag_ns=2 * DAY_NS))
    )
    for day in range(20):
        price = {ETH: math.exp(0.02 * (day % 2)) * (0.6 if day == 19 else 1.0)}
        calm.observe(day * DAY_NS, price)
        lagged.observe(day * DAY_NS, price)
    at_once, later = calm.weights(PORTFOLIO), lagged.weights(PORTFOLIO)
    assert at_once is not None
    assert later == pytest.approx({ETH: 0.3 / (0.02 * math.sqrt(365))})
    assert at_once[ETH] < 0.5 * later[ETH]


@pytest.mark.parametrize("terms", [{"wanted": 0.0}, {"wanted": math.nan}, {"wanted": 0.3, "maximum": 0.0}])
def test_parameters_out_of_range_are_refused(terms: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="volatility target"):
        VolatilityTarget({ETH: 1.0}, volatility=estimator, **terms)


def test_the_basket_must_add_up() -> None:
    with pytest.raises(ValueError, match="add up to 1"):
        VolatilityTarget({ETH: 0.9}, volatility=estimator, wanted=0.3)
