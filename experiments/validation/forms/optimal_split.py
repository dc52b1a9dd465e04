"""One order split over constant product pools so that no split gives more."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, NamedTuple, Self

from shoal.experiments.validation.check import Estimate
from shoal.experiments.validation.closed_form import ClosedForm, Sample
from shoal.experiments.validation.provider import Provider
from shoal.experiments.validation.routed_order import RoutedOrder
from shoal.sim.hosts.block_schedule import ConstantBlocks
from shoal.sim.hosts.chain import Chain
from shoal.sim.latency import ConstantLatency
from shoal.sim.units import PPM, Account
from shoal.sim.world import World
from shoal.venues.amm.constant_product import ConstantProduct

_CHAIN: Final = "chain"
_BLOCK_NS: Final = 12 * 10**9
_UNIT: Final = 10**18


class Pool(NamedTuple):
    """A pool as the order meets it: whole tokens of what goes in and of what comes out, and its fee."""

    reserve_in: int
    reserve_out: int
    fee_ppm: int


@dataclass(frozen=True)
class OptimalSplit(ClosedForm):
    """The router splits one order over pools on a chain, and one transaction carries it out.

    What each pool got and what came back are read from the ledger. With g = 1 - fee, the optimum puts
    (sqrt(v g x y) - x) / g into each active pool, where sqrt(v) = (D + sum x / g) / sum sqrt(x y / g).

    Args:
        pools: each with whole tokens of both assets.
        amount: whole tokens to be split.
        side: -1 sells base; +1 spends quote, with the pools' reserves the other way round.
    """

    source: ClassVar[str] = "Angeris, Evans, Chitra and Boyd (2022), arXiv 2204.05238: optimality conditions, solved"
    pools: tuple[Pool, ...] = (Pool(1000, 1000, 3000), Pool(500, 505, 3000), Pool(100, 102, 500))
    amount: int = 10
    side: int = -1

    @classmethod
    def instances(cls) -> tuple[Self, ...]:
        """A small and a large order, the large one bought, and one over pools of unequal prices in one direction."""
        steep = (Pool(1000, 2_000_000, 3000), Pool(500, 1_005_000, 3000), Pool(200, 400_000, 500))
        lone = (Pool(1000, 1000, 3000), Pool(500, 550, 3000))
        return cls(), cls(amount=100, side=1), cls(steep, 20), cls(lone, 10)

    @property
    def name(self) -> str:
        """What is validated, with its parameters."""
        pools = ", ".join(f"{pool.reserve_in}:{pool.reserve_out} at {pool.fee_ppm} ppm" for pool in self.pools)
        return f"Optimal split ({'sell' if self.side < 0 else 'spend'} {self.amount}; pools {pools})"

    def replications(self, *, quick: bool) -> int:
        """One: nothing is random."""
        return 1

    def replicate(self, seed: int) -> Sample:
        """Whole tokens that went into each pool, and those that came back in all."""
        world = World(seed=seed, latency=ConstantLatency(1))
        native, base, quote = world.asset("ETH", 18), world.asset("BASE", 18), world.asset("QUOTE", 18)
        chain = Chain(world, _CHAIN, native=native, schedule=ConstantBlocks(_BLOCK_NS), base_fee_wei=0)
        asset_in, asset_out = (base, quote) if self.side < 0 else (quote, base)
        pools = [
            ConstantProduct(f"pool-{number}", base, quote, fee_ppm=pool.fee_ppm)
            for number, pool in enumerate(self.pools, 1)
        ]
        for pool, state in zip(pools, self.pools, strict=True):
            chain.add(pool)
            paid, given = state.reserve_in * _UNIT, state.reserve_out * _UNIT
            deposit = (paid, given) if self.side < 0 else (given, paid)
            owner = f"provider-of-{pool.name}"
            Provider(world, owner, place="home", chain=_CHAIN, pool=pool, amounts=deposit)
            for asset, amount in zip((base, quote), deposit, strict=True):
                world.endow(owner, _CHAIN, asset, amount)
        world.endow("order", _CHAIN, asset_in, self.amount * _UNIT)
        RoutedOrder(
            world,
            "order",
            place="home",
            chain=_CHAIN,
            pools=pools,
            side=self.side,
            amount=self.amount * _UNIT,
            start_ns=_BLOCK_NS + _BLOCK_NS // 2,
        )
        world.run(until_ns=2 * _BLOCK_NS + 1)
        ledger = world.ledger
        taken = [
            (ledger.balance(asset_in, pool.account) - state.reserve_in * _UNIT) / _UNIT
            for pool, state in zip(pools, self.pools, strict=True)
        ]
        return *taken, ledger.balance(asset_out, Account("order", _CHAIN)) / _UNIT

    def estimate(self, samples: Sequence[Sample]) -> tuple[Estimate, ...]:
        """Into each pool that is worth it, and out of all; what another pool took would be missing there."""
        *taken, received = samples[0]
        *amounts, output = self.optimum()
        return (
            *(
                _close(f"into pool {number}", theory, engine)
                for number, (theory, engine) in enumerate(zip(amounts, taken, strict=True), 1)
                if theory > 0.0
            ),
            _close("received", output, received),
        )

    def optimum(self) -> Sample:
        """The closed form: whole tokens into each pool, and out of all."""
        active = list(self.pools)
        while True:
            amounts = _split(active, self.amount)
            kept = [pool for pool, amount in zip(active, amounts, strict=True) if amount > 0.0]
            if len(kept) == len(active):
                break
            active = kept
        by_pool = dict(zip(active, amounts, strict=True))
        output = math.fsum(_output(pool, amount) for pool, amount in by_pool.items())
        return *(by_pool.get(pool, 0.0) for pool in self.pools), output


def _split(pools: Sequence[Pool], amount: float) -> list[float]:
    """What each pool gets if all of them trade; below 0 for one that should not."""
    kept = [1.0 - pool.fee_ppm / PPM for pool in pools]
    gross = math.fsum(pool.reserve_in / keeps for pool, keeps in zip(pools, kept, strict=True))
    depth = math.fsum(
        math.sqrt(pool.reserve_in * pool.reserve_out / keeps) for pool, keeps in zip(pools, kept, strict=True)
    )
    root = (amount + gross) / depth
    return [
        (root * math.sqrt(keeps * pool.reserve_in * pool.reserve_out) - pool.reserve_in) / keeps
        for pool, keeps in zip(pools, kept, strict=True)
    ]


def _output(pool: Pool, amount: float) -> float:
    net = amount * (1.0 - pool.fee_ppm / PPM)
    return pool.reserve_out * net / (pool.reserve_in + net)


def _close(quantity: str, theory: float, engine: float) -> Estimate:
    return Estimate(quantity, theory, engine, tolerance=1e-10 * theory, detail="tolerance 1e-10 of the value")
