import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.routing.constant_product import ConstantProductCurve
from shoal.routing.legs import inputs
from shoal.routing.levels import Levels
from shoal.routing.one_pair import route
from shoal.sim.errors import RoutingError
from shoal.sim.units import Asset

ASSETS = [Asset("ETH", 18), Asset("USDC", 6)]


@given(st.integers(1, 10**24), st.sampled_from(ASSETS), st.lists(st.floats(1e-3, 1e6), min_size=1, max_size=6))
def test_the_inputs_are_the_order_to_the_last_unit(amount: int, asset: Asset, reserves: list[float]) -> None:
    curves = [ConstantProductCurve(str(at), each, 2.0 * each, 0.003) for at, each in enumerate(reserves)]
    plan = route(curves, asset.tokens(amount))
    paid = inputs(plan, asset, amount)
    assert sum(paid) == amount
    for leg, units in zip(plan.legs, paid, strict=True):
        assert units == pytest.approx(leg.amount_in * asset.unit, rel=1e-9, abs=7.0)
        assert units >= 0


@given(st.integers(10**18, 10**24))
def test_of_an_order_that_is_not_filled_never_more_than_the_plan(amount: int) -> None:
    eth = ASSETS[0]
    plan = route([Levels("book", (2.0, 1.0), (0.1, 0.3)), Levels("other", (1.5,), (0.2,))], eth.tokens(amount))
    assert plan.unfilled > 0.0
    assert sum(inputs(plan, eth, amount)) <= int(plan.amount_in * eth.unit) + 1


def test_a_plan_that_trades_nothing_pays_nothing() -> None:
    plan = route([Levels("book", (2.0,), (0.1,))], 1.0, limit_price=3.0)
    assert inputs(plan, ASSETS[0], 10**18) == ()


def test_a_plan_of_another_order_is_refused() -> None:
    plan = route([Levels("book", (2.0,), (9.0,))], 1.0)
    for amount in (10**18 // 2, 2 * 10**18):
        with pytest.raises(RoutingError, match="as ordered"):
            inputs(plan, ASSETS[0], amount)
