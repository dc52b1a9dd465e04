import math
from itertools import pairwise
from typing import Any

import pytest
from tests.agents.laws import AGENT, GAS, SECOND_NS, AgentLaws, SmallMarket, calls_of, fills_of, flat, rows

from shoal.agents.noise_trader import NoiseTrader
from shoal.sim.agent import Agent
from shoal.sim.world import World

PARAMETERS: dict[str, Any] = {
    "place": "home",
    "venues": ("book", "pool", "outside"),
    "interval_ns": 5 * SECOND_NS,
    "size_quote_tokens": 400.0,
    "size_sigma": 1.0,
    "slippage_ppm": 5_000,
    "gas": GAS,
}


def make(world: World, **changes: Any) -> NoiseTrader:
    return NoiseTrader(world, AGENT, **{**PARAMETERS, **changes})


class TestNoiseTrader(AgentLaws):
    def make(self, world: World) -> Agent:
        return make(world)


def lived(seconds: int = 300, *, prices: list[float] | None = None, **changes: Any) -> SmallMarket:
    market = SmallMarket(flat(seconds) if prices is None else prices)
    market.fund(eth="100000", usdc="200000000")
    make(market.world, **changes)
    market.run(seconds)
    return market


def test_orders_come_at_poisson_times_of_their_rate() -> None:
    seconds, interval_ns = 2_000, SECOND_NS // 2
    world = lived(seconds, interval_ns=interval_ns, venues=("outside",), size_quote_tokens=10.0).world
    sent = [row["sent_ns"] for row in calls_of(world)]
    expected = seconds * SECOND_NS / interval_ns
    assert abs(len(sent) - expected) < 4 * math.sqrt(expected)
    gaps = [(after - before) / interval_ns for before, after in pairwise(sent)]
    mean = math.fsum(gaps) / len(gaps)
    square = math.fsum(gap * gap for gap in gaps) / len(gaps)
    # Of an exponential, mean 1 and mean square 2 (whose own variance is 20).
    assert abs(mean - 1) < 4 / math.sqrt(len(gaps))
    assert abs(square - 2) < 4 * math.sqrt(20 / len(gaps))


def test_sizes_are_log_normal_and_sides_as_asked() -> None:
    world = lived(1_500, interval_ns=SECOND_NS // 2, venues=("outside",), size_quote_tokens=10.0, buy_share=0.8).world
    fills = fills_of(world)
    logs = [math.log(row["quote_tokens"] / 10.0) for row in fills]
    count = len(logs)
    mean = math.fsum(logs) / count
    deviation = math.sqrt(math.fsum((one - mean) ** 2 for one in logs) / count)
    assert abs(mean) < 4 / math.sqrt(count)
    assert abs(deviation - 1.0) < 4 / math.sqrt(2 * count)
    buys = sum(row["side"] > 0 for row in fills)
    assert abs(buys / count - 0.8) < 4 * math.sqrt(0.16 / count)


def test_what_happens_in_the_market_moves_no_draw() -> None:
    calm = [row["sent_ns"] for row in calls_of(lived(venues=("outside",)).world)]
    prices = [price * (1 + 0.0001 * second) for second, price in enumerate(flat())]
    moving = [row["sent_ns"] for row in calls_of(lived(venues=("outside",), prices=prices).world)]
    assert calm == moving


def test_it_goes_where_it_gets_most() -> None:
    """Of the same mid the outside market is cheapest: 2 bp of fee, against 5 bp and a spread, or 30 bp and gas."""
    world = lived().world
    assert {row["venue"] for row in calls_of(world)} == {"outside"}
    dear = [price * 1.02 for price in flat()]
    only_buyers = lived(prices=dear, buy_share=1.0, interval_ns=30 * SECOND_NS, size_quote_tokens=100.0).world
    assert {row["venue"] for row in calls_of(only_buyers)} == {"book"}


def test_gas_keeps_small_orders_off_the_chain() -> None:
    dear = [price * 1.02 for price in flat()]
    small = lived(prices=dear, venues=("pool", "outside"), buy_share=1.0, size_quote_tokens=1.0, size_sigma=0.0)
    large = lived(prices=dear, venues=("pool", "outside"), buy_share=1.0, size_quote_tokens=2_000.0, size_sigma=0.0)
    assert {row["venue"] for row in calls_of(small.world)} == {"outside"}
    assert "pool" in {row["venue"] for row in calls_of(large.world)}


def test_its_slippage_limit_is_in_its_orders() -> None:
    world = lived(venues=("pool",), slippage_ppm=0).world
    results = {row["result"] for row in calls_of(world)}
    # Two orders of one block: the second finds the price that the first has moved.
    assert results <= {"ok", "SlippageExceeded"}
    for row in rows(world, "fills"):
        paid = row["quote_tokens"] + (row["taker_fee_tokens"] if row["side"] > 0 else 0.0)
        assert paid > 0


@pytest.mark.parametrize(("builder", "visibility"), [(None, "public"), ("builder", "builder")])
def test_its_flow_is_public_or_private(builder: str | None, visibility: str) -> None:
    world = lived(venues=("pool",), builder=builder).world
    sent = [row for row in rows(world, "transactions") if row["sender"] == AGENT]
    assert {row["visibility"] for row in sent} == {visibility}


@pytest.mark.parametrize(
    "changes",
    [
        {"venues": ()},
        {"interval_ns": 0},
        {"interval_ns": 1.5},
        {"size_quote_tokens": 0.0},
        {"size_quote_tokens": math.nan},
        {"size_sigma": -0.1},
        {"slippage_ppm": -1},
        {"buy_share": 1.1},
    ],
)
def test_parameters_out_of_range_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        make(SmallMarket(flat()).world, **changes)


def test_a_venue_on_a_chain_needs_gas_terms() -> None:
    market = SmallMarket(flat())
    make(market.world, gas=None)
    with pytest.raises(Exception, match="needs gas terms"):
        market.run(10)
