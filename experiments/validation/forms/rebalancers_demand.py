"""What vaults buy when the price moves: those of constant exposure, and insured ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from shoal.agents.vaults.targets.constant_proportion import ConstantProportion
from shoal.agents.vaults.targets.constant_weights import ConstantWeights
from shoal.agents.vaults.triggers.threshold import Threshold
from shoal.experiments.validation.check import Estimate
from shoal.experiments.validation.closed_form import ClosedForm, Sample
from shoal.experiments.validation.rebalancing_world import START_PRICE, Policy, Times, play
from shoal.sim.price_path import PricePath
from shoal.sim.units import NANOSECONDS_PER_SECOND

_TOLERANCE: Final = 1e-6
_STEP_NS: Final = 3_600 * NANOSECONDS_PER_SECOND
# Time enough for the hops of a vault that borrows.
_STEPS_A_PRICE: Final = 6


@dataclass(frozen=True)
class RebalancersDemand(ClosedForm):
    """After a return r, constant exposure L demands L (L - 1) r of its value, insurance (m - 1) r of its exposure.

    Below an exposure of 1 the demand leans against the move, above 1 and under insurance it goes with it. Both are
    exact for any r without fees. The price moves twice; vaults with an exposure above 1 borrow.

    Args:
        exposures: L, one vault each.
        multiplier: m.
        floor: of the insured vault, share of its first value.
        returns: r, one after the other.
    """

    source: ClassVar[str] = "Cheng and Madhavan (2009), section 2; Black and Perold (1992), section 2"
    exposures: tuple[float, ...] = (0.5, 2.0, 3.0)
    multiplier: float = 4.0
    floor: float = 0.9
    returns: tuple[float, ...] = (0.01, -0.02)

    @property
    def name(self) -> str:
        """What is validated, with its parameters."""
        return f"Rebalancers' demand (returns {', '.join(f'{one:+.0%}' for one in self.returns)})"

    def replications(self, *, quick: bool) -> int:
        """One world, for nothing is random."""
        return 1

    def replicate(self, seed: int) -> Sample:
        """For each vault and return, the demand over the return and over the value or the exposure."""
        policies = [self._constant(exposure) for exposure in self.exposures] + [self._insured()]
        count = _STEPS_A_PRICE * (len(self.returns) + 1) + 1
        books = play(policies, seed=seed, steps=count, step_ns=_STEP_NS, fee_ppm=0, path_at=self._path).books
        figures: list[float] = []
        for number, book in enumerate(books):
            for move, change in enumerate(self.returns, start=1):
                first = move * _STEPS_A_PRICE
                demand = float((book.bought - book.sold)[first : first + _STEPS_A_PRICE].sum())
                scale = float(book.leaving[first - 1])
                if number == len(self.exposures):
                    scale *= float(book.weights[first - 1, 0])
                figures.append(demand / (change * scale))
        return tuple(figures)

    def _path(self, times: Times) -> PricePath:
        levels = START_PRICE * np.cumprod([1.0, *(1.0 + change for change in self.returns)])
        prices = np.concatenate([[START_PRICE], np.repeat(levels, _STEPS_A_PRICE)])
        return PricePath(times, {"A": prices}, end_ns=int(times[-1]) + 1, kind="generated", source_step_ns=0)

    def _constant(self, exposure: float) -> Policy:
        return Policy(
            ("A",),
            lambda assets: ConstantWeights({assets[0]: exposure}, cash=1.0 - exposure),
            _always,
            borrows=exposure > 1.0,
        )

    def _insured(self) -> Policy:
        return Policy(
            ("A",),
            lambda assets: ConstantProportion({assets[0]: 1.0}, multiplier=self.multiplier, floor=self.floor),
            _always,
        )

    def estimate(self, samples: Sequence[Sample]) -> tuple[Estimate, ...]:
        """Each vault's demand at each return beside the closed form."""
        (figures,) = samples
        vaults = [(f"exposure {one:g}, over r and value", one * (one - 1.0)) for one in self.exposures]
        vaults.append((f"insured with m {self.multiplier:g}, over r and exposure", self.multiplier - 1.0))
        cases = [(*vault, change) for vault in vaults for change in self.returns]
        return tuple(
            Estimate(
                f"demand at {change:+.0%}: {quantity}",
                theory,
                engine,
                tolerance=_TOLERANCE * abs(theory),
                detail="tolerance 1e-6 of the value",
            )
            for (quantity, theory, change), engine in zip(cases, figures, strict=True)
        )


def _always() -> Threshold:
    """Whenever the weight is off by more than rounding."""
    return Threshold(absolute=0.0, dust=1e-9)
