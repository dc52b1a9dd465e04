import math

import pytest

from shoal.agents.vaults.portfolio import Portfolio, Weights
from shoal.agents.vaults.targets.constant_weights import ConstantWeights
from shoal.sim.units import Asset

BTC, ETH = Asset("BTC", 8), Asset("ETH", 18)
PORTFOLIO = Portfolio(0, {ETH: 2.0}, {}, cash=1.0)


@pytest.mark.parametrize(
    ("weights", "cash"),
    [({ETH: 0.5}, None), ({BTC: 0.5, ETH: 0.5}, None), ({BTC: 0.2, ETH: 0.3}, 0.5), ({ETH: 2.0}, -1.0)],
)
def test_they_are_what_was_said(weights: Weights, cash: float | None) -> None:
    assert ConstantWeights(weights, cash=cash).weights(PORTFOLIO) == weights


@pytest.mark.parametrize(
    ("weights", "cash", "message"),
    [
        ({ETH: math.nan}, None, "weight of ETH"),
        ({ETH: -0.5}, None, "weight of ETH"),
        ({}, None, "above 0"),
        ({ETH: 0.0}, None, "above 0"),
        ({ETH: 2.0}, None, "to borrow"),
        ({BTC: 0.6, ETH: 0.6}, None, "add up to 1.2"),
        ({ETH: 0.5}, 0.4, "do not add up to 1"),
        ({ETH: 0.5}, math.nan, "do not add up to 1"),
    ],
)
def test_weights_that_are_none_are_refused(weights: Weights, cash: float | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ConstantWeights(weights, cash=cash)


def test_later_changes_of_what_it_was_given_do_not_reach_it() -> None:
    given = {ETH: 0.5}
    target = ConstantWeights(given)
    given[ETH] = 0.9
    assert target.weights(PORTFOLIO) == {ETH: 0.5}
