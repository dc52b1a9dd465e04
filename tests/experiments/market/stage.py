"""One symbol's venues in a world of their own, for the agents that are added to it."""

from typing import NamedTuple

import numpy as np

from shoal.experiments.market.hosts import NATIVE, Hosts, build_hosts
from shoal.experiments.market.parameters import (
    BookGroup,
    ChainGroup,
    CustodyGroup,
    NetworkGroup,
    OracleGroup,
    OutsideGroup,
    PoolGroup,
)
from shoal.experiments.market.venues import Pair, build_pair
from shoal.sim.price_path import PricePath
from shoal.sim.world import World

PRICES = {"BTC": 30_000.0, NATIVE: 2_000.0}


class Stage(NamedTuple):
    """A world with hosts and venues, and nobody in it."""

    world: World
    hosts: Hosts
    pairs: tuple[Pair, ...]


def stage(seed: int = 7) -> Stage:
    """Bitcoin and ether against USDC, prices at rest."""
    world = World(seed=seed, start_ns=0)
    quote = world.asset("USDC", 6)
    bases = (world.asset("BTC", 8), world.asset(NATIVE, 18))
    path = PricePath(
        np.zeros(1, dtype=np.int64),
        {symbol: np.array([price]) for symbol, price in PRICES.items()},
        end_ns=10**9,
        kind="generated",
        source_step_ns=0,
    )
    hosts = build_hosts(
        world, path, (*bases, quote), chain=ChainGroup(), custody=CustodyGroup(), network=NetworkGroup()
    )
    pairs = tuple(
        build_pair(
            world,
            hosts,
            base,
            quote,
            price=PRICES[base.symbol],
            book=BookGroup(),
            outside=OutsideGroup(),
            pool=PoolGroup(),
            oracle=OracleGroup(),
        )
        for base in bases
    )
    return Stage(world, hosts, pairs)
