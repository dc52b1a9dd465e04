"""A lending market as published: its totals, every position, and what follows at a given oracle answer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from shoal.sim.units import PPM, Asset
from shoal.venues.credit import lending_math as exact


class Position(NamedTuple):
    """What a borrower has put up and owes.

    Args:
        collateral: base units of the collateral.
        borrow_shares: its share of all debt.
    """

    collateral: int = 0
    borrow_shares: int = 0


NO_POSITION = Position()


@dataclass(frozen=True, slots=True)
class LendingView:
    """The market at a moment; amounts in base units, times in whole seconds since the Unix epoch.

    Interest since ``updated_s`` is not in the totals: methods that take ``now_s`` add it, at the published rate, as
    the contract does at its next touch. The oracle's own feed tells a newer answer than ``oracle_answer``: methods
    take it as ``answer``, with the oracle's 8 decimals.

    Args:
        collateral: what borrowers put up.
        loan: what is lent.
        lltv_ppm: the largest debt over collateral value, millionths; above it a position is liquidatable.
        incentive_ppm: what a liquidator seizes beyond what it repays, millionths of that, rounded down.
        total_supply: what lenders are owed.
        total_supply_shares: all their shares.
        total_borrow: what borrowers owe.
        total_borrow_shares: all their shares.
        updated_s: when interest was last added.
        borrow_rate: a second, times 10**18.
        positions: borrowers' by owner, empty ones left out.
        supply_shares: lenders' by owner.
        oracle_answer: the oracle's last answer when this was published; None before the first.
        scale: what an answer is multiplied by to become the contract's price.
    """

    collateral: Asset
    loan: Asset
    lltv_ppm: int
    incentive_ppm: int
    total_supply: int
    total_supply_shares: int
    total_borrow: int
    total_borrow_shares: int
    updated_s: int
    borrow_rate: int
    positions: Mapping[str, Position]
    supply_shares: Mapping[str, int]
    oracle_answer: int | None
    scale: int

    @property
    def liquidity(self) -> int:
        """Base units of the loan asset that can be borrowed or withdrawn."""
        return self.total_supply - self.total_borrow

    @property
    def utilisation(self) -> float:
        """The share of the supply that is lent out; 0 without supply."""
        return self.total_borrow / self.total_supply if self.total_supply else 0.0

    def debt(self, owner: str, *, now_s: int | None = None) -> int:
        """Base units owed, rounded up; with interest until ``now_s``, or as of the last update."""
        shares = self.positions.get(owner, NO_POSITION).borrow_shares
        if not shares:
            return 0
        return exact.to_assets_up(shares, self.total_debt(now_s=now_s), self.total_borrow_shares)

    def total_debt(self, *, now_s: int | None = None) -> int:
        """What all borrowers owe; with interest until ``now_s``, or as of the last update."""
        if now_s is None or now_s <= self.updated_s:
            return self.total_borrow
        return self.total_borrow + exact.interest(self.total_borrow, self.borrow_rate, now_s - self.updated_s)

    def supplied(self, owner: str) -> int:
        """Base units a lender could take out, liquidity permitting, rounded down, as of the last update."""
        shares = self.supply_shares.get(owner, 0)
        return exact.to_assets_down(shares, self.total_supply, self.total_supply_shares)

    def borrowable(self, owner: str, answer: int | None = None) -> int:
        """The most that the owner may owe at an answer; 0 where there is none."""
        answer = self.oracle_answer if answer is None else answer
        if answer is None:
            return 0
        held = self.positions.get(owner, NO_POSITION).collateral
        return exact.borrowable(held, answer * self.scale, self.lltv_ppm * exact.WAD_PER_PPM)

    def health(self, owner: str, answer: int | None = None, *, now_s: int | None = None) -> float:
        """What may be owed over what is owed; infinite without debt, NaN where the oracle has no answer."""
        debt = self.debt(owner, now_s=now_s)
        if not debt:
            return math.inf
        if answer is None and self.oracle_answer is None:
            return math.nan
        return self.borrowable(owner, answer) / debt

    def liquidatable(self, owner: str, answer: int | None = None, *, now_s: int | None = None) -> bool:
        """Whether anybody may liquidate the owner at an answer, exactly as the contract decides."""
        if answer is None and self.oracle_answer is None:
            return False
        return self.borrowable(owner, answer) < self.debt(owner, now_s=now_s)

    def ripe(self, answer: int | None = None, *, now_s: int | None = None) -> tuple[str, ...]:
        """Everybody who may be liquidated at an answer, exactly as the contract decides."""
        answer = self.oracle_answer if answer is None else answer
        if answer is None:
            return ()
        lltv_wad, price = self.lltv_ppm * exact.WAD_PER_PPM, answer * self.scale
        total, shares = self.total_debt(now_s=now_s), self.total_borrow_shares
        return tuple(
            owner
            for owner, (held, owed) in self.positions.items()
            if owed and exact.borrowable(held, price, lltv_wad) < exact.to_assets_up(owed, total, shares)
        )

    def repayment(self, seized: int, answer: int | None = None, *, now_s: int | None = None) -> tuple[int, int]:
        """Base units and shares that a liquidator repays to seize so much collateral, rounded up.

        Raises:
            ValueError: there is no answer to price it with.
        """
        answer = self.oracle_answer if answer is None else answer
        if answer is None:
            raise ValueError("no answer to price a liquidation with")
        factor = exact.incentive_factor_wad(self.lltv_ppm * exact.WAD_PER_PPM)
        totals = self.total_debt(now_s=now_s), self.total_borrow_shares
        return exact.repayment(seized, answer * self.scale, factor, *totals)

    def seizure(self, repaid_shares: int, answer: int | None = None, *, now_s: int | None = None) -> int:
        """Base units of collateral that a liquidator gets for repaying so many shares, rounded down.

        Raises:
            ValueError: there is no answer to price it with.
        """
        answer = self.oracle_answer if answer is None else answer
        if answer is None:
            raise ValueError("no answer to price a liquidation with")
        factor = exact.incentive_factor_wad(self.lltv_ppm * exact.WAD_PER_PPM)
        totals = self.total_debt(now_s=now_s), self.total_borrow_shares
        return exact.seizure(repaid_shares, answer * self.scale, factor, *totals)[0]


def incentive_ppm(lltv_ppm: int) -> int:
    """What a liquidator seizes beyond what it repays, millionths, rounded down.

    >>> incentive_ppm(860_000)
    43841
    """
    return exact.incentive_factor_wad(lltv_ppm * exact.WAD_PER_PPM) // exact.WAD_PER_PPM - PPM
