"""The agents of one symbol: who they are, where they sit, and what they start with."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

from shoal.agents.arbitrageur import Arbitrageur
from shoal.agents.avellaneda_stoikov import FiniteHorizon, Stationary
from shoal.agents.book_arbitrageur import BookArbitrageur
from shoal.agents.gas import GasTerms
from shoal.agents.informed_trader import InformedTrader
from shoal.agents.liquidity_provider import LiquidityProvider
from shoal.agents.market_maker import MarketMaker
from shoal.agents.noise_trader import NoiseTrader
from shoal.agents.oracle_reporter import OracleReporter
from shoal.agents.rebalancing import Rebalancing
from shoal.experiments.market.hosts import CHAIN, COLOCATED, EXCHANGE, GWEI, INTERNET, NATIVE, OUTSIDE
from shoal.experiments.market.parameters import (
    ArbitrageGroup,
    CustodyGroup,
    GasGroup,
    InformedGroup,
    LiquidityGroup,
    MakerGroup,
    NoiseGroup,
    OracleGroup,
)
from shoal.experiments.market.venues import Pair, reporter_name
from shoal.experiments.study import Amount
from shoal.sim.units import NANOSECONDS_PER_SECOND
from shoal.sim.world import World

_NONE: Final = Amount("0")
_STEADY: Final = math.inf
"""A volatility that is never reached."""


def gas_terms(gas: GasGroup) -> GasTerms:
    """Gas terms at the price of the native asset on the outside market."""
    return GasTerms(tip_wei=round(gas.tip_gwei * GWEI), price_feed=f"{NATIVE} outside")


def moving_terms(custody: CustodyGroup) -> Rebalancing:
    """When inventory moves between hosts."""
    return Rebalancing(interval_ns=_ns(custody.rebalance_minutes * 60), skew=custody.rebalance_skew)


def endow_half(
    world: World, owner: str, hosts: Iterable[str], pair: Pair, quote_tokens: Amount, *, gas_tokens: Amount
) -> None:
    """Give an owner so much money on each host, half in each asset at the first price; gas money on the chain."""
    half = pair.quote.amount(quote_tokens) // 2
    for host in hosts:
        world.endow(owner, host, pair.base, pair.base.floor(pair.quote.tokens(half) / pair.price))
        world.endow(owner, host, pair.quote, half)
        if host == CHAIN:
            endow_gas(world, owner, gas_tokens)


def endow_gas(world: World, owner: str, gas_tokens: Amount) -> None:
    """Give an owner native tokens to pay gas with."""
    native = world.assets[NATIVE]
    world.endow(owner, CHAIN, native, native.amount(gas_tokens))


def add_noise_traders(
    world: World, pair: Pair, noise: NoiseGroup, *, gas: GasGroup, private_share: float = 0.0
) -> None:
    """Ordinary users: some at home on the book, some on the pool, some on both.

    A share of those who use the chain sends privately to its builder; who does is drawn once for each.
    """
    book, pool, outside = pair.book.name, pair.pool.name, pair.outside.name
    kinds = (
        ("book", noise.book_traders, (book, outside), (EXCHANGE, OUTSIDE)),
        ("pool", noise.pool_traders, (pool,), (CHAIN,)),
        ("free", noise.free_traders, (book, pool), (EXCHANGE, CHAIN)),
    )
    for kind, count, venues, hosts in kinds:
        for index in range(count):
            name = f"{pair.symbol} noise {kind} {index}"
            is_private = CHAIN in hosts and world.draws.stream(name, "visibility").next() < private_share
            endow_half(world, name, hosts, pair, noise.capital_quote_tokens, gas_tokens=gas.user_tokens)
            NoiseTrader(
                world,
                name,
                place=INTERNET,
                venues=venues,
                interval_ns=_ns(noise.interval_s),
                size_quote_tokens=noise.size_quote_tokens,
                size_sigma=noise.size_sigma,
                slippage_ppm=noise.slippage_ppm,
                gas=gas_terms(gas) if CHAIN in hosts else None,
                builder="builder" if is_private else None,
            )


def add_informed_traders(world: World, pair: Pair, informed: InformedGroup, *, gas: GasGroup) -> None:
    """Traders who see the outside price with latency and trade on book and pool."""
    for index in range(informed.traders):
        name = f"{pair.symbol} informed {index}"
        endow_half(
            world, name, (EXCHANGE, CHAIN), pair, informed.capital_quote_tokens, gas_tokens=gas.arbitrageur_tokens
        )
        InformedTrader(
            world,
            name,
            place=COLOCATED,
            venues=(pair.book.name, pair.pool.name),
            reference=pair.outside.name,
            interval_ns=_ns(informed.interval_s),
            edge_ppm=informed.edge_ppm,
            unwind_ppm=informed.unwind_ppm,
            order_quote_tokens=informed.order_quote_tokens,
            inventory_quote_tokens=informed.inventory_quote_tokens,
            gas=gas_terms(gas),
        )


def add_market_makers(world: World, pair: Pair, makers: MakerGroup, *, custody: CustodyGroup) -> None:
    """Market makers of the book, each bearing more volatility than the one before."""
    quoting: FiniteHorizon | Stationary
    if makers.form == "finite":
        quoting = FiniteHorizon(
            risk_aversion=makers.risk_aversion, fill_decay=makers.fill_decay, horizon_s=makers.horizon_s
        )
    else:
        quoting = Stationary(
            risk_aversion=makers.risk_aversion, fill_decay=makers.fill_decay, arrivals_per_s=makers.arrivals_per_s
        )
    for index in range(makers.makers):
        name = f"{pair.symbol} maker {index}"
        endow_half(world, name, (EXCHANGE, OUTSIDE), pair, makers.capital_quote_tokens, gas_tokens=_NONE)
        MarketMaker(
            world,
            name,
            place=COLOCATED,
            book=pair.book.name,
            reference=pair.outside.name,
            quoting=quoting,
            interval_ns=_ns(makers.interval_s),
            order_base_tokens=makers.order_quote_tokens / pair.price,
            inventory_limit=makers.inventory_limit,
            levels=makers.levels,
            level_step_ppm=makers.level_step_ppm,
            requote_ppm=makers.requote_ppm,
            minimum_spread_ppm=makers.minimum_spread_ppm,
            start_volatility=makers.start_volatility,
            volatility_half_life_s=makers.volatility_half_life_s,
            withdraw_volatility=makers.withdraw_volatility * makers.tolerance_step**index,
            return_volatility=makers.return_volatility * makers.tolerance_step**index,
            loss_limit_quote_tokens=makers.loss_limit_quote_tokens,
            pause_s=makers.pause_s,
            hedge_limit=makers.hedge_limit,
            rebalance=moving_terms(custody),
        )


def add_arbitrageurs(
    world: World, pair: Pair, arbitrage: ArbitrageGroup, *, gas: GasGroup, custody: CustodyGroup
) -> None:
    """Arbitrageurs between pool, book and outside, and between book and outside; every second submits privately."""
    for index in range(arbitrage.pool_arbitrageurs):
        name, builder = f"{pair.symbol} arbitrageur {index}", "builder" if index % 2 else None
        add_arbitrageur(world, pair, name, pair.pool.name, arbitrage, gas=gas, custody=custody, builder=builder)
    for index in range(arbitrage.book_arbitrageurs):
        name = f"{pair.symbol} book arbitrageur {index}"
        endow_half(world, name, (EXCHANGE, OUTSIDE), pair, arbitrage.capital_quote_tokens, gas_tokens=_NONE)
        BookArbitrageur(
            world,
            name,
            place=COLOCATED,
            book=pair.book.name,
            reference=pair.outside.name,
            interval_ns=_ns(arbitrage.interval_s),
            minimum_edge_ppm=arbitrage.minimum_edge_ppm,
            order_quote_tokens=arbitrage.order_quote_tokens,
            slippage_ppm=arbitrage.slippage_ppm,
            rebalance=moving_terms(custody),
        )


def add_arbitrageur(
    world: World,
    pair: Pair,
    name: str,
    pool: str,
    arbitrage: ArbitrageGroup,
    *,
    gas: GasGroup,
    custody: CustodyGroup,
    builder: str | None,
) -> None:
    """One arbitrageur between a pool, the book and the outside market."""
    endow_half(
        world,
        name,
        (EXCHANGE, OUTSIDE, CHAIN),
        pair,
        arbitrage.capital_quote_tokens,
        gas_tokens=gas.arbitrageur_tokens,
    )
    Arbitrageur(
        world,
        name,
        place=COLOCATED,
        pool=pool,
        references=(pair.book.name, pair.outside.name),
        gas=gas_terms(gas),
        delay_ns=_ns(arbitrage.delay_s),
        minimum_profit_quote_tokens=arbitrage.minimum_profit_quote_tokens,
        tip_share=arbitrage.tip_share,
        slippage_ppm=arbitrage.slippage_ppm,
        builder=builder,
        rebalance=moving_terms(custody),
    )


def add_liquidity_providers(world: World, pair: Pair, liquidity: LiquidityGroup, *, gas: GasGroup) -> None:
    """Providers who never leave, and wary ones who withdraw when it gets rough."""
    for index in range(liquidity.steady + liquidity.wary):
        name, wary = f"{pair.symbol} provider {index}", index >= liquidity.steady
        add_provider(world, pair, name, pair.pool.name, liquidity.quote_tokens, liquidity, gas=gas, wary=wary)


def add_provider(
    world: World,
    pair: Pair,
    name: str,
    pool: str,
    quote_tokens: Amount,
    liquidity: LiquidityGroup,
    *,
    gas: GasGroup,
    wary: bool,
) -> None:
    """One provider of a pool, who leaves when it gets rough, or never."""
    # A tenth more of each than it provides, so that a ratio off the first price can still be met.
    quote_amount = pair.quote.amount(quote_tokens) * 11 // 10
    world.endow(name, CHAIN, pair.quote, quote_amount)
    world.endow(name, CHAIN, pair.base, pair.base.floor(pair.quote.tokens(quote_amount) / pair.price))
    endow_gas(world, name, gas.user_tokens)
    LiquidityProvider(
        world,
        name,
        place=INTERNET,
        pool=pool,
        reference=pair.outside.name,
        base_tokens=float(quote_tokens) / pair.price,
        quote_tokens=float(quote_tokens),
        interval_ns=_ns(liquidity.interval_s),
        withdraw_volatility=liquidity.withdraw_volatility if wary else _STEADY,
        return_volatility=liquidity.return_volatility,
        calm_s=liquidity.calm_minutes * 60,
        start_volatility=liquidity.return_volatility,
        volatility_half_life_s=600.0,
        gas=gas_terms(gas),
    )


def add_reporter(world: World, pair: Pair, oracle: OracleGroup, *, gas: GasGroup) -> None:
    """The agent that reports to the oracle."""
    sources = {
        "outside": (pair.outside.name,),
        "pool": (pair.pool.name,),
        "mix": (pair.outside.name, pair.book.name, pair.pool.name),
    }[oracle.source]
    name = reporter_name(pair.symbol)
    endow_gas(world, name, gas.arbitrageur_tokens)
    OracleReporter(
        world,
        name,
        place=COLOCATED,
        oracle=pair.oracle.name,
        sources=sources,
        interval_ns=_ns(oracle.poll_s),
        delay_ns=_ns(oracle.delay_s),
        gas=gas_terms(gas),
    )


def _ns(seconds: float) -> int:
    return max(1, round(seconds * NANOSECONDS_PER_SECOND))
