"""The Uniswap v2 pair, with the router's verbs beside its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from shoal.sim.calls import Call, Fill, Outcome
from shoal.sim.errors import (
    BadArguments,
    InsufficientInput,
    InsufficientLiquidity,
    InvariantViolated,
    Locked,
    Overflow,
    SlippageExceeded,
)
from shoal.sim.journal import Journal
from shoal.sim.ledger import Ledger
from shoal.sim.units import PPM, Account, Asset
from shoal.sim.venue import Context, Venue, nothing_runs, shown, whole
from shoal.venues.amm import constant_product_math as exact
from shoal.venues.amm.constant_product_view import ConstantProductView

LIQUIDITY_DECIMALS: Final = 18

# Intrinsic gas apart, transfers into the pool included. The swap is Uniswap's own test of gas (76,927 in all) and one
# transfer. The others are the contracts' cost on a local EVM with everything warm, plus the first-access costs of
# EIP-2929 for the cells each touches, none of them 0 before: good to about 10 %.
GAS: Final[Mapping[str, int]] = {
    "swap": 69_200,
    "mint": 91_500,
    "burn": 100_000,
    "skim": 53_000,
    "sync": 45_500,
    "donate": 27_000,
    "swap_exact_in": 80_000,
    "swap_exact_out": 80_000,
    "add_liquidity": 105_000,
    "remove_liquidity": 107_000,
}
UNKNOWN_VERB_GAS: Final = 700


class ConstantProduct(Venue):
    """A pool of two assets whose product of reserves, fees taken off, no trade may lower; exact to the base unit.

    Base is the contract's token0, quote its token1. The pool remembers its reserves; what it owns is its balances on
    the ledger. What lies beyond the reserves (a donation) belongs to whoever swaps, mints or skims next, or to all
    liquidity providers after ``sync``. Liquidity is an asset of its own, ``<name>-LP``, minted and burned here; the
    first 1000 units belong to ``<name>.locked`` for ever.

    Low-level verbs take along what the sender transfers in the same transaction: before the pair's own function, or,
    in a flash swap (``inner`` calls), after them, so that it can be paid from their proceeds. ``swap_exact_in``,
    ``swap_exact_out``, ``add_liquidity`` and ``remove_liquidity`` are the router's, with its limits.

    A fill's amounts leave out the fee: the taker pays the amount and ``taker_fee`` in the asset put in, which stays
    in the pool. ``taker_fee`` is rounded up to base units; the contract itself never rounds it off.

    Args:
        name: the pool's name; letters, digits, '.', '_', '/' or '-'.
        base: token0.
        quote: token1.
        fee_ppm: what stays in the pool of each input, in millionths; 3000 is Uniswap v2 bit for bit, 0 serves the
            fee-less closed forms.
        fee_recipient: the owner to whom a sixth of the growth in the root of the product is minted as liquidity
            whenever liquidity is minted or burned (the factory's feeTo); None switches the protocol fee off.

    Raises:
        ValueError: one asset twice, or a parameter is out of range.

    Source: Uniswap v2-core 1.0.1 ``UniswapV2Pair``, v2-periphery ``UniswapV2Router02``.
    """

    verbs: ClassVar[Mapping[str, str]] = {name: name for name in GAS}

    def __init__(
        self,
        name: str,
        base: Asset,
        quote: Asset,
        *,
        fee_ppm: int = exact.FEE_PPM,
        fee_recipient: str | None = None,
    ) -> None:
        super().__init__(name)
        if base == quote:
            raise ValueError(f"{name}: base and quote are both {base.symbol}")
        if type(fee_ppm) is not int or not 0 <= fee_ppm < PPM:
            raise ValueError(f"{name}: the fee must be whole ppm from 0 to {PPM - 1}, had {fee_ppm!r}")
        self.base = base
        self.quote_asset = quote
        self.liquidity_asset = Asset(f"{name}-LP", LIQUIDITY_DECIMALS)
        self.fee_ppm = fee_ppm
        self.fee_recipient = fee_recipient
        self.reserve_base = 0
        self.reserve_quote = 0
        self.supply = 0
        self.k_last = 0
        self.price_base_cumulative = 0
        self.price_quote_cumulative = 0
        self.updated_s = 0
        self._locked = False

    @property
    def assets(self) -> tuple[Asset, ...]:
        """Base, quote, and the pool's own liquidity."""
        return self.base, self.quote_asset, self.liquidity_asset

    @property
    def share_assets(self) -> tuple[Asset, ...]:
        """The liquidity, which is nothing but a share of the reserves."""
        return (self.liquidity_asset,)

    def claims(self, ledger: Ledger) -> dict[str, dict[Asset, int]]:
        """By owner of liquidity, its share of the reserves, rounded down; the locked liquidity's is among them."""
        held: dict[str, int] = {}
        for account, liquidity in ledger.holders(self.liquidity_asset):
            held[account.owner] = held.get(account.owner, 0) + liquidity
        return {
            owner: {
                self.base: self.reserve_base * liquidity // self.supply,
                self.quote_asset: self.reserve_quote * liquidity // self.supply,
            }
            for owner, liquidity in held.items()
        }

    # --- the pair's own verbs ---------------------------------------------------------------------------------

    def mint(self, context: Context, amount_base: int, amount_quote: int) -> Outcome:
        """Transfer amounts in and get liquidity for all that lies beyond the reserves; ``output`` is liquidity.

        What exceeds the pool's ratio is lost to all providers.

        Raises:
            BadArguments, Locked, InsufficientFunds, InsufficientInput, Overflow: nothing has changed.
        """
        paid = self._amount("amount_base", amount_base), self._amount("amount_quote", amount_quote)
        self._enter()
        self._pay_in(context, *paid)
        return self._mint(context, *paid)

    def burn(self, context: Context, liquidity: int) -> Outcome:
        """Hand in liquidity and get its share of the balances; ``output`` is base, ``details`` hold both.

        Raises:
            BadArguments, Locked, InsufficientFunds, InsufficientInput, InsufficientLiquidity: nothing has changed.
        """
        self._amount("liquidity", liquidity)
        self._enter()
        context.ledger.transfer(self.liquidity_asset, context.sender_account, self.account, liquidity)
        return self._burn(context)

    def swap(
        self,
        context: Context,
        base_in: int,
        quote_in: int,
        base_out: int,
        quote_out: int,
        inner: tuple[Call, ...] = (),
    ) -> Outcome:
        """Take amounts out against amounts in; with ``inner`` calls the amounts out are lent until these have run.

        ``output`` is ``base_out``, or ``quote_out`` if no base is taken.

        Raises:
            BadArguments, Locked, InsufficientFunds, InsufficientLiquidity, InsufficientInput, InvariantViolated,
                Overflow: nothing has changed.
        """
        amounts = {"base_in": base_in, "quote_in": quote_in, "base_out": base_out, "quote_out": quote_out}
        for name, amount in amounts.items():
            self._amount(name, amount)
        self._enter()
        if not inner:
            self._pay_in(context, base_in, quote_in)
            return self._swap(context, base_out, quote_out)
        return self._swap(context, base_out, quote_out, inner=inner, then_in=(base_in, quote_in))

    def skim(self, context: Context) -> Outcome:
        """Take what lies beyond the reserves; ``output`` is base, ``details`` hold both.

        Raises:
            Locked: nothing has changed.
        """
        self._enter()
        balances = self._balances(context)
        taken = balances[0] - self.reserve_base, balances[1] - self.reserve_quote
        self._pay_out(context, *taken)
        return Outcome(taken[0], details={"base": taken[0], "quote": taken[1]})

    def sync(self, context: Context) -> Outcome:
        """Let the reserves be the balances.

        Raises:
            Locked, Overflow: nothing has changed.
        """
        self._enter()
        self._update(context)
        return Outcome(details={"base": self.reserve_base, "quote": self.reserve_quote})

    def donate(self, context: Context, amount_base: int, amount_quote: int, liquidity: int = 0) -> Outcome:
        """Transfer assets to the pool and ask for nothing; possible also while it is locked.

        Raises:
            BadArguments, InsufficientFunds: nothing has changed.
        """
        self._pay_in(context, self._amount("amount_base", amount_base), self._amount("amount_quote", amount_quote))
        amount = self._amount("liquidity", liquidity)
        context.ledger.transfer(self.liquidity_asset, context.sender_account, self.account, amount)
        return Outcome()

    # --- the router's verbs -----------------------------------------------------------------------------------

    def swap_exact_in(self, context: Context, asset_in: Asset, amount_in: int, minimum_out: int) -> Outcome:
        """Put in exactly this much of one asset for as much of the other as the reserves give; ``output`` is that.

        Raises:
            BadArguments, SlippageExceeded, and as ``swap``: nothing has changed.
        """
        sold_base = self._is_base("asset_in", asset_in)
        self._amount("amount_in", amount_in)
        self._amount("minimum_out", minimum_out)
        self._enter()
        amount_out = exact.amount_out(amount_in, *self._reserves(sold_base), fee_ppm=self.fee_ppm, who=self.name)
        if amount_out < minimum_out:
            raise SlippageExceeded(self.name, amount_out, minimum_out, f"{self._other(asset_in).symbol} base units")
        if amount_out == 0:
            raise InsufficientInput(self.name, amount_in, "enough for one base unit out", f"{asset_in.symbol} units")
        return self._trade(context, sold_base, amount_in, amount_out)

    def swap_exact_out(self, context: Context, asset_out: Asset, amount_out: int, maximum_in: int) -> Outcome:
        """Take exactly this much of one asset; ``output`` is it, ``details`` hold the ``amount_in`` of the other.

        Raises:
            BadArguments, SlippageExceeded, and as ``swap``: nothing has changed.
        """
        sold_base = not self._is_base("asset_out", asset_out)
        self._amount("amount_out", amount_out)
        self._amount("maximum_in", maximum_in)
        self._enter()
        amount_in = exact.amount_in(amount_out, *self._reserves(sold_base), fee_ppm=self.fee_ppm, who=self.name)
        if amount_in > maximum_in:
            raise SlippageExceeded(self.name, amount_in, maximum_in, f"{self._other(asset_out).symbol} base units")
        return self._trade(context, sold_base, amount_in, amount_out)

    def add_liquidity(
        self,
        context: Context,
        amount_base: int,
        amount_quote: int,
        minimum_liquidity: int = 0,
        minimum_base: int = 0,
        minimum_quote: int = 0,
        quote_first: bool = False,
    ) -> Outcome:
        """Deposit at the pool's ratio, at most these amounts; ``output`` is liquidity, ``details`` what was taken.

        The router tries to take all of its first asset, then all of the second: ``quote_first`` tells which is first.

        Raises:
            BadArguments, SlippageExceeded, and as ``mint``: nothing has changed.
        """
        desired = self._amount("amount_base", amount_base), self._amount("amount_quote", amount_quote)
        least = self._amount("minimum_base", minimum_base), self._amount("minimum_quote", minimum_quote)
        self._amount("minimum_liquidity", minimum_liquidity)
        if type(quote_first) is not bool:
            raise BadArguments(self.name, f"quote_first={shown(quote_first)}", "True or False")
        self._enter()
        amounts = self._at_ratio(desired, quote_first)
        self._require_least(amounts, least)
        self._pay_in(context, *amounts)
        outcome = self._mint(context, *amounts)
        if outcome.output < minimum_liquidity:
            raise SlippageExceeded(self.name, outcome.output, minimum_liquidity, "liquidity units")
        return outcome

    def remove_liquidity(
        self, context: Context, liquidity: int, minimum_base: int = 0, minimum_quote: int = 0
    ) -> Outcome:
        """Hand in liquidity for at least these amounts; ``output`` is base, ``details`` hold both.

        Raises:
            BadArguments, SlippageExceeded, and as ``burn``: nothing has changed.
        """
        least = self._amount("minimum_base", minimum_base), self._amount("minimum_quote", minimum_quote)
        outcome = self.burn(context, liquidity)
        self._require_least((outcome.details["base"], outcome.details["quote"]), least)
        return outcome

    # --- what anyone may ask ----------------------------------------------------------------------------------

    def quote(self, call: Call, *, now_ns: int) -> Outcome:
        """What the call would give now to a sender with enough funds, exact; its fills name no taker.

        Swaps of the router depend on reserves alone. The other verbs look at balances: they are quoted as if the
        balances were the reserves, without what was donated and not yet synced, and without running inner calls.

        Raises:
            Refusal: as ``execute`` would, funds apart.
        """
        journal = Journal()
        ledger = Ledger(journal)
        sender = Account("", self.account.host)
        ledger.mint(self.base, self.account, self.reserve_base)
        ledger.mint(self.quote_asset, self.account, self.reserve_quote)
        for asset in (self.base, self.quote_asset):
            ledger.mint(asset, sender, 2 * exact.UINT256)
        ledger.mint(self.liquidity_asset, sender, self.supply)
        mark = journal.mark()
        try:
            return self.execute(call, Context(ledger, sender.host, sender.owner, now_ns, nothing_runs))
        finally:
            journal.undo(mark)

    def state_bytes(self) -> bytes:
        """Reserves, liquidity, last product, accumulators and time."""
        state = (
            self.reserve_base,
            self.reserve_quote,
            self.supply,
            self.k_last,
            self.price_base_cumulative,
            self.price_quote_cumulative,
            self.updated_s,
            self._locked,
        )
        return " ".join(map(str, (self.name, *state))).encode()

    def gas(self, verb: str) -> int:
        """Gas of a verb; one that does not exist costs no more than the call."""
        return GAS.get(verb, UNKNOWN_VERB_GAS)

    def published(self, now_ns: int) -> ConstantProductView:
        """The pool's curve."""
        return ConstantProductView(
            self.base,
            self.quote_asset,
            self.reserve_base,
            self.reserve_quote,
            self.fee_ppm,
            self.supply,
            self.price_base_cumulative,
            self.price_quote_cumulative,
            self.updated_s,
        )

    # --- checks -----------------------------------------------------------------------------------------------

    def _amount(self, name: str, value: object) -> int:
        return whole(value, self.name, name)

    def _is_base(self, name: str, asset: object) -> bool:
        if type(asset) is Asset:
            if asset == self.base:
                return True
            if asset == self.quote_asset:
                return False
        known = f"{self.base.symbol} or {self.quote_asset.symbol}"
        raise BadArguments(self.name, f"{name}={shown(asset)}", known)

    def _enter(self) -> None:
        if self._locked:
            raise Locked(self.name)

    def _other(self, asset: Asset) -> Asset:
        return self.quote_asset if asset == self.base else self.base

    def _reserves(self, sold_base: bool) -> tuple[int, int]:
        """The reserve that a trade adds to, and the one it takes from."""
        return (self.reserve_base, self.reserve_quote) if sold_base else (self.reserve_quote, self.reserve_base)

    def _at_ratio(self, desired: tuple[int, int], quote_first: bool) -> tuple[int, int]:
        """Amounts within the desired ones at the ratio of the reserves, as the router picks them."""
        if self.reserve_base == 0 and self.reserve_quote == 0:
            return desired
        base, quote = desired
        if quote_first:
            fitting_base = exact.equivalent(quote, self.reserve_quote, self.reserve_base, who=self.name)
            if fitting_base <= base:
                return fitting_base, quote
        fitting_quote = exact.equivalent(base, self.reserve_base, self.reserve_quote, who=self.name)
        if fitting_quote <= quote:
            return base, fitting_quote
        # The router only asserts what holds by arithmetic: if base asks for too much quote, quote fits into base.
        return exact.equivalent(quote, self.reserve_quote, self.reserve_base, who=self.name), quote

    def _require_least(self, amounts: tuple[int, int], least: tuple[int, int]) -> None:
        for asset, amount, minimum in zip((self.base, self.quote_asset), amounts, least, strict=True):
            if amount < minimum:
                raise SlippageExceeded(self.name, amount, minimum, f"{asset.symbol} base units")

    # --- effects ----------------------------------------------------------------------------------------------

    def _balances(self, context: Context) -> tuple[int, int]:
        ledger, account = context.ledger, self.account
        return ledger.balance(self.base, account), ledger.balance(self.quote_asset, account)

    def _pay_in(self, context: Context, base: int, quote: int) -> None:
        context.ledger.transfer(self.base, context.sender_account, self.account, base)
        context.ledger.transfer(self.quote_asset, context.sender_account, self.account, quote)

    def _pay_out(self, context: Context, base: int, quote: int) -> None:
        context.ledger.transfer(self.base, self.account, context.sender_account, base)
        context.ledger.transfer(self.quote_asset, self.account, context.sender_account, quote)

    def _trade(self, context: Context, sold_base: bool, amount_in: int, amount_out: int) -> Outcome:
        if sold_base:
            self._pay_in(context, amount_in, 0)
            outcome = self._swap(context, 0, amount_out)
        else:
            self._pay_in(context, 0, amount_in)
            outcome = self._swap(context, amount_out, 0)
        return Outcome(amount_out, outcome.fills, details={**outcome.details, "amount_in": amount_in})

    def _swap(
        self,
        context: Context,
        base_out: int,
        quote_out: int,
        *,
        inner: tuple[Call, ...] = (),
        then_in: tuple[int, int] = (0, 0),
    ) -> Outcome:
        reserves = self.reserve_base, self.reserve_quote
        if base_out == 0 and quote_out == 0:
            raise BadArguments(self.name, "base_out=0, quote_out=0", "one of them above 0")
        if base_out >= reserves[0] or quote_out >= reserves[1]:
            raise InsufficientLiquidity(self.name, reserves, f"above {(base_out, quote_out)}", "base and quote units")
        self._pay_out(context, base_out, quote_out)
        if inner:
            context.journal.write(vars(self), "_locked", True)
            context.run(inner)
            context.journal.write(vars(self), "_locked", False)
            self._pay_in(context, *then_in)
        balances = self._balances(context)
        amounts_in = (
            max(0, balances[0] - (reserves[0] - base_out)),
            max(0, balances[1] - (reserves[1] - quote_out)),
        )
        if amounts_in == (0, 0):
            raise InsufficientInput(self.name, 0, 1, "base units of either asset")
        if not exact.invariant_holds(balances, amounts_in, reserves, fee_ppm=self.fee_ppm):
            raise InvariantViolated(self.name, balances, f"the product of {reserves} and the fee", "base units")
        self._update(context)
        fees = tuple(-(-amount * self.fee_ppm // PPM) for amount in amounts_in)
        fills = self._fills(context.sender, (amounts_in[0] - base_out, amounts_in[1] - quote_out), fees)
        return Outcome(base_out or quote_out, fills, details={"fee_base": fees[0], "fee_quote": fees[1]})

    def _fills(self, taker: str, net: tuple[int, int], fees: tuple[int, ...]) -> tuple[Fill, ...]:
        """The exchange that took place; a flash swap paid back in kind, or a gift, exchanges nothing."""
        if net[0] > 0 > net[1]:
            side, fee_asset, fee, amounts = -1, self.base, fees[0], (net[0] - fees[0], -net[1])
        elif net[1] > 0 > net[0]:
            side, fee_asset, fee, amounts = +1, self.quote_asset, fees[1], (-net[0], net[1] - fees[1])
        else:
            return ()
        return (Fill(taker, self.name, side, self.base, self.quote_asset, *amounts, fee_asset, fee),)

    def _mint(self, context: Context, paid_base: int, paid_quote: int) -> Outcome:
        reserves, balances = (self.reserve_base, self.reserve_quote), self._balances(context)
        amounts = balances[0] - reserves[0], balances[1] - reserves[1]
        self._mint_protocol_fee(context)
        if self.supply == 0:
            liquidity = exact.first_liquidity(*amounts, who=self.name)
            self._issue(context, Account(f"{self.name}.locked", self.account.host), exact.MINIMUM_LIQUIDITY)
        elif 0 in reserves:
            raise InsufficientLiquidity(self.name, 0, 1, "base units in reserve")
        else:
            liquidity = min(
                exact.checked(amount * self.supply, who=self.name) // reserve
                for amount, reserve in zip(amounts, reserves, strict=True)
            )
        if liquidity == 0:
            raise InsufficientInput(self.name, amounts, "enough for one unit of liquidity", "base and quote units")
        self._issue(context, context.sender_account, liquidity)
        self._update(context)
        self._remember_product(context)
        return Outcome(liquidity, details={"base": paid_base, "quote": paid_quote})

    def _burn(self, context: Context) -> Outcome:
        ledger, balances = context.ledger, self._balances(context)
        liquidity = ledger.balance(self.liquidity_asset, self.account)
        self._mint_protocol_fee(context)
        if self.supply == 0:
            raise InsufficientLiquidity(self.name, 0, liquidity, "liquidity units")
        base, quote = (exact.checked(liquidity * held, who=self.name) // self.supply for held in balances)
        if base == 0 or quote == 0:
            raise InsufficientInput(self.name, liquidity, "enough for one base unit of each", "liquidity units")
        ledger.burn(self.liquidity_asset, self.account, liquidity)
        context.journal.write(vars(self), "supply", self.supply - liquidity)
        self._pay_out(context, base, quote)
        self._update(context)
        self._remember_product(context)
        return Outcome(base, details={"base": base, "quote": quote})

    def _issue(self, context: Context, account: Account, liquidity: int) -> None:
        supply = exact.checked(self.supply + liquidity, who=self.name)
        context.ledger.mint(self.liquidity_asset, account, liquidity)
        context.journal.write(vars(self), "supply", supply)

    def _mint_protocol_fee(self, context: Context) -> None:
        """The protocol's share of growth is minted before liquidity is priced; swaps never pay for it."""
        if self.fee_recipient is None:
            return
        liquidity = exact.protocol_liquidity(self.supply, self.reserve_base * self.reserve_quote, self.k_last)
        if liquidity:
            self._issue(context, Account(self.fee_recipient, self.account.host), liquidity)

    def _remember_product(self, context: Context) -> None:
        if self.fee_recipient is not None:
            context.journal.write(vars(self), "k_last", self.reserve_base * self.reserve_quote)

    def _update(self, context: Context) -> None:
        """Let the reserves be the balances, after the old ones have been accumulated over the time they stood."""
        balances = self._balances(context)
        if max(balances) > exact.UINT112_MAXIMUM:
            raise Overflow(self.name, max(balances), exact.UINT112_MAXIMUM, "base units")
        write, cells = context.journal.write, vars(self)
        now_s = context.now_s % exact.UINT32
        elapsed_s = (now_s - self.updated_s) % exact.UINT32
        base, quote = self.reserve_base, self.reserve_quote
        if elapsed_s and base and quote:
            write(cells, "price_base_cumulative", exact.accumulated(self.price_base_cumulative, base, quote, elapsed_s))
            write(
                cells, "price_quote_cumulative", exact.accumulated(self.price_quote_cumulative, quote, base, elapsed_s)
            )
        write(cells, "reserve_base", balances[0])
        write(cells, "reserve_quote", balances[1])
        write(cells, "updated_s", now_s)
