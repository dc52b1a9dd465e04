import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.agents.laws import ETH

from shoal.agents.vaults.paper_twin import PaperTwin
from shoal.sim.units import Asset

BTC = Asset("BTC", 8)
PRICES = {BTC: 20_000.0, ETH: 2_000.0}


@given(st.floats(0, 2), st.floats(0, 2), st.floats(0, 1e6))
def test_a_trade_costs_nothing_and_leads_to_the_weights(first: float, second: float, cash: float) -> None:
    twin = PaperTwin({ETH: 1.0}, cash)
    before = twin.nav(PRICES)
    twin.trade({BTC: first, ETH: second}, PRICES)
    assert twin.nav(PRICES) == pytest.approx(before)
    assert twin.holdings[ETH] * PRICES[ETH] == pytest.approx(second * before)
    assert twin.cash == pytest.approx((1.0 - first - second) * before, abs=1e-6)


def test_assets_left_out_stay() -> None:
    twin = PaperTwin({BTC: 1.0, ETH: 10.0}, 0.0)
    twin.trade({ETH: 0.25}, PRICES)
    assert twin.holdings == {BTC: 1.0, ETH: 5.0}
    assert twin.cash == 10_000.0


def test_without_a_price_it_stays_as_it_is() -> None:
    twin = PaperTwin({ETH: 1.0}, 100.0)
    twin.trade({BTC: 0.5}, {ETH: 2_000.0})
    assert (twin.holdings, twin.cash) == ({ETH: 1.0}, 100.0)
    assert math.isnan(twin.nav({}))


@given(st.floats(0.01, 100))
def test_scaling_and_trading_may_be_done_in_any_order(factor: float) -> None:
    one, other = PaperTwin({ETH: 1.0}, 500.0), PaperTwin({ETH: 1.0}, 500.0)
    one.scale(factor)
    one.trade({ETH: 0.3}, PRICES)
    other.trade({ETH: 0.3}, PRICES)
    other.scale(factor)
    assert one.holdings[ETH] == pytest.approx(other.holdings[ETH])
    assert one.cash == pytest.approx(other.cash)
