import math
from typing import Any

import pytest
from tests.agents.laws import AGENT, ETH, SECOND_NS, USDC, AgentLaws, SmallMarket, calls_of, fills_of, flat

from shoal.agents.book_arbitrageur import BookArbitrageur
from shoal.agents.rebalancing import Rebalancing
from shoal.sim.agent import Agent
from shoal.sim.units import Account
from shoal.sim.world import World

PARAMETERS: dict[str, Any] = {
    "place": "home",
    "book": "book",
    "reference": "outside",
    "interval_ns": SECOND_NS,
    "minimum_edge_ppm": 500,
    "order_quote_tokens": 20_000.0,
    "slippage_ppm": 5_000,
}


def make(world: World, **changes: Any) -> BookArbitrageur:
    return BookArbitrageur(world, AGENT, **{**PARAMETERS, **changes})


class TestBookArbitrageur(AgentLaws):
    def make(self, world: World) -> Agent:
        return make(world, rebalance=Rebalancing(interval_ns=60 * SECOND_NS, skew=0.3))


@pytest.mark.parametrize(("price", "side"), [(2_020.0, +1), (1_980.0, -1)])
def test_it_takes_the_book_up_to_the_outside_price_and_keeps_no_position(price: float, side: int) -> None:
    market = SmallMarket(flat(300, price))
    market.quote_book(2_000.0, half_spread=30.0, levels=1)
    market.fund()
    make(market.world)
    market.run()
    fills = fills_of(market.world)
    on_book = [row for row in fills if row["venue"] == "book"]
    outside = [row for row in fills if row["venue"] == "outside"]
    assert {row["side"] for row in on_book} == {side}
    assert {row["side"] for row in outside} == {-side}
    assert sum(row["base_raw"] for row in on_book) == sum(row["base_raw"] for row in outside)
    # What is left in the book is no longer worth taking: 2 and 5 bp of fees and 5 bp of edge.
    best = market.book.published(0).ask if side > 0 else market.book.published(0).bid
    there = market.outside.published(market.world.clock.now_ns)
    elsewhere = there.bid if side > 0 else there.ask
    assert best is not None
    assert elsewhere is not None
    assert side * (elsewhere * (1 - side * 0.0005) - best) <= 0
    ledger = market.world.ledger
    usdc = sum(ledger.balance(USDC, Account(AGENT, host)) for host in ("exchange", "abroad", "chain"))
    eth = sum(ledger.balance(ETH, Account(AGENT, host)) for host in ("exchange", "abroad", "chain"))
    assert eth == 3 * ETH.amount(100)
    assert usdc > 3 * USDC.amount(200_000)


def test_a_gap_within_fees_and_edge_is_left_alone() -> None:
    market = SmallMarket(flat(300, 2_003.0))
    market.fund()
    make(market.world)
    market.run()
    assert not calls_of(market.world)


def test_what_could_not_be_hedged_stays_on_the_list() -> None:
    """No base abroad to sell: it takes nothing that it could not get rid of."""
    market = SmallMarket(flat(300, 2_020.0))
    market.world.endow(AGENT, "exchange", USDC, USDC.amount(200_000))
    make(market.world)
    market.run()
    assert not fills_of(market.world)


@pytest.mark.parametrize(
    "changes",
    [{"interval_ns": 0}, {"minimum_edge_ppm": -1}, {"order_quote_tokens": math.nan}, {"slippage_ppm": 1.5}],
)
def test_parameters_out_of_range_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        make(SmallMarket(flat()).world, **changes)
