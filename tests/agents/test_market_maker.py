import math
from typing import Any

import pytest
from tests.agents.laws import (
    AGENT,
    ETH,
    LATENCY_NS,
    PRICE,
    SECOND_NS,
    START_NS,
    USDC,
    AgentLaws,
    SmallMarket,
    calls_of,
    fills_of,
    flat,
    rows,
)

from shoal.agents.avellaneda_stoikov import FiniteHorizon, Stationary
from shoal.agents.market_maker import MarketMaker
from shoal.agents.rebalancing import Rebalancing
from shoal.sim.agent import Agent
from shoal.sim.calls import Call
from shoal.sim.units import SECONDS_PER_YEAR, Account
from shoal.sim.world import World

FINITE = FiniteHorizon(risk_aversion=2_000.0, fill_decay=2_000.0, horizon_s=400.0)
STATIONARY = Stationary(risk_aversion=200.0, fill_decay=2_000.0, arrivals_per_s=0.05)
PARAMETERS: dict[str, Any] = {
    "place": "home",
    "book": "book",
    "reference": "outside",
    "quoting": STATIONARY,
    "interval_ns": SECOND_NS,
    "order_base_tokens": 2.0,
    "inventory_limit": 5.0,
    "levels": 3,
    "level_step_ppm": 200,
    "requote_ppm": 50,
    "minimum_spread_ppm": 100,
    "start_volatility": 0.6,
    "volatility_half_life_s": 60.0,
    "withdraw_volatility": 40.0,
    "return_volatility": 20.0,
    "loss_limit_quote_tokens": 1e9,
    "pause_s": 60.0,
}


def make(world: World, **changes: Any) -> MarketMaker:
    return MarketMaker(world, AGENT, **{**PARAMETERS, **changes})


class TestMarketMaker(AgentLaws):
    def make(self, world: World) -> Agent:
        return make(world)


class TestMarketMakerThatHedges(AgentLaws):
    def make(self, world: World) -> Agent:
        terms = Rebalancing(interval_ns=60 * SECOND_NS, skew=0.45)
        return make(world, hedge_limit=1.0, quoting=FINITE, rebalance=terms)


def quiet(prices: list[float] | None = None, **changes: Any) -> tuple[SmallMarket, MarketMaker]:
    """A market whose book is the maker's alone."""
    market = SmallMarket(flat() if prices is None else prices, stocked=False)
    market.fund(eth="1000", usdc="2000000")
    return market, make(market.world, **changes)


def resting(market: SmallMarket) -> tuple[list[int], list[int]]:
    """The maker's bids, highest first, and asks, lowest first."""
    orders = market.book.orders(Account(AGENT, "exchange"))
    bids = sorted((price for _, side, price, _ in orders if side > 0), reverse=True)
    return bids, sorted(price for _, side, price, _ in orders if side < 0)


def hit(market: SmallMarket, side: int, size: str) -> None:
    """Somebody takes from the book at any price."""
    arguments = {"side": side, "quantity": ETH.amount(size)}
    market.exchange.submit(Call("book", "market", arguments), sender="somebody", place="exchange", answer=None)


@pytest.mark.parametrize("quoting", [FINITE, STATIONARY])
def test_its_first_quotes_are_the_closed_forms(quoting: FiniteHorizon | Stationary) -> None:
    market, _ = quiet(quoting=quoting, interval_ns=1_000 * SECOND_NS)
    market.run(1_001)
    # Its first look is at a moment of its own within the interval.
    (looked_ns,) = {row["sent_ns"] for row in calls_of(market.world)}
    bid, ask = quoting.distances(0.0, 0.6**2 / SECONDS_PER_YEAR, (looked_ns - START_NS) / 1e9)
    grid, bids_asks = market.book.grid, resting(market)
    steps = [PRICE * 200e-6 * level for level in range(3)]
    assert bids_asks[0] == [grid.price_below(PRICE * (1 - bid) - step) for step in steps]
    assert bids_asks[1] == [grid.price_above(PRICE * (1 + ask) + step) for step in steps]


def test_it_leans_against_its_inventory_by_the_reservation_price() -> None:
    market, maker = quiet(requote_ppm=0)
    market.run(60)
    before = resting(market)
    hit(market, -1, "2")
    market.run(120)
    after = resting(market)
    assert maker.inventory == pytest.approx(1.0)
    variance = maker._volatility.variance_per_s
    shift = STATIONARY.distances(1.0, variance, 0.0)[0] - STATIONARY.distances(0.0, variance, 0.0)[0]
    assert after[0][0] < before[0][0]
    assert after[1][0] < before[1][0]
    middle = [sum(side[0] for side in ladder) / 2 for ladder in (before, after)]
    assert (middle[0] - middle[1]) / USDC.unit == pytest.approx(PRICE * shift, abs=0.02)
    # What was filled has been replaced.
    assert len(after[0]) == len(after[1]) == 3


def test_its_books_agree_with_the_ledger() -> None:
    market, maker = quiet()
    market.run(30)
    for at_s, side, size in ((40, -1, "3"), (70, 1, "1.5"), (100, 1, "5"), (130, -1, "0.7")):
        market.run(at_s)
        hit(market, side, size)
    market.run(200)
    ledger, account = market.world.ledger, Account(AGENT, "exchange")
    escrow = market.book.reserved(account)
    base = ledger.balance(ETH, account) + escrow[ETH] - ETH.amount(1_000)
    quote = ledger.balance(USDC, account) + escrow[USDC] - USDC.amount(2_000_000)
    assert maker.position_base_tokens == pytest.approx(ETH.tokens(base), abs=1e-9)
    assert maker.cash_quote_tokens == pytest.approx(USDC.tokens(quote), abs=1e-6)
    assert len(market.book.orders(account)) == 6


def test_it_quotes_no_side_beyond_its_inventory_limit() -> None:
    market, maker = quiet(inventory_limit=2.0)
    market.run(30)
    hit(market, -1, "4")
    market.run(60)
    assert maker.inventory == pytest.approx(2.0)
    bids, asks = resting(market)
    assert not bids
    assert len(asks) == 3
    hit(market, 1, "4")
    market.run(90)
    assert all(len(side) == 3 for side in resting(market))


def test_its_quotes_widen_with_volatility_and_go_away_and_come_back() -> None:
    calm = [PRICE * (1 + 2e-5 * (second % 2)) for second in range(600)]
    rough = [PRICE * (1 + 4e-4 * (second % 2)) for second in range(60)]
    wild = [PRICE * (1 + 2e-2 * (second % 2)) for second in range(60)]
    market, maker = quiet(calm + rough + wild + calm + calm, start_volatility=0.1, requote_ppm=10)
    market.run(595)
    narrow = resting(market)
    market.run(655)
    wide = resting(market)
    assert wide[1][0] - wide[0][0] > 1.2 * (narrow[1][0] - narrow[0][0])
    market.run(719)
    assert resting(market) == ([], [])
    market.run(720 + 60)
    assert maker._volatility.annual > 20.0
    assert resting(market) == ([], [])
    market.run(1_800)
    assert maker._volatility.annual < 20.0
    assert all(len(side) == 3 for side in resting(market))


def test_a_loss_sends_it_away_for_a_while() -> None:
    prices = flat(100) + flat(500, PRICE * 0.98)
    market, maker = quiet(prices, loss_limit_quote_tokens=50.0, pause_s=120.0, withdraw_volatility=math.inf)
    market.run(50)
    hit(market, -1, "2")
    market.run(99)
    assert all(len(side) == 3 for side in resting(market))
    # It holds 2 ETH that fall by 40 each.
    market.run(105)
    assert resting(market) == ([], [])
    market.run(210)
    assert resting(market) == ([], [])
    market.run(240)
    assert maker.inventory == pytest.approx(1.0)
    assert all(len(side) == 3 for side in resting(market))


def test_it_keeps_the_minimum_spread() -> None:
    market, _ = quiet(minimum_spread_ppm=20_000)
    market.run(30)
    bids, asks = resting(market)
    assert (asks[0] - bids[0]) / USDC.unit == pytest.approx(40.0, abs=0.03)


def test_it_replaces_only_what_is_off() -> None:
    market, _ = quiet()
    market.run(300)
    verbs = [row["verb"] for row in calls_of(market.world)]
    assert verbs.count("limit") == 6
    # Volatility falls while the price stands still, and the quotes draw closer: seldom, and by replacements.
    assert verbs.count("replace") < 40


def test_it_follows_the_price_one_latency_late() -> None:
    market, _ = quiet(flat(60) + flat(240, PRICE * 1.01))
    market.run(60)
    before = resting(market)
    market.run(60 + 1 + 4 * LATENCY_NS / SECOND_NS)
    after = resting(market)
    assert after[0][0] > before[0][0] * 1.009
    assert not fills_of(market.world)


def test_what_exceeds_its_hedge_limit_is_traded_outside() -> None:
    market, maker = quiet(hedge_limit=1.0)
    market.run(30)
    hit(market, -1, "6")
    market.run(60)
    hedges = [row for row in fills_of(market.world) if row["venue"] == "outside"]
    assert [row["side"] for row in hedges] == [-1]
    assert hedges[0]["base_tokens"] == pytest.approx(4.0)
    assert maker.inventory == pytest.approx(1.0)


@pytest.mark.parametrize(
    "changes",
    [
        {"interval_ns": 0},
        {"order_base_tokens": 0.0},
        {"inventory_limit": -1.0},
        {"levels": 0},
        {"level_step_ppm": 0},
        {"requote_ppm": -1},
        {"minimum_spread_ppm": 0.5},
        {"start_volatility": math.nan},
        {"volatility_half_life_s": 0.0},
        {"withdraw_volatility": 1.0},
        {"loss_limit_quote_tokens": 0.0},
        {"pause_s": math.inf},
        {"hedge_limit": 0.0},
    ],
)
def test_parameters_out_of_range_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        make(SmallMarket(flat()).world, **changes)


def test_it_moves_money_to_the_side_that_runs_short() -> None:
    market = SmallMarket(flat(), stocked=False)
    market.world.endow(AGENT, "exchange", USDC, USDC.amount("2000000"))
    market.world.endow(AGENT, "exchange", ETH, ETH.amount("1000"))
    market.world.endow(AGENT, "abroad", ETH, ETH.amount("1000"))
    make(market.world, rebalance=Rebalancing(interval_ns=100 * SECOND_NS, skew=0.2))
    market.run(5)
    first = rows(market.world, "transfers")[0]
    assert (first["owner"], first["asset"], first["source"], first["target"]) == (AGENT, "USDC", "exchange", "abroad")
    market.run(40)
    assert market.world.ledger.balance(USDC, Account(AGENT, "abroad")) == first["raw"]
