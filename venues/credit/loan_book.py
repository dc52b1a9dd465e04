"""What a lending market remembers: totals, who supplied what share, who put up and owes what."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from shoal.sim.errors import Overflow
from shoal.sim.journal import Journal
from shoal.sim.units import PPM
from shoal.venues.credit import lending_math as exact
from shoal.venues.credit.kinked_rate import KinkedRate
from shoal.venues.credit.lending_view import NO_POSITION, Position
from shoal.venues.credit.refusals import ExceedsDebt, InsufficientCollateral, InsufficientSupply


class LoanBook:
    """Totals and positions of one market in base units and shares; every change is written through the journal.

    Args:
        name: of the market, for refusals.
        rate: what borrowers pay.
        fee_ppm: the recipient's part of the interest.
        fee_recipient: who gets it, as shares of the supply.
    """

    def __init__(self, name: str, *, rate: KinkedRate, fee_ppm: int, fee_recipient: str | None) -> None:
        self.name = name
        self.rate = rate
        self.fee_ppm = fee_ppm
        self.fee_recipient = fee_recipient
        self.total_supply = 0
        self.total_supply_shares = 0
        self.total_borrow = 0
        self.total_borrow_shares = 0
        self.updated_s = 0
        self.surplus = 0
        """Base units of the loan that rounding has left with the market."""
        self.positions: dict[str, Position] = {}
        self.supplied: dict[str, int] = {}
        # Copied when asked for, forgotten when one of the two is written; undoing the write brings back the copy
        # that was right before it.
        self._shown: tuple[Mapping[str, Position], Mapping[str, int]] | None = None

    # --- what it says -----------------------------------------------------------------------------------------

    @property
    def supply_totals(self) -> tuple[int, int]:
        """Assets and shares of all lenders."""
        return self.total_supply, self.total_supply_shares

    @property
    def borrow_totals(self) -> tuple[int, int]:
        """Assets and shares of all borrowers."""
        return self.total_borrow, self.total_borrow_shares

    @property
    def cash(self) -> int:
        """Base units of the loan that are not lent out."""
        return self.total_supply - self.total_borrow + self.surplus

    @property
    def rate_wad(self) -> int:
        """What borrowers pay a second at present, times 10**18."""
        return self.rate.per_second_wad(self.total_borrow, self.total_supply)

    def interest(self, now_s: int) -> int:
        """Base units that the debt has grown by since the last update, rounded down."""
        elapsed_s = now_s - self.updated_s
        if elapsed_s <= 0 or not self.total_borrow:
            return 0
        return exact.interest(self.total_borrow, self.rate_wad, elapsed_s)

    def position(self, owner: str) -> Position:
        """An owner's collateral and shares of debt."""
        return self.positions.get(owner, NO_POSITION)

    def debt(self, owner: str, *, now_s: int | None = None) -> int:
        """Base units owed, rounded up; with interest until ``now_s``, or as of the last update."""
        shares = self.position(owner).borrow_shares
        if not shares:
            return 0
        total = self.total_borrow + (0 if now_s is None else self.interest(now_s))
        return exact.to_assets_up(shares, total, self.total_borrow_shares)

    def lent(self, owner: str) -> int:
        """Base units a lender could take out, liquidity permitting, rounded down, as of the last update."""
        return exact.to_assets_down(self.supplied.get(owner, 0), *self.supply_totals)

    def shown(self) -> tuple[Mapping[str, Position], Mapping[str, int]]:
        """Positions and supply shares by owner, as values nobody changes."""
        if self._shown is None:
            positions, supplied = dict(sorted(self.positions.items())), dict(sorted(self.supplied.items()))
            self._shown = MappingProxyType(positions), MappingProxyType(supplied)
        return self._shown

    def state_bytes(self) -> bytes:
        """All of it in canonical form."""
        totals = (*self.supply_totals, *self.borrow_totals, self.updated_s, self.surplus)
        parts = (self.name, *totals, sorted(self.positions.items()), sorted(self.supplied.items()))
        return " ".join(map(str, parts)).encode()

    # --- what happens -----------------------------------------------------------------------------------------

    def accrue(self, journal: Journal, now_s: int) -> None:
        """Add the interest since the last update to debt and supply, and the fee's shares to its recipient.

        Raises:
            Overflow: a total does not fit into 128 bits.
        """
        if now_s <= self.updated_s:
            return
        interest = self.interest(now_s)
        if interest:
            self._add(journal, "total_borrow", interest)
            self._add(journal, "total_supply", interest)
            fee = exact.mul_div_down(interest, self.fee_ppm, PPM)
            if fee and self.fee_recipient is not None:
                # The supply holds the fee already, but not yet the shares that stand for it.
                shares = exact.to_shares_down(fee, self.total_supply - fee, self.total_supply_shares)
                self._lend(journal, self.fee_recipient, shares)
        journal.write(vars(self), "updated_s", now_s)

    def lend(self, journal: Journal, owner: str, assets: int, shares: int) -> None:
        """Add to a lender's supply, or take off it what is below 0.

        Raises:
            InsufficientSupply, Overflow: nothing has changed.
        """
        held = self.supplied.get(owner, 0)
        if held + shares < 0:
            raise InsufficientSupply(f"{owner} in {self.name}", held, -shares, "shares")
        self._lend(journal, owner, shares)
        self._add(journal, "total_supply", assets)

    def borrow(self, journal: Journal, owner: str, assets: int, shares: int) -> None:
        """Add to a borrower's debt.

        Raises:
            Overflow: it does not fit into 128 bits.
        """
        self._change(journal, owner, borrow_shares=shares)
        self._add(journal, "total_borrow_shares", shares)
        self._add(journal, "total_borrow", assets)

    def settle(self, journal: Journal, owner: str, assets: int, shares: int) -> None:
        """Take debt off; rounded up, what is repaid may be a unit more than all that is owed.

        Raises:
            ExceedsDebt: nothing has changed.
        """
        self._change(journal, owner, borrow_shares=-shares)
        self._add(journal, "total_borrow_shares", -shares)
        surplus = max(0, assets - self.total_borrow)
        self._add(journal, "total_borrow", surplus - assets)
        if surplus:
            self._add(journal, "surplus", surplus)

    def pledge(self, journal: Journal, owner: str, amount: int) -> None:
        """Add to an owner's collateral, or take off it what is below 0.

        Raises:
            InsufficientCollateral, Overflow: nothing has changed.
        """
        self._change(journal, owner, collateral=amount)

    def write_off(self, journal: Journal, owner: str) -> int:
        """Let the lenders bear the debt of a borrower without collateral; base units they lost."""
        position = self.position(owner)
        if position.collateral or not position.borrow_shares:
            return 0
        bad_debt = min(self.total_borrow, self.debt(owner))
        self._change(journal, owner, borrow_shares=-position.borrow_shares)
        self._add(journal, "total_borrow_shares", -position.borrow_shares)
        self._add(journal, "total_borrow", -bad_debt)
        self._add(journal, "total_supply", -bad_debt)
        return bad_debt

    # --- inside -----------------------------------------------------------------------------------------------

    def _add(self, journal: Journal, name: str, change: int) -> None:
        value = getattr(self, name) + change
        if value > exact.UINT128_MAXIMUM:
            raise Overflow(self.name, value, exact.UINT128_MAXIMUM, name)
        journal.write(vars(self), name, value)

    def _lend(self, journal: Journal, owner: str, shares: int) -> None:
        held = self.supplied.get(owner, 0) + shares
        self._write(journal, self.supplied, owner, held, empty=not held)
        self._add(journal, "total_supply_shares", shares)

    def _change(self, journal: Journal, owner: str, *, collateral: int = 0, borrow_shares: int = 0) -> None:
        had = self.position(owner)
        held = Position(had.collateral + collateral, had.borrow_shares + borrow_shares)
        if held.collateral < 0:
            raise InsufficientCollateral(f"{owner} in {self.name}", had.collateral, -collateral, "base units")
        if held.borrow_shares < 0:
            raise ExceedsDebt(f"{owner} in {self.name}", had.borrow_shares, -borrow_shares, "shares of debt")
        if max(held) > exact.UINT128_MAXIMUM:
            raise Overflow(self.name, max(held), exact.UINT128_MAXIMUM, "base units or shares")
        self._write(journal, self.positions, owner, held, empty=held == NO_POSITION)

    def _write[Value](
        self, journal: Journal, cells: dict[str, Value], owner: str, value: Value, *, empty: bool
    ) -> None:
        if not empty:
            journal.write(cells, owner, value)
        elif owner in cells:
            journal.erase(cells, owner)
        journal.write(vars(self), "_shown", None)
