"""A pool on a chain, an outside price, and the arbitrageur between them: the stage of every pool theorem."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from shoal.experiments.validation.myopic_arbitrageur import MyopicArbitrageur
from shoal.experiments.validation.provider import Provider
from shoal.experiments.validation.statistics import Array
from shoal.sim.draws import Stream
from shoal.sim.hosts.block_schedule import BlockSchedule
from shoal.sim.hosts.chain import Chain
from shoal.sim.hosts.exchange import Exchange
from shoal.sim.latency import ConstantLatency
from shoal.sim.price_path import PricePath
from shoal.sim.price_process import follow
from shoal.sim.units import Account
from shoal.sim.world import World
from shoal.venues.amm.constant_product import ConstantProduct
from shoal.venues.outside_market import UNLIMITED, OutsideMarket

Times = npt.NDArray[np.int64]

SYMBOL: Final = "BASE"
START_PRICE: Final = 1.0
# A price is seen 1 ns after its time, the swap arrives 1 ns later: in good time for the block.
LEAD_NS: Final = 40
_START_NS: Final = 1_700_000_000 * 10**9
_CHAIN: Final = "chain"
_DEPOSIT: Final = 10**27
_CAPITAL: Final = 10**29


@dataclass(frozen=True, slots=True)
class Blocks:
    """What happened at each block after the one with the deposit; one entry a block.

    Args:
        price: outside price at the block, quote for base.
        before: log of outside price over pool price before the block.
        after: the same after it.
        traded: whether the arbitrageur traded, 1 or 0.
        profit: what its holdings, valued at that price, gained, quote tokens.
        value: of the pool at that price had there been no fee: 2 sqrt(x y price), quote tokens.
    """

    price: Array
    before: Array
    after: Array
    traded: Array
    profit: Array
    value: Array


@dataclass(frozen=True, slots=True)
class Stage:
    """A finished run.

    Args:
        world: the world, run to its end.
        pool: the pool.
        path: outside prices before each block, the one with the deposit first.
        times_ns: of the blocks after the one with the deposit.
        deposit: base units of base and of quote that the provider put in.
    """

    world: World
    pool: ConstantProduct
    path: PricePath
    times_ns: Times
    deposit: tuple[int, int]

    def balance(self, owner: str) -> tuple[int, int]:
        """Base units of base and of quote that somebody holds on the chain."""
        ledger, account = self.world.ledger, Account(owner, _CHAIN)
        return ledger.balance(self.pool.base, account), ledger.balance(self.pool.quote_asset, account)

    @property
    def gained(self) -> tuple[int, int]:
        """Base units of base and of quote that the arbitrageur has more than at the start."""
        base, quote = self.balance("arbitrageur")
        return base - _CAPITAL, quote - _CAPITAL


def play(
    *,
    seed: int,
    schedule: BlockSchedule,
    blocks: int,
    fee_ppm: int,
    path_at: Callable[[Times], PricePath],
    deposit: tuple[int, int] = (_DEPOSIT, _DEPOSIT),
    provider_leaves: bool = False,
) -> Stage:
    """Run a pool, its provider and the arbitrageur for that many blocks after the one with the deposit.

    Args:
        seed: of the world.
        schedule: when blocks come.
        blocks: how many, the one with the deposit apart.
        fee_ppm: of the pool.
        path_at: the outside prices at given times, ``LEAD_NS`` before each block; the first must be the
            pool's price after the deposit.
        deposit: base units of base and of quote that the provider puts in; by default at ``START_PRICE``.
        provider_leaves: whether the provider hands its liquidity in for one further block.
    """
    world = World(seed=seed, start_ns=_START_NS, latency=ConstantLatency(1))
    native, base, quote = world.asset("ETH", 18), world.asset(SYMBOL, 18), world.asset("QUOTE", 18)
    exchange = Exchange(world, "exchange")
    Chain(world, _CHAIN, native=native, schedule=schedule, base_fee_wei=0)
    pool = ConstantProduct("pool", base, quote, fee_ppm=fee_ppm)
    world.hosts[_CHAIN].add(pool)
    outside = OutsideMarket(
        "outside", base, quote, depth_quote_tokens=UNLIMITED, fee_ppm=0, permanent_share=0.0, half_life_s=1.0
    )
    exchange.add(outside)
    # The same key as the chain's own stream, so that prices can be drawn at the blocks' times.
    stream = Stream(seed, _CHAIN, "block time")
    times = np.array(list(islice(schedule.times_ns(_START_NS, stream), blocks + 2)), dtype=np.int64)
    path = path_at(times[: blocks + 1] - LEAD_NS)
    follow(world, {SYMBOL: outside}, path)
    for asset, amount in zip((base, quote), deposit, strict=True):
        world.endow("provider", _CHAIN, asset, amount)
        world.endow("arbitrageur", _CHAIN, asset, _CAPITAL)
    leave_ns = int(times[blocks]) + LEAD_NS if provider_leaves else None
    Provider(world, "provider", place="home", chain=_CHAIN, pool=pool, amounts=deposit, leave_ns=leave_ns)
    MyopicArbitrageur(world, "arbitrageur", place="home", chain=_CHAIN, pool=pool.name, outside=outside.name)
    world.run(until_ns=int(times[blocks + 1 if provider_leaves else blocks]) + LEAD_NS)
    return Stage(world, pool, path, times[1 : blocks + 1], deposit)


def observe(stage: Stage) -> Blocks:
    """Read what happened from the fills, after checking them against the ledger to the last base unit.

    Raises:
        ValueError: the fills do not add up to what the ledger says the arbitrageur gained.
    """
    world, pool = stage.world, stage.pool
    world.records.close()
    fills = world.records.tables["fills"].arrow()
    _check_ledger(stage)
    side = fills["side"].to_numpy().astype(np.float64)
    fee = fills["taker_fee_tokens"].to_numpy()
    bought = side > 0
    gained_base = side * fills["base_tokens"].to_numpy() - np.where(bought, 0.0, fee)
    gained_quote = -side * fills["quote_tokens"].to_numpy() - np.where(bought, fee, 0.0)
    rows = np.searchsorted(stage.times_ns, fills["time_ns"].to_numpy())
    count = len(stage.times_ns)
    traded, base, quote = np.zeros(count), np.zeros(count), np.zeros(count)
    traded[rows], base[rows], quote[rows] = 1.0, gained_base, gained_quote
    price = stage.path.prices[SYMBOL][1:]
    held_base = pool.base.tokens(stage.deposit[0]) - np.concatenate([[0.0], np.cumsum(base)])
    held_quote = pool.quote_asset.tokens(stage.deposit[1]) - np.concatenate([[0.0], np.cumsum(quote)])
    log_pool, log_price = logarithms(held_quote / held_base), logarithms(price)
    value = 2.0 * np.sqrt(held_base[:-1] * held_quote[:-1] * price)
    profit = base * price + quote
    return Blocks(price, log_price - log_pool[:-1], log_price - log_pool[1:], traded, profit, value)


def logarithms(values: Array) -> Array:
    """Natural logarithms through libm."""
    return np.fromiter(map(math.log, values.tolist()), dtype=np.float64, count=len(values))


def _check_ledger(stage: Stage) -> None:
    fills = stage.world.records.tables["fills"].arrow()
    gained = [0, 0]
    for side, paid_in in ((1, 1), (-1, 0)):
        own = fills.filter(pc.equal(fills["side"], side))
        gained[0] += side * int(pc.sum(own["base_raw"]).as_py() or 0)
        gained[1] -= side * int(pc.sum(own["quote_raw"]).as_py() or 0)
        gained[paid_in] -= int(pc.sum(own["taker_fee_raw"]).as_py() or 0)
    if stage.gained != tuple(gained):
        raise ValueError(f"the arbitrageur gained {gained} by its fills and {stage.gained} by the ledger")
