import math
from typing import Any

import pytest
from tests.agents.laws import AGENT, GAS, SECOND_NS, AgentLaws, SmallMarket, calls_of, fills_of, flat

from shoal.agents.informed_trader import InformedTrader, affordable
from shoal.sim.agent import Agent
from shoal.sim.world import World
from shoal.venues.outside_news import OutsideNews

PARAMETERS: dict[str, Any] = {
    "place": "home",
    "venues": ("book", "pool"),
    "reference": "outside",
    "interval_ns": 2 * SECOND_NS,
    "edge_ppm": 1_000,
    "unwind_ppm": 500,
    "order_quote_tokens": 5_000.0,
    "inventory_quote_tokens": 20_000.0,
    "gas": GAS,
}


def make(world: World, **changes: Any) -> InformedTrader:
    return InformedTrader(world, AGENT, **{**PARAMETERS, **changes})


class TestInformedTrader(AgentLaws):
    def make(self, world: World) -> Agent:
        return make(world)


def jump(after_s: int = 100, by: float = 1.02, back_s: int = 300) -> list[float]:
    return [price * (by if after_s <= second < back_s else 1.0) for second, price in enumerate(flat(400))]


@pytest.mark.parametrize(("by", "side"), [(1.02, +1), (0.98, -1)])
def test_it_takes_the_book_up_to_its_edge_and_its_limit(by: float, side: int) -> None:
    market = SmallMarket(jump(by=by))
    market.fund()
    trader = make(market.world, venues=("book",))
    market.run(290)
    fills = fills_of(market.world)
    assert fills
    assert {row["side"] for row in fills} == {side}
    believed = 2_000.0 * by
    for row in fills:
        # What it pays or gets, the taker's fee included, is inside its edge.
        assert side * (believed * (1 - side * 0.001) - row["price"] * (1 + side * 0.0005)) >= 0
    assert abs(trader.position) * believed <= 20_000.0 + 1e-6
    assert trader.position == pytest.approx(side * math.fsum(row["base_tokens"] for row in fills))


def test_it_goes_back_when_the_gap_has_closed() -> None:
    market = SmallMarket(jump())
    market.fund()
    trader = make(market.world, venues=("book",), unwind_ppm=3_000)
    market.run(290)
    assert trader.position > 1.0
    market.run(400)
    assert abs(trader.position) < 0.001


def test_what_is_worth_less_than_its_gas_is_not_closed_on_a_chain() -> None:
    market = SmallMarket(flat())
    market.fund()
    trader = make(market.world, venues=("pool",), unwind_ppm=10_000)
    trader.position = 1e-9
    market.run(100)
    assert not calls_of(market.world)


def test_a_gap_within_its_costs_is_left_alone() -> None:
    market = SmallMarket(jump(by=1.0015))
    market.fund()
    make(market.world)
    market.run(290)
    assert not calls_of(market.world)


def test_it_trades_the_pool_only_where_the_average_price_keeps_its_edge() -> None:
    market = SmallMarket(jump(by=1.006))
    market.fund()
    make(market.world, venues=("pool",), order_quote_tokens=50_000.0, inventory_quote_tokens=100_000.0)
    market.run(290)
    fills = fills_of(market.world)
    assert fills
    for row in fills:
        assert (row["quote_tokens"] + row["taker_fee_tokens"]) / row["base_tokens"] <= 2_012.0 * 0.999 * (1 + 1e-9)


def test_an_order_is_halved_until_it_is_affordable() -> None:
    view = OutsideNews(100.0, 1_000.0, 0)
    assert affordable(view, +1, 8.0, 100.2) == 2.0
    assert affordable(view, -1, 8.0, 99.81) == 2.0
    assert affordable(view, +1, 8.0, 100.0) == 0.0
    assert affordable(view, +1, 0.0, 110.0) == affordable(view, +1, -1.0, 110.0) == 0.0


@pytest.mark.parametrize(
    "changes",
    [
        {"venues": ()},
        {"interval_ns": 0},
        {"edge_ppm": -1},
        {"unwind_ppm": 0.5},
        {"order_quote_tokens": math.inf},
        {"inventory_quote_tokens": 0.0},
    ],
)
def test_parameters_out_of_range_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        make(SmallMarket(flat()).world, **changes)
