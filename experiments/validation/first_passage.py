"""A Gaussian random walk watched at whole steps: when it first lies below a barrier, and by how much."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from scipy.special import ndtr, roots_legendre

from shoal.experiments.validation.statistics import Array

# The correction of Broadie, Glasserman and Kou: -zeta(1/2) / sqrt(2 pi), the mean overshoot in the limit.
MEAN_OVERSHOOT: Final = 0.5825971579390107
_NODES_PER_DEVIATION: Final = 8


class Passage(NamedTuple):
    """What is known of the first date below the barrier.

    Args:
        probability: that there is one among the dates.
        overshoot: mean distance below the barrier then, in standard deviations of a step.
    """

    probability: float
    overshoot: float


def first_passage(gap: float, drift: float, dates: int) -> Passage:
    """The exact passage of a walk that starts ``gap`` above the barrier, by quadrature of its surviving density.

    Args:
        gap: distance to the barrier at the start, above 0, in standard deviations of a step.
        drift: mean of a step, same unit.
        dates: how many steps are watched.

    >>> first_passage(0.5, 0.0, 1).probability == float(ndtr(-0.5))
    True
    """
    # Above this level nobody comes back within the dates that are left.
    top = gap + 9.0 * math.sqrt(dates) + abs(drift) * dates
    # Gauss-Legendre: the integrands are as smooth as the normal density, so these give 12 digits.
    points, weights = roots_legendre(round(_NODES_PER_DEVIATION * top))
    level, weights = (points + 1.0) * top / 2.0, weights * top / 2.0
    kernel = density(level[:, None] - level[None, :] - drift) * weights[None, :]
    crosses, exceeds = one_step(np.array([gap]), drift)
    probability, distance = float(crosses[0]), float(exceeds[0])
    crosses, exceeds = one_step(level, drift)
    alive = density(level - gap - drift)
    for _ in range(dates - 1):
        probability += float((alive * weights) @ crosses)
        distance += float((alive * weights) @ exceeds)
        alive = kernel @ alive
    return Passage(probability, distance / probability)


def one_step(gap: Array, drift: float) -> tuple[Array, Array]:
    """The probability that the next step leads below the barrier, and the mean of how far, 0 where it does not."""
    above = gap + drift
    below = ndtr(-above)
    return below, density(above) - above * below


def continuous_passage(gap: float, drift: float, dates: float) -> float:
    """The probability that the walk's Brownian motion, watched always, touches the barrier.

    Source: the reflection principle; Borodin and Salminen (2002), Handbook of Brownian Motion, 2.1.2.
    """
    root = math.sqrt(dates)
    early = ndtr(-(gap + drift * dates) / root)
    return float(early + math.exp(-2.0 * drift * gap) * ndtr((-gap + drift * dates) / root))


def density(values: Array) -> Array:
    """The standard normal density."""
    exponentials = np.fromiter(map(math.exp, (-0.5 * values * values).ravel().tolist()), dtype=np.float64)
    return exponentials.reshape(values.shape) / math.sqrt(2.0 * math.pi)
