"""What liquidating would bring: how much of whose position, at the curves and answers as they were published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from shoal.agents.arbitrage import best_size
from shoal.agents.selling import proceeds
from shoal.routing.curve import Curve
from shoal.sim.units import PPM
from shoal.venues.credit.lending_view import LendingView
from shoal.venues.oracle import DECIMALS

# A gain that still rises over the last of these steps is largest at the end.
_STEP: Final = 0.02
# Debt grows until the block comes: half an hour's interest at 17 % a year.
_GROWTH_PPM: Final = 10


class Seizure(NamedTuple):
    """A liquidation that pays.

    Args:
        borrower: whose position.
        seized: base units of collateral.
        repaid_shares: all shares of the debt, if the position is cleared; 0 where the amount seized is asked for.
        sold: base units of it that are sold inside the liquidation.
        sold_before: base units that the liquidations before this one sell.
        gain: quote tokens before gas.
    """

    borrower: str
    seized: int
    repaid_shares: int
    sold: int
    sold_before: int
    gain: float


class _Taken(NamedTuple):
    """What the liquidations chosen so far sell, and keep, and the cash that they leave."""

    sold: int
    kept: int
    cash: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospects:
    """A lending market, what a liquidator can pay with, and what it gets for collateral.

    A unit of collateral costs the same and brings the same whoever owes, so the largest seizure gains most, up to the
    amount beyond which selling more costs more than the incentive brings.

    Args:
        view: the lending market as published.
        answer: the oracle's, 8 decimals.
        now_s: until when interest is counted.
        at_once: curves of the pools where ``sold_ppm`` of the collateral is sold inside the liquidation.
        later: curves of the markets where the rest is sold; without any it is held, worth what the oracle says.
        sold_ppm: millionths.
        slippage_ppm: how much less than planned a sale may bring.
        cash: base units of the loan asset at hand.
    """

    view: LendingView
    answer: int
    now_s: int
    at_once: Sequence[Curve]
    later: Sequence[Curve]
    sold_ppm: int
    slippage_ppm: int
    cash: int

    def seizures(self, at_most: int) -> list[Seizure]:
        """The liquidations that gain most, in the order in which they are to be carried out."""
        whole = {name: self._whole(name) for name in self.view.ripe(self.answer, now_s=self.now_s)}
        taken, found = _Taken(0, 0, self.cash), list[Seizure]()
        for borrower in sorted(whole, key=lambda name: -whole[name])[:at_most]:
            one = self._seizure(borrower, whole[borrower], taken)
            if one is None:
                break
            found.append(one)
            if one.seized < whole[borrower]:
                # More would bring less than it costs, or cannot be paid.
                break
            cash = taken.cash + self._least(taken, one.sold) - self._repaid(one.seized)
            taken = _Taken(taken.sold + one.sold, taken.kept + one.seized - one.sold, cash)
        return found

    def _whole(self, borrower: str) -> int:
        """Base units to seize for all of the debt, or all there is."""
        position = self.view.positions[borrower]
        return min(position.collateral, self.view.seizure(position.borrow_shares, self.answer, now_s=self.now_s))

    def _seizure(self, borrower: str, whole: int, taken: _Taken) -> Seizure | None:
        """As much of one position as gains most and can be paid for; None if nothing gains."""
        collateral, position = self.view.collateral, self.view.positions[borrower]

        def gain(tokens: float) -> float:
            return self._gain(tokens, taken)

        most = collateral.tokens(whole)
        best = whole if gain(most) >= gain((1.0 - _STEP) * most) else collateral.floor(best_size(gain, most))
        seized = self._affordable(best, taken)
        if seized <= 0:
            return None
        gained = gain(collateral.tokens(seized))
        if gained <= 0.0:
            return None
        # Who has more collateral than its debt costs is cleared by shares, which leave nothing owed whatever interest
        # is added until then.
        shares = position.borrow_shares if seized == whole < position.collateral else 0
        return Seizure(borrower, seized, shares, self._sold(seized), taken.sold, gained)

    def _gain(self, tokens: float, taken: _Taken) -> float:
        collateral, share = self.view.collateral, self.sold_ppm / PPM
        sold, kept = tokens * share, tokens * (1.0 - share)
        brought = _further(self.at_once, collateral.tokens(taken.sold), sold)
        if self.later:
            brought += _further(self.later, collateral.tokens(taken.kept), kept)
        else:
            brought += kept * self.answer / 10**DECIMALS
        return brought - self.view.loan.tokens(self._repaid(collateral.floor(tokens)))

    def _affordable(self, seized: int, taken: _Taken) -> int:
        """The most, up to an amount, that cash and the sale's least proceeds pay for."""

        def payable(amount: int) -> bool:
            needed = self._repaid(amount) * (PPM + _GROWTH_PPM) // PPM
            return needed <= taken.cash + self._least(taken, self._sold(amount))

        if payable(seized):
            return seized
        # Proceeds are concave: what is payable is all from 0 up to some amount.
        low, high = 0, seized
        while high - low > 1 + seized // 1_000:
            middle = (low + high) // 2
            low, high = (middle, high) if payable(middle) else (low, middle)
        return low

    def _least(self, taken: _Taken, sold: int) -> int:
        """Base units of the loan asset that a sale brings at the least."""
        collateral = self.view.collateral
        brought = _further(self.at_once, collateral.tokens(taken.sold), collateral.tokens(sold))
        return self.view.loan.floor(brought * (PPM - self.slippage_ppm) / PPM)

    def _sold(self, seized: int) -> int:
        """In whole numbers: a float could round up to more than there will be."""
        return seized * self.sold_ppm // PPM

    def _repaid(self, seized: int) -> int:
        return self.view.repayment(seized, self.answer, now_s=self.now_s)[0]


def _further(curves: Sequence[Curve], before: float, tokens: float) -> float:
    """Quote tokens that base brings after other base was sold."""
    if tokens <= 0.0:
        return 0.0
    return max(0.0, proceeds(curves, before + tokens) - (proceeds(curves, before) if before > 0.0 else 0.0))
