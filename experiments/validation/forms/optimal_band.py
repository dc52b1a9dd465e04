"""The no-trade band that is worth its cost: its width, what it trades, what it loses, and that no other loses less."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import ClassVar, Final, NamedTuple

import numpy as np

from shoal.agents.vaults.optimal_band import cost_of_spread, half_width
from shoal.agents.vaults.targets.constant_weights import ConstantWeights
from shoal.agents.vaults.trigger import Trigger
from shoal.agents.vaults.triggers.threshold import Threshold
from shoal.experiments.validation.arbitrage_world import logarithms
from shoal.experiments.validation.check import Estimate
from shoal.experiments.validation.closed_form import ClosedForm, Sample
from shoal.experiments.validation.rebalancing_world import Policy, play, walks
from shoal.experiments.validation.reflected_weight import ReflectedWeight, Solution, Traded, weights_of
from shoal.experiments.validation.statistics import Array, Mean, mean, with_rounding, without_controls
from shoal.experiments.validation.vault_book import Book
from shoal.sim.draws import Stream
from shoal.sim.units import NANOSECONDS_PER_SECOND, PPM, SECONDS_PER_YEAR

_SCALES: Final = (0.8, 0.9, 1.0, 1.1, 1.2)
_OWN: Final = _SCALES.index(1.0)
_FIGURES: Final = 3
# What whole base units may move a figure by, as a share of it.
_ROUNDING: Final = 1e-5


class _Band(NamedTuple):
    """A band of some width: its chain, and the solutions for what it trades and loses in a step."""

    chain: ReflectedWeight
    traded: Solution
    lost: Solution


@dataclass(frozen=True)
class OptimalBand(ClosedForm):
    """Logarithmic utility and a relative spread: band w +- (3/4 w^2 (1 - w)^2 spread)^(1/3), traded to the edge.

    The vault's weight starts spread evenly over the band in log odds and is watched daily. The formulas for turnover
    and loss are asymptotic for small spreads and for always watching; the figures compared are the exact ones of the
    daily chain, to which the formulas are the limit (each detail states both). Five widths live on the same prices,
    and a parabola through their losses has its least loss at the optimal width.

    Control variates are how much the future holds at each arrival beyond what was expected before the step, which is 0
    on average whatever the vault does, and the difference that start and end make, which is 0 on average once the
    start is forgotten.

    Args:
        weight: wanted, mu / sigma^2; 1/2, so that the log price has no drift.
        volatility: sigma, fraction per square-root year.
        spread_ppm: of the price; half of it is charged each way.
        burn_in: steps before measuring.
        steps: measured in each world.
        worlds: replications.
        quick_worlds: replications in quick mode.
    """

    source: ClassVar[str] = "Gerhold, Guasoni, Muhle-Karbe and Schachermayer (2014), arXiv 1108.1167, theorem 1.1"
    weight: float = 0.5
    volatility: float = 0.4
    spread_ppm: int = 10_000
    burn_in: int = 50
    steps: int = 150
    worlds: int = 40
    quick_worlds: int = 20

    @property
    def name(self) -> str:
        """What is validated, with its parameters."""
        spread = self.spread_ppm / PPM
        return (
            f"Optimal no-trade band ({self.weight:.0%}, sigma {self.volatility:.0%} a year, spread {spread:.1%}, daily)"
        )

    @property
    def formulas(self) -> tuple[float, float, float]:
        """Half width, turnover a year and loss a year, by the closed forms."""
        spread, variance = self.spread_ppm / PPM, self.volatility**2
        width = math.cbrt(0.75 * (self.weight * (1.0 - self.weight)) ** 2 * spread)
        return width, 2.0 / 3.0 * variance * width**2 / spread, variance / 2.0 * width**2

    @cached_property
    def _cost(self) -> float:
        return cost_of_spread(self.spread_ppm / PPM)

    @property
    def _years(self) -> float:
        return 1.0 / 365.0

    @property
    def _deviation(self) -> float:
        return self.volatility * math.sqrt(self._years)

    def law(self) -> tuple[float, float, float]:
        """Turnover a year, loss a year, and the width of least loss over the closed form's, of the daily chain."""
        bands = _bands(self)
        losses = np.array([band.lost.mean for band in bands]) / self._years
        return bands[_OWN].traded.mean / self._years, float(losses[_OWN]), _least(losses)

    def band(self, scale: float) -> _Band:
        """The chain of a band so many times as wide as the closed form's."""
        chain = ReflectedWeight(self.weight, scale * self.formulas[0], self._cost, self._deviation)
        return _Band(chain, chain.solve(_traded), chain.solve(self._lost))

    def _lost(self, done: Traded) -> Array:
        return self._drag(weights_of(done.after)) + done.fee

    def _drag(self, weights: Array) -> Array:
        """What a step loses by these weights not being the wanted one."""
        drag: Array = self.volatility**2 / 2.0 * self._years * (weights - self.weight) ** 2
        return drag

    def replications(self, *, quick: bool) -> int:
        """How many worlds."""
        return self.quick_worlds if quick else self.worlds

    def replicate(self, seed: int) -> Sample:
        """The mean distance from the middle after a trade; then for each width, figures followed by their controls."""
        stream = Stream(seed, "vaults", "start")
        policies = [self._policy(scale, 2.0 * stream.next() - 1.0) for scale in _SCALES]
        books = play(
            policies,
            seed=seed,
            steps=self.burn_in + self.steps + 1,
            step_ns=SECONDS_PER_YEAR * NANOSECONDS_PER_SECOND // 365,
            fee_ppm=round(self._cost * PPM),
            path_at=walks(("A",), seed=seed, volatilities=(self.volatility,)),
        ).books
        own = books[_OWN]
        acted = own.sold + own.bought > 0.0
        distance = np.abs(own.weights[:, 0] - self.weight)[acted]
        figures = [
            figure for book, band in zip(books, _bands(self), strict=True) for figure in self._figures(book, band)
        ]
        return float(distance.mean()) if len(distance) else math.nan, *figures

    def _policy(self, scale: float, place: float) -> Policy:
        """A vault that starts at this place of its band, from -1 to 1 in log odds."""
        width = scale * self.formulas[0]
        edge = self.weight + width
        start = float(weights_of(np.array([place * math.log(edge / (1.0 - edge))]))[0])

        def trigger() -> Trigger:
            if scale == 1.0:
                return Threshold.optimal_band(self._cost, dust=0.0)
            return Threshold(absolute=scale * half_width(self.weight, cost=self._cost), to="edge", dust=0.0)

        return Policy(("A",), lambda assets: ConstantWeights({assets[0]: self.weight}), trigger, (start,))

    def _figures(self, book: Book, band: _Band) -> tuple[float, ...]:
        """Turnover and loss a year, each with its two controls."""
        first = self.burn_in
        leaving = logarithms(book.held[:, 0] * book.prices[:, 0] / book.cash)[first:]
        moves = np.diff(logarithms(book.prices[:, 0]))[first:]
        traded = ((book.sold + book.bought) / book.arriving)[first:]
        lost = self._drag(weights_of(leaving)) + (book.fees / book.arriving)[first:]
        start = math.log(book.held[first - 1, 0] * book.prices[first, 0] / book.cash[first - 1])
        found: list[float] = []
        for figure, solution in ((traded, band.traded), (lost, band.lost)):
            expected = band.chain.expected(solution, leaving)
            # Its expectation is 0 whatever is done to the weight, for the price alone is random.
            surprises = band.chain.ahead(solution, leaving[:-1] + moves) - expected[:-1]
            ends = expected[-1] - float(band.chain.ahead(solution, np.array([start]))[0])
            found += [float(figure.mean()), float(surprises.sum()) / len(figure), float(ends) / len(figure)]
        return tuple(one / self._years for one in found)

    def estimate(self, samples: Sequence[Sample]) -> tuple[Estimate, ...]:
        """Width, turnover, loss and best width of all worlds beside the chain's and the formulas'."""
        table: Array = np.array(samples)
        width, turnover, loss = self.formulas
        traded, lost, best = self.law()
        columns = 1 + 2 * _FIGURES * np.arange(len(_SCALES))
        own = int(columns[_OWN])
        steps = f"{len(samples) * self.steps:,} days"
        losses = np.column_stack([_freed(table[:, column + _FIGURES :]) for column in columns])
        return (
            Estimate(
                "half width",
                width,
                float(np.nanmean(table[:, 0])),
                tolerance=0.002 * width,
                detail="distance from the wanted weight after a trade; tolerance 0.2 %, for the fee on it",
            ),
            Estimate(
                "turnover a year",
                traded,
                *with_rounding(mean(_freed(table[:, own:])), _ROUNDING * traded),
                detail=f"{steps}; for small spreads, always watched, {turnover:.6g}"
                + without_controls(mean(table[:, own])),
            ),
            Estimate(
                "loss of growth a year",
                lost,
                *with_rounding(mean(losses[:, _OWN]), _ROUNDING * lost),
                detail=f"{steps}; for small spreads, always watched, {loss:.6g}"
                + without_controls(mean(table[:, own + _FIGURES])),
            ),
            Estimate(
                "width of least loss over the closed form's",
                best,
                *with_rounding(_least_of(losses), _ROUNDING * best),
                detail=f"parabola through {len(_SCALES)} widths on the same prices; closed form 1",
            ),
        )


@cache
def _bands(form: OptimalBand) -> tuple[_Band, ...]:
    return tuple(form.band(scale) for scale in _SCALES)


def _traded(done: Traded) -> Array:
    return done.value


def _freed(columns: Array) -> Array:
    """A figure of each world, freed of what its two controls explain, which are the columns after it."""
    controls = columns[:, 1:_FIGURES]
    design = np.column_stack([np.ones(len(columns)), controls])
    slopes = np.linalg.lstsq(design, columns[:, 0], rcond=None)[0][1:]
    freed: Array = columns[:, 0] - controls @ slopes
    return freed


def _least(losses: Array) -> float:
    """Where the parabola through the losses at the scales has its least value."""
    bend, slope, _ = np.polyfit(np.array(_SCALES) - 1.0, losses, 2)
    return float(1.0 - slope / (2.0 * bend))


def _least_of(losses: Array) -> Mean:
    """The place of the least mean loss, and its standard error by leaving out one world at a time."""
    count = len(losses)
    total = losses.sum(axis=0)
    without = np.array([_least((total - one) / (count - 1)) for one in losses])
    error = math.sqrt((count - 1) / count * float(((without - without.mean()) ** 2).sum()))
    return Mean(_least(total / count), error)
