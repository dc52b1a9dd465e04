"""The base fee of EIP-1559, out of blocks that transactions fill."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, repeat
from typing import ClassVar, Final, NamedTuple

from shoal.experiments.validation.check import Estimate
from shoal.experiments.validation.closed_form import ClosedForm, Sample
from shoal.experiments.validation.gas_user import GasUser
from shoal.sim.hosts.base_fee import next_base_fee_wei
from shoal.sim.hosts.block_schedule import ConstantBlocks
from shoal.sim.hosts.chain import Chain
from shoal.sim.latency import ConstantLatency
from shoal.sim.units import Account
from shoal.sim.world import World
from shoal.venues.amm.constant_product import ConstantProduct

GAS_LIMIT: Final = 30_000_000
TARGET: Final = GAS_LIMIT // 2
GWEI: Final = 10**9
_BLOCK_NS: Final = 12 * 10**9
_TIP_WEI: Final = 3
_CAPITAL: Final = 10**24


class Example(NamedTuple):
    """A block and the base fee that follows it.

    Args:
        title: what the block holds.
        base_fee_wei: of the block.
        transactions: gas used by each of its transactions.
        next_wei: what EIP-1559 says the next block's base fee is.
    """

    title: str
    base_fee_wei: int
    transactions: tuple[int, ...]
    next_wei: int


EXAMPLES: Final = (
    Example("full block at 1 gwei", GWEI, (TARGET, TARGET), 1_125_000_000),
    Example("empty block at 1 gwei", GWEI, (), 875_000_000),
    Example("block at target, 1 gwei", GWEI, (TARGET,), GWEI),
    Example("1 gas above target at 7 wei", 7, (TARGET + 1,), 8),
    Example("empty block at 7 wei", 7, (), 7),
)
FULL_BLOCKS: Final = 20


@dataclass(frozen=True)
class BaseFee(ClosedForm):
    """The next base fee after full, empty and nearly full blocks of a chain without background demand.

    Transactions run out of gas on purpose, so that each uses exactly its gas limit. What their sender paid is
    compared with the base fee burnt and the tips: both must come to gas x price to the wei.
    """

    source: ClassVar[str] = "EIP-1559, specification of base_fee_per_gas"

    @property
    def name(self) -> str:
        """What is validated."""
        return "Base fee"

    def replications(self, *, quick: bool) -> int:
        """One: nothing is random."""
        return 1

    def replicate(self, seed: int) -> Sample:
        """The next base fee by block and by function for each example; then the run of full blocks and its ledger."""
        figures: list[float] = []
        for example in EXAMPLES:
            used = sum(example.transactions)
            figures.append(self._play(seed, example.base_fee_wei, example.transactions, 1)[0])
            figures.append(next_base_fee_wei(example.base_fee_wei, used, GAS_LIMIT))
        figures += self._play(seed, GWEI, (TARGET, TARGET), FULL_BLOCKS)
        return tuple(figures)

    def estimate(self, samples: Sequence[Sample]) -> tuple[Estimate, ...]:
        """One figure an example and way to compute it, and the run of full blocks."""
        *pairs, last, burnt, tips = samples[0]
        estimates = []
        for index, example in enumerate(EXAMPLES):
            for way, value in zip(("chain", "function"), pairs[2 * index : 2 * index + 2], strict=True):
                estimates.append(_whole(f"{example.title}, wei ({way})", example.next_wei, value))
        fees = list(accumulate(repeat(None, FULL_BLOCKS), lambda fee, _: fee + fee // 8, initial=GWEI))
        estimates += (
            _whole(f"after {FULL_BLOCKS} full blocks, wei (chain)", fees[-1], last),
            _whole(f"burnt in {FULL_BLOCKS} full blocks, gwei (ledger)", GAS_LIMIT * sum(fees[:-1]) // GWEI, burnt),
            _whole(f"tips in {FULL_BLOCKS} full blocks, wei (ledger)", GAS_LIMIT * _TIP_WEI * FULL_BLOCKS, tips),
        )
        return tuple(estimates)

    @staticmethod
    def _play(seed: int, base_fee_wei: int, gas: tuple[int, ...], blocks: int) -> tuple[int, int, int]:
        """The base fee after so many equal blocks, the gwei burnt, and the wei of tips."""
        world = World(seed=seed, latency=ConstantLatency(1))
        native = world.asset("ETH", 18)
        chain = Chain(
            world,
            "chain",
            native=native,
            schedule=ConstantBlocks(_BLOCK_NS),
            base_fee_wei=base_fee_wei,
            gas_limit=GAS_LIMIT,
            demand=None,
        )
        pool = ConstantProduct("pool", world.asset("BASE", 18), world.asset("QUOTE", 18))
        chain.add(pool)
        world.endow("user", "chain", native, _CAPITAL)
        GasUser(world, "user", place="home", chain="chain", venue="pool", gas_limits=gas, tip_wei=_TIP_WEI)
        world.run(until_ns=blocks * _BLOCK_NS + 1)
        paid = _CAPITAL - world.ledger.balance(native, Account("user", "chain"))
        tips = world.ledger.balance(native, Account("proposer", "chain"))
        return chain.base_fee_wei, (paid - tips) // GWEI, tips


def _whole(quantity: str, theory: int, engine: float) -> Estimate:
    # Both are whole numbers below 2**53, which a float holds exactly.
    return Estimate(quantity, theory, engine, tolerance=1e-12 * theory, detail="whole numbers: exact")
