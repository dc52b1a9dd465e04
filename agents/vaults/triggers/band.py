"""How far a weight may drift from its target."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from shoal.agents.parameters import positive, within
from shoal.agents.vaults.optimal_band import CostOfSize, half_width, half_width_at_depth


class Band(Protocol):
    """A rule for the half width around a target weight."""

    def half_width(self, weight: float, nav: float) -> float:
        """Largest drift that is left alone, for a target weight and a net asset value in numeraire tokens."""


@dataclass(frozen=True, slots=True)
class AbsoluteBand:
    """The same drift of every weight.

    Args:
        width: share of the net asset value.

    Raises:
        ValueError: negative or not a finite number.

    >>> AbsoluteBand(0.05).half_width(0.2, 1e6)
    0.05
    """

    width: float

    def __post_init__(self) -> None:
        within("absolute band", 0.0, 1e6, width=self.width)

    def half_width(self, weight: float, nav: float) -> float:
        """The width."""
        return self.width


@dataclass(frozen=True, slots=True)
class RelativeBand:
    """Drift as a share of the target weight; a target of 0 is left alone by nothing.

    Args:
        share: of the target weight.

    Raises:
        ValueError: negative or not a finite number.

    >>> RelativeBand(0.25).half_width(0.2, 1e6)
    0.05
    """

    share: float

    def __post_init__(self) -> None:
        within("relative band", 0.0, 1e6, share=self.share)

    def half_width(self, weight: float, nav: float) -> float:
        """The share of that weight."""
        return self.share * abs(weight)


@dataclass(frozen=True, slots=True)
class OptimalBand:
    """The drift at which trading back becomes worth its cost.

    Args:
        cost: one way, as a fraction of the value traded; or that as a function of the trade's size in numeraire
            tokens, infinite where there is no liquidity.
        risk_aversion: relative.

    Raises:
        ValueError: a parameter is out of range.

    Source: see ``shoal.agents.vaults.optimal_band``.
    """

    cost: float | CostOfSize
    risk_aversion: float = 1.0

    def __post_init__(self) -> None:
        positive("optimal band", risk_aversion=self.risk_aversion)
        if not callable(self.cost):
            within("optimal band", 0.0, math.inf, cost=self.cost)

    def half_width(self, weight: float, nav: float) -> float:
        """The closed form at the cost, or at the cost of its own trade."""
        if callable(self.cost):
            return half_width_at_depth(weight, cost=self.cost, nav=nav, risk_aversion=self.risk_aversion)
        return half_width(weight, cost=self.cost, risk_aversion=self.risk_aversion)
