"""How far a price falls when its fall liquidates borrowers, whose collateral is sold, which makes it fall further."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, Self

from shoal.experiments.validation.cascade_world import LLTV_PPM, START_PRICE, Cascade, play_cascade
from shoal.experiments.validation.check import LARGEST_RELATIVE_ERROR, Estimate
from shoal.experiments.validation.closed_form import ClosedForm, Sample
from shoal.sim.units import PPM
from shoal.venues.view import DEPTH_BAND

_DEPTH: Final = 1_000_000.0
# Morpho Blue's incentive at this LLTV.
_INCENTIVE: Final = 1.0 / (1.0 - 0.3 * (1.0 - LLTV_PPM / PPM))
# The oracle's 8 decimals and rounding to base units, over as many sales as there are.
_TOLERANCE: Final = 1e-8
# Positions beyond those that theory liquidates, so that a stronger cascade can be told from the right one.
_BEYOND: Final = 1.1
_FEW: Final = 10


@dataclass(frozen=True)
class CascadeAmplification(ClosedForm):
    """With linear impact and thresholds evenly below the price, a shock ends as shock / (1 - share x kappa).

    kappa is what a liquidation makes the price fall, over the distance between two thresholds: impact of a unit of
    debt (incentive / D, D base tokens that move the log price by 1) times density of debt (debt / distance). The
    share is the permanent one: half-lives are so short that the oracle looks when the rest of a sale's impact is gone.

    A liquidation seizes incentive x debt / price, and the price falls by that times price / D: the same at every
    price, though the impact is on the log price. So the law needs no small shock, only small sales: (1) each sale
    moves the price by so little that the curvature within it does not count; (2) many thresholds lie within the
    shock; (3) sales come one after the other, each at an answer that has seen those before. What is left of (1) and
    (2) is in the second figure, the recursion over single sales, which the engine follows to the last digits.

    The first threshold lies (1 - share x kappa) / 2 of a distance below the price before the shock, so that the law's
    end lies half way between two thresholds; another place would move the end by at most a distance times
    share x kappa / (1 - share x kappa).

    Args:
        kappa: amplification of a permanent impact, below 1.
        permanent_share: of the impact.
        within_shock: thresholds passed by the shock itself.
        shock: quote tokens by which the price falls at first.

    Raises:
        ValueError: share x kappa is not below 1: nothing would end the fall.
    """

    source: ClassVar[str] = "Linear impact, uniform density: a branching process of ratio kappa; mechanics 3.2"
    kappa: float = 0.5
    permanent_share: float = 1.0
    within_shock: int = 50
    shock: float = 10.0

    def __post_init__(self) -> None:
        if not 0.0 < self.ratio < 1.0:
            raise ValueError(f"permanent share x kappa must be above 0 and below 1, had {self.ratio!r}")

    @classmethod
    def instances(cls) -> tuple[Self, ...]:
        """Permanent impact, sold inside the liquidation; partly transient impact, sold on an exchange after it."""
        permanent = tuple(cls(kappa) for kappa in (0.5, 0.8, 0.9))
        return *permanent, *(cls(kappa, share) for kappa in (0.5, 0.8) for share in (0.3, 0.6))

    @property
    def name(self) -> str:
        """What is validated, with its parameters."""
        return f"Cascade amplification (kappa {self.kappa:g}, permanent share {self.permanent_share:g})"

    def replications(self, *, quick: bool) -> int:
        """One: nothing is random."""
        return 1

    @property
    def ratio(self) -> float:
        """What a liquidation lastingly makes the price fall, in distances between thresholds."""
        return self.kappa * self.permanent_share

    @property
    def distance(self) -> float:
        """From one threshold to the next, quote tokens for one base token."""
        return self.shock / self.within_shock

    @property
    def scale(self) -> float:
        """Base tokens that move the log price by 1 after the shock."""
        return _DEPTH / (DEPTH_BAND * (START_PRICE - self.shock))

    @property
    def debt(self) -> float:
        """Quote tokens that each owes, for the impact to be what kappa says."""
        return self.kappa * self.distance * self.scale / _INCENTIVE

    def thresholds(self) -> tuple[float, ...]:
        """Prices below which one borrower each is liquidated, from the highest down."""
        count = math.ceil(self.within_shock / (1.0 - self.ratio) * _BEYOND) + _FEW
        first = START_PRICE - self.distance * (1.0 - self.ratio) / 2.0
        return tuple(first - self.distance * number for number in range(count))

    def recursion(self, thresholds: Sequence[float]) -> Cascade:
        """Sale by sale: each at the price that those before have left, until the next threshold is not reached."""
        price = START_PRICE - self.shock
        for number, threshold in enumerate(thresholds):
            if price >= threshold:
                return Cascade(price, number, len(thresholds) - number)
            seized = self.debt * _INCENTIVE / price
            price *= math.exp(-self.permanent_share * seized / self.scale)
        return Cascade(price, len(thresholds), 0)

    def replicate(self, seed: int) -> Sample:
        """The price in the end, and the number of positions liquidated."""
        cascade = play_cascade(
            seed=seed,
            thresholds=self.thresholds(),
            debt_quote_tokens=self.debt,
            depth_quote_tokens=_DEPTH,
            shocked_price=START_PRICE - self.shock,
            permanent_share=self.permanent_share,
            at_once=self.permanent_share == 1.0,
        )
        return cascade.price, float(cascade.liquidated)

    def estimate(self, samples: Sequence[Sample]) -> tuple[Estimate, ...]:
        """The amplification by the law and by the recursion, and how many were liquidated."""
        ((price, liquidated),) = samples
        found, exact = (START_PRICE - price) / self.shock, self.recursion(self.thresholds())
        law, stepwise = 1.0 / (1.0 - self.ratio), (START_PRICE - exact.price) / self.shock
        return (
            Estimate(
                "total fall over shock",
                law,
                found,
                tolerance=LARGEST_RELATIVE_ERROR * law,
                detail=f"{liquidated:.0f} liquidations; bias of single sales {stepwise / law - 1.0:+.3%}; "
                f"tolerance {LARGEST_RELATIVE_ERROR:.1%}",
            ),
            Estimate(
                "the same, sale by sale",
                stepwise,
                found,
                tolerance=_TOLERANCE * stepwise,
                detail=f"recursion over single sales; tolerance {_TOLERANCE:g} of the value",
            ),
            Estimate(
                "positions liquidated",
                float(exact.liquidated),
                liquidated,
                tolerance=0.5,
                detail="a whole number",
            ),
        )
