"""The venues of one symbol: a book on the exchange, the outside market, a pool and an oracle on the chain."""

from __future__ import annotations

import math
from dataclasses import dataclass

from shoal.experiments.market.hosts import Hosts
from shoal.experiments.market.parameters import BookGroup, OracleGroup, OutsideGroup, PoolGroup
from shoal.experiments.observer import Holdings, Shown, Watched
from shoal.sim.units import Asset
from shoal.sim.world import World
from shoal.venues.amm.constant_product import ConstantProduct
from shoal.venues.book.order_book import OrderBook
from shoal.venues.oracle import Oracle
from shoal.venues.outside_market import OutsideMarket


@dataclass(frozen=True, slots=True)
class Pair:
    """Everything that trades or prices one symbol."""

    base: Asset
    quote: Asset
    price: float
    book: OrderBook
    outside: OutsideMarket
    pool: ConstantProduct
    oracle: Oracle
    further_pools: tuple[ConstantProduct, ...] = ()

    @property
    def pool_names(self) -> tuple[str, ...]:
        """All pools of the chain."""
        return self.pool.name, *(pool.name for pool in self.further_pools)

    @property
    def symbol(self) -> str:
        """The base symbol."""
        return self.base.symbol


def reporter_name(symbol: str) -> str:
    """The name of the agent that reports to a symbol's oracle."""
    return f"{symbol} reporter"


def tick_and_lot(price: float, *, digits: int, quote_decimals: int) -> tuple[str, str]:
    """A power-of-ten tick that shows a price to so many digits, and the lot that makes one lot at one tick a base unit.

    >>> tick_and_lot(8_000.0, digits=6, quote_decimals=6)
    ('0.01', '0.0001')
    """
    exponent = math.floor(math.log10(price)) + 1 - digits
    return _power_of_ten(exponent), _power_of_ten(-quote_decimals - exponent)


def build_pair(
    world: World,
    hosts: Hosts,
    base: Asset,
    quote: Asset,
    *,
    price: float,
    book: BookGroup,
    outside: OutsideGroup,
    pool: PoolGroup,
    oracle: OracleGroup,
) -> Pair:
    """Make the venues of a symbol and endow the outside market."""
    symbol = base.symbol
    tick, lot = tick_and_lot(price, digits=book.tick_digits, quote_decimals=quote.decimals)
    pair = Pair(
        base,
        quote,
        price,
        OrderBook(
            f"{symbol} book",
            base,
            quote,
            tick=tick,
            lot=lot,
            taker_fee_ppm=book.taker_fee_ppm,
            maker_fee_ppm=book.maker_fee_ppm,
        ),
        OutsideMarket(
            f"{symbol} outside",
            base,
            quote,
            depth_quote_tokens=outside.depth_quote_tokens,
            fee_ppm=outside.fee_ppm,
            permanent_share=outside.permanent_share,
            half_life_s=outside.half_life_s,
        ),
        ConstantProduct(f"{symbol}-pool", base, quote, fee_ppm=pool.fee_ppm),
        Oracle(
            f"{symbol} oracle",
            base,
            quote,
            reporter=reporter_name(symbol),
            deviation_ppm=oracle.deviation_ppm,
            heartbeat_s=oracle.heartbeat_s,
        ),
    )
    hosts.exchange.add(pair.book)
    hosts.outside.add(pair.outside)
    hosts.chain.add(pair.pool)
    hosts.chain.add(pair.oracle)
    worth = quote.amount(outside.inventory_quote_tokens)
    world.endow(pair.outside.name, hosts.outside.name, base, base.floor(quote.tokens(worth) / price))
    world.endow(pair.outside.name, hosts.outside.name, quote, worth)
    return pair


def watched(world: World, pair: Pair) -> tuple[Watched, ...]:
    """What the experimenter samples of a pair."""
    book, outside, oracle = pair.book, pair.outside, pair.oracle
    clock = world.clock

    def watched_pool(pool: ConstantProduct) -> Watched:
        def reserves() -> Holdings:
            return Holdings(pool.reserve_base, pool.reserve_quote, pool.supply)

        return Watched(pool.name, "pool", pair.base, pair.quote, lambda: pool.published(clock.now_ns), reserves)

    def impact() -> Holdings:
        return Holdings(impact=outside.impact(clock.now_ns))

    return (
        Watched(outside.name, "outside", pair.base, pair.quote, lambda: outside.published(clock.now_ns), impact),
        Watched(book.name, "book", pair.base, pair.quote, lambda: book.published(clock.now_ns)),
        *(watched_pool(pool) for pool in (pair.pool, *pair.further_pools)),
        Watched(oracle.name, "oracle", pair.base, pair.quote, lambda: Shown(oracle.published(clock.now_ns).price)),
    )


def _power_of_ten(exponent: int) -> str:
    return "1" + "0" * exponent if exponent >= 0 else "0." + "0" * (-exponent - 1) + "1"
