"""The one best trade between a pool with a fee and an outside price."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from shoal.experiments.validation.arbitrage_world import SYMBOL, Times, play
from shoal.experiments.validation.check import Estimate
from shoal.experiments.validation.closed_form import ClosedForm, Sample
from shoal.sim.hosts.block_schedule import ConstantBlocks
from shoal.sim.price_path import PricePath
from shoal.sim.units import PPM

_BLOCK_NS = 12 * 10**9
_UNIT = 10**18


@dataclass(frozen=True)
class OptimalArbitrage(ClosedForm):
    """The outside price leaves the no-trade band once, and the arbitrageur brings the pool to the band's edge.

    Paid, received and profit come from the ledger. The profit is compared with the theorem's form of it, V exp(gamma /
    2) 2 sinh^2((z - gamma) / 4), which holds only if the fee is taken from the input.

    Args:
        base: whole tokens in the pool.
        quote: whole tokens in the pool.
        fee_ppm: of the pool.
        price: outside, quote tokens for one base token, above the pool's.
    """

    source: ClassVar[str] = "Angeris et al. (2019), arXiv 1911.03380; Milionis et al. (2023), arXiv 2305.14604"
    base: int = 1_000
    quote: int = 2_000_000
    fee_ppm: int = 3_000
    price: float = 2_100.0

    @property
    def name(self) -> str:
        """What is validated."""
        return f"Optimal arbitrage ({self.base} base, {self.quote} quote, fee {self.fee_ppm} ppm, price {self.price:g})"

    def replications(self, *, quick: bool) -> int:
        """One: nothing is random."""
        return 1

    def replicate(self, seed: int) -> Sample:
        """Whole tokens received of base and paid of quote."""

        def path_at(times: Times) -> PricePath:
            prices = np.array([self.quote / self.base, self.price])
            return PricePath(times, {SYMBOL: prices}, end_ns=int(times[-1]) + 1, kind="generated", source_step_ns=0)

        stage = play(
            seed=seed,
            schedule=ConstantBlocks(_BLOCK_NS),
            blocks=1,
            fee_ppm=self.fee_ppm,
            path_at=path_at,
            deposit=(self.base * _UNIT, self.quote * _UNIT),
        )
        base, quote = stage.gained
        return base / _UNIT, -quote / _UNIT

    def estimate(self, samples: Sequence[Sample]) -> tuple[Estimate, ...]:
        """Paid, received, and the profit that is left."""
        received, paid = samples[0]
        kept = 1.0 - self.fee_ppm / PPM
        product = float(self.base * self.quote)
        pays = (math.sqrt(kept * self.price * product) - self.quote) / kept
        gets = self.base - math.sqrt(product / (kept * self.price))
        band, mispricing = -math.log(kept), math.log(self.price * self.base / self.quote)
        value = 2.0 * math.sqrt(product * self.price)
        profit = value * math.exp(band / 2.0) * 2.0 * math.sinh((mispricing - band) / 4.0) ** 2
        return (
            _close("quote paid", pays, paid),
            _close("base received", gets, received),
            _close("profit, quote", profit, received * self.price - paid),
        )


def _close(quantity: str, theory: float, engine: float) -> Estimate:
    return Estimate(quantity, theory, engine, tolerance=1e-10 * theory, detail="tolerance 1e-10 of the value")
