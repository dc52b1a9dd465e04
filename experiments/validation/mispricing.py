"""Arbitrage with fees: what the two theorems about it, for Poisson and for constant block times, share."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from shoal.experiments.prices.generated import geometric_brownian
from shoal.experiments.validation.arbitrage_world import START_PRICE, SYMBOL, Blocks, observe, play
from shoal.experiments.validation.check import Estimate
from shoal.experiments.validation.closed_form import ClosedForm, Sample
from shoal.experiments.validation.statistics import Array, Mean, controlled_mean, mean, without_controls
from shoal.sim.hosts.block_schedule import BlockSchedule
from shoal.sim.units import PPM

BURN_IN: Final = 200
BPS: Final = 10_000
_SECONDS_PER_DAY: Final = 86_400
_DAYS_PER_YEAR: Final = 365


class Law(NamedTuple):
    """What a theorem says about one block.

    Args:
        traded: probability that the arbitrageur trades.
        profit: its expected profit as a share of the pool's value.
        deviation: standard deviation of the log mispricing just before the block.
    """

    traded: float
    profit: float
    deviation: float


@dataclass(frozen=True)
class ArbitrageWithFees(ClosedForm):
    """A myopic arbitrageur against a constant product pool with a fee, at blocks of one kind.

    The log of the outside price has no drift. Figures are means over the blocks after a burn-in of 200. Control
    variates are sums of a fresh price increment times what was known before it, and of its square less its variance
    times the same: their expectation is 0 whatever the arbitrageur and the pool do.

    Args:
        fee_ppm: of the pool, charged on the input; gamma = -log(1 - fee).
        block_s: mean time between blocks, seconds.
        volatility_per_day: sigma.
        worlds: replications.
        quick_worlds: replications in quick mode.
        blocks: in each of them, burn-in included.
    """

    fee_ppm: int = 500
    block_s: int = 12
    volatility_per_day: float = 0.05
    worlds: int = 40
    quick_worlds: int = 20
    blocks: int = 10_000

    @property
    def name(self) -> str:
        """What is validated, with its parameters."""
        fee, sigma = self.fee_ppm * BPS / PPM, self.volatility_per_day
        return f"{self._title} (fee {fee:g} bp, sigma {sigma:.0%} a day, blocks {self.block_s} s)"

    @property
    @abstractmethod
    def _title(self) -> str:
        """What is validated."""

    @property
    @abstractmethod
    def _schedule(self) -> BlockSchedule:
        """When blocks come."""

    @property
    def _variance(self) -> float:
        """Of the log outside price from block to block."""
        return self.volatility_per_day**2 * self.block_s / _SECONDS_PER_DAY

    @property
    def _band(self) -> float:
        """Half width of the no-trade band in log price."""
        return -math.log1p(-self.fee_ppm / PPM)

    def replications(self, *, quick: bool) -> int:
        """How many worlds."""
        return self.quick_worlds if quick else self.worlds

    def replicate(self, seed: int) -> Sample:
        """Mean trades, profit and squared mispricing a block, and the three controls."""
        volatility = self.volatility_per_day * math.sqrt(_DAYS_PER_YEAR)
        stage = play(
            seed=seed,
            schedule=self._schedule,
            blocks=self.blocks,
            fee_ppm=self.fee_ppm,
            path_at=lambda times: geometric_brownian(
                times,
                symbol=SYMBOL,
                start_price=START_PRICE,
                volatility_per_year=volatility,
                drift_per_year=volatility**2 / 2.0,
                seed=seed,
            ),
        )
        return self._figures(observe(stage))

    def _figures(self, blocks: Blocks) -> Sample:
        before, known = blocks.before[BURN_IN:], blocks.after[BURN_IN - 1 : -1]
        variance, band = self._variance, self._band
        shock = before - known
        excess = shock**2 - variance
        controls = (
            excess / variance,
            known * shock / variance,
            (known**3 * shock + 1.5 * known**2 * excess) / (band**2 * variance),
        )
        share = blocks.profit[BURN_IN:] / blocks.value[BURN_IN:]
        figures = (blocks.traded[BURN_IN:], share / variance, before**2 / variance, *controls)
        return tuple(float(one.mean()) for one in figures)

    def _compare(self, samples: Sequence[Sample], law: Law, remark: str) -> tuple[Estimate, ...]:
        """The engine's figures beside the law's."""
        traded, profit, square = self._means(samples)
        deviation = math.sqrt(square.value * self._variance)
        count = len(samples) * (self.blocks - BURN_IN)
        detail = f"{count:,} blocks{remark}"
        table: Array = np.array(samples)
        plain_traded, plain_profit = mean(table[:, 0]), self._profit(mean(table[:, 1]))
        return (
            Estimate("probability of a trade", law.traded, *traded, detail=detail + without_controls(plain_traded)),
            Estimate(
                "profit, bp of the pool a day",
                self._daily_bps(law.profit),
                *self._profit(profit),
                detail=detail + without_controls(plain_profit),
            ),
            Estimate(
                "deviation of the log mispricing, bp",
                law.deviation * BPS,
                deviation * BPS,
                square.standard_error * self._variance / (2.0 * deviation) * BPS,
                detail=detail,
            ),
        )

    def _means(self, samples: Sequence[Sample]) -> tuple[Mean, Mean, Mean]:
        table: Array = np.array(samples)
        controls = table[:, 3:]
        traded, profit, square = (controlled_mean(table[:, column], controls) for column in range(3))
        return traded, profit, square

    def _profit(self, profit: Mean) -> Mean:
        scale = self._daily_bps(self._variance)
        return Mean(profit.value * scale, profit.standard_error * scale)

    def _daily_bps(self, share_a_block: float) -> float:
        return share_a_block * BPS * _SECONDS_PER_DAY / self.block_s
