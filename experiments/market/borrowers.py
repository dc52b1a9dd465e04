"""Who borrows: debt, health and conduct, drawn jointly; a law fitted to recorded positions, and a uniform one."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final, Literal

from shoal.sim.draws import Stream

Conduct = Literal["passive", "tops up", "deleverages"]
Preset = Literal["crvusd", "uniform"]


@dataclass(frozen=True, slots=True)
class Loan:
    """One position before it is opened.

    Args:
        debt_share: of the debt of all borrowers together.
        health: liquidation threshold times the collateral's worth, over the debt; above 1.
        conduct: what the borrower does when its health gets low.
    """

    debt_share: float
    health: float
    conduct: Conduct


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionLaw:
    """A joint law of debt and health: log-normal debt with a cut Pareto tail, log-log-normal health, one correlation.

    Args:
        sigma: standard deviation of the logarithm of debts below the tail.
        tail_share: share of positions in the tail.
        tail_exponent: Pareto's exponent there.
        largest: the largest debt, in medians.
        health_median: of ln(health).
        health_sigma: standard deviation of ln(ln(health)).
        correlation: of the two normals behind debt and health.
    """

    sigma: float
    tail_share: float
    tail_exponent: float
    largest: float
    health_median: float
    health_sigma: float
    correlation: float

    def debt(self, normal: float) -> float:
        """The debt in medians that belongs to a standard normal."""
        above = 1.0 - _NORMAL.cdf(normal)
        if above >= self.tail_share:
            return math.exp(self.sigma * normal)
        edge = self.sigma * _NORMAL.inv_cdf(1.0 - self.tail_share)
        beyond = math.log(self.tail_share / max(above, 1e-12)) / self.tail_exponent
        return min(self.largest, math.exp(edge + beyond))

    def health(self, normal: float) -> float:
        """The health that belongs to a standard normal; above 1."""
        return math.exp(self.health_median * math.exp(self.health_sigma * normal))


_NORMAL: Final = NormalDist()
CRVUSD: Final = PositionLaw(
    sigma=1.6,
    tail_share=0.1,
    tail_exponent=1.0,
    largest=410.0,
    health_median=0.46,
    health_sigma=0.74,
    correlation=-0.21,
)
"""Fitted by ``shoal.experiments.calibration`` to crvusd_positions_2024-01-30, rounded to two digits."""
UNIFORM_SPAN: Final = 0.4
_LEAST_HEALTH: Final = 1.02
"""Nobody can open a position that the next report of the oracle would liquidate."""


def draw_loans(count: int, *, preset: Preset, watchful_share: float, stream: Callable[[str], Stream]) -> list[Loan]:
    """So many positions; their shares of the debt sum to 1.

    "crvusd" is very unequal: a percent of borrowers hold a third of the debt, and who owes more sits closer to
    liquidation. "uniform" is for closed forms: all owe the same, and the prices at which they are liquidated lie
    uniformly between 60 and 100 % of the present one, in even steps.

    Args:
        count: how many.
        preset: the joint law.
        watchful_share: share of borrowers who act when their health gets low: half top up, half deleverage.
        stream: draws by purpose.
    """
    return _PRESETS[preset](count, watchful_share, stream)


def _fitted(count: int, watchful_share: float, stream: Callable[[str], Stream]) -> list[Loan]:
    debts, healths, conducts = stream("debt"), stream("health"), stream("conduct")
    law, found = CRVUSD, []
    rest = math.sqrt(1.0 - law.correlation**2)
    for _ in range(count):
        first = debts.normal()
        health = law.health(law.correlation * first + rest * healths.normal())
        found.append((law.debt(first), max(_LEAST_HEALTH, health), _conduct(conducts.next(), watchful_share)))
    total = math.fsum(debt for debt, _, _ in found)
    return [Loan(debt / total, health, conduct) for debt, health, conduct in found]


def _uniform(count: int, watchful_share: float, stream: Callable[[str], Stream]) -> list[Loan]:
    conducts = stream("conduct")
    return [
        Loan(
            1.0 / count, 1.0 / (1.0 - UNIFORM_SPAN * (number + 0.5) / count), _conduct(conducts.next(), watchful_share)
        )
        for number in range(count)
    ]


def _conduct(uniform: float, watchful_share: float) -> Conduct:
    if uniform >= watchful_share:
        return "passive"
    return "tops up" if uniform < watchful_share / 2 else "deleverages"


_PRESETS: Final[Mapping[Preset, Callable[[int, float, Callable[[str], Stream]], list[Loan]]]] = {
    "crvusd": _fitted,
    "uniform": _uniform,
}
