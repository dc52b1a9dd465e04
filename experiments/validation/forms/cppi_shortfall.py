"""How often insurance that is only renewed now and then breaks its floor."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Final

import numpy as np
from scipy.special import ndtr
from scipy.stats import binom

from shoal.agents.vaults.targets.constant_proportion import ConstantProportion
from shoal.agents.vaults.triggers.calendar import Calendar
from shoal.experiments.validation.arbitrage_world import logarithms
from shoal.experiments.validation.check import Estimate
from shoal.experiments.validation.closed_form import ClosedForm, Sample
from shoal.experiments.validation.rebalancing_world import Policy, play, walks
from shoal.experiments.validation.statistics import Array, controlled_mean, mean, without_controls
from shoal.experiments.validation.vault_book import Book
from shoal.sim.units import NANOSECONDS_PER_SECOND, SECONDS_PER_YEAR

# So small a cushion that the exposure never comes near the value of the vault, however the price rises.
_CUSHION: Final = 1e-7
_FLOOR: Final = 1.0 - _CUSHION
_POWERS: Final = 3
# Falls beyond the fourth count no more: so rare a number must not weigh much in a control.
_MOST_FALLS: Final = 4


@dataclass(frozen=True)
class CppiShortfall(ClosedForm):
    """Constant proportion insurance renewed at n dates ends below its floor with probability 1 - N(d2)^n.

    d2 = (ln(m / (m - 1)) + (mu - r - sigma^2 / 2) dt) / (sigma sqrt dt). Cash earns nothing here: the price drifts at
    mu - r, which comes to the same. Each vault has an asset of its own. Powers of the number of steps on which the
    price fell by more than 1 / m, at most four, less their expectations, are control variates.

    Args:
        multiplier: m.
        dates: n, in a year.
        volatility: sigma, fraction per square-root year.
        excess_drift: mu - r.
        vaults: in each world.
        worlds: replications.
        quick_worlds: replications in quick mode.
    """

    source: ClassVar[str] = (
        "Balder, Brandl and Mahayni (2009), Effectiveness of CPPI strategies under discrete-time trading"
    )
    multiplier: float = 12.0
    dates: int = 12
    volatility: float = 0.3
    excess_drift: float = 0.035
    vaults: int = 25
    worlds: int = 40
    quick_worlds: int = 20

    @property
    def name(self) -> str:
        """What is validated, with its parameters."""
        terms = (
            f"m {self.multiplier:g}, {self.dates} dates, sigma {self.volatility:.0%}, mu - r {self.excess_drift:.1%}"
        )
        return f"Shortfall of discrete constant proportion insurance ({terms})"

    @cached_property
    def step_probability(self) -> float:
        """That the price falls by more than 1 / m from one date to the next."""
        years = 1.0 / self.dates
        limit = math.log1p(-1.0 / self.multiplier) - (self.excess_drift - self.volatility**2 / 2.0) * years
        return float(ndtr(limit / (self.volatility * math.sqrt(years))))

    def law(self) -> float:
        """The probability of a shortfall."""
        return -math.expm1(self.dates * math.log1p(-self.step_probability))

    def replications(self, *, quick: bool) -> int:
        """How many worlds."""
        return self.quick_worlds if quick else self.worlds

    def replicate(self, seed: int) -> Sample:
        """For each vault, whether it ends below its floor, and how often the price fell by more than 1 / m."""
        symbols = tuple(f"A{index}" for index in range(self.vaults))
        step_ns = SECONDS_PER_YEAR * NANOSECONDS_PER_SECOND // self.dates
        policies = [
            Policy(
                (symbol,),
                lambda assets: ConstantProportion({assets[0]: 1.0}, multiplier=self.multiplier, floor=_FLOOR),
                lambda: Calendar(interval_ns=step_ns),
            )
            for symbol in symbols
        ]
        books = play(
            policies,
            seed=seed,
            steps=self.dates + 2,
            step_ns=step_ns,
            fee_ppm=0,
            path_at=walks(
                symbols,
                seed=seed,
                volatilities=(self.volatility,) * self.vaults,
                log_drift=self.excess_drift - self.volatility**2 / 2.0,
            ),
        ).books
        return tuple(figure for book in books for figure in (float(_is_short(book)), float(self._falls(book))))

    def _falls(self, book: Book) -> int:
        """On how many steps the price fell by more than 1 / m, at most four."""
        moves: Array = np.diff(logarithms(book.prices[:, 0]))
        return min(_MOST_FALLS, int((moves < math.log1p(-1.0 / self.multiplier)).sum()))

    def _moment(self, power: int) -> float:
        chances = [float(binom.pmf(count, self.dates, self.step_probability)) for count in range(self.dates + 1)]
        return math.fsum(min(count, _MOST_FALLS) ** power * chance for count, chance in enumerate(chances))

    def estimate(self, samples: Sequence[Sample]) -> tuple[Estimate, ...]:
        """The share of all vaults beside the law."""
        short, falls = np.array(samples).reshape(-1, 2).T
        controls = np.column_stack([falls**power - self._moment(power) for power in range(1, _POWERS + 1)])
        detail = f"{len(short):,} vaults" + without_controls(mean(short))
        found = controlled_mean(short, controls)
        return (Estimate("probability of a shortfall", self.law(), *found, detail=detail),)


def _is_short(book: Book) -> bool:
    return bool(book.arriving[-1] < _FLOOR * book.arriving[0])
