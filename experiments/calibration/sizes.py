"""Sizes of orders: a log-normal law, by likelihood and by volume, and how far the tail is from it."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from shoal.experiments.calibration.bootstrap import bounds
from shoal.experiments.calibration.fit import Fit, Floats, logarithms

TAIL = 0.05


def fit_sizes(quote_tokens: Floats, *, what: str = "order") -> tuple[Fit, ...]:
    """The log-normal that sizes follow, twice.

    By likelihood, median and sigma come from the mean and deviation of the logarithms. Sizes that are bunched low
    give that law a mean far above the recorded one; so there is also the sigma with which the same median carries
    the recorded volume, sigma**2 = 2 ln(mean / median).

    Args:
        quote_tokens: sizes in quote tokens, in time order, above 0.
        what: one of the things whose size it is.
    """
    logs = logarithms(quote_tokens)
    both = np.column_stack((quote_tokens, logs))
    median, sigma = math.exp(float(logs.mean())), float(logs.std(ddof=1))
    mean = float(quote_tokens.mean())
    sample = f"{len(logs):,} {what}s"
    implied = median * math.exp(sigma * sigma / 2.0)
    check = f"KS distance {_distance(logs):.3f}; implies a mean of {implied:,.0f}"
    return (
        Fit(
            name=f"{what} size, median",
            value=median,
            unit="USD",
            sample=sample,
            check=check,
            **bounds(both, lambda rows: math.exp(float(rows[:, 1].mean()))),
        ),
        Fit(
            name=f"{what} size, sigma",
            value=sigma,
            unit="log",
            sample=sample,
            check=check,
            **bounds(both, lambda rows: float(rows[:, 1].std(ddof=1))),
        ),
        Fit(
            name=f"{what} size, mean",
            value=mean,
            unit="USD",
            sample=sample,
            **bounds(both, lambda rows: float(rows[:, 0].mean())),
        ),
        Fit(
            name=f"{what} size, sigma by volume",
            value=sigma_by_volume(median, mean),
            unit="log",
            sample=sample,
            check="same median, recorded mean",
            **bounds(
                both,
                lambda rows: sigma_by_volume(math.exp(float(rows[:, 1].mean())), float(rows[:, 0].mean())),
            ),
        ),
        Fit(
            name=f"{what} size, tail exponent",
            value=tail_exponent(quote_tokens),
            sample=f"largest {TAIL:.0%} of {sample}",
            check="Hill; below 2 the variance of sizes has no bound",
            **bounds(both, lambda rows: tail_exponent(rows[:, 0])),
        ),
    )


def sigma_by_volume(median: float, mean: float) -> float:
    """The sigma with which a log-normal of that median has that mean; 0 if the mean is not above it.

    >>> round(sigma_by_volume(100.0, 100.0 * math.exp(2.0)), 12)
    2.0
    """
    return math.sqrt(2.0 * math.log(mean / median)) if mean > median else 0.0


def tail_exponent(quote_tokens: Floats, *, share: float = TAIL) -> float:
    """Hill's estimate of the exponent of the upper tail; NaN where the largest are all alike.

    Source: Hill (1975).
    """
    largest = np.sort(quote_tokens)[-max(2, int(len(quote_tokens) * share)) :]
    excess = float(logarithms(largest / largest[0]).mean())
    return 1.0 / excess if excess > 0.0 else math.nan


def _distance(logs: Floats) -> float:
    """Kolmogorov's distance between the recorded logarithms and their normal law."""
    law = NormalDist(float(logs.mean()), float(logs.std(ddof=1)))
    expected = np.fromiter((law.cdf(value) for value in np.sort(logs)), dtype=np.float64)
    steps = np.arange(len(logs) + 1) / len(logs)
    return float(max((steps[1:] - expected).max(), (expected - steps[:-1]).max()))
