"""The shares of a vault: how many there are, what part of it they own, and the fees that are paid in them."""

from __future__ import annotations

from typing import Final

from shoal.sim.units import PPM, Account, Asset
from shoal.sim.venue import Context
from shoal.venues.vault import share_math

MAXIMUM_MANAGEMENT_FEE_PPM: Final = 500_000


class Shares:
    """Issues and burns a vault's shares and pays its fees; every write goes through the journal.

    Args:
        vault: the vault's name.
        numeraire: what net asset values are counted in.
        management_fee_ppm: millionths of all shares a year, at most 500000.
        performance_fee_ppm: millionths of the rise of the share price above its high-water mark.
        fee_recipient: the owner who gets the fees' shares; needed if there is a fee.

    Raises:
        ValueError: a parameter is out of range.
    """

    def __init__(
        self,
        vault: str,
        numeraire: Asset,
        *,
        management_fee_ppm: int,
        performance_fee_ppm: int,
        fee_recipient: str | None,
    ) -> None:
        fees = (
            ("management", management_fee_ppm, MAXIMUM_MANAGEMENT_FEE_PPM),
            ("performance", performance_fee_ppm, PPM - 1),
        )
        for name, value, most in fees:
            if type(value) is not int or not 0 <= value <= most:
                raise ValueError(f"{vault}: the {name} fee must be whole ppm from 0 to {most}, had {value!r}")
        if fee_recipient is None and (management_fee_ppm or performance_fee_ppm):
            raise ValueError(f"{vault}: a fee needs a recipient")
        self.asset = Asset(f"{vault}-share", share_math.SHARE_DECIMALS)
        self.management_fee_ppm = management_fee_ppm
        self.performance_fee_ppm = performance_fee_ppm
        self.fee_recipient = fee_recipient
        self.supply = 0
        self.virtual = share_math.virtual_shares(numeraire)
        self.high_water_mark = share_math.share_price(0, supply=0, virtual=self.virtual)
        self.accrued_s = 0

    @property
    def state(self) -> tuple[int, int, int]:
        """Supply, high-water mark, and when fees were last reckoned."""
        return self.supply, self.high_water_mark, self.accrued_s

    def worth(self, value: int, *, nav: int) -> int:
        """Shares for a deposit of that value, rounded down; ``nav`` rounded up."""
        return share_math.shares_for(value, supply=self.supply, virtual=self.virtual, nav=nav)

    def part_down(self, amount: int, shares: int) -> int:
        """The part of an amount that so many shares own."""
        return share_math.part_down(amount, shares, supply=self.supply, virtual=self.virtual)

    def part_up(self, amount: int, shares: int) -> int:
        """The part of a debt that so many shares owe."""
        return share_math.part_up(amount, shares, supply=self.supply, virtual=self.virtual)

    def issue(self, context: Context, owner: str, shares: int) -> None:
        """Mint shares."""
        context.ledger.mint(self.asset, Account(owner, context.host), shares)
        context.journal.write(vars(self), "supply", self.supply + shares)

    def forget(self, context: Context, shares: int) -> None:
        """Count shares out that were burnt."""
        context.journal.write(vars(self), "supply", self.supply - shares)

    def accrue(self, context: Context, nav: int | None) -> int:
        """Pay the fees due until now, in new shares; returns those.

        ``nav`` rounded down; None leaves the performance fee for later. While there are no shares, no fee runs, and
        the mark is what the first share will cost.
        """
        elapsed_s = max(0, context.now_s - self.accrued_s)
        context.journal.write(vars(self), "accrued_s", context.now_s)
        if not self.supply:
            if nav is not None:
                self._mark(context, nav)
            return 0
        managed = self._pay(
            context, share_math.management_shares(self.supply, fee_ppm=self.management_fee_ppm, elapsed_s=elapsed_s)
        )
        if nav is None:
            return managed
        earned = share_math.performance_shares(
            self.supply,
            virtual=self.virtual,
            nav=nav,
            fee_ppm=self.performance_fee_ppm,
            high_water_mark=self.high_water_mark,
        )
        if earned:
            self._pay(context, earned)
            # The price after the fee: what the holders have above it was not there before.
            self._mark(context, nav)
        return managed + earned

    def _pay(self, context: Context, shares: int) -> int:
        if shares and self.fee_recipient is not None:
            self.issue(context, self.fee_recipient, shares)
        return shares

    def _mark(self, context: Context, nav: int) -> None:
        price = share_math.share_price(nav, supply=self.supply, virtual=self.virtual)
        context.journal.write(vars(self), "high_water_mark", price)
