"""Where a market maker quotes: the closed forms of Avellaneda and Stoikov, finite horizon and stationary.

Both are written for one order as the unit of inventory. Prices may be in any unit, if all parameters are in it: with
``risk_aversion`` and ``fill_decay`` per unit price, and variance in squared unit price per second. The market maker
measures prices as fractions of the mid.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from shoal.agents.parameters import positive


class Quoting(Protocol):
    """A rule that turns inventory and variance into distances of bid and ask from the mid."""

    def distances(self, inventory: float, variance_per_s: float, elapsed_s: float) -> tuple[float, float]:
        """Mid less bid, and ask less mid.

        Args:
            inventory: in orders, positive when long.
            variance_per_s: squared unit price per second.
            elapsed_s: seconds since the maker began.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class FiniteHorizon:
    """Quotes around the reservation price for a horizon that starts anew when it has passed.

    The reservation price is mid - q gamma sigma**2 (T - t), the total spread around it
    gamma sigma**2 (T - t) + (2 / gamma) ln(1 + gamma / k).

    Args:
        risk_aversion: gamma, per unit price and order.
        fill_decay: k, per unit price: orders at distance d are hit at a rate proportional to exp(-k d).
        horizon_s: T, seconds.

    Source: Avellaneda and Stoikov (2008), equations 3.17 and 3.18.

    >>> bid, ask = FiniteHorizon(risk_aversion=0.1, fill_decay=1.5, horizon_s=1.0).distances(0.0, 4.0, 0.5)
    >>> round(bid + ask, 4)
    1.4908
    """

    risk_aversion: float
    fill_decay: float
    horizon_s: float

    def __post_init__(self) -> None:
        positive("quoting", risk_aversion=self.risk_aversion, fill_decay=self.fill_decay, horizon_s=self.horizon_s)

    def distances(self, inventory: float, variance_per_s: float, elapsed_s: float) -> tuple[float, float]:
        """Mid less bid, and ask less mid."""
        gamma = self.risk_aversion
        left = gamma * variance_per_s * (self.horizon_s - elapsed_s % self.horizon_s)
        half = left / 2 + math.log1p(gamma / self.fill_decay) / gamma
        return half + inventory * left, half - inventory * left


@dataclass(frozen=True, slots=True, kw_only=True)
class Stationary:
    """Quotes of a maker without a horizon, in closed-form approximation.

    The bid's distance is ln(1 + gamma / k) / gamma + (2 q + 1) / 2 * slope, the ask's has -q for q, and
    slope = sqrt(sigma**2 gamma / (2 k A) * (1 + gamma / k) ** (1 + k / gamma)).

    Args:
        risk_aversion: gamma, per unit price and order.
        fill_decay: k, per unit price.
        arrivals_per_s: A: how many orders a second hit a quote at the mid.

    Source: Gueant, Lehalle and Fernandez-Tapia (2013), section 4, asymptotic quotes.

    >>> rule = Stationary(risk_aversion=0.01, fill_decay=0.3, arrivals_per_s=0.9)
    >>> [round(rule.distances(q, 0.09, 0.0)[0], 4) for q in (-2, 2)]
    [3.1772, 3.4486]
    """

    risk_aversion: float
    fill_decay: float
    arrivals_per_s: float

    def __post_init__(self) -> None:
        positive(
            "quoting",
            risk_aversion=self.risk_aversion,
            fill_decay=self.fill_decay,
            arrivals_per_s=self.arrivals_per_s,
        )

    def distances(self, inventory: float, variance_per_s: float, elapsed_s: float) -> tuple[float, float]:
        """Mid less bid, and ask less mid; the time that has passed does not matter."""
        gamma, k = self.risk_aversion, self.fill_decay
        ratio = math.log1p(gamma / k)
        # (1 + gamma / k) ** (1 + k / gamma), through the logarithm at hand.
        slope = math.sqrt(
            variance_per_s * gamma / (2.0 * k * self.arrivals_per_s) * math.exp(ratio * (1.0 + k / gamma))
        )
        half = ratio / gamma + slope / 2
        return half + inventory * slope, half - inventory * slope
