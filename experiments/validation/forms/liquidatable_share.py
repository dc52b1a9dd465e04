"""The share of a lending book that a fall of the price makes liquidatable."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from shoal.experiments.validation.check import Estimate
from shoal.experiments.validation.closed_form import ClosedForm, Sample
from shoal.experiments.validation.lending_stage import LIQUIDATOR, REPORTER, LendingStage
from shoal.sim.calls import Transaction
from shoal.sim.units import PPM
from shoal.venues.credit.lending_view import LendingView
from shoal.venues.oracle import answer_of

_BLOCK_S: Final = 12
_UNIT: Final = 10**18
_DEBT: Final = 20_000 * _UNIT
_PRICE: Final = 2_000
_LLTV_PPM: Final = 860_000
_PERCENT: Final = 100
# A part of the debt, in percent, that the collateral is worth after any fall.
_PART: Final = 1


@dataclass(frozen=True)
class LiquidatableShare(ClosedForm):
    """Of a book with health factors uniform from 1 to h, a fall d makes (1 / (1 - d) - 1) / (h - 1) liquidatable.

    All owe the same, so the share of positions is the share of debt of the paper's equation 3. Health factors are the
    middles of equal cells, so the share of positions is the law's to half a cell: that is the tolerance. Each fall is
    reported, and a part of each position then liquidated, on the chain's state as it was before; the market refuses
    who is healthy.

    Args:
        largest_percent: h, in percent.
        falls_percent: d, in percent.
        positions: how many.
    """

    source: ClassVar[str] = "Perez, Werner, Xu and Livshits (2021), arXiv 2009.13235, equation 3"
    largest_percent: int = 125
    falls_percent: tuple[int, ...] = (3, 5, 10, 15)
    positions: int = 1_000

    @property
    def name(self) -> str:
        """What is validated, with its parameters."""
        return f"Liquidatable share (health 1 to {self.largest_percent / _PERCENT:g})"

    def replications(self, *, quick: bool) -> int:
        """One: nothing is random."""
        return 1

    def replicate(self, seed: int) -> Sample:
        """For each fall, the share of debt of whom the market lets be liquidated."""
        stage = LendingStage(seed=seed, block_s=_BLOCK_S, lltvs_ppm=(_LLTV_PPM,))
        width = (self.largest_percent / _PERCENT - 1.0) / self.positions
        healths = {f"borrower {number}": 1.0 + width * (number + 0.5) for number in range(self.positions)}
        pledged = {owner: math.ceil(_DEBT * health / (_LLTV_PPM / PPM * _PRICE)) for owner, health in healths.items()}
        stage.open(answer=answer_of(_PRICE), collateral=pledged, debts=dict.fromkeys(pledged, _DEBT))
        return tuple(self._share(stage, fall) for fall in self.falls_percent)

    def estimate(self, samples: Sequence[Sample]) -> tuple[Estimate, ...]:
        """One figure a fall."""
        (shares,) = samples
        half = 0.5 / self.positions
        return tuple(
            Estimate(
                f"share of debt after a fall of {fall} %",
                (1.0 / (1.0 - fall / _PERCENT) - 1.0) / (self.largest_percent / _PERCENT - 1.0),
                share,
                tolerance=half,
                detail=f"{share * self.positions:.0f} of {self.positions:,} positions; tolerance half a position",
            )
            for fall, share in zip(self.falls_percent, shares, strict=True)
        )

    def _share(self, stage: LendingStage, fall_percent: int) -> float:
        view: LendingView = stage.markets[0].published(stage.world.clock.now_ns)
        attempts = [Transaction(REPORTER, (stage.report(0, answer_of(_PRICE * (1.0 - fall_percent / _PERCENT))),))]
        attempts += [
            Transaction(LIQUIDATOR, (stage.liquidate(0, owner, position.borrow_shares * _PART // _PERCENT),))
            for owner, position in view.positions.items()
        ]
        _, *receipts = stage.chain.simulate(attempts)
        granted = (
            view.debt(owner) for owner, receipt in zip(view.positions, receipts, strict=True) if receipt.refusal is None
        )
        return float(sum(granted) / view.total_borrow)
