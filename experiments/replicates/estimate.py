"""What replicates say together: a mean with its interval, and what pairing with a control was worth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from scipy.special import stdtrit

NAN: Final = math.nan


@dataclass(frozen=True, slots=True)
class Sample:
    """A figure of one replicate.

    Args:
        path: number of the path of outside prices, from 1.
        value: in the base world.
        control: in the counterfactual world; None without one.
    """

    path: int
    value: float
    control: float | None = None

    @property
    def effect(self) -> float:
        """The value less its control; the value alone without one."""
        return self.value if self.control is None else self.value - self.control


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure over all replicates; what cannot be said is NaN.

    Args:
        name: of the figure.
        unit: of the figure.
        world: where its control comes from; empty without one.
        topic: under which it stands.
        n: replicates in which the figure has a number.
        paths: paths of outside prices among them.
        mean: of the effects; over several paths the mean of the paths' means.
        low: lower end of the Student t interval: over the replicates, or over the paths' means if there are several.
        high: its upper end.
        level: of the interval.
        standard_deviation: of the effects over replicates.
        value_mean: of the values.
        control_mean: of the controls.
        correlation: of values and controls over replicates.
        variance_removed_share: 1 - var(value - control) / (var(value) + var(control)): what running both worlds on
            the same seeds and prices saves against running them apart; negative if it costs.
        between_path_variance: variance of what paths expect, the noise of a finite number of seeds taken off.
    """

    name: str
    unit: str
    world: str
    topic: str
    n: int
    paths: int
    mean: float
    low: float
    high: float
    level: float
    standard_deviation: float
    value_mean: float
    control_mean: float
    correlation: float
    variance_removed_share: float
    between_path_variance: float


def estimate(name: str, unit: str, world: str, samples: Sequence[Sample], *, level: float, topic: str = "") -> Estimate:
    """The estimate from the replicates of a figure; those without a finite number are left out.

    Source: Law (2015), Simulation Modeling and Analysis, 5th edition, sections 4.5 and 11.2 (common random numbers).

    >>> found = estimate("cost", "bps", "", [Sample(1, 1.0), Sample(1, 2.0), Sample(1, 3.0)], level=0.95)
    >>> found.mean, round(found.low, 3), round(found.high, 3)
    (2.0, -0.484, 4.484)
    """
    usable = [each for each in samples if math.isfinite(each.effect)]
    effects = [each.effect for each in usable]
    by_path = _by_path(usable)
    clusters = [mean(each) for each in by_path.values()]
    center, half = half_width(clusters if len(clusters) > 1 else effects, level)
    pairs = [(each.value, each.control) for each in usable if each.control is not None]
    values, controls = [value for value, _ in pairs], [control for _, control in pairs]
    return Estimate(
        name=name,
        unit=unit,
        world=world,
        topic=topic or name.partition(",")[0],
        n=len(usable),
        paths=len(by_path),
        mean=center,
        low=center - half,
        high=center + half,
        level=level,
        standard_deviation=math.sqrt(variance(effects)),
        value_mean=mean([each.value for each in usable]),
        control_mean=mean(controls),
        correlation=correlation(values, controls),
        variance_removed_share=variance_removed(values, controls),
        between_path_variance=between_paths(list(by_path.values())),
    )


def mean(values: Sequence[float]) -> float:
    """The mean; NaN of nothing."""
    return math.fsum(values) / len(values) if values else NAN


def variance(values: Sequence[float]) -> float:
    """The unbiased variance; NaN below two values."""
    if len(values) < 2:
        return NAN
    center = mean(values)
    return math.fsum((value - center) ** 2 for value in values) / (len(values) - 1)


def half_width(values: Sequence[float], level: float) -> tuple[float, float]:
    """The mean and half the width of its Student t interval, NaN below two values."""
    count = len(values)
    if count < 2:
        return mean(values), NAN
    quantile = float(stdtrit(count - 1, (1.0 + level) / 2.0))
    return mean(values), quantile * math.sqrt(variance(values) / count)


def correlation(left: Sequence[float], right: Sequence[float]) -> float:
    """Pearson's correlation; NaN below two pairs or without variation."""
    if len(left) < 2:
        return NAN
    middle, centre = mean(left), mean(right)
    size = math.sqrt(math.fsum((a - middle) ** 2 for a in left) * math.fsum((b - centre) ** 2 for b in right))
    if size == 0.0:
        return NAN
    product = math.fsum((a - middle) * (b - centre) for a, b in zip(left, right, strict=True))
    return max(-1.0, min(1.0, product / size))


def variance_removed(values: Sequence[float], controls: Sequence[float]) -> float:
    """The share of the variance of a difference that pairing removed; NaN without any variance.

    >>> variance_removed([1.0, 2.0, 3.0], [0.0, 1.0, 2.0])
    1.0
    """
    apart = variance(values) + variance(controls)
    if not apart > 0.0:
        return NAN
    return 1.0 - variance([a - b for a, b in zip(values, controls, strict=True)]) / apart


def between_paths(clusters: Sequence[Sequence[float]]) -> float:
    """The variance between paths, at least 0; NaN unless two paths have two replicates each.

    Source: Searle, Casella and McCulloch (1992), Variance Components, section 3.6: the estimator from the analysis of
    variance, here with the variance of the paths' means.
    """
    if len(clusters) < 2 or min(map(len, clusters)) < 2:
        return NAN
    noise = mean([variance(each) / len(each) for each in clusters])
    return max(0.0, variance([mean(each) for each in clusters]) - noise)


def _by_path(samples: Sequence[Sample]) -> dict[int, list[float]]:
    found: dict[int, list[float]] = {}
    for each in samples:
        found.setdefault(each.path, []).append(each.effect)
    return found
