"""The experimenter's price of an asset."""

import pytest
from tests.agents.laws import ETH, START_NS, USDC, SmallMarket, flat

from shoal.experiments.world_mid import WorldMid, worth_of_one
from shoal.sim.calls import Call
from shoal.sim.units import Asset
from shoal.venues.oracle import mixed_price

MARKETS = {ETH: ("book", "pool", "outside")}


def market() -> SmallMarket:
    made = SmallMarket(flat(), pool_price=2_100.0)
    made.fund()
    made.run(20)
    return made


def test_it_is_the_mean_by_depth_of_venues_as_they_are_now() -> None:
    made = market()
    now_ns = made.world.clock.now_ns
    expected = mixed_price(venue.published(now_ns) for venue in (made.book, made.pool, made.outside))
    assert WorldMid(made.world, quote=USDC, markets=MARKETS)(ETH) == expected
    assert expected is not None
    assert 2_000.0 < expected < 2_100.0


def test_the_quote_is_worth_one_and_what_nobody_trades_nothing_known() -> None:
    mid = WorldMid(market().world, quote=USDC, markets={})
    assert mid(USDC) == 1.0
    assert mid(ETH) is None
    assert worth_of_one(mid, ETH) != worth_of_one(mid, ETH)


def test_before_a_call_is_what_was_published_before_it() -> None:
    made = market()
    mid, seen = WorldMid(made.world, quote=USDC, markets=MARKETS), []
    before = mid(ETH)
    made.exchange.watch("agent", lambda receipt: seen.append((mid(ETH), mid.before(ETH, "book"))))
    order = Call("book", "market", {"side": -1, "quantity": ETH.amount(12)})
    made.exchange.submit(order, sender="agent", place="exchange", answer=None)
    made.world.run(until_ns=START_NS + 21 * 10**9)
    ((after, as_before),) = seen
    assert as_before == before != after


@pytest.mark.parametrize("name", ["oracle", "nowhere"])
def test_what_is_no_market_of_the_pair_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"no venue {name} trades ETH in USDC"):
        WorldMid(market().world, quote=USDC, markets={ETH: (name,)})
    with pytest.raises(ValueError, match="no venue pool trades BTC"):
        WorldMid(market().world, quote=USDC, markets={Asset("BTC", 8): ("pool",)})
