"""The laws that every agent keeps.

An agent's mirror test subclasses ``AgentLaws`` and says how to ``make`` one in the small market built here: a book and
an outside market on exchanges, a pool and an oracle on a chain, all of ETH in USDC, with resting orders and liquidity
of somebody else, and prices that follow a given path. Everything runs through the real engine.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from shoal.agents.gas import GasTerms
from shoal.sim.agent import Agent
from shoal.sim.calls import Call, Transaction
from shoal.sim.custody import Custody, Way
from shoal.sim.hosts.block_schedule import ConstantBlocks
from shoal.sim.hosts.chain import Chain
from shoal.sim.hosts.exchange import Exchange
from shoal.sim.latency import ConstantLatency
from shoal.sim.price_path import PricePath
from shoal.sim.price_process import follow
from shoal.sim.units import Asset
from shoal.sim.world import World
from shoal.venues.amm.constant_product import ConstantProduct
from shoal.venues.book.order_book import OrderBook
from shoal.venues.oracle import Oracle
from shoal.venues.outside_market import OutsideMarket

SECOND_NS = 10**9
START_NS = 1_700_000_000 * SECOND_NS
BLOCK_NS = 12 * SECOND_NS
LATENCY_NS = 50_000_000
PRICE = 2_000.0
RUN_S = 300
GWEI = 10**9
ETH, USDC = Asset("ETH", 18), Asset("USDC", 6)
GAS = GasTerms(tip_wei=GWEI, price_feed="outside")
AGENT = "agent"

type Maker = Callable[[World], Agent]


def wave(seconds: int = RUN_S, *, size: float = 0.01, period_s: float = 97.0) -> list[float]:
    """A price a second that swings around the start."""
    return [PRICE * math.exp(size * math.sin(2 * math.pi * second / period_s)) for second in range(seconds)]


def flat(seconds: int = RUN_S, price: float = PRICE) -> list[float]:
    """The same price each second."""
    return [price] * seconds


class SmallMarket:
    """One world with everything an agent may trade at.

    Args:
        prices: one a second; empty leaves the outside market without any.
        stocked: whether book and pool hold orders and liquidity of ``somebody``.
        pool_price: the price at which the pool starts.
        outside_fee_ppm: of the outside market.
        base_fee_wei: of the chain.
    """

    def __init__(
        self,
        prices: Sequence[float],
        *,
        seed: int = 7,
        stocked: bool = True,
        pool_price: float = PRICE,
        outside_fee_ppm: int = 200,
        base_fee_wei: int = GWEI,
        depth_quote_tokens: float = 5e6,
        block_ns: int = BLOCK_NS,
    ) -> None:
        self.world = world = World(seed=seed, start_ns=START_NS, latency=ConstantLatency(LATENCY_NS))
        self.exchange = Exchange(world, "exchange")
        self.abroad = Exchange(world, "abroad")
        native = world.asset(*ETH)
        self.chain = Chain(world, "chain", native=native, schedule=ConstantBlocks(block_ns), base_fee_wei=base_fee_wei)
        for host in (self.exchange, self.abroad, self.chain):
            targets = {"exchange", "abroad", "chain"} - {host.name}
            way = Way(1_000, 30 * SECOND_NS)
            ways = {(to, asset): way for to in sorted(targets) for asset in (ETH, USDC)}
            host.add(Custody(host.name, ways))
        self.book = OrderBook("book", ETH, USDC, tick="0.01", lot="0.001", taker_fee_ppm=500)
        self.pool = ConstantProduct("pool", ETH, USDC, fee_ppm=3000)
        self.oracle = Oracle("oracle", ETH, USDC, reporter=AGENT, deviation_ppm=5_000, heartbeat_s=120)
        self.outside = OutsideMarket(
            "outside",
            ETH,
            USDC,
            depth_quote_tokens=depth_quote_tokens,
            fee_ppm=outside_fee_ppm,
            permanent_share=0.3,
            half_life_s=60.0,
        )
        self.exchange.add(self.book)
        self.abroad.add(self.outside)
        self.chain.add(self.pool)
        self.chain.add(self.oracle)
        for owner, host in (("outside", "abroad"), ("somebody", "exchange"), ("somebody", "chain")):
            world.endow(owner, host, ETH, ETH.amount(20_000))
            world.endow(owner, host, USDC, USDC.amount(40_000_000))
        if stocked:
            self._stock(pool_price)
        if len(prices):
            times = START_NS + SECOND_NS * np.arange(len(prices), dtype=np.int64)
            path = PricePath(
                times,
                {"ETH": np.array(prices)},
                end_ns=int(times[-1]) + SECOND_NS,
                kind="generated",
                source_step_ns=0,
            )
            follow(world, {"ETH": self.outside}, path)

    def fund(self, *, eth: str = "100", usdc: str = "200000", owner: str = AGENT) -> None:
        """Give the agent money everywhere."""
        for host in ("exchange", "abroad", "chain"):
            self.world.endow(owner, host, ETH, ETH.amount(eth))
            self.world.endow(owner, host, USDC, USDC.amount(usdc))

    def quote_book(self, mid: float, *, half_spread: float = 1.0, size: str = "5", levels: int = 10) -> None:
        """Let somebody rest orders around a price."""
        grid = self.book.grid
        for level in range(levels):
            for side in (+1, -1):
                away = half_spread + level
                price = grid.price_below(mid - away) if side > 0 else grid.price_above(mid + away)
                arguments = {"side": side, "quantity": ETH.amount(size), "price": price, "post_only": True}
                self.exchange.submit(Call("book", "limit", arguments), sender="somebody", place="exchange", answer=None)

    def _stock(self, pool_price: float) -> None:
        self.quote_book(PRICE)
        base, quote = ETH.amount(1_000), USDC.floor(1_000 * pool_price)
        deposit = Call("pool", "add_liquidity", {"amount_base": base, "amount_quote": quote})
        self.chain.submit(
            Transaction("somebody", (deposit,), max_fee_wei=10 * GWEI, max_tip_wei=GWEI), place="chain", answer=None
        )

    def run(self, seconds: float = RUN_S) -> None:
        """Let time pass until so many seconds after the start."""
        self.world.run(until_ns=START_NS + int(seconds * SECOND_NS))


def rows(world: World, table: str) -> list[dict[str, Any]]:
    """A table's rows."""
    world.records.close()
    found: list[dict[str, Any]] = world.records.tables[table].arrow().to_pylist()
    return found


def calls_of(world: World, sender: str = AGENT) -> list[dict[str, Any]]:
    """What somebody's calls were and what became of them."""
    return [row for row in rows(world, "orders") if row["sender"] == sender]


def fills_of(world: World, owner: str = AGENT) -> list[dict[str, Any]]:
    """The trades that somebody took part in."""
    return [row for row in rows(world, "fills") if owner in (row["taker"], row["maker"])]


class AgentLaws:
    """Inherited tests."""

    acts: ClassVar[bool] = True
    """Whether it sends anything in the swinging market; a class that does not sets False and says why."""

    def make(self, world: World) -> Agent:
        """The agent, named ``agent``, in the small market's world."""
        raise NotImplementedError

    def live(
        self, prices: Sequence[float], *, funded: bool = True, seconds: float = RUN_S, **options: Any
    ) -> SmallMarket:
        """A small market with the agent in it, run."""
        market = SmallMarket(prices, **options)
        if funded:
            market.fund()
        self.make(market.world)
        market.run(seconds)
        assert market.world.failure is None
        return market

    def test_it_acts_and_conserves_every_asset(self) -> None:
        world = self.live(wave()).world
        assert set(world.conservation().values()) == {0}
        sent = [row for row in calls_of(world) if row["result"] == "ok"]
        assert bool(sent) == self.acts

    def test_the_same_world_twice_gives_the_same_digest(self) -> None:
        digests = {self.live(wave()).world.records.digest() for _ in range(2)}
        assert len(digests) == 1

    def test_it_has_no_foresight(self) -> None:
        """What it sent before the news of a changed price could reach it is the same in both worlds."""
        prices = wave()
        change_s = RUN_S // 2
        other = prices[:change_s] + [price * 1.02 for price in prices[change_s:]]
        known_ns = START_NS + change_s * SECOND_NS + LATENCY_NS
        sent = []
        for path in (prices, other):
            world = self.live(path).world
            sent.append(
                [
                    (row["sent_ns"], row["venue"], row["verb"], row["arguments"])
                    for row in calls_of(world)
                    if row["sent_ns"] < known_ns
                ]
            )
        assert sent[0] == sent[1]

    def test_it_survives_without_money(self) -> None:
        world = self.live(wave(), funded=False).world
        assert not fills_of(world)
        assert set(world.conservation().values()) == {0}

    def test_it_survives_an_empty_market_without_prices(self) -> None:
        world = self.live([], stocked=False, seconds=60).world
        assert not fills_of(world)

    def test_it_survives_a_market_that_refuses_everything(self) -> None:
        """Its money is taken away while it lives: every trade that follows is refused."""
        market = SmallMarket(wave())
        market.fund()
        self.make(market.world)
        market.run(60)
        for host in ("exchange", "abroad", "chain"):
            ledger = market.world.ledger
            for asset in (ETH, USDC):
                for account, held in list(ledger.holders(asset)):
                    if account == (AGENT, host):
                        ledger.burn(asset, account, held)
        market.run()
        assert market.world.failure is None
        assert set(market.world.conservation().values()) == {0}

    def test_nobody_spends_more_than_it_has(self) -> None:
        world = self.live(wave(size=0.05)).world
        for asset in (ETH, USDC):
            assert all(held >= 0 for _, held in world.ledger.holders(asset))
