"""Loss versus rebalancing without fees: exact for each block, whatever its length."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from shoal.experiments.prices.generated import geometric_brownian
from shoal.experiments.validation.arbitrage_world import START_PRICE, SYMBOL, logarithms, observe, play
from shoal.experiments.validation.check import Estimate
from shoal.experiments.validation.closed_form import ClosedForm, Sample
from shoal.experiments.validation.statistics import controlled_mean, mean, without_controls
from shoal.sim.hosts.block_schedule import ConstantBlocks
from shoal.sim.units import NANOSECONDS_PER_SECOND, SECONDS_PER_YEAR


@dataclass(frozen=True)
class LossVersusRebalancing(ClosedForm):
    """At each block the arbitrageur takes 1 - exp(-sigma^2 dt / 8) of a fee-less constant product pool, on average.

    The outside price is a driftless geometric Brownian motion. On each path the profit is V (sqrt(r) - 1)^2 / 2 for a
    price ratio r and a pool worth V, to the last digits. The mean has the log return and its square, whose
    expectations are known, as control variates.

    Args:
        volatility_per_year: sigma.
        block_s: dt, seconds.
        worlds: replications.
        quick_worlds: replications in quick mode.
        blocks: in each of them.
    """

    source: ClassVar[str] = "Milionis, Moallemi, Roughgarden and Zhang (2022), arXiv 2208.06046, theorem 1"
    volatility_per_year: float = 0.8
    block_s: int = 3600
    worlds: int = 40
    quick_worlds: int = 20
    blocks: int = 1_000

    @property
    def name(self) -> str:
        """What is validated, with its parameters."""
        return f"Loss versus rebalancing (fee 0, sigma {self.volatility_per_year:.0%} a year, blocks {self.block_s} s)"

    @property
    def _deviation(self) -> float:
        """Of the log return from block to block."""
        return self.volatility_per_year * math.sqrt(self.block_s / SECONDS_PER_YEAR)

    def replications(self, *, quick: bool) -> int:
        """How many worlds."""
        return self.quick_worlds if quick else self.worlds

    def replicate(self, seed: int) -> Sample:
        """Mean profit over value, the same by the identity, and the two controls."""
        stage = play(
            seed=seed,
            schedule=ConstantBlocks(self.block_s * NANOSECONDS_PER_SECOND),
            blocks=self.blocks,
            fee_ppm=0,
            path_at=lambda times: geometric_brownian(
                times,
                symbol=SYMBOL,
                start_price=START_PRICE,
                volatility_per_year=self.volatility_per_year,
                seed=seed,
            ),
        )
        blocks = observe(stage)
        prices = stage.path.prices[SYMBOL]
        ratio = prices[1:] / prices[:-1]
        roots = np.sqrt(ratio)
        taken = blocks.profit / (blocks.value / roots)
        variance = self._deviation**2
        shock = logarithms(ratio) + variance / 2.0
        return (
            float(taken.mean()),
            float(((roots - 1.0) ** 2 / 2.0).mean()),
            float(shock.mean()) / self._deviation,
            float((shock**2).mean()) / variance - 1.0,
        )

    def estimate(self, samples: Sequence[Sample]) -> tuple[Estimate, ...]:
        """The mean over blocks, and the identity on each path."""
        taken, identity, *controls = np.array(samples).T
        plain, estimate = mean(taken), controlled_mean(taken, np.column_stack(controls))
        count = len(samples) * self.blocks
        return (
            Estimate(
                "share of the pool a block",
                -math.expm1(-(self._deviation**2) / 8.0),
                *estimate,
                detail=f"{count:,} blocks" + without_controls(plain),
            ),
            Estimate(
                "the same by the pathwise identity",
                float(identity.mean()),
                plain.value,
                tolerance=1e-9 * plain.value,
                detail="V (sqrt(r) - 1)^2 / 2 on the paths run; tolerance 1e-9 of the value",
            ),
        )
