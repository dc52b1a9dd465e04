"""The on-chain side of a vault: shares, holdings, guards, custody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import ClassVar, Final

from shoal.sim.calls import Call, Outcome
from shoal.sim.errors import BadArguments, InsufficientInput, SlippageExceeded, UnknownVerb
from shoal.sim.ledger import Ledger
from shoal.sim.units import PPM, Account, Asset
from shoal.sim.venue import Context, Venue, shown, whole
from shoal.venues.credit.lending_market import LendingMarket
from shoal.venues.oracle import Oracle
from shoal.venues.vault.guards import Guards
from shoal.venues.vault.holdings import Holdings
from shoal.venues.vault.positions import Positions, exchanged, value_down
from shoal.venues.vault.quoting import quoting_context
from shoal.venues.vault.redemption import Redemption
from shoal.venues.vault.refusals import (
    CustodyCapExceeded,
    NotTheManager,
    TradedThisSecond,
    VenueNotAllowed,
    ZeroNetAssetValue,
)
from shoal.venues.vault.shares import Shares
from shoal.venues.vault.slippage_budget import SlippageBudget
from shoal.venues.vault.vault_view import VaultView

# Intrinsic gas apart, and apart from what inner calls use: the order of magnitude of such contracts, not measured.
GAS: Final[Mapping[str, int]] = {
    "deposit": 150_000,
    "redeem": 200_000,
    "trade": 80_000,
    "send_to_custody": 80_000,
    "return_from_custody": 60_000,
    "report_custody": 40_000,
    "accrue": 90_000,
}
UNKNOWN_VERB_GAS: Final = 700
MANAGERS_VERBS: Final = frozenset({"trade", "send_to_custody", "return_from_custody", "report_custody"})


class Vault(Venue):
    """Holds assets for those who own its shares, and trades them for its manager within guards.

    Net asset value is in base units of the numeraire at the oracles' last answers, which must be fresh: what lies on
    the chain (whatever came there: a plain transfer to the vault is a gift to all shares), what is in custody as last
    reported, and what is posted in lending markets less what is owed there.

    Anybody may deposit one of its assets, priced at the oracle, and redeem shares in kind: the same part of
    everything, for which nobody asks a price. ``trade`` runs its inner calls as the vault, on listed venues only, and
    then compares what the vault has with what it had: everything lent, given away or left in a venue unseen counts as
    lost. Fees are new shares, reckoned whenever somebody deposits, redeems or calls ``accrue``: management by time,
    performance on the share price above its high-water mark; a redemption without fresh answers pays the former only.

    A donation before the first deposit pays nobody: virtual shares own nearly all of it. Who deposits while an
    oracle lags the market gains at the others' expense, as in any vault that is priced by oracles.

    Args:
        name: the vault's name; letters, digits, '.', '_', '/' or '-'.
        numeraire: what values are counted in; no oracle prices it.
        oracles: by risky asset, what prices it in the numeraire.
        manager: the owner who may trade.
        guards: the limits of trades; their oldest answer holds for deposits and custody too.
        venues: the names of venues that it may call.
        management_fee_ppm: millionths of all shares a year, at most 500000.
        performance_fee_ppm: millionths of the rise above the high-water mark.
        fee_recipient: the owner who gets the fees' shares; needed if there is a fee.
        custody_cap_ppm: the largest part of the net asset value that may be sent to custody; 0: none.
        lending: by collateral, the market where the vault may borrow the numeraire.

    Raises:
        ValueError: a parameter is out of range or does not fit the others.

    Source: OpenZeppelin's ERC4626 (virtual shares), Enzyme v4 (redemption in kind, slippage budget), Set v2 (streaming
    fee, debt paid in by who redeems), Yearn v3 (value outside counts at its last report).
    """

    verbs: ClassVar[Mapping[str, str]] = {name: name for name in GAS}

    def __init__(
        self,
        name: str,
        *,
        numeraire: Asset,
        oracles: Mapping[Asset, Oracle],
        manager: str,
        guards: Guards,
        venues: Iterable[str],
        management_fee_ppm: int = 0,
        performance_fee_ppm: int = 0,
        fee_recipient: str | None = None,
        custody_cap_ppm: int = 0,
        lending: Mapping[Asset, LendingMarket] = MappingProxyType({}),
    ) -> None:
        super().__init__(name)
        self.numeraire = numeraire
        self.manager = manager
        self.guards = guards
        self.venues = tuple(venues)
        self.custody_cap_ppm = custody_cap_ppm
        self.last_trade_s: int | None = None
        self._check_terms()
        self._holdings = Holdings(name, numeraire, oracles, lending, maximum_price_age_s=guards.maximum_price_age_s)
        self._shares = Shares(
            name,
            numeraire,
            management_fee_ppm=management_fee_ppm,
            performance_fee_ppm=performance_fee_ppm,
            fee_recipient=fee_recipient,
        )
        self._budget = SlippageBudget(guards)

    @property
    def assets(self) -> tuple[Asset, ...]:
        """The risky assets, the numeraire, and the vault's own share."""
        return *self._holdings.assets, self.share_asset

    @property
    def oracles(self) -> Mapping[Asset, Oracle]:
        """By risky asset, what prices it in the numeraire."""
        return MappingProxyType(self._holdings.oracles)

    @property
    def lending(self) -> Mapping[Asset, LendingMarket]:
        """By collateral, the market where the vault may borrow the numeraire."""
        return MappingProxyType(self._holdings.lending)

    @property
    def share_asset(self) -> Asset:
        """``<name>-share``, 18 decimals."""
        return self._shares.asset

    @property
    def supply(self) -> int:
        """Base units of share."""
        return self._shares.supply

    @property
    def share_assets(self) -> tuple[Asset, ...]:
        """The share, which is nothing but a part of what the vault has."""
        return (self.share_asset,)

    @property
    def labels(self) -> tuple[str, ...]:
        """What is estimated, and what the contract cannot see."""
        found = [f"{self.name}: gas of the vault's own verbs is an estimate"]
        if self.custody_cap_ppm:
            found.append(
                f"{self.name}: what lies in custody (at most {self.custody_cap_ppm / PPM:.0%} when sent) counts at its "
                "last report; the guards on what happens to it there are the executor's own"
            )
        return tuple(found)

    def claims(self, ledger: Ledger) -> dict[str, dict[Asset, int]]:
        """By owner of shares, its part of what the vault holds on the chain, rounded down.

        Collateral and debt in a lending market are the vault's there, and custody is with the manager.
        """
        held: dict[str, int] = {}
        for account, shares in ledger.holders(self.share_asset):
            held[account.owner] = held.get(account.owner, 0) + shares
        balances = self._holdings.balances(ledger, self.account)
        return {
            owner: {asset: self._shares.part_down(amount, shares) for asset, amount in balances.items()}
            for owner, shares in held.items()
        }

    def execute(self, call: Call, context: Context) -> Outcome:
        """Carry out a call.

        Raises:
            Refusal: the call was refused; the host undoes what was written.
        """
        outcome = super().execute(call, context)
        self._holdings.remember(context, self.account)
        return outcome

    # --- depositors -------------------------------------------------------------------------------------------

    def deposit(self, context: Context, asset: Asset, amount: int, minimum_shares: int = 0) -> Outcome:
        """Pay in one of the vault's assets; ``output`` is shares, ``details`` its value and the NAV before.

        The value is rounded down and the NAV up.

        Raises:
            BadArguments, InsufficientInput, TradedThisSecond, NoAnswer, StalePrice, ZeroNetAssetValue,
                SlippageExceeded, InsufficientFunds: nothing has changed.
        """
        self._holdings.check_asset(asset)
        whole(amount, self.name, "amount")
        whole(minimum_shares, self.name, "minimum_shares")
        if context.now_s == self.last_trade_s:
            raise TradedThisSecond(f"{context.sender} at {self.name}", context.now_s, context.now_s + 1, "s")
        positions = self._positions(context)
        answers = self._holdings.answers((*positions.risky, asset), context.now_s)
        nav = positions.nav_down(answers)
        if nav < 0 or (nav == 0 and self.supply):
            raise ZeroNetAssetValue(self.name, nav, 1, f"{self.numeraire.symbol} base units")
        self._shares.accrue(context, nav)
        value = amount if asset == self.numeraire else value_down(amount, asset, self.numeraire, answers[asset])
        shares = self._shares.worth(value, nav=positions.nav_up(answers))
        if shares == 0:
            raise InsufficientInput(self.name, amount, "enough for one base unit of share", f"{asset.symbol} units")
        if shares < minimum_shares:
            raise SlippageExceeded(self.name, shares, minimum_shares, f"{self.share_asset.symbol} base units")
        context.ledger.transfer(asset, context.sender_account, self.account, amount)
        self._shares.issue(context, context.sender, shares)
        return Outcome(shares, details={"value": value, "nav": nav})

    def redeem(self, context: Context, shares: int) -> Outcome:
        """Hand in shares for their part of everything, rounded down; ``output`` is the numeraire got.

        ``details`` hold what was got, by symbol of the asset, and ``debt_paid``. A part of a debt, rounded up, is paid
        for the vault out of the numeraire due and what the sender adds, and frees the same part of the collateral.

        Raises:
            BadArguments, InsufficientInput, InsufficientFunds, ZeroNetAssetValue, HeldInCustody, and what a lending
                market refuses: nothing has changed.
        """
        if whole(shares, self.name, "shares") == 0:
            raise InsufficientInput(self.name, 0, 1, f"{self.share_asset.symbol} base units")
        ledger, sender = context.ledger, context.sender_account
        positions = self._positions(context)
        self._shares.accrue(context, self._holdings.nav_or_none(positions, context.now_s))
        ledger.burn(self.share_asset, sender, shares)
        redemption = Redemption.of(self.name, shares, self._shares, positions)
        self._shares.forget(context, shares)
        missing = redemption.debt - redemption.due[self.numeraire]
        ledger.transfer(self.numeraire, sender, self.account, max(0, missing))
        unwinding = redemption.unwinding(self.name, self._holdings.lending, positions)
        if unwinding:
            context.run(unwinding, self.name)
        got = redemption.paid_out(self.numeraire)
        for asset, amount in got.items():
            ledger.transfer(asset, self.account, sender, amount)
        details = {asset.symbol: amount for asset, amount in got.items()} | {"debt_paid": redemption.debt}
        return Outcome(got[self.numeraire], details=details)

    def accrue(self, context: Context) -> Outcome:
        """Let the fees' recipient have the shares it is due; ``output`` is those.

        Without fresh answers only the management fee is paid.
        """
        positions = self._positions(context)
        return Outcome(self._shares.accrue(context, self._holdings.nav_or_none(positions, context.now_s)))

    # --- the manager ------------------------------------------------------------------------------------------

    def trade(self, context: Context, inner: tuple[Call, ...] = ()) -> Outcome:
        """Run inner calls as the vault, within the guards; ``output`` is that of the last of them.

        ``details``, in base units of the numeraire at the answers before: ``given`` (what there is less of), ``got``,
        ``loss`` (given less got, 0 for a gain; for each debt changed one unit is forgiven, by which its rounding may
        raise it) and the ``nav`` before.

        Raises:
            NotTheManager, BadArguments, VenueNotAllowed, CoolingOff, NoAnswer, StalePrice, ZeroNetAssetValue,
                TradeTooLarge, SlippageAboveGuard, BudgetSpent, and what the inner calls' venues refuse: nothing has
                changed.
        """
        self._require_manager(context)
        if not inner:
            raise BadArguments(f"{self.name}.trade", "no inner calls", "at least one")
        self._check_allowed(inner)
        now_s, guards = context.now_s, self.guards
        guards.check_time(self.name, now_s=now_s, last_trade_s=self.last_trade_s)
        before = self._positions(context)
        answers = self._holdings.answers(before.risky, now_s)
        nav = self._positive(before.nav_down(answers))
        outcomes = context.run(inner, self.name)
        after = self._positions(context)
        answers |= self._holdings.answers([asset for asset in after.risky if asset not in answers], now_s)
        given, got = exchanged(before, after, answers)
        forgiven = sum(before.debts[asset] != after.debts[asset] for asset in before.debts)
        loss = max(0, given - got - forgiven)
        guards.check_size(self.name, given=given, nav=nav)
        guards.check_slippage(self.name, given=given, loss=loss)
        self._budget.spend(context, self.name, loss=loss, nav=nav)
        context.journal.write(vars(self), "last_trade_s", now_s)
        return Outcome(outcomes[-1].output, details={"given": given, "got": got, "loss": loss, "nav": nav})

    def send_to_custody(self, context: Context, asset: Asset, amount: int) -> Outcome:
        """Move an asset to the manager's own account on this chain, up to the cap; ``output`` is the amount.

        Raises:
            NotTheManager, BadArguments, NoAnswer, StalePrice, ZeroNetAssetValue, CustodyCapExceeded,
                InsufficientFunds: nothing has changed.
        """
        self._require_manager(context)
        self._holdings.check_asset(asset)
        whole(amount, self.name, "amount", minimum=1)
        positions = self._positions(context)
        answers = self._holdings.answers((*positions.risky, asset), context.now_s)
        nav = self._positive(positions.nav_down(answers))
        context.ledger.transfer(asset, self.account, context.sender_account, amount)
        self._holdings.set_custody(context, asset, self._holdings.custody.get(asset, 0) + amount)
        value = self._positions(context).custody_up(answers)
        if value * PPM > self.custody_cap_ppm * nav:
            most = nav * self.custody_cap_ppm // PPM
            raise CustodyCapExceeded(self.name, value, f"at most {most}", f"{self.numeraire.symbol} base units")
        return Outcome(amount)

    def return_from_custody(self, context: Context, asset: Asset, amount: int) -> Outcome:
        """Move an asset back from the manager's account; ``output`` is the amount.

        What is returned beyond what was reported in custody is a gain; it leaves 0 there.

        Raises:
            NotTheManager, BadArguments, InsufficientFunds: nothing has changed.
        """
        self._require_manager(context)
        self._holdings.check_asset(asset)
        whole(amount, self.name, "amount", minimum=1)
        context.ledger.transfer(asset, context.sender_account, self.account, amount)
        self._holdings.set_custody(context, asset, max(0, self._holdings.custody.get(asset, 0) - amount))
        return Outcome(amount)

    def report_custody(self, context: Context, asset: Asset, amount: int) -> Outcome:
        """Say how much of an asset lies in custody now; nobody here can check it. ``output`` is the amount.

        Raises:
            NotTheManager, BadArguments: nothing has changed.
        """
        self._require_manager(context)
        self._holdings.check_asset(asset)
        self._holdings.set_custody(context, asset, whole(amount, self.name, "amount"))
        return Outcome(amount)

    # --- what anyone may ask ----------------------------------------------------------------------------------

    def quote(self, call: Call, *, now_ns: int) -> Outcome:
        """What the call would give now to a sender with enough funds, exact; the manager's verbs, to the manager.

        What came to the vault since it was last called is not known here and left out, and lending markets are not
        asked whether they let collateral go. ``trade`` has no quote: it is what other venues make of it.

        Raises:
            Refusal: as ``execute`` would, funds apart; ``UnknownVerb`` for a trade.
        """
        if call.verb == "trade":
            raise UnknownVerb(f"{self.name}.trade", None, "a verb that can be quoted: ask the inner calls' venues")
        sender = Account(self.manager if call.verb in MANAGERS_VERBS else "", self.account.host)
        context = quoting_context(self.account, sender, self._holdings, self._shares, now_ns=now_ns)
        mark = context.journal.mark()
        try:
            return self.execute(call, context)
        finally:
            context.journal.undo(mark)

    def published(self, now_ns: int) -> VaultView:
        """Holdings as of the last call, and all else as of now."""
        return VaultView.of(
            self._holdings, self._shares, self._budget, last_trade_s=self.last_trade_s, now_s=now_ns // 10**9
        )

    def state_bytes(self) -> bytes:
        """Supply, fees' clocks and mark, budget, custody and remembered holdings."""
        state = (self.name, *self._shares.state, self.last_trade_s, *self._budget.state, *self._holdings.state)
        return " ".join(map(str, state)).encode()

    def gas(self, verb: str) -> int:
        """Gas of a verb, estimated, what it calls apart; one that does not exist costs no more than the call."""
        return GAS.get(verb, UNKNOWN_VERB_GAS)

    def inner_gas(self, verb: str) -> int:
        """Gas of paying debts back and freeing collateral for a redemption."""
        markets = self.lending.values() if verb == "redeem" else ()
        return sum(market.gas("repay") + market.gas("withdraw_collateral") for market in markets)

    # --- inside ---------------------------------------------------------------------------------------------

    def _positions(self, context: Context) -> Positions:
        on_chain = self._holdings.balances(context.ledger, self.account)
        return self._holdings.positions(on_chain, context.now_s)

    def _require_manager(self, context: Context) -> None:
        if context.sender != self.manager:
            raise NotTheManager(f"{context.sender} at {self.name}", context.sender, self.manager)

    def _check_allowed(self, calls: Iterable[Call]) -> None:
        for call in calls:
            if call.venue not in self.venues:
                raise VenueNotAllowed(self.name, shown(call.venue), f"one of {', '.join(self.venues) or 'none'}")
            self._check_allowed(call.inner)

    def _positive(self, nav: int) -> int:
        if nav <= 0:
            raise ZeroNetAssetValue(self.name, nav, 1, f"{self.numeraire.symbol} base units")
        return nav

    def _check_terms(self) -> None:
        outside = [venue for venue in self.venues if venue == self.name or venue.endswith(" custody")]
        if outside:
            raise ValueError(f"{self.name}: {outside[0]!r} is no venue to trade on")
        if type(self.custody_cap_ppm) is not int or not 0 <= self.custody_cap_ppm <= PPM:
            raise ValueError(f"{self.name}: the custody cap must be whole ppm to {PPM}, had {self.custody_cap_ppm!r}")
