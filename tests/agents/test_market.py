from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.agents.laws import ETH, GWEI, USDC, SmallMarket, flat, rows

from shoal.agents.market import Market, maker_change, taker_change
from shoal.sim.calls import Call, Fill, Outcome, Transaction
from shoal.sim.units import Account


def ready() -> SmallMarket:
    market = SmallMarket(flat())
    market.fund(owner="alice", eth="1000", usdc="2000000")
    market.run(20)
    return market


def perform(market: SmallMarket, call: Call) -> None:
    """Alice sends a call and it is done."""
    host = market.world.host_of[call.venue]
    if host is market.chain:
        fees = {"max_fee_wei": 10 * GWEI, "max_tip_wei": GWEI}
        market.chain.submit(Transaction("alice", (call,), **fees), place="chain", answer=None)
    else:
        host.submit(call, sender="alice", place=host.name, answer=None)  # type: ignore[attr-defined]
    market.run(60)


def money(market: SmallMarket, host: str) -> tuple[int, int]:
    ledger, account = market.world.ledger, Account("alice", host)
    return ledger.balance(ETH, account), ledger.balance(USDC, account)


def test_a_market_knows_where_a_venue_lives_and_what_a_swap_costs() -> None:
    world = ready().world
    assert Market.of(world, "book") == Market("book", "exchange", ETH, USDC, False, True, 0)
    assert Market.of(world, "outside") == Market("outside", "abroad", ETH, USDC, False, False, 0)
    pool = Market.of(world, "pool")
    assert pool == Market("pool", "chain", ETH, USDC, True, False, 21_000 + world.venues["pool"].gas("swap_exact_in"))
    with pytest.raises(ValueError, match="no venue 'nowhere'"):
        Market.of(world, "nowhere")


@pytest.mark.parametrize("venue", ["book", "outside", "pool"])
@pytest.mark.parametrize("side", [+1, -1])
def test_a_call_trades_that_much_no_worse_than_its_limit(venue: str, side: int) -> None:
    world_market = ready()
    market = Market.of(world_market.world, venue)
    view = world_market.world.venues[venue].published(world_market.world.clock.now_ns)
    before = money(world_market, market.host)
    call = market.take(view, side, 2 * ETH.unit, 2_000.0 * (1 + side * 0.01))
    assert call is not None
    perform(world_market, call)
    (fill,) = [row for row in rows(world_market.world, "fills") if row["taker"] == "alice"]
    change = [now - then for now, then in zip(money(world_market, market.host), before, strict=True)]
    assert fill["side"] == side
    price = -change[1] / USDC.unit / (side * 2)
    assert side * (2_000.0 * (1 + side * 0.01) - price) >= 0
    assert price == pytest.approx(view.quote_tokens(side, 2.0) / 2, rel=1e-6)


@pytest.mark.parametrize("venue", ["book", "outside", "pool"])
def test_beyond_its_limit_nothing_is_traded(venue: str) -> None:
    world_market = ready()
    market = Market.of(world_market.world, venue)
    view = world_market.world.venues[venue].published(world_market.world.clock.now_ns)
    call = market.take(view, +1, 2 * ETH.unit, view.ask * 0.9999)
    assert call is not None
    perform(world_market, call)
    assert not [row for row in rows(world_market.world, "fills") if row["taker"] == "alice"]


def test_the_limit_at_a_book_leaves_room_for_the_fee() -> None:
    world_market = ready()
    market = Market.of(world_market.world, "book")
    view = world_market.book.published(0)
    assert view.ask is not None
    call = market.take(view, +1, ETH.unit, view.ask * (1 + 1e-9))
    assert call is not None
    assert call.arguments["price"] == view.best_ask
    assert call.arguments["immediate"] is True


def test_too_little_is_no_call() -> None:
    world = ready().world
    book, outside = Market.of(world, "book"), Market.of(world, "outside")
    view: Any = world.venues["book"].published(0)
    assert book.take(view, +1, ETH.unit // 1000 - 1, 2_000.0) is None
    assert book.take(view, +1, ETH.unit, 0.001) is None
    assert outside.take(None, +1, 0, 2_000.0) is None


@given(st.sampled_from((+1, -1)), st.integers(0, 10**20), st.integers(0, 10**12), st.integers(0, 10**6), st.booleans())
def test_what_takers_and_makers_gain_is_what_they_pay_less_fees(
    side: int, base: int, quote: int, fee: int, in_base: bool
) -> None:
    fill = Fill("alice", "bob", side, ETH, USDC, base, quote, ETH if in_base else USDC, fee, 3)
    taker, maker = taker_change(fill), maker_change(fill)
    fees = (fee + 3, 0) if in_base else (0, fee + 3)
    assert tuple(map(sum, zip(taker, maker, fees, strict=True))) == (0, 0)
    assert taker[0] == side * base - (fee if in_base else 0)
    assert isinstance(Outcome(fills=(fill,)).fills[0], Fill)
