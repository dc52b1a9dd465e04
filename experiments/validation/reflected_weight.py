"""A weight that drifts with its asset's price and is traded back to the edge of a band at whole steps."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from scipy.special import roots_legendre

from shoal.experiments.validation.arbitrage_world import logarithms
from shoal.experiments.validation.first_passage import density
from shoal.experiments.validation.statistics import Array

_NODES_PER_DEVIATION: Final = 6
_REACH: Final = 8.0


class Traded(NamedTuple):
    """What a step's trade does, one entry a weight.

    Args:
        after: log odds of the weight after it.
        value: traded, as a share of the net asset value before it: paid with the fee when buying.
        fee: as a share of the net asset value before it.
    """

    after: Array
    value: Array
    fee: Array


Figure = Callable[[Traded], Array]
"""A figure of one step, given what was traded in it."""


class Solution(NamedTuple):
    """The mean of a figure in the long run, and what it takes to know it from a short run.

    Args:
        figure: of one step.
        mean: in the long run.
        value: at each node, how much more of the figure is still to come from there than on average.
    """

    figure: Figure
    mean: float
    value: Array


@dataclass(frozen=True)
class ReflectedWeight:
    """The chain of log odds ln (w / (1 - w)) just before trades, whose steps are normal without drift.

    Long-run means are exact to many digits: within the band and on both sides of it all functions are smooth, and
    are integrated by Gauss and Legendre's rule. Nothing here is an asymptotic of small costs or short steps.

    Args:
        weight: the middle of the band.
        half_width: of the band.
        cost: one way; a purchase pays it out of its value, a sale on top.
        deviation: of the log price over a step.

    Raises:
        ValueError: the band reaches 0 or 1.

    >>> chain = ReflectedWeight(weight=0.5, half_width=0.1, cost=0.0, deviation=0.05)
    >>> chain.trade(np.array([0.0, 1.0])).value.round(6).tolist()
    [0.0, 0.131059]
    """

    weight: float
    half_width: float
    cost: float
    deviation: float

    def __post_init__(self) -> None:
        if not 0.0 < self.weight - self.half_width < self.weight + self.half_width < 1.0:
            raise ValueError(f"a band of {self.half_width!r} around {self.weight!r} must lie between 0 and 1")

    def trade(self, arriving: Array) -> Traded:
        """What is done with weights of these log odds."""
        before = weights_of(arriving)
        edge = np.clip(before, self.weight - self.half_width, self.weight + self.half_width)
        value = np.abs(before - edge)
        sells = before > edge
        fee = value * np.where(sells, self.cost, self.cost / (1.0 + self.cost))
        risky = np.where(sells, edge, edge - fee)
        cash = np.where(sells, 1.0 - edge - fee, 1.0 - edge)
        return Traded(np.where(value > 0.0, logarithms(risky / cash), arriving), value, fee)

    def solve(self, figure: Figure) -> Solution:
        """The long-run mean of a figure, and the solution of its Poisson equation."""
        found = figure(self._done)
        mean = float(self._stationary @ found)
        system = np.eye(len(found)) - self._chances(self._done.after) + self._stationary[None, :]
        value: Array = np.linalg.solve(system, found - mean)
        return Solution(figure, mean, value)

    def expected(self, solution: Solution, leaving: Array) -> Array:
        """How much more of the figure is still to come than on average, expected when leaving with these log odds."""
        expected: Array = self._chances(leaving) @ solution.value
        return expected

    def ahead(self, solution: Solution, arriving: Array) -> Array:
        """How much more of the figure is still to come than on average, when arriving with these log odds."""
        done = self.trade(arriving)
        return solution.figure(done) - solution.mean + self.expected(solution, done.after)

    @cached_property
    def _nodes(self) -> tuple[Array, Array]:
        """Log odds and the lengths that they stand for."""
        low, high = (self.weight - self.half_width, self.weight + self.half_width)
        ends = [math.log(edge / (1.0 - edge)) for edge in (low, high)]
        reach = _REACH * self.deviation
        bounds = [ends[0] - reach, *ends, ends[1] + reach]
        places, lengths = [], []
        for start, stop in pairwise(bounds):
            points, weights = roots_legendre(math.ceil(_NODES_PER_DEVIATION * (stop - start) / self.deviation))
            places.append(start + (points + 1.0) * (stop - start) / 2.0)
            lengths.append(weights * (stop - start) / 2.0)
        return np.concatenate(places), np.concatenate(lengths)

    @cached_property
    def _done(self) -> Traded:
        return self.trade(self._nodes[0])

    def _chances(self, leaving: Array) -> Array:
        """The chance of each node, one column a node, after a step from these log odds."""
        places, lengths = self._nodes
        chances: Array = density((places[None, :] - leaving[:, None]) / self.deviation) * (lengths / self.deviation)
        return chances

    @cached_property
    def _stationary(self) -> Array:
        """The chance of each node in the long run."""
        system = self._chances(self._done.after).T - np.eye(len(self._nodes[0]))
        # One balance follows from the others; the chances add up to 1 instead.
        system[-1] = 1.0
        wanted = np.zeros(len(system))
        wanted[-1] = 1.0
        chances: Array = np.linalg.solve(system, wanted)
        return chances


def weights_of(log_odds: Array) -> Array:
    """The weights that have these log odds."""
    odds = np.fromiter(map(math.exp, log_odds.tolist()), dtype=np.float64, count=len(log_odds))
    weights: Array = odds / (1.0 + odds)
    return weights
