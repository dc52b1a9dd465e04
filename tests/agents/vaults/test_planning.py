import math
from typing import Any

import pytest
from tests.agents.laws import ETH, USDC

from shoal.agents.market import Market
from shoal.agents.vaults.orders import Order
from shoal.agents.vaults.planning import Planned, plan_orders
from shoal.venues.amm.constant_product_view import ConstantProductView
from shoal.venues.outside_news import OutsideNews

MARKETS = {
    ETH: (
        Market("large", "chain", ETH, USDC, True, False, 100_000),
        Market("small", "chain", ETH, USDC, True, False, 100_000),
        Market("outside", "abroad", ETH, USDC, False, False, 0),
    )
}


def pool(eth: int) -> ConstantProductView:
    return ConstantProductView(ETH, USDC, ETH.amount(eth), USDC.amount(2_000 * eth), 3_000, 1, 0, 0, 0)


VIEWS: dict[str, Any] = {"large": pool(1_000), "small": pool(10), "outside": OutsideNews(2_000.0, math.inf, 5_000)}


def planned(order: Order, views: dict[str, Any] = VIEWS, **changes: Any) -> Planned:
    terms: dict[str, Any] = {"numeraire": USDC, "slippage_ppm": 10_000, "minimum_value": 0.0, "where": "chain"}
    return plan_orders([order], MARKETS, views, **{**terms, **changes})


SALE = Order(ETH, -1, 10.0, 20_000.0)
PURCHASE = Order(ETH, +1, 20_000.0, 20_000.0)


@pytest.mark.parametrize("order", [SALE, PURCHASE])
def test_an_order_is_split_in_proportion_to_the_pools(order: Order) -> None:
    legs, why = planned(order)
    assert [leg.market.venue for leg in legs] == ["large", "small"]
    assert legs[0].amount_in / legs[1].amount_in == pytest.approx(100.0)
    asset_in = ETH if order.side < 0 else USDC
    total = sum(leg.amount_in for leg in legs)
    assert total == pytest.approx(order.amount_in * asset_in.unit)
    assert total <= order.amount_in * asset_in.unit
    assert why == ""


def test_the_limit_is_what_is_expected_less_the_slippage() -> None:
    for leg in planned(PURCHASE).legs:
        assert leg.minimum_out == pytest.approx(leg.expected_out * 1e18 * 0.99)
        assert leg.swap.arguments == {
            "asset_in": USDC,
            "amount_in": leg.amount_in,
            "minimum_out": leg.minimum_out,
        }


@pytest.mark.parametrize("order", [SALE, PURCHASE])
def test_where_nothing_can_be_traded_it_says_why(order: Order) -> None:
    dust = ConstantProductView(ETH, USDC, 1, 1, 3_000, 1, 0, 0, 0)
    assert planned(order, {"large": dust}) == Planned((), "less than one base unit in ETH")


def test_a_leg_that_is_dust_goes_to_the_largest() -> None:
    [leg], _ = planned(SALE, minimum_value=500.0)
    assert leg.market.venue == "large"
    assert leg.amount_in == pytest.approx(10 * 10**18)


def test_where_it_may_trade() -> None:
    assert [leg.market.venue for leg in planned(SALE, where="exchanges").legs] == ["outside"]
    large = Order(ETH, -1, 1_000.0, 2e6)
    assert {leg.market.venue for leg in planned(large, where="anywhere").legs} == {"large", "small", "outside"}


def test_without_liquidity() -> None:
    assert planned(SALE, {}) == ((), "no venue with liquidity for ETH")
    empty = ConstantProductView(ETH, USDC, 0, 0, 3_000, 0, 0, 0, 0)
    assert planned(SALE, {"large": empty}).why == "no venue with liquidity for ETH"


def test_less_than_a_base_unit_is_no_leg() -> None:
    assert planned(Order(ETH, -1, 1e-19, 1e-16)).legs == ()


@pytest.mark.parametrize("share", [1, 3, 7])
def test_a_part_of_a_leg_keeps_its_price_and_its_limit_rounded_down(share: int) -> None:
    (leg, _), _ = planned(SALE)
    part = leg.part(leg.amount_in // share)
    assert part.expected_out / part.amount_in == pytest.approx(leg.expected_out / leg.amount_in)
    assert part.minimum_out * leg.amount_in <= leg.minimum_out * part.amount_in
    assert leg.part(leg.amount_in) == leg
