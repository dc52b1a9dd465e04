"""Borrowers whose thresholds lie evenly below the price, one liquidator, one outside market: where cascades are run."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np

from shoal.agents.borrower import Borrower
from shoal.agents.gas import GasTerms
from shoal.agents.lender import Lender
from shoal.agents.liquidator import Liquidator
from shoal.agents.oracle_reporter import OracleReporter
from shoal.sim.hosts.block_schedule import ConstantBlocks
from shoal.sim.hosts.chain import Chain
from shoal.sim.hosts.exchange import Exchange
from shoal.sim.latency import ConstantLatency
from shoal.sim.price_path import PricePath
from shoal.sim.price_process import follow
from shoal.sim.units import NANOSECONDS_PER_SECOND, PPM
from shoal.sim.world import World
from shoal.venues.credit.kinked_rate import KinkedRate
from shoal.venues.credit.lending_market import LendingMarket
from shoal.venues.credit.lending_view import LendingView
from shoal.venues.oracle import Oracle
from shoal.venues.outside_market import OutsideMarket

START_PRICE: Final = 2_000.0
LLTV_PPM: Final = 860_000
_SYMBOL: Final = "BASE"
_HOME, _CHAIN, _EXCHANGE = "home", "chain", "exchange"
_OUTSIDE, _LENDING, _ORACLE = "outside", "lending", "oracle"
_REPORTER, _LENDER, _LIQUIDATOR = "reporter", "lender", "liquidator"
_START_NS: Final = 1_700_000_000 * NANOSECONDS_PER_SECOND
_BLOCK_NS: Final = 12 * NANOSECONDS_PER_SECOND
_GAS_LIMIT: Final = 10**12
_GAS: Final = GasTerms(tip_wei=0, price_feed=_OUTSIDE)
_FREE: Final = KinkedRate(base_ppm=0, slope_below_ppm=0, slope_above_ppm=0)
# Blocks in which everybody gets a position, and blocks without a liquidation after which none comes any more: after
# one with a liquidation the next has the report of its sale, and the one after that the next liquidation.
_OPENING: Final = 6
_QUIET: Final = 8
# Of a block's time: when the outside market shows what is left of an impact, and how often the reporter looks.
_STEP_NS: Final = _BLOCK_NS // 8
_LOOK_NS: Final = _BLOCK_NS // 4
# Halves more often between a sale and the next look than a double has digits.
_HALF_LIFE_S: Final = _STEP_NS / 60 / NANOSECONDS_PER_SECOND


class Cascade(NamedTuple):
    """How a cascade ended.

    Args:
        price: of the outside market when all was quiet, quote tokens for one base token.
        liquidated: borrowers whose debt is gone.
        left: borrowers who still owe.
    """

    price: float
    liquidated: int
    left: int


def play_cascade(
    *,
    seed: int,
    thresholds: tuple[float, ...],
    debt_quote_tokens: float,
    depth_quote_tokens: float,
    shocked_price: float,
    permanent_share: float,
    at_once: bool,
) -> Cascade:
    """Let the price fall once and liquidate until all is quiet.

    Everybody owes the same and pledges what makes it liquidatable below its threshold. There are no fees, no gas and
    no interest, and messages take 1 ns. The liquidator clears one position, sells what it seized, and waits for the
    oracle to have seen that before it looks again.

    Args:
        seed: of the world.
        thresholds: prices, one a borrower.
        debt_quote_tokens: that each borrows.
        depth_quote_tokens: that move the outside price by 1 %.
        shocked_price: the path's price from the shock on.
        permanent_share: of the impact; the rest is gone before the oracle looks.
        at_once: the outside market lives on the chain and the sale is part of the liquidation; otherwise it lives
            on an exchange where the liquidator sells after the block.

    Raises:
        RuntimeError: not everybody could open a position, or it never becomes quiet.
    """
    world = World(seed=seed, start_ns=_START_NS, latency=ConstantLatency(1))
    market, outside = _venues(world, depth_quote_tokens, permanent_share, at_once=at_once)
    _people(world, market, outside, thresholds, debt_quote_tokens, at_once=at_once)
    # From one liquidation to the next it takes two blocks.
    blocks = _OPENING + 2 * len(thresholds) + 2 * _QUIET
    prices = [START_PRICE] * (_OPENING + 1) + [shocked_price] * (blocks - _OPENING)
    times = _START_NS + np.append(0, _STEP_NS + _BLOCK_NS * np.arange(blocks, dtype=np.int64))
    path = PricePath(times, {_SYMBOL: np.array(prices)}, end_ns=int(times[-1]) + 1, kind="generated", source_step_ns=0)
    follow(world, {_SYMBOL: outside}, path)
    left = _after(world, market, _OPENING)
    if left != len(thresholds):
        raise RuntimeError(f"{left} of {len(thresholds)} borrowers got their loan in {_OPENING} blocks")
    for block in range(_OPENING + _QUIET, blocks, _QUIET):
        before, left = left, _after(world, market, block)
        if left == before:
            price = outside.mid(world.clock.now_ns)
            assert price is not None
            return Cascade(price, len(thresholds) - left, left)
    raise RuntimeError(f"not quiet after {blocks} blocks: {left} of {len(thresholds)} still owe")


def _after(world: World, market: LendingMarket, blocks: int) -> int:
    """Debtors that are left half a block after so many blocks."""
    world.run(until_ns=_START_NS + _BLOCK_NS * blocks + _BLOCK_NS // 2)
    view: LendingView = market.published(world.clock.now_ns)
    return sum(position.borrow_shares > 0 for position in view.positions.values())


def _venues(
    world: World, depth_quote_tokens: float, permanent_share: float, *, at_once: bool
) -> tuple[LendingMarket, OutsideMarket]:
    base, quote = world.asset(_SYMBOL, 18), world.asset("QUOTE", 18)
    chain = Chain(
        world,
        _CHAIN,
        native=world.asset("ETH", 18),
        schedule=ConstantBlocks(_BLOCK_NS),
        base_fee_wei=0,
        gas_limit=_GAS_LIMIT,
    )
    exchange = Exchange(world, _EXCHANGE)
    oracle = Oracle(_ORACLE, base, quote, reporter=_REPORTER, deviation_ppm=1, heartbeat_s=10**9)
    market = LendingMarket(_LENDING, collateral=base, loan=quote, oracle=oracle, lltv_ppm=LLTV_PPM, rate=_FREE)
    outside = OutsideMarket(
        _OUTSIDE,
        base,
        quote,
        depth_quote_tokens=depth_quote_tokens,
        fee_ppm=0,
        permanent_share=permanent_share,
        half_life_s=_HALF_LIFE_S,
    )
    chain.add(oracle)
    chain.add(market)
    (chain if at_once else exchange).add(outside)
    return market, outside


def _people(
    world: World,
    market: LendingMarket,
    outside: OutsideMarket,
    thresholds: tuple[float, ...],
    debt_quote_tokens: float,
    *,
    at_once: bool,
) -> None:
    base, quote = market.assets
    debt = quote.floor(debt_quote_tokens)
    total = debt * len(thresholds)
    where = world.host_of[outside.name].name
    world.endow(outside.name, where, quote, 2 * total)
    world.endow(_LENDER, _CHAIN, quote, total)
    world.endow(_LIQUIDATOR, _CHAIN, quote, 2 * total)
    Lender(world, _LENDER, place=_HOME, market=market.name, amount=total, gas=_GAS)
    OracleReporter(
        world,
        _REPORTER,
        place=_HOME,
        oracle=_ORACLE,
        sources=(outside.name,),
        interval_ns=_LOOK_NS,
        delay_ns=0,
        gas=_GAS,
    )
    pledged = 0
    for number, threshold in enumerate(thresholds):
        owner = f"borrower {number}"
        collateral = math.ceil(base.unit * debt_quote_tokens / (LLTV_PPM / PPM * threshold))
        pledged += collateral
        world.endow(owner, _CHAIN, base, collateral)
        Borrower(
            world,
            owner,
            place=_HOME,
            market=market.name,
            collateral=collateral,
            debt=debt,
            conduct="passive",
            gas=_GAS,
        )
    if not at_once:
        # Seized on the chain, sold from stock on the exchange.
        world.endow(_LIQUIDATOR, where, base, pledged)
    Liquidator(
        world,
        _LIQUIDATOR,
        place=_HOME,
        market=market.name,
        pools=(outside.name,) if at_once else (),
        hedges=() if at_once else (outside.name,),
        sold_at_once=1.0 if at_once else 0.0,
        minimum_profit_quote_tokens=0.0,
        tip_share=0.0,
        slippage_ppm=PPM // 100,
        at_most=1,
        gas=_GAS,
    )
