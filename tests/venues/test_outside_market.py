import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.venues.laws import VenueLaws, attempt, fund, make_exchange, perform

from shoal.sim.calls import Call, Outcome
from shoal.sim.errors import BadArguments, InsufficientInput, InsufficientLiquidity, SlippageExceeded
from shoal.sim.hosts.exchange import Exchange
from shoal.sim.latency import ConstantLatency
from shoal.sim.price_path import PricePath
from shoal.sim.price_process import follow
from shoal.sim.units import PPM, Account, Asset
from shoal.sim.venue import Venue
from shoal.sim.world import World
from shoal.venues.outside_market import UNLIMITED, NoPrice, OutsideMarket
from shoal.venues.outside_news import OutsideNews

BTC, USDC = Asset("BTC", 8), Asset("USDC", 6)
PRICE = 50_000.0
DEPTH = 2_000_000.0
PARAMETERS: Mapping[str, Any] = {
    "depth_quote_tokens": DEPTH,
    "fee_ppm": 500,
    "permanent_share": 0.25,
    "half_life_s": 600.0,
}


def make_market(**changes: Any) -> tuple[World, OutsideMarket]:
    exchange = make_exchange()
    market = OutsideMarket("outside", BTC, USDC, **{**PARAMETERS, **changes})
    exchange.add(market)
    market.observe(PRICE)
    fund(exchange, (BTC, USDC), tokens=10**9, owners=("alice", "bob", "outside"))
    return exchange.world, market


def swap_in(asset: Asset, amount: int, least: int = 0) -> Call:
    return Call("outside", "swap_exact_in", {"asset_in": asset, "amount_in": amount, "minimum_out": least})


def swap_out(asset: Asset, amount: int, most: int = 10**30) -> Call:
    return Call("outside", "swap_exact_out", {"asset_out": asset, "amount_out": amount, "maximum_in": most})


class TestOutsideMarket(VenueLaws):
    def make(self) -> tuple[World, Venue]:
        return make_market()

    def good_calls(self, world: World, venue: Venue) -> Mapping[str, Call]:
        return {"swap_exact_in": swap_in(USDC, 10**9), "swap_exact_out": swap_out(BTC, 10**7)}

    def operations(self) -> st.SearchStrategy[Call]:
        amounts = st.one_of(st.integers(0, 10**12), st.sampled_from((0, 1, 10**15, 2**256, -1, None)))
        assets = st.sampled_from((BTC, USDC, Asset("ETH", 18)))
        return st.one_of(
            st.builds(swap_in, assets, amounts, st.sampled_from((0, 0, 1, 10**9))),
            st.builds(swap_out, assets, amounts, st.sampled_from((10**30, 10**9, 0))),
        )


@dataclass(frozen=True)
class Flow:
    """A signed amount of base units, as one buy or sell of exactly that."""

    base: int

    @property
    def call(self) -> Call:
        return swap_out(BTC, self.base) if self.base > 0 else swap_in(BTC, -self.base)


def quote_amount(outcome: Outcome) -> int:
    return outcome.fills[0].quote_amount


def test_a_trade_costs_the_integral_of_the_price_it_moves() -> None:
    world, market = make_market()
    scale = DEPTH / (0.01 * PRICE)
    bought = perform(world, market, Flow(3 * BTC.unit).call)
    exact = PRICE * scale * (math.exp(3 / scale) - 1)
    assert quote_amount(bought) == pytest.approx(exact * USDC.unit, abs=1.01)
    assert bought.fills[0].taker_fee == -(-quote_amount(bought) * 500 // PPM)
    assert market.mid(world.clock.now_ns) == pytest.approx(PRICE * math.exp(3 / scale), rel=1e-9)


def test_the_depth_moves_the_price_by_one_percent() -> None:
    world, market = make_market(fee_ppm=0, permanent_share=1.0)
    perform(world, market, swap_in(USDC, USDC.floor(DEPTH)))
    assert market.mid(world.clock.now_ns) == pytest.approx(PRICE * 1.01, rel=1e-8)
    view: OutsideNews = market.published(world.clock.now_ns)
    assert view.depth == pytest.approx(DEPTH * 1.01, rel=1e-8)


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_the_propagator_keeps_its_share_and_halves_the_rest(share: float) -> None:
    world, market = make_market(permanent_share=share)
    scale = DEPTH / (0.01 * PRICE)
    flows = (4.0, -1.5, 2.25)
    start_ns, moved = world.clock.now_ns, []
    for flow in flows:
        world.run(until_ns=world.clock.now_ns + 200 * 10**9)
        moved.append((world.clock.now_ns + 1, flow / scale))
        perform(world, market, Flow(round(flow * BTC.unit)).call)
    for later_s in (700, 1300, 100_000):
        now_ns = start_ns + later_s * 10**9
        expected = math.fsum(shift * (share + (1 - share) * 2 ** (-(now_ns - at_ns) / 600e9)) for at_ns, shift in moved)
        assert market.impact(now_ns) == pytest.approx(expected, rel=1e-9, abs=1e-15)


def test_a_round_trip_at_one_instant_costs_exactly_the_fees() -> None:
    world, market = make_market()
    bought = market.quote(Flow(5 * BTC.unit).call, now_ns=world.clock.now_ns + 1)
    perform(world, market, Flow(5 * BTC.unit).call)
    # Sold at the instant of the purchase, before anything decays.
    sold = market.quote(Flow(-5 * BTC.unit).call, now_ns=market._moves[2])
    paid, fee = bought.details["amount_in"], bought.details["fee"]
    got, other_fee = sold.details["amount_out"], sold.details["fee"]
    assert 0 <= paid - got - fee - other_fee <= 2


@given(st.lists(st.integers(1, 10**10), min_size=2, max_size=5))
def test_pieces_cost_what_the_whole_does(parts: list[int]) -> None:
    _, market = make_market(fee_ppm=0)
    _, other = make_market(fee_ppm=0)
    whole = market.quote(swap_out(BTC, sum(parts)), now_ns=0).details["amount_in"]
    scale = DEPTH / (0.01 * PRICE)
    paid = 0
    for part in parts:
        paid += other.quote(swap_out(BTC, part), now_ns=0).details["amount_in"]
        other._moves = (other._moves[0] + part / BTC.unit / scale, 0.0, 0)
    assert 0 <= paid - whole <= len(parts)


def test_what_is_published_prices_a_trade_as_the_trade_does() -> None:
    world, market = make_market()
    perform(world, market, swap_in(USDC, 10**12))
    now_ns = world.clock.now_ns
    view: OutsideNews = market.published(now_ns)
    for base in (10**6, BTC.unit, 20 * BTC.unit):
        buy = market.quote(swap_out(BTC, base), now_ns=now_ns).details["amount_in"]
        sell = market.quote(swap_in(BTC, base), now_ns=now_ns).output
        assert view.quote_tokens(+1, base / BTC.unit) == pytest.approx(buy / USDC.unit, abs=3e-6)
        assert view.quote_tokens(-1, base / BTC.unit) == pytest.approx(sell / USDC.unit, abs=3e-6)


def test_exact_out_in_quote_pays_out_exactly_that() -> None:
    world, market = make_market()
    before = world.ledger.balance(USDC, Account("alice", "exchange"))
    outcome = perform(world, market, swap_out(USDC, 123_456_789))
    assert outcome.output == world.ledger.balance(USDC, Account("alice", "exchange")) - before == 123_456_789
    back = market.quote(swap_in(BTC, outcome.details["amount_in"]), now_ns=0)
    assert back.output <= 123_456_789 + 500


def test_limits_and_nonsense_are_refused_by_name() -> None:
    world, market = make_market()
    good = market.quote(swap_in(USDC, 10**9), now_ns=world.clock.now_ns + 1).output
    assert isinstance(attempt(world, market, swap_in(USDC, 10**9, good + 1)), SlippageExceeded)
    assert isinstance(attempt(world, market, swap_out(BTC, 10**8, 10**6)), SlippageExceeded)
    assert isinstance(attempt(world, market, swap_in(BTC, 1)), Outcome | InsufficientInput)
    assert isinstance(attempt(world, market, swap_in(Asset("ETH", 18), 5)), BadArguments)
    assert isinstance(attempt(world, market, swap_in(BTC, 10**17)), InsufficientLiquidity)
    assert isinstance(attempt(world, market, swap_out(USDC, 10**15)), InsufficientLiquidity)


def test_the_rest_of_the_world_can_run_out_of_inventory() -> None:
    exchange = make_exchange()
    market = OutsideMarket("outside", BTC, USDC, **{**PARAMETERS, "depth_quote_tokens": UNLIMITED})
    exchange.add(market)
    market.observe(PRICE)
    fund(exchange, (BTC, USDC), tokens=10**6)
    exchange.world.endow("outside", "exchange", BTC, 5 * BTC.unit)
    assert isinstance(attempt(exchange.world, market, swap_out(BTC, 6 * BTC.unit)), InsufficientLiquidity)
    perform(exchange.world, market, swap_out(BTC, 5 * BTC.unit))
    assert exchange.world.ledger.balance(BTC, market.account) == 0


def test_before_its_first_price_it_refuses() -> None:
    exchange = make_exchange()
    market = OutsideMarket("outside", BTC, USDC, **PARAMETERS)
    exchange.add(market)
    assert isinstance(attempt(exchange.world, market, swap_in(USDC, 10**6)), NoPrice)
    view = market.published(0)
    assert (view.mid, view.bid, view.ask, view.depth, view.quote_tokens(1, 1.0)) == (None, None, None, 0.0, None)


def test_the_limits_are_labelled_and_do_what_they_say() -> None:
    assert make_market()[1].labels == ()
    untouchable = make_market(permanent_share=0.0)[1]
    assert "untouchable" in untouchable.labels[0]
    world, unlimited = make_market(depth_quote_tokens=UNLIMITED)
    assert "unlimited" in unlimited.labels[0]
    outcome = perform(world, unlimited, Flow(1000 * BTC.unit).call)
    assert 0 <= quote_amount(outcome) - 1000 * 50_000 * 10**6 <= 1
    assert unlimited.mid(world.clock.now_ns) == PRICE
    view = unlimited.published(0)
    assert view.depth == math.inf
    assert view.quote_tokens(-1, 2.0) == pytest.approx(2 * PRICE * 0.9995)


@pytest.mark.parametrize(
    "changes",
    [
        {"depth_quote_tokens": 0.0},
        {"depth_quote_tokens": math.nan},
        {"depth_quote_tokens": -1.0},
        {"fee_ppm": -1},
        {"fee_ppm": 0.5},
        {"fee_ppm": PPM},
        {"permanent_share": 1.1},
        {"permanent_share": math.nan},
        {"half_life_s": 0.0},
        {"half_life_s": math.inf},
    ],
)
def test_parameters_out_of_range_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="outside"):
        OutsideMarket("outside", BTC, USDC, **{**PARAMETERS, **changes})


def test_one_asset_is_no_pair_and_no_price_is_no_price() -> None:
    with pytest.raises(ValueError, match="two assets"):
        OutsideMarket("outside", BTC, BTC, **PARAMETERS)
    market = make_market()[1]
    for price in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(ValueError, match="finite and above 0"):
            market.observe(price)


# --- following a path -------------------------------------------------------------------------------------------


def make_path() -> PricePath:
    times = np.array([100, 110, 120, 130], dtype=np.int64)
    prices = {"BTC": np.array([10.0, 11.0, 12.0, 13.0]), "ETH": np.array([1.0, 2.0, 3.0, 4.0])}
    return PricePath(times, prices, end_ns=140, kind="recorded", source_step_ns=10)


def followed(start_ns: int) -> tuple[World, dict[str, OutsideMarket]]:
    world = World(seed=1, start_ns=start_ns, latency=ConstantLatency(1))
    exchange = Exchange(world, "exchange")
    markets = {
        "BTC": OutsideMarket("outside BTC", BTC, USDC, **PARAMETERS),
        "ETH": OutsideMarket("outside ETH", Asset("ETH", 18), USDC, **PARAMETERS),
    }
    for market in markets.values():
        exchange.add(market)
    follow(world, markets, make_path())
    return world, markets


def test_prices_follow_the_path_one_event_a_step() -> None:
    world, markets = followed(115)
    assert [market.mid(115) for market in markets.values()] == [11.0, 2.0]
    world.run(until_ns=1000)
    assert [market.mid(1000) for market in markets.values()] == [13.0, 4.0]
    # Two steps after now, and the end of the run.
    assert world.clock.events == 3 - 1
    news = world.feeds["outside BTC"].arrived("exchange", 0)
    assert [(item.published_ns, item.item.mid) for item in news] == [(115, None), (115, 11.0), (120, 12.0), (130, 13.0)]


def test_a_path_that_starts_later_is_waited_for_and_one_that_has_ended_is_skipped() -> None:
    world, markets = followed(50)
    world.run(until_ns=99)
    assert markets["BTC"].mid(99) is None
    world.run(until_ns=105)
    assert markets["BTC"].mid(105) == 10.0
    assert followed(140)[1]["BTC"].mid(140) is None


def test_following_needs_a_known_venue_and_symbol() -> None:
    world, markets = followed(115)
    with pytest.raises(ValueError, match="no prices of 'SOL'"):
        follow(world, {"SOL": markets["BTC"]}, make_path())
    with pytest.raises(ValueError, match="add it to a host"):
        follow(world, {"BTC": OutsideMarket("elsewhere", BTC, USDC, **PARAMETERS)}, make_path())
