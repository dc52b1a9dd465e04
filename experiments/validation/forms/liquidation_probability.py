"""When a borrower is liquidated whose oracle speaks once a day, and how far beyond the threshold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
from scipy.special import ndtri
from scipy.stats import qmc

from shoal.experiments.validation.check import Estimate
from shoal.experiments.validation.closed_form import ClosedForm, Sample
from shoal.experiments.validation.first_passage import (
    MEAN_OVERSHOOT,
    continuous_passage,
    first_passage,
    one_step,
)
from shoal.experiments.validation.lending_stage import LIQUIDATOR, REPORTER, LendingStage, outcome_of
from shoal.experiments.validation.statistics import Array, controlled_mean, mean, without_controls
from shoal.sim.units import PPM, SECONDS_PER_YEAR
from shoal.venues.oracle import DECIMALS, answer_of

_UNIT: Final = 10**18
_COLLATERAL: Final = 1_000 * _UNIT
_PRICE: Final = 20_000.0
_LLTV_PPM: Final = 860_000
_BORROWER: Final = "borrower"
# A part of the debt, in percent, small enough that the collateral is worth it after any fall.
_PART: Final = 1


@dataclass(frozen=True)
class LiquidationProbability(ClosedForm):
    """The first date at which a geometric Brownian price, reported once a block, makes a borrower liquidatable.

    Each of many markets in a world has its own oracle, its own price and one borrower, all alike. At each date every
    price is reported and everybody not yet liquidated is attempted; the market refuses while the position is healthy.
    Theory is the exact law of the walk at its dates, not the continuous formula, nor its correction by Broadie,
    Glasserman and Kou (1997): both stand in the detail.

    The steps of a world's prices are a Sobol sequence, shifted at random: each path is a fair one, and together they
    leave less to chance; the standard error comes from the worlds, which are independent. Control variates are sums
    over dates and the borrowers then attempted: whether the price goes below the barrier, and how far, less the
    expectation of it given the price before, so 0 on average whatever the market does.

    Args:
        volatility_per_year: of the price, which has no drift.
        date_s: time between reports, seconds.
        dates: how many.
        health_percent: health factor at the start, in percent.
        worlds: replications.
        quick_worlds: replications in quick mode.
        borrowers: in each of them; a power of two.
    """

    source: ClassVar[str] = "First passage of a Gaussian walk; Broadie, Glasserman and Kou (1997), Math. Finance 7:325"
    volatility_per_year: float = 0.8
    date_s: int = 86_400
    dates: int = 10
    health_percent: int = 101
    worlds: int = 64
    quick_worlds: int = 20
    borrowers: int = 256

    @property
    def name(self) -> str:
        """What is validated, with its parameters."""
        return (
            f"Liquidation probability (sigma {self.volatility_per_year:.0%} a year, health {self.health_percent} %, "
            f"{self.dates} dates, every {self.date_s} s)"
        )

    @property
    def _deviation(self) -> float:
        """Of the log price from date to date."""
        return self.volatility_per_year * math.sqrt(self.date_s / SECONDS_PER_YEAR)

    @property
    def _gap(self) -> float:
        """From the first price down to the barrier, in deviations."""
        return math.log(self.health_percent / 100.0) / self._deviation

    @property
    def _drift(self) -> float:
        """Of the log price from date to date, in deviations: a driftless price has one."""
        return -self._deviation / 2.0

    def replications(self, *, quick: bool) -> int:
        """How many worlds."""
        return self.quick_worlds if quick else self.worlds

    def replicate(self, seed: int) -> Sample:
        """Share of borrowers liquidated, their overshoot a borrower in deviations, and the two controls."""
        shift = np.random.default_rng(seed).random(self.dates)
        points = (qmc.Sobol(self.dates, scramble=False).random(self.borrowers) + shift) % 1.0
        walks = self._gap + np.cumsum(self._drift + ndtri(points), axis=1)
        before = np.column_stack([np.full(self.borrowers, self._gap), walks[:, :-1]])
        dates, answers = self._play(seed, walks)
        barrier = _PRICE * 100.0 / self.health_percent
        overshoot = np.array(
            [-math.log(answer / 10**DECIMALS / barrier) / self._deviation if answer else 0.0 for answer in answers]
        )
        # Who is liquidated at a date was attempted then, and at no date after it.
        attempted = np.arange(self.dates)[None, :] <= dates[:, None]
        crosses, exceeds = one_step(before, self._drift)
        return (
            float((dates < self.dates).mean()),
            float(overshoot.mean()),
            float(((walks < 0.0) - crosses)[attempted].sum()) / self.borrowers,
            float((np.maximum(-walks, 0.0) - exceeds)[attempted].sum()) / self.borrowers,
        )

    def estimate(self, samples: Sequence[Sample]) -> tuple[Estimate, ...]:
        """The probability, and the mean overshoot of those liquidated."""
        liquidated, overshoot, *controls = np.array(samples).T
        exact = first_passage(self._gap, self._drift, self.dates)
        columns = np.column_stack(controls)
        share = controlled_mean(liquidated, columns)
        # A ratio of two means, to first order around its value.
        ratio = float(overshoot.mean() / liquidated.mean())
        deviations = (overshoot - ratio * liquidated) / liquidated.mean()
        change, plain = controlled_mean(deviations, columns), mean(deviations)
        always = continuous_passage(self._gap, self._drift, self.dates)
        corrected = continuous_passage(self._gap + MEAN_OVERSHOOT, self._drift, self.dates)
        count = f"{len(samples) * self.borrowers:,} borrowers"
        return (
            Estimate(
                "probability",
                exact.probability,
                *share,
                detail=f"{count}; watched always {always:.4f}, corrected by Broadie, Glasserman and Kou "
                f"{corrected:.4f}" + without_controls(mean(liquidated)),
            ),
            Estimate(
                "mean overshoot, log price",
                exact.overshoot * self._deviation,
                (ratio + change.value) * self._deviation,
                change.standard_error * self._deviation,
                detail=f"{count}; far from the barrier {MEAN_OVERSHOOT * self._deviation:.5f}; without control "
                f"variates {ratio * self._deviation:.5f} +- {plain.standard_error * self._deviation:.2g}",
            ),
        )

    def _play(self, seed: int, walks: Array) -> tuple[Array, list[int]]:
        """By borrower: the date of its liquidation, or the number of dates; the answer by which it was, or 0."""
        stage = LendingStage(seed=seed, block_s=self.date_s, lltvs_ppm=(_LLTV_PPM,) * self.borrowers)
        debt = _COLLATERAL * int(_PRICE) // PPM * _LLTV_PPM * 100 // self.health_percent
        stage.open(answer=answer_of(_PRICE), collateral=_COLLATERAL, debts={_BORROWER: debt})
        part = stage.markets[0].published(0).positions[_BORROWER].borrow_shares * _PART // 100
        dates, answers = np.full(self.borrowers, self.dates), [0] * self.borrowers
        left = list(range(self.borrowers))
        barrier = _PRICE * 100.0 / self.health_percent
        for date in range(self.dates):
            prices = (barrier * math.exp(self._deviation * float(walks[index, date])) for index in left)
            reports = [stage.report(index, answer_of(price)) for index, price in zip(left, prices, strict=True)]
            stage.send_all(REPORTER, reports)
            attempts = [stage.send(LIQUIDATOR, stage.liquidate(index, _BORROWER, part)) for index in left]
            stage.next_block()
            for index, attempt in zip(left, attempts, strict=True):
                outcome = outcome_of(attempt)
                if outcome is not None:
                    dates[index], answers[index] = date, outcome.details["oracle_answer"]
            left = [index for index in left if not answers[index]]
        return dates, answers
