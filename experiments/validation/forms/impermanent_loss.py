"""Impermanent loss: what a liquidity provider has after a price move, against having held."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from shoal.experiments.validation.arbitrage_world import START_PRICE, SYMBOL, Times, play
from shoal.experiments.validation.check import Estimate
from shoal.experiments.validation.closed_form import ClosedForm, Sample
from shoal.sim.hosts.block_schedule import ConstantBlocks
from shoal.sim.price_path import PricePath

_BLOCK_NS = 12 * 10**9


@dataclass(frozen=True)
class ImpermanentLoss(ClosedForm):
    """A fee-less constant product pool loses 1 - 2 sqrt(r) / (1 + r) of the held portfolio when the price moves by r.

    A provider deposits, the outside price jumps, an arbitrageur's swap moves the pool there, the provider withdraws.
    Its balances on the ledger, valued at the outside price, are compared with what it put in. Nothing is random: the
    tolerance covers roundings of double precision and of base units.

    Args:
        ratios: price after over price before.
    """

    source: ClassVar[str] = "Pintail (2019), Uniswap: a good deal for liquidity providers?"
    ratios: tuple[float, ...] = (0.5, 0.75, 1.25, 1.5, 2.0, 3.0, 4.0, 5.0)

    @property
    def name(self) -> str:
        """What is validated."""
        return "Impermanent loss"

    def replications(self, *, quick: bool) -> int:
        """One: nothing is random."""
        return 1

    def replicate(self, seed: int) -> Sample:
        """For each ratio, the provider's result over the value of what it deposited, less 1."""
        return tuple(self._loss(seed, ratio) for ratio in self.ratios)

    def estimate(self, samples: Sequence[Sample]) -> tuple[Estimate, ...]:
        """One figure a ratio."""
        return tuple(
            Estimate(
                f"r = {ratio:g}",
                2.0 * math.sqrt(ratio) / (1.0 + ratio) - 1.0,
                engine,
                tolerance=1e-10,
                detail="share of the held portfolio; tolerance 1e-10",
            )
            for ratio, engine in zip(self.ratios, samples[0], strict=True)
        )

    @staticmethod
    def _loss(seed: int, ratio: float) -> float:
        def path_at(times: Times) -> PricePath:
            prices = np.where(np.arange(len(times)) == 0, START_PRICE, ratio)
            return PricePath(times, {SYMBOL: prices}, end_ns=int(times[-1]) + 1, kind="generated", source_step_ns=0)

        stage = play(
            seed=seed, schedule=ConstantBlocks(_BLOCK_NS), blocks=1, fee_ppm=0, path_at=path_at, provider_leaves=True
        )
        (base, quote), (base_in, quote_in) = stage.balance("provider"), stage.deposit
        return (base * ratio + quote) / (base_in * ratio + quote_in) - 1.0
