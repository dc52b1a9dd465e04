import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.agents.vaults.portfolio import Portfolio, check_basket, check_weights
from shoal.sim.units import Asset

BTC, ETH = Asset("BTC", 8), Asset("ETH", 18)
amounts = st.floats(0.0, 1e6)
prices = st.floats(1e-3, 1e6)


def test_weights_are_shares_of_the_net_asset_value() -> None:
    portfolio = Portfolio(0, {BTC: 50_000.0, ETH: 2_000.0}, {BTC: 1.0, ETH: 10.0}, cash=30_000.0)
    assert portfolio.nav == 100_000.0
    assert portfolio.weights == {BTC: 0.5, ETH: 0.2}
    assert portfolio.exposure == 0.7


def test_a_vault_in_debt_is_exposed_to_more_than_it_is_worth() -> None:
    portfolio = Portfolio(0, {ETH: 2_000.0}, {ETH: 10.0}, cash=-10_000.0)
    assert portfolio.weights == {ETH: 2.0}
    assert portfolio.exposure == 2.0


def test_an_asset_that_is_priced_and_not_held_weighs_nothing() -> None:
    assert Portfolio(0, {BTC: 1.0, ETH: 1.0}, {BTC: 1.0}, cash=1.0).weights == {BTC: 0.5, ETH: 0.0}


@pytest.mark.parametrize("cash", [0.0, -2_000.0, -3_000.0])
def test_without_net_asset_value_there_are_no_weights(cash: float) -> None:
    held = {ETH: 1.0} if cash else {}
    portfolio = Portfolio(0, {ETH: 2_000.0}, held, cash=cash)
    assert portfolio.nav <= 0.0
    assert portfolio.weights is None
    assert portfolio.exposure is None


@given(btc=amounts, eth=amounts, cash=st.floats(1.0, 1e9), btc_price=prices, eth_price=prices, scale=prices)
def test_weights_do_not_depend_on_the_unit_of_money(
    btc: float, eth: float, cash: float, btc_price: float, eth_price: float, scale: float
) -> None:
    held = {BTC: btc, ETH: eth}
    before = Portfolio(0, {BTC: btc_price, ETH: eth_price}, held, cash).weights
    after = Portfolio(0, {BTC: scale * btc_price, ETH: scale * eth_price}, held, scale * cash).weights
    assert before is not None
    assert after is not None
    assert after == pytest.approx(before, rel=1e-12, abs=1e-300)


@pytest.mark.parametrize("price", [math.nan, 0.0, -1.0, math.inf])
def test_a_price_that_is_none_is_refused(price: float) -> None:
    with pytest.raises(ValueError, match="price of ETH"):
        Portfolio(0, {ETH: price}, {}, cash=1.0)


@pytest.mark.parametrize(
    ("held", "cash", "shares", "message"),
    [
        ({ETH: math.nan}, 1.0, 1.0, "ETH held"),
        ({ETH: -1.0}, 1.0, 1.0, "ETH held"),
        ({BTC: 1.0}, 1.0, 1.0, "BTC is held and has no price"),
        ({}, math.nan, 1.0, "cash"),
        ({}, 1.0, 0.0, "shares"),
    ],
)
def test_amounts_that_are_none_are_refused(held: dict[Asset, float], cash: float, shares: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Portfolio(0, {ETH: 1.0}, held, cash, shares)


@pytest.mark.parametrize("weight", [math.nan, -0.1, math.inf])
def test_weights_that_are_none_are_refused(weight: float) -> None:
    with pytest.raises(ValueError, match="example: the weight of ETH"):
        check_weights("example", {BTC: 0.5, ETH: weight})


def test_a_basket_adds_up_to_one() -> None:
    check_basket("example", {BTC: 0.1, ETH: 0.9})
    with pytest.raises(ValueError, match=r"add up to 1, had 0\.9"):
        check_basket("example", {BTC: 0.5, ETH: 0.4})
    with pytest.raises(ValueError, match="above 0"):
        check_weights("example", {})
