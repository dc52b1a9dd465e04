"""How often swaps come and how large they are, from their sums a minute."""

from __future__ import annotations

import math
from typing import NamedTuple

from shoal.experiments.calibration.bootstrap import bounds
from shoal.experiments.calibration.fit import Fit, Floats


class CompoundPoisson(NamedTuple):
    """Swaps at Poisson times with log-normal sizes.

    Args:
        rate: swaps a minute.
        median: of sizes, quote tokens.
        sigma: deviation of their logarithm.
    """

    rate: float
    median: float
    sigma: float


def match_moments(volumes: Floats) -> CompoundPoisson:
    """The compound Poisson process with the recorded share of empty minutes, mean and variance.

    rate = -ln(share of empty minutes); E X = mean / rate and E X**2 = variance / rate give the log-normal. NaN where
    no minute is empty, or all are, or sizes would have no spread.
    """
    empty = float((volumes == 0.0).mean())
    if not 0.0 < empty < 1.0:
        return CompoundPoisson(math.nan, math.nan, math.nan)
    rate = -math.log(empty)
    first, second = float(volumes.mean()) / rate, float(volumes.var()) / rate
    variance = math.log(second / first**2)
    if variance < 0.0:
        return CompoundPoisson(rate, math.nan, math.nan)
    return CompoundPoisson(rate, first * math.exp(-variance / 2.0), math.sqrt(variance))


def fit_swap_flow(volumes: Floats) -> tuple[Fit, ...]:
    """Volume, share of empty minutes, and the compound Poisson process that has them, by the method of moments.

    Swaps cluster: quiet hours hold more empty minutes than one Poisson process would, so the rate is a lower bound
    and sizes are an upper one.
    """
    process = match_moments(volumes)
    sample = f"{len(volumes):,} minutes"
    check = f"deviation of minute sums {float(volumes.std()) / float(volumes.mean()):.1f} times their mean"
    return (
        Fit(
            name="swap volume",
            value=float(volumes.mean()),
            unit="USD/min",
            sample=sample,
            **bounds(volumes, lambda rows: float(rows.mean())),
        ),
        Fit(
            name="minutes without swaps",
            value=float((volumes == 0.0).mean()),
            unit="fraction",
            sample=sample,
            **bounds(volumes, lambda rows: float((rows == 0.0).mean())),
        ),
        Fit(
            name="swaps",
            value=process.rate * 60.0,
            unit="1/h",
            sample=sample,
            check="at least; clusters empty more minutes than Poisson times",
            **bounds(volumes, lambda rows: match_moments(rows).rate * 60.0),
        ),
        Fit(
            name="swap size, median",
            value=process.median,
            unit="USD",
            sample=sample,
            check=check,
            **bounds(volumes, lambda rows: match_moments(rows).median),
        ),
        Fit(
            name="swap size, sigma",
            value=process.sigma,
            unit="log",
            sample=sample,
            check=check,
            **bounds(volumes, lambda rows: match_moments(rows).sigma),
        ),
        Fit(
            name="swap size, mean",
            value=float(volumes.mean()) / process.rate,
            unit="USD",
            sample=sample,
            check="at most",
            **bounds(volumes, lambda rows: float(rows.mean()) / match_moments(rows).rate),
        ),
    )
