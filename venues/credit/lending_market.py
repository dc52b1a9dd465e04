"""An isolated lending market with Morpho Blue's mechanics: one collateral, one loan asset, one oracle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from shoal.sim.calls import Call, Outcome
from shoal.sim.errors import BadArguments, InsufficientLiquidity, UnknownVerb
from shoal.sim.journal import Journal
from shoal.sim.ledger import Ledger
from shoal.sim.units import PPM, Account, Asset
from shoal.sim.venue import Context, Venue, nothing_runs, shown, whole
from shoal.venues.credit import lending_math as exact
from shoal.venues.credit.kinked_rate import KinkedRate
from shoal.venues.credit.lending_view import LendingView, incentive_ppm
from shoal.venues.credit.loan_book import LoanBook
from shoal.venues.credit.refusals import (
    HealthyPosition,
    InconsistentInput,
    InsufficientCollateral,
    NothingToRepay,
    ZeroAmount,
)
from shoal.venues.oracle import DECIMALS, Oracle

# Estimates: Aave v3's own gas tests (middle of each range); Morpho Blue, a smaller contract, was not measured.
GAS: Final[Mapping[str, int]] = {
    "supply": 150_000,
    "withdraw": 188_000,
    "borrow": 225_000,
    "repay": 148_000,
    "supply_collateral": 150_000,
    "withdraw_collateral": 188_000,
    "liquidate": 330_000,
    "flash_loan": 138_000,
}
UNKNOWN_VERB_GAS: Final = 700
# What they give depends on what the sender has in the market, which a quote does not know.
_SENDERS_OWN: Final = frozenset({"withdraw", "borrow", "repay", "withdraw_collateral"})


class LendingMarket(Venue):
    """Lenders supply the loan asset, borrowers owe it against collateral, and the oracle alone judges them.

    A position whose debt exceeds LLTV x collateral x price may be liquidated by anybody, in any part: who repays
    seizes collateral worth the incentive factor times that. A borrower without collateral left owes nothing more: what
    remains is taken off all lenders' claims at once. Interest follows the utilisation, compounds at every touch, and
    is the lenders' but for the fee, which its recipient gets as shares. Every rounding is against who moves.

    Amounts may be given in assets or in shares: exactly one of the two is above 0. Inner calls of ``supply``,
    ``repay``, ``supply_collateral``, ``liquidate`` and ``flash_loan`` run on the sender's behalf after the market has
    moved and before payment is pulled, so that they may earn it. The market is never locked meanwhile.

    Args:
        name: the venue's name.
        collateral: what borrowers put up.
        loan: what is lent.
        oracle: prices the collateral in the loan asset; its last answer counts, whatever markets say.
        lltv_ppm: the largest debt over collateral value, millionths, below 1000000.
        rate: what borrowers pay.
        fee_ppm: the recipient's part of the interest, at most 250000.
        fee_recipient: who gets it; needed if there is a fee.
        maximum_price_age_s: older answers are refused; None trusts any, as the contract itself does.

    Raises:
        ValueError: one asset twice, an oracle of another pair, or a parameter is out of range.

    Source: Morpho Blue 1.0 ``Morpho``, ``SharesMathLib``, ``MathLib``; the rate from Aave v3.
    """

    verbs: ClassVar[Mapping[str, str]] = {name: name for name in GAS}

    def __init__(
        self,
        name: str,
        *,
        collateral: Asset,
        loan: Asset,
        oracle: Oracle,
        lltv_ppm: int,
        rate: KinkedRate,
        fee_ppm: int = 0,
        fee_recipient: str | None = None,
        maximum_price_age_s: int | None = None,
    ) -> None:
        super().__init__(name)
        if collateral == loan:
            raise ValueError(f"{name}: collateral and loan are both {loan.symbol}")
        if (oracle.base, oracle.quote_asset) != (collateral, loan):
            raise ValueError(f"{name}: {oracle.name} must price {collateral.symbol} in {loan.symbol}")
        for what, value, most in (("LLTV", lltv_ppm, PPM - 1), ("fee", fee_ppm, exact.MAXIMUM_FEE_PPM)):
            if type(value) is not int or not 0 <= value <= most:
                raise ValueError(f"{name}: the {what} must be whole ppm from 0 to {most}, had {value!r}")
        if fee_ppm and fee_recipient is None:
            raise ValueError(f"{name}: a fee needs a recipient")
        if maximum_price_age_s is not None and (type(maximum_price_age_s) is not int or maximum_price_age_s < 0):
            raise ValueError(f"{name}: the oldest answer must be whole seconds >= 0, had {maximum_price_age_s!r}")
        self.collateral = collateral
        self.loan = loan
        self.oracle = oracle
        self.lltv_ppm = lltv_ppm
        self.maximum_price_age_s = maximum_price_age_s
        self.incentive_factor_wad = exact.incentive_factor_wad(lltv_ppm * exact.WAD_PER_PPM)
        self._scale = exact.price_scale(collateral.decimals, loan.decimals, DECIMALS)
        self._book = LoanBook(name, rate=rate, fee_ppm=fee_ppm, fee_recipient=fee_recipient)

    @property
    def assets(self) -> tuple[Asset, ...]:
        """Collateral and loan."""
        return self.collateral, self.loan

    @property
    def labels(self) -> tuple[str, ...]:
        """The gas is estimated."""
        return (f"{self.name}: gas of lending verbs is an estimate from Aave v3",)

    def claims(self, ledger: Ledger) -> dict[str, dict[Asset, int]]:
        """By owner: its collateral, its supply less its debt; a debt is a claim below 0, rounded against the owner.

        What all have in the loan asset sums to at most what the venue holds, as what is lent out is owed by somebody.
        Interest is counted up to the last update.
        """
        book = self._book
        owners = sorted({*book.positions, *book.supplied})
        return {
            owner: {
                self.collateral: book.position(owner).collateral,
                self.loan: book.lent(owner) - book.debt(owner),
            }
            for owner in owners
        }

    def position(self, owner: str, now_s: int) -> tuple[int, int]:
        """Base units of collateral, and of debt with interest until now, rounded up."""
        return self._book.position(owner).collateral, self._book.debt(owner, now_s=now_s)

    # --- lenders ----------------------------------------------------------------------------------------------

    def supply(self, context: Context, amount: int = 0, shares: int = 0, inner: tuple[Call, ...] = ()) -> Outcome:
        """Lend assets, or as many as so many shares cost; ``output`` is shares, ``details`` hold both.

        Raises:
            BadArguments, InconsistentInput, InsufficientFunds, Overflow: nothing has changed.
        """
        self._one_of(amount=amount, shares=shares)
        self._book.accrue(context.journal, context.now_s)
        totals = self._book.supply_totals
        if amount:
            shares = exact.to_shares_down(amount, *totals)
        else:
            amount = exact.to_assets_up(shares, *totals)
        self._book.lend(context.journal, context.sender, amount, shares)
        return self._collect(context, self.loan, amount, inner, Outcome(shares, details=_both(amount, shares)))

    def withdraw(self, context: Context, amount: int = 0, shares: int = 0) -> Outcome:
        """Take supply out again, in assets or shares; ``output`` is assets, ``details`` hold both.

        Raises:
            BadArguments, InconsistentInput, InsufficientSupply, InsufficientLiquidity: nothing has changed.
        """
        self._one_of(amount=amount, shares=shares)
        self._book.accrue(context.journal, context.now_s)
        totals = self._book.supply_totals
        if amount:
            shares = exact.to_shares_up(amount, *totals)
        else:
            amount = exact.to_assets_down(shares, *totals)
        self._book.lend(context.journal, context.sender, -amount, -shares)
        self._require_liquidity(amount)
        context.ledger.transfer(self.loan, self.account, context.sender_account, amount)
        return Outcome(amount, details=_both(amount, shares))

    # --- borrowers --------------------------------------------------------------------------------------------

    def borrow(self, context: Context, amount: int = 0, shares: int = 0) -> Outcome:
        """Take on debt, in assets or shares; ``output`` is assets, ``details`` hold both.

        Raises:
            BadArguments, InconsistentInput, InsufficientCollateral, InsufficientLiquidity, NoAnswer, StalePrice,
                Overflow: nothing has changed.
        """
        self._one_of(amount=amount, shares=shares)
        self._book.accrue(context.journal, context.now_s)
        totals = self._book.borrow_totals
        if amount:
            shares = exact.to_shares_up(amount, *totals)
        else:
            amount = exact.to_assets_down(shares, *totals)
        self._book.borrow(context.journal, context.sender, amount, shares)
        self._require_health(context)
        self._require_liquidity(amount)
        context.ledger.transfer(self.loan, self.account, context.sender_account, amount)
        return Outcome(amount, details=_both(amount, shares))

    def repay(self, context: Context, amount: int = 0, shares: int = 0, inner: tuple[Call, ...] = ()) -> Outcome:
        """Pay debt back; only ``shares`` can clear it to the last unit. ``output`` is assets, ``details`` hold both.

        Raises:
            BadArguments, InconsistentInput, NothingToRepay, ExceedsDebt, InsufficientFunds: nothing has changed.
        """
        self._one_of(amount=amount, shares=shares)
        self._book.accrue(context.journal, context.now_s)
        totals = self._book.borrow_totals
        if not self._book.position(context.sender).borrow_shares:
            raise NothingToRepay(f"{context.sender} in {self.name}")
        if amount:
            shares = exact.to_shares_down(amount, *totals)
        else:
            amount = exact.to_assets_up(shares, *totals)
        self._book.settle(context.journal, context.sender, amount, shares)
        return self._collect(context, self.loan, amount, inner, Outcome(amount, details=_both(amount, shares)))

    def supply_collateral(self, context: Context, amount: int, inner: tuple[Call, ...] = ()) -> Outcome:
        """Put collateral up, which earns nothing and is lent to nobody; ``output`` is the amount.

        Raises:
            BadArguments, ZeroAmount, InsufficientFunds, Overflow: nothing has changed.
        """
        self._above_zero(amount)
        self._book.pledge(context.journal, context.sender, amount)
        return self._collect(context, self.collateral, amount, inner, Outcome(amount))

    def withdraw_collateral(self, context: Context, amount: int) -> Outcome:
        """Take collateral back, as far as the debt allows; ``output`` is the amount.

        Raises:
            BadArguments, ZeroAmount, InsufficientCollateral, NoAnswer, StalePrice: nothing has changed.
        """
        self._above_zero(amount)
        self._book.accrue(context.journal, context.now_s)
        self._book.pledge(context.journal, context.sender, -amount)
        self._require_health(context)
        context.ledger.transfer(self.collateral, self.account, context.sender_account, amount)
        return Outcome(amount)

    # --- anybody ----------------------------------------------------------------------------------------------

    def liquidate(
        self,
        context: Context,
        borrower: str,
        seized: int = 0,
        repaid_shares: int = 0,
        inner: tuple[Call, ...] = (),
    ) -> Outcome:
        """Seize collateral of an unhealthy position and repay its debt, given either; ``output`` is what is seized.

        The collateral is handed over before the inner calls run; what is repaid is pulled after them. ``details``:
        borrower, repaid and seized (base units), bad_debt (base units that lenders lost), repaid_shares,
        oracle_answer, health_ppm (before, rounded down).

        Raises:
            BadArguments, InconsistentInput, NoAnswer, StalePrice, HealthyPosition, InsufficientCollateral,
                ExceedsDebt, InsufficientFunds: nothing has changed.
        """
        if type(borrower) is not str:
            raise BadArguments(self.name, f"borrower={shown(borrower)}", "an owner's name")
        self._one_of(seized=seized, repaid_shares=repaid_shares)
        self._book.accrue(context.journal, context.now_s)
        book, answer = self._book, self._answer(context)
        price, debt, most = answer * self._scale, book.debt(borrower), self._borrowable(borrower, answer)
        if most >= debt:
            raise HealthyPosition(f"{borrower} in {self.name}", debt, f"above {most}", f"{self.loan.symbol} base units")
        if seized:
            repaid, repaid_shares = exact.repayment(seized, price, self.incentive_factor_wad, *book.borrow_totals)
        else:
            seized, repaid = exact.seizure(repaid_shares, price, self.incentive_factor_wad, *book.borrow_totals)
        book.settle(context.journal, borrower, repaid, repaid_shares)
        book.pledge(context.journal, borrower, -seized)
        details = {
            "borrower": borrower,
            "repaid": repaid,
            "seized": seized,
            "bad_debt": book.write_off(context.journal, borrower),
            "repaid_shares": repaid_shares,
            "oracle_answer": answer,
            "health_ppm": most * PPM // debt,
        }
        context.ledger.transfer(self.collateral, self.account, context.sender_account, seized)
        return self._collect(context, self.loan, repaid, inner, Outcome(seized, details=details))

    def flash_loan(self, context: Context, asset: Asset, amount: int, inner: tuple[Call, ...] = ()) -> Outcome:
        """Lend anything the market holds, free of charge, until the inner calls have run; ``output`` is the amount.

        Raises:
            BadArguments, ZeroAmount, InsufficientLiquidity, InsufficientFunds: nothing has changed.
        """
        if type(asset) is not Asset or asset not in self.assets:
            known = f"{self.collateral.symbol} or {self.loan.symbol}"
            raise BadArguments(self.name, f"asset={shown(asset)}", known)
        self._above_zero(amount)
        held = context.ledger.balance(asset, self.account)
        if amount > held:
            raise InsufficientLiquidity(self.name, held, amount, f"{asset.symbol} base units")
        context.ledger.transfer(asset, self.account, context.sender_account, amount)
        return self._collect(context, asset, amount, inner, Outcome(amount))

    def quote(self, call: Call, *, now_ns: int) -> Outcome:
        """What a verb that does not depend on the sender's own position would give, exact; runs no inner calls.

        Raises:
            UnknownVerb: the verb depends on what the sender has or owes here.
            Refusal: as ``execute`` would, funds apart.
        """
        if call.verb in _SENDERS_OWN:
            raise UnknownVerb(f"a quote of {self.name}.{call.verb}", None, "the sender's position")
        journal = Journal()
        ledger = Ledger(journal)
        sender = Account("", self.account.host)
        ledger.mint(self.loan, self.account, self._book.cash)
        ledger.mint(self.collateral, self.account, sum(one.collateral for one in self._book.positions.values()))
        for asset in self.assets:
            ledger.mint(asset, sender, 2**256)
        mark = journal.mark()
        try:
            return self.execute(call, Context(ledger, sender.host, sender.owner, now_ns, nothing_runs))
        finally:
            journal.undo(mark)

    def state_bytes(self) -> bytes:
        """Totals, time, positions and supplies."""
        return self._book.state_bytes()

    def gas(self, verb: str) -> int:
        """Gas of a verb, estimated; one that does not exist costs no more than the call."""
        return GAS.get(verb, UNKNOWN_VERB_GAS)

    def published(self, now_ns: int) -> LendingView:
        """Totals and all positions as of the last update."""
        book = self._book
        return LendingView(
            self.collateral,
            self.loan,
            self.lltv_ppm,
            incentive_ppm(self.lltv_ppm),
            *book.supply_totals,
            *book.borrow_totals,
            book.updated_s,
            book.rate_wad,
            *book.shown(),
            self.oracle.answer,
            self._scale,
        )

    # --- checks -----------------------------------------------------------------------------------------------

    def _one_of(self, **amounts: object) -> None:
        values = [whole(value, self.name, name) for name, value in amounts.items()]
        if (values[0] == 0) == (values[1] == 0):
            raise InconsistentInput(self.name, values, "one of them 0", " and ".join(amounts))

    def _above_zero(self, amount: object) -> None:
        if whole(amount, self.name, "amount") == 0:
            raise ZeroAmount(self.name)

    def _require_liquidity(self, amount: int) -> None:
        borrowed, supplied = self._book.total_borrow, self._book.total_supply
        if borrowed > supplied:
            left = max(0, supplied - borrowed + amount)
            raise InsufficientLiquidity(self.name, left, amount, f"{self.loan.symbol} base units")

    def _require_health(self, context: Context) -> None:
        """The sender may owe what it owes; without debt nobody asks for a price."""
        debt = self._book.debt(context.sender)
        if not debt:
            return
        most = self._borrowable(context.sender, self._answer(context))
        if most < debt:
            who = f"debt of {context.sender} in {self.name}"
            raise InsufficientCollateral(who, debt, f"at most {most}", f"{self.loan.symbol} base units")

    def _answer(self, context: Context) -> int:
        return self.oracle.fresh_answer(context.now_s, self.maximum_price_age_s, self.name)

    def _borrowable(self, owner: str, answer: int) -> int:
        """The most that the owner may owe at an answer, base units rounded down."""
        lltv_wad = self.lltv_ppm * exact.WAD_PER_PPM
        return exact.borrowable(self._book.position(owner).collateral, answer * self._scale, lltv_wad)

    def _collect(
        self, context: Context, asset: Asset, amount: int, inner: tuple[Call, ...], outcome: Outcome
    ) -> Outcome:
        """Run the inner calls, then pull what is due from the sender."""
        if inner:
            context.run(inner)
        context.ledger.transfer(asset, context.sender_account, self.account, amount)
        return outcome


def _both(assets: int, shares: int) -> dict[str, int]:
    return {"assets": assets, "shares": shares}
