"""What constant weights gain over the weighted growth of their assets."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import ClassVar, Final, Self

import numpy as np

from shoal.agents.vaults.targets.constant_weights import ConstantWeights
from shoal.agents.vaults.triggers.calendar import Calendar
from shoal.experiments.validation.arbitrage_world import logarithms
from shoal.experiments.validation.check import Estimate
from shoal.experiments.validation.closed_form import ClosedForm, Sample
from shoal.experiments.validation.rebalancing_world import Policy, play, walks
from shoal.experiments.validation.statistics import Array, controlled_mean, mean, with_rounding, without_controls
from shoal.sim.units import NANOSECONDS_PER_SECOND, SECONDS_PER_YEAR

_NODES: Final = 24
# What the regression on the controls and whole base units may move a figure by, as a share of it.
_ROUNDING: Final = 1e-5


@dataclass(frozen=True)
class ExcessGrowth(ClosedForm):
    """Half of the weighted variances less the basket's variance, a year: ln V - sum of w ln S grows by that much.

    The vault goes to its target at every date of its calendar and pays no fee. The formula is for continuous
    rebalancing; the figure compared is the exact expectation of one step. Products of log returns less their
    expectations are control variates.

    Args:
        weights: of the assets; the rest is cash.
        volatilities: of the assets, fraction per square-root year.
        correlation: of the second asset with the first.
        step_s: between dates.
        worlds: replications.
        quick_worlds: replications in quick mode.
        steps: dates in each of them.
    """

    source: ClassVar[str] = "Fernholz and Shay (1982); Fernholz (2002), Stochastic Portfolio Theory, section 1.1"
    weights: tuple[float, ...] = (0.5,)
    volatilities: tuple[float, ...] = (0.8,)
    correlation: float = 0.0
    step_s: int = 86_400
    worlds: int = 40
    quick_worlds: int = 20
    steps: int = 60

    @classmethod
    def instances(cls) -> tuple[Self, ...]:
        """One asset and cash, and two correlated assets without cash."""
        return cls(), cls(weights=(0.5, 0.5), volatilities=(0.8, 0.6), correlation=0.5)

    @property
    def name(self) -> str:
        """What is validated, with its parameters."""
        weights = ":".join(f"{weight:.0%}" for weight in self.weights)
        sigmas = ", ".join(f"{sigma:.0%}" for sigma in self.volatilities)
        correlated = f", correlation {self.correlation:g}" if len(self.weights) > 1 else ""
        return f"Excess growth of constant weights ({weights}, sigma {sigmas} a year{correlated}, daily)"

    @property
    def formula(self) -> float:
        """The closed form, a year."""
        own = sum(weight * self._covariance(i, i) for i, weight in enumerate(self.weights))
        count = range(len(self.weights))
        both = sum(self.weights[i] * self.weights[j] * self._covariance(i, j) for i, j in product(count, count))
        return (own - both) / 2.0

    def law(self) -> float:
        """The exact expectation at these steps, a year."""
        nodes, chances = np.polynomial.hermite_e.hermegauss(_NODES)
        chances = chances / chances.sum()
        count = len(self.weights)
        total = 0.0
        for places in product(range(_NODES), repeat=count):
            moves = self._mixed([float(nodes[place]) for place in places])
            chance = math.prod(float(chances[place]) for place in places)
            gained = math.fsum(weight * math.expm1(move) for weight, move in zip(self.weights, moves, strict=True))
            held = math.fsum(weight * move for weight, move in zip(self.weights, moves, strict=True))
            total += chance * (math.log1p(gained) - held)
        return total / self._years

    @cached_property
    def _years(self) -> float:
        return self.step_s / SECONDS_PER_YEAR

    def _covariance(self, i: int, j: int) -> float:
        return self.volatilities[i] * self.volatilities[j] * (1.0 if i == j else self.correlation)

    def _mixed(self, normals: Sequence[float]) -> list[float]:
        """Log returns of one step from independent normals."""
        rest = math.sqrt(1.0 - self.correlation**2)
        mixed = [normals[0], *(self.correlation * normals[0] + rest * normal for normal in normals[1:])]
        root = math.sqrt(self._years)
        return [sigma * root * normal for sigma, normal in zip(self.volatilities, mixed, strict=True)]

    def replications(self, *, quick: bool) -> int:
        """How many worlds."""
        return self.quick_worlds if quick else self.worlds

    def replicate(self, seed: int) -> Sample:
        """The excess growth a year over the whole run, and the controls."""
        symbols = tuple(f"A{index}" for index in range(len(self.weights)))
        step_ns = self.step_s * NANOSECONDS_PER_SECOND
        policy = Policy(
            symbols,
            lambda assets: ConstantWeights(dict(zip(assets, self.weights, strict=True))),
            lambda: Calendar(interval_ns=step_ns),
        )
        (book,) = play(
            [policy],
            seed=seed,
            steps=self.steps + 2,
            step_ns=step_ns,
            fee_ppm=0,
            path_at=walks(symbols, seed=seed, volatilities=self.volatilities, correlation=self.correlation),
        ).books
        logs = np.column_stack([logarithms(book.prices[:, index]) for index in range(len(symbols))])
        moves: Array = np.diff(logs, axis=0)
        grown = math.log(book.arriving[-1] / book.leaving[0]) - float(np.array(self.weights) @ moves.sum(axis=0))
        controls = [
            float((moves[:, i] * moves[:, j]).mean()) / self._years - self._covariance(i, j)
            for i in range(len(symbols))
            for j in range(i + 1)
        ]
        return grown / (self.steps * self._years), *controls

    def estimate(self, samples: Sequence[Sample]) -> tuple[Estimate, ...]:
        """The mean of all worlds beside the exact expectation."""
        grown, *controls = np.array(samples).T
        law = self.law()
        found = with_rounding(controlled_mean(grown, np.column_stack(controls)), _ROUNDING * law)
        detail = f"{len(samples) * self.steps:,} dates; continuously {self.formula:.6g}" + without_controls(mean(grown))
        return (Estimate("excess growth a year", law, *found, detail=detail),)
