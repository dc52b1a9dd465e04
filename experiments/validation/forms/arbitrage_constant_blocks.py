"""Arbitrage with fees when blocks come at constant intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, Self

import numpy as np
from scipy.stats import norm

from shoal.experiments.validation.check import Estimate
from shoal.experiments.validation.closed_form import Sample
from shoal.experiments.validation.mispricing import ArbitrageWithFees, Law
from shoal.sim.hosts.block_schedule import BlockSchedule, ConstantBlocks
from shoal.sim.units import NANOSECONDS_PER_SECOND, PPM

_MINUS_ZETA_OF_HALF: Final = 1.4603545088095868
_NODES: Final = 120
_REACH: Final = 10.0


@dataclass(frozen=True)
class ArbitrageConstantBlocks(ArbitrageWithFees):
    """Profit by Nezlobin and Tassy's formula, and all figures by the exact law of the embedded random walk.

    The formula is asymptotic in the width of the band: at 5 bp it lies 0.06 %, at 30 bp 0.14 % above the exact value
    of the discrete model, which is found by solving the integral equation of the stationary mispricing.
    """

    source: ClassVar[str] = "Nezlobin and Tassy (2025), arXiv 2505.05113; gamma is the full spread, twice the fee"

    @classmethod
    def instances(cls) -> tuple[Self, ...]:
        """A low fee and a high one, at Ethereum's block time."""
        return (
            cls(fee_ppm=500, worlds=60, quick_worlds=20, blocks=5_000),
            cls(fee_ppm=3000, worlds=60, quick_worlds=20, blocks=12_000),
        )

    @property
    def _title(self) -> str:
        return "Arbitrage, constant blocks"

    @property
    def _schedule(self) -> BlockSchedule:
        return ConstantBlocks(self.block_s * NANOSECONDS_PER_SECOND)

    def formula(self) -> float:
        """Expected profit a block as a share of the pool, by the paper's formula.

        >>> round(ArbitrageConstantBlocks(fee_ppm=3000).formula() * 7200 * 10_000, 4)
        0.3209
        """
        spread, step = 2.0 * self.fee_ppm / PPM, math.sqrt(self._variance)
        return self._variance / (8.0 + 4.0 * math.sqrt(2.0 * math.pi) * spread / (_MINUS_ZETA_OF_HALF * step))

    def law(self) -> Law:
        """The exact figures: the density of the mispricing before a block, on Gauss-Legendre nodes.

        Inside the band the density solves f(z) = integral of phi(z - y) f(y) dy + p (phi(z - b) + phi(z + b)), where
        phi is the step's density, b the band's edge and p the probability to be beyond it on one side.

        >>> law = ArbitrageConstantBlocks(fee_ppm=500).law()
        >>> round(law.traded, 4), round(law.profit * 7200 * 10_000, 4)
        (0.4947, 1.2714)
        """
        band, step = self._band, math.sqrt(self._variance)
        points, weights = np.polynomial.legendre.leggauss(_NODES)
        inside, inside_weights = band * points, band * weights
        overshoot, overshoot_weights = _REACH * step * (points + 1.0) / 2.0, _REACH * step * weights / 2.0

        def density(distance: np.ndarray) -> np.ndarray:
            return np.asarray(norm.pdf(distance, scale=step))

        kernel = density(inside[:, None] - inside[None, :]) * inside_weights
        edges = density(inside - band) + density(inside + band)
        relative = np.linalg.solve(np.eye(_NODES) - kernel, edges)
        beyond_edge = 1.0 / (2.0 + float(inside_weights @ relative))
        own = beyond_edge * relative
        beyond = density(band + overshoot[:, None] - inside[None, :]) @ (inside_weights * own)
        beyond += beyond_edge * (density(overshoot) + density(2.0 * band + overshoot))
        gain = 2.0 * np.sinh(overshoot / 4.0) ** 2
        profit = 2.0 * math.cosh(band / 2.0) * float(overshoot_weights @ (beyond * gain))
        square = float(inside_weights @ (own * inside**2))
        square += 2.0 * float(overshoot_weights @ (beyond * (band + overshoot) ** 2))
        return Law(2.0 * beyond_edge, profit, math.sqrt(square))

    def estimate(self, samples: Sequence[Sample]) -> tuple[Estimate, ...]:
        """The formula's figure and three of the exact law a fee."""
        law, formula = self.law(), self.formula()
        bias = formula / law.profit - 1.0
        by_formula = Estimate(
            "profit by the formula, bp of the pool a day",
            self._daily_bps(formula),
            *self._profit(self._means(samples)[1]),
            detail=f"asymptotic: {bias:+.2%} against the exact law",
        )
        return by_formula, *self._compare(samples, law, "; theory is the exact discrete law")
