import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.agents.laws import ETH

from shoal.agents.vaults.orders import Order, drift_of, fault_of, orders_for
from shoal.agents.vaults.portfolio import Portfolio
from shoal.sim.units import Asset

BTC = Asset("BTC", 8)
PRICES = {BTC: 20_000.0, ETH: 2_000.0}


def portfolio(btc: float, eth: float, cash: float) -> Portfolio:
    return Portfolio(0, PRICES, {BTC: btc, ETH: eth}, cash)


def orders(held: Portfolio, weights: dict[Asset, float], **terms: float) -> tuple[Order, ...]:
    parameters = {"cash": held.cash, "minimum_value": 0.0, "kept": 1.0, **terms}
    return orders_for(held, weights, available=held.holdings, **parameters)


def test_sales_come_first_and_pay_for_purchases() -> None:
    held = portfolio(1.0, 0.0, 0.0)
    assert orders(held, {BTC: 0.5, ETH: 0.5}) == (Order(BTC, -1, 0.5, 10_000.0), Order(ETH, 1, 10_000.0, 10_000.0))


def test_sales_count_with_what_they_bring_at_least() -> None:
    sale, purchase = orders(portfolio(1.0, 0.0, 0.0), {BTC: 0.5, ETH: 0.5}, kept=0.9)
    assert purchase.amount_in == pytest.approx(0.9 * sale.value)


def test_dust_is_left_out_and_assets_without_a_weight_stay() -> None:
    held = portfolio(1.0, 10.0, 0.0)
    assert orders(held, {ETH: 0.5}) == ()
    assert orders(held, {ETH: 0.5001}, minimum_value=10.0) == ()
    assert [order.asset for order in orders(held, {BTC: 0.4})] == [BTC]


def test_no_more_is_sold_than_is_there() -> None:
    held = portfolio(1.0, 0.0, 0.0)
    [sale] = orders_for(held, {BTC: 0.0}, available={BTC: 0.25}, cash=0.0)
    assert (sale.amount_in, sale.value) == (0.25, 5_000.0)


def test_a_debt_buys_nothing() -> None:
    assert orders(portfolio(1.0, 0.0, -5_000.0), {ETH: 0.5}) == ()


@given(st.floats(0, 10), st.floats(0, 100), st.floats(0, 1e6), st.floats(0, 1), st.floats(0, 1), st.floats(0.5, 1))
def test_orders_can_be_paid_and_lead_to_the_weights(
    btc: float, eth: float, cash: float, first: float, second: float, kept: float
) -> None:
    held = portfolio(btc, eth, cash)
    weights = {BTC: first * second, ETH: first * (1.0 - second)}
    found = orders(held, weights, kept=kept)
    sold = math.fsum(order.value for order in found if order.side < 0)
    bought = math.fsum(order.value for order in found if order.side > 0)
    assert bought <= (cash + kept * sold) * (1 + 1e-9)
    assert [order.side for order in found] == sorted(order.side for order in found)
    after = dict(held.holdings)
    for order in found:
        after[order.asset] += order.side * order.value / PRICES[order.asset]
        assert order.value <= drift_of(held, weights) * (1 + 1e-9)
    if kept == 1.0:
        left = Portfolio(0, PRICES, {asset: max(0.0, amount) for asset, amount in after.items()}, cash + sold - bought)
        assert drift_of(left, weights) <= 1e-6 * held.nav + 1e-9


def test_cutting() -> None:
    order = Order(ETH, -1, 2.0, 4_000.0)
    assert order.cut(5_000.0) is order
    assert order.cut(1_000.0) == Order(ETH, -1, 0.5, 1_000.0)
    assert order.cut(-1.0).amount_in == 0.0


def test_faults() -> None:
    assert fault_of({ETH: 1.0 + 1e-12}) is None
    assert fault_of({ETH: -1e-12}) is None
    assert "no number" in str(fault_of({ETH: math.nan}))
    assert "negative" in str(fault_of({ETH: -0.1}))
    assert "above 1" in str(fault_of({ETH: 0.6, BTC: 0.6}))
