"""What rebalancing by date trades, and what that costs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Final

import numpy as np
from scipy.integrate import quad

from shoal.agents.vaults.targets.constant_weights import ConstantWeights
from shoal.agents.vaults.triggers.calendar import Calendar
from shoal.experiments.validation.arbitrage_world import logarithms
from shoal.experiments.validation.check import Estimate
from shoal.experiments.validation.closed_form import ClosedForm, Sample
from shoal.experiments.validation.rebalancing_world import Policy, play, walks
from shoal.experiments.validation.statistics import Array, controlled_mean, mean, with_rounding, without_controls
from shoal.sim.units import NANOSECONDS_PER_SECOND, PPM, SECONDS_PER_YEAR

# What the regression on the controls and whole base units may move a figure by, as a share of it.
_ROUNDING: Final = 1e-5


@dataclass(frozen=True)
class CalendarTurnover(ClosedForm):
    """A vault of one asset and cash trades w (1 - w) sigma sqrt(2 / (pi dt)) of itself a year, and pays for that.

    The formula is for short steps; the figures compared are the exact expectations of one step. A purchase of a given
    value pays its fee out of it, a sale on top. Moments of the log return less their expectations are control variates.

    Args:
        weight: of the asset.
        volatility: fraction per square-root year.
        fee_ppm: of the value traded.
        step_s: between dates.
        worlds: replications.
        quick_worlds: replications in quick mode.
        steps: dates in each of them.
    """

    source: ClassVar[str] = "the expected absolute value of a normal drift; Leland (1999), section 2, on its costs"
    weight: float = 0.5
    volatility: float = 0.8
    fee_ppm: int = 1_000
    step_s: int = 86_400
    worlds: int = 40
    quick_worlds: int = 20
    steps: int = 100

    @property
    def name(self) -> str:
        """What is validated, with its parameters."""
        fee = self.fee_ppm * 1e4 / PPM
        return f"Calendar rebalancing ({self.weight:.0%}, sigma {self.volatility:.0%} a year, daily, fee {fee:g} bp)"

    @property
    def formula(self) -> float:
        """The closed form of the turnover a year."""
        return self.weight * (1.0 - self.weight) * self.volatility * math.sqrt(2.0 / (math.pi * self._years))

    def law(self) -> tuple[float, float]:
        """The exact turnover and cost a year at these steps."""
        sold, bought = self._expected(1.0), self._expected(-1.0)
        fee = self.fee_ppm / PPM
        return (sold + bought) / self._years, (fee * sold + fee / (1.0 + fee) * bought) / self._years

    def _expected(self, side: float) -> float:
        """Mean drift of the weight after a rise (+1) or a fall (-1) of the price, as if there were no other."""

        def drift(normal: float) -> float:
            rise = math.expm1(side * self._deviation * normal)
            chance = math.exp(-0.5 * normal * normal) / math.sqrt(2.0 * math.pi)
            return abs(self.weight * (1.0 - self.weight) * rise / (1.0 + self.weight * rise)) * chance

        return float(quad(drift, 0.0, 12.0)[0])

    @cached_property
    def _years(self) -> float:
        return self.step_s / SECONDS_PER_YEAR

    @property
    def _deviation(self) -> float:
        return self.volatility * math.sqrt(self._years)

    def replications(self, *, quick: bool) -> int:
        """How many worlds."""
        return self.quick_worlds if quick else self.worlds

    def replicate(self, seed: int) -> Sample:
        """Turnover and cost a year, and the controls."""
        step_ns = self.step_s * NANOSECONDS_PER_SECOND
        policy = Policy(
            ("A",),
            lambda assets: ConstantWeights({assets[0]: self.weight}),
            lambda: Calendar(interval_ns=step_ns),
        )
        (book,) = play(
            [policy],
            seed=seed,
            steps=self.steps + 2,
            step_ns=step_ns,
            fee_ppm=self.fee_ppm,
            path_at=walks(("A",), seed=seed, volatilities=(self.volatility,)),
        ).books
        traded = ((book.sold + book.bought) / book.arriving)[1:]
        paid = (book.fees / book.arriving)[1:]
        moves: Array = np.diff(logarithms(book.prices[:, 0])) / self._deviation
        size = np.abs(moves) - math.sqrt(2.0 / math.pi)
        controls = (moves, size, moves**2 - 1.0)
        return (
            float(traded.mean()) / self._years,
            float(paid.mean()) / self._years,
            *(float(control.mean()) for control in controls),
        )

    def estimate(self, samples: Sequence[Sample]) -> tuple[Estimate, ...]:
        """The means of all worlds beside the exact expectations."""
        traded, paid, *controls = np.array(samples).T
        turnover, cost = self.law()
        dates = f"{len(samples) * self.steps:,} dates"
        found = tuple(controlled_mean(one, np.column_stack(controls)) for one in (traded, paid))
        return (
            Estimate(
                "turnover a year",
                turnover,
                *with_rounding(found[0], _ROUNDING * turnover),
                detail=f"{dates}; for short steps {self.formula:.6g}" + without_controls(mean(traded)),
            ),
            Estimate(
                "cost a year",
                cost,
                *with_rounding(found[1], _ROUNDING * cost),
                detail=f"{dates}; for short steps {self.formula * self.fee_ppm / PPM:.6g}"
                + without_controls(mean(paid)),
            ),
        )
