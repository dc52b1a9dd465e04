"""The point above which a liquidation makes a position worse, and the way it goes on both sides of it."""

from __future__ import annotations

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
_COLLATERAL: Final = 1_000 * _UNIT
_FIRST_PRICE: Final = 3_000.0
_PRICE: Final = 2_000.0
_BORROWER: Final = "borrower"
# The threshold is found to the last of the oracle's 8 decimals, 10**-11 of the price.
_TOLERANCE: Final = 1e-9


@dataclass(frozen=True)
class ToxicLiquidation(ClosedForm):
    """Repaying a fraction c of a debt at incentive i takes loan-to-value to LTV (1 - c) / (1 - c LTV (1 + i)).

    It falls below 1 / (1 + i) and rises above. Borrowers borrow at a high price, the oracle falls, and a liquidator
    repays the fraction of what is left in each of the next blocks; loan-to-value follows from the market's feed. The
    threshold is where one liquidation, simulated on the chain's state at one reported price after the other, changes
    nothing. The market's LLTV is in whole millionths, so its incentive is the one asked for to about 10**-7; theory
    takes it as 1 / (1 - 0.3 (1 - LLTV)) - 1. Nothing is random.

    Args:
        incentive_ppm: i of the paths; the market's LLTV is the one that gives it.
        part_percent: c.
        steps: liquidations of each borrower.
        starts_percent: loan-to-value at the first.
        lltvs_ppm: further markets, of which the threshold alone is sought.
    """

    source: ClassVar[str] = "Warmuz, Chaudhary and Pinna (2022), arXiv 2212.07306; incentive of Morpho Blue"
    incentive_ppm: int = 80_000
    part_percent: int = 30
    steps: int = 3
    starts_percent: tuple[int, ...] = (90, 95, 97)
    lltvs_ppm: tuple[int, ...] = (770_000, 860_000, 945_000)

    @property
    def name(self) -> str:
        """What is validated, with its parameters."""
        return f"Toxic liquidation (incentive {self.incentive_ppm / PPM:.0%}, repaying {self.part_percent} %)"

    def replications(self, *, quick: bool) -> int:
        """One: nothing is random."""
        return 1

    @property
    def _lltv_ppm(self) -> int:
        """Whose incentive is the one asked for: 1 + i = 1 / (1 - 0.3 (1 - LLTV))."""
        return round(PPM - PPM * self.incentive_ppm / (PPM + self.incentive_ppm) / 0.3)

    def replicate(self, seed: int) -> Sample:
        """Loan-to-value of each borrower after each step, then the threshold of each market."""
        lltvs = (self._lltv_ppm, *self.lltvs_ppm)
        return (*self._paths(seed), *(self._threshold(seed, lltv) for lltv in lltvs))

    def estimate(self, samples: Sequence[Sample]) -> tuple[Estimate, ...]:
        """One figure a borrower and step, one a market."""
        (figures,) = samples
        lltvs = [lltv / PPM for lltv in (self._lltv_ppm, *self.lltvs_ppm)]
        # 1 / (1 + i).
        thresholds = [1.0 - 0.3 * (1.0 - lltv) for lltv in lltvs]
        part = self.part_percent / 100.0
        quantities, theory = [], []
        for start in self.starts_percent:
            ltv = start / 100.0
            for step in range(1, self.steps + 1):
                ltv *= (1.0 - part) / (1.0 - part * ltv / thresholds[0])
                theory.append(ltv)
                quantities.append(f"from {start} %, after {step}")
        theory += thresholds
        quantities += [f"threshold at LLTV {lltv:.1%}" for lltv in lltvs]
        return tuple(
            Estimate(quantity, value, figure, tolerance=_TOLERANCE, detail="loan-to-value; tolerance 1e-9")
            for quantity, value, figure in zip(quantities, theory, figures, strict=True)
        )

    def _paths(self, seed: int) -> list[float]:
        stage = LendingStage(seed=seed, block_s=_BLOCK_S, lltvs_ppm=(self._lltv_ppm,))
        worth = _COLLATERAL * int(_PRICE)
        debts = {f"{_BORROWER}-{start}": worth * start // 100 for start in self.starts_percent}
        stage.open(answer=answer_of(_FIRST_PRICE), collateral=_COLLATERAL, debts=debts)
        stage.send(REPORTER, stage.report(0, answer_of(_PRICE)))
        stage.next_block()
        found = []
        for _ in range(self.steps):
            view = _view(stage)
            for borrower in debts:
                part = view.positions[borrower].borrow_shares * self.part_percent // 100
                stage.send(LIQUIDATOR, stage.liquidate(0, borrower, part))
            stage.next_block()
            found.append([_loan_to_value(_view(stage), borrower) for borrower in debts])
        return [step[index] for index in range(len(debts)) for step in found]

    def _threshold(self, seed: int, lltv_ppm: int) -> float:
        stage = LendingStage(seed=seed, block_s=_BLOCK_S, lltvs_ppm=(lltv_ppm,))
        debt = _COLLATERAL * int(_PRICE) * lltv_ppm // PPM
        stage.open(answer=answer_of(_PRICE), collateral=_COLLATERAL, debts={_BORROWER: debt})
        # Between the price at which the position becomes liquidatable and the one at which it is worth its debt.
        low, high = answer_of(_PRICE * lltv_ppm / PPM), answer_of(_PRICE) - 1
        while high - low > 1:
            middle = (low + high) // 2
            if self._harms(stage, middle):
                low = middle
            else:
                high = middle
        return debt / (_COLLATERAL * low / 10**8)

    def _harms(self, stage: LendingStage, answer: int) -> bool:
        """Whether a liquidation at that price leaves more debt for each unit of collateral than there was."""
        view = _view(stage)
        shares = view.positions[_BORROWER].borrow_shares * self.part_percent // 100
        _, liquidated = stage.chain.simulate(
            [
                Transaction(REPORTER, (stage.report(0, answer),)),
                Transaction(LIQUIDATOR, (stage.liquidate(0, _BORROWER, shares),)),
            ]
        )
        details = liquidated.outcome.details
        debt, held = view.debt(_BORROWER), view.positions[_BORROWER].collateral
        return bool((debt - details["repaid"]) * held > debt * (held - details["seized"]))


def _loan_to_value(view: LendingView, borrower: str) -> float:
    value = view.positions[borrower].collateral * int(_PRICE)
    return view.debt(borrower) / value


def _view(stage: LendingStage) -> LendingView:
    """The first market as its feed shows it."""
    news = stage.world.feeds[stage.markets[0].name].read(stage.chain.name)
    assert news is not None, "a feed begins with what the host first published"
    view: LendingView = news.item
    return view
