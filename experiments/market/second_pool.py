"""A second pool of a symbol: lower fee, less money, a provider and an arbitrageur of its own."""

from __future__ import annotations

from dataclasses import replace

from shoal.experiments.market.hosts import CHAIN
from shoal.experiments.market.loop_parameters import SecondPoolGroup
from shoal.experiments.market.parameters import ArbitrageGroup, CustodyGroup, GasGroup, LiquidityGroup
from shoal.experiments.market.population import add_arbitrageur, add_provider
from shoal.experiments.market.venues import Pair
from shoal.sim.world import World
from shoal.venues.amm.constant_product import ConstantProduct


def add_second_pool(
    world: World,
    pair: Pair,
    second: SecondPoolGroup,
    *,
    liquidity: LiquidityGroup,
    arbitrage: ArbitrageGroup,
    gas: GasGroup,
    custody: CustodyGroup,
) -> Pair:
    """Add it, with a provider who never leaves and an arbitrageur in public; returns the pair that knows it."""
    symbol = pair.symbol
    pool = ConstantProduct(f"{symbol}-pool-2", pair.base, pair.quote, fee_ppm=second.fee_ppm)
    world.hosts[CHAIN].add(pool)
    add_provider(
        world, pair, f"{symbol} second provider", pool.name, second.quote_tokens, liquidity, gas=gas, wary=False
    )
    add_arbitrageur(
        world, pair, f"{symbol} second arbitrageur", pool.name, arbitrage, gas=gas, custody=custody, builder=None
    )
    return replace(pair, further_pools=(pool,))
