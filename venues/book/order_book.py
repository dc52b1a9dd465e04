"""A limit order book exchange: price-time priority around the kernel, with accounts, escrow and fees."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from inspect import signature
from typing import ClassVar, NamedTuple

from shoal.ext.book import BUY, MAXIMUM, SELL, Book
from shoal.sim.calls import Call, Fill, Outcome
from shoal.sim.errors import BadArguments, InsufficientFunds, SlippageExceeded, UnknownVerb
from shoal.sim.ledger import Ledger
from shoal.sim.units import PPM, Account, Asset
from shoal.sim.venue import Context, Venue, whole
from shoal.venues.book.grid import Grid
from shoal.venues.book.news import DEPTH_BPS, BookNews, bands_around_mid
from shoal.venues.book.refusals import BookFull, EmptyBook, OffLot, OffTick, PostOnlyWouldCross, UnknownOrder
from shoal.venues.book.resting import Resting, fee_of

type KernelFills = list[tuple[int, int, int, int]]


class Plan(NamedTuple):
    """What an order will do to the book as it stands: known before anything moves."""

    side: int
    ticks: int
    lots: int
    taken: int
    resting: int
    quote_amount: int
    taker_fee: int
    asset: Asset
    required: int


class OrderBook(Venue):
    """One pair on an exchange: price-time priority, whole ticks and lots, funds escrowed before an order rests.

    Prices are quote base units for one whole base token, quantities base base units, both ints (see ``Grid``). Fees
    are charged in the quote asset on both sides and rounded up, the taker's once a call, the maker's once an order,
    and collected on the account ``<name>.fees``. What rests is escrowed in the venue's account, which holds exactly
    the sum of all ``reserved``. An owner may trade with itself (it pays both fees).

    Every verb checks first and applies last and writes its own state directly: the venue lives on an exchange, which
    executes one call at a time and simulates none, so mark and undo do not apply to it.

    Args:
        name: the venue's name, also its owner name on the ledger.
        base: what is traded.
        quote: what it is priced in.
        tick: smallest price step, decimal text of quote tokens for one whole base token.
        lot: smallest quantity step, decimal text of base tokens.
        taker_fee_ppm: millionths of the quote amount.
        maker_fee_ppm: millionths of the quote amount; negative is a rebate, at most the taker's fee.
        collar_ppm: a market order trades at most this far beyond the best price, in millionths of it.
        levels: how many levels a side are published.
        bands_bps: bands around the mid, in basis points, whose depth is published beside that within 1 %.

    Raises:
        ValueError: a parameter is out of range, or tick x lot is no whole number of quote base units.

    Source: price-time priority with pre-funded orders as on spot crypto exchanges; the maker's price is the trade's.
    """

    undoable: ClassVar[bool] = False
    verbs: ClassVar[Mapping[str, str]] = {
        "limit": "limit",
        "market": "market",
        "cancel": "cancel",
        "cancel_all": "cancel_all",
        "replace": "replace",
    }

    def __init__(
        self,
        name: str,
        base: Asset,
        quote: Asset,
        *,
        tick: str,
        lot: str,
        taker_fee_ppm: int = 0,
        maker_fee_ppm: int = 0,
        collar_ppm: int = 100_000,
        levels: int = 20,
        bands_bps: tuple[int, ...] = (10, 50),
    ) -> None:
        super().__init__(name)
        if not 0 <= taker_fee_ppm <= PPM:
            raise ValueError(f"{name}: taker fee {taker_fee_ppm} ppm is outside 0..{PPM}")
        if not -taker_fee_ppm <= maker_fee_ppm <= PPM:
            raise ValueError(f"{name}: maker fee {maker_fee_ppm} ppm is outside {-taker_fee_ppm}..{PPM}")
        if not 0 <= collar_ppm < PPM:
            raise ValueError(f"{name}: collar {collar_ppm} ppm is outside 0..{PPM - 1}")
        self.grid = Grid(base, quote, tick, lot)
        self.taker_fee_ppm = taker_fee_ppm
        self.maker_fee_ppm = maker_fee_ppm
        self.collar_ppm = collar_ppm
        self.levels = levels
        self.bands_bps = tuple(sorted({*bands_bps, DEPTH_BPS}))
        self.fee_account = Account(f"{name}.fees", "")
        self._book = Book()
        self._resting: dict[int, Resting] = {}
        self._orders_of: dict[Account, dict[int, Resting]] = {}
        self._last_ticks: int | None = None
        self._news: BookNews | None = None

    def place(self, host: str) -> None:
        """Tell the venue which exchange it lives on."""
        super().place(host)
        self.fee_account = Account(f"{self.name}.fees", host)

    @property
    def assets(self) -> tuple[Asset, ...]:
        """Base and quote."""
        return self.grid.base, self.grid.quote

    # What a sender may ask for

    def limit(
        self,
        context: Context,
        side: int,
        quantity: int,
        price: int,
        immediate: bool = False,
        post_only: bool = False,
    ) -> Outcome:
        """Trade up to ``price`` and rest what is left, unless ``immediate``.

        ``output`` is what the sender got now: base when buying, quote after fees when selling.

        Raises:
            BadArguments, OffTick, OffLot, PostOnlyWouldCross, BookFull, InsufficientFunds: nothing has changed.
        """
        plan = self._plan_limit(side, quantity, price, immediate, post_only)
        self._require_funds(context, plan)
        return self._apply_limit(context, plan)

    def market(self, context: Context, side: int, quantity: int, price: int | None = None) -> Outcome:
        """Trade up to ``price``, by default the collar around the best price; what is left is dropped.

        Raises:
            BadArguments, OffTick, OffLot, EmptyBook, SlippageExceeded, InsufficientFunds: nothing has changed.
        """
        plan = self._plan_market(side, quantity, price)
        self._require_funds(context, plan)
        _, _, fills = self._book.market(plan.side, plan.lots, plan.ticks)
        return self._outcome(plan, None, self._settle(context, plan.side, fills))

    def cancel(self, context: Context, order: int) -> Outcome:
        """Take back a resting order of the sender; ``output`` is the refund, in the asset that was escrowed.

        Raises:
            BadArguments, UnknownOrder: nothing has changed.
        """
        asset, refund, remaining = self._release(context, self._own(context.sender_account, order))
        return Outcome(refund, details={"asset": asset, "remaining": remaining})

    def cancel_all(self, context: Context) -> Outcome:
        """Take back every resting order of the sender, oldest first; none is no error."""
        refunds = dict.fromkeys(self.assets, 0)
        orders = list(self._orders_of.get(context.sender_account, ()))
        for order in orders:
            asset, refund, _ = self._release(context, order)
            refunds[asset] += refund
        base, quote = refunds.values()
        return Outcome(details={"orders": len(orders), "base": base, "quote": quote})

    def replace(
        self, context: Context, order: int, quantity: int, price: int, immediate: bool = False, post_only: bool = False
    ) -> Outcome:
        """Take back an order and send a new one on its side, both or neither; the new one queues last.

        Raises:
            BadArguments, UnknownOrder, OffTick, OffLot, PostOnlyWouldCross, BookFull, InsufficientFunds: nothing has
                changed.
        """
        old = self._resting[self._own(context.sender_account, order)]
        plan = self._plan_limit(old.side, quantity, price, immediate, post_only)
        _, refund = old.reserved(self.grid, self.maker_fee_ppm)
        self._require_funds(context, plan, refund)
        self._release(context, order)
        return self._apply_limit(context, plan)

    # What anyone may ask without changing anything

    def quote(self, call: Call, *, now_ns: int) -> Outcome:
        """What a limit or market order would give now to a sender with enough funds: exact, without its fills.

        Raises:
            Refusal: as ``execute`` would, funds apart; ``UnknownVerb`` for the verbs that act on the sender's orders.
        """
        planners: dict[str, Callable[..., Plan]] = {"limit": self._plan_limit, "market": self._plan_market}
        planner = planners.get(call.verb)
        if planner is None:
            raise UnknownVerb(f"{self.name}.{call.verb}", None, "limit or market, to be quoted")
        try:
            bound = signature(planner).bind(**call.arguments)
        except TypeError as error:
            raise BadArguments(f"{self.name}.{call.verb}", str(error), "what the verb takes") from None
        if call.inner:
            raise BadArguments(f"{self.name}.{call.verb}", "inner calls", "none")
        plan = planner(*bound.args, **bound.kwargs)
        return self._outcome(plan, self._book.next_id if plan.resting else None)

    def reserved(self, account: Account) -> dict[Asset, int]:
        """What this account has in escrow here, by asset."""
        amounts = dict.fromkeys(self.assets, 0)
        for order in self._orders_of.get(account, {}).values():
            asset, amount = order.reserved(self.grid, self.maker_fee_ppm)
            amounts[asset] += amount
        return amounts

    def claims(self, ledger: Ledger) -> dict[str, dict[Asset, int]]:
        """By owner, what is in escrow for its resting orders."""
        return {account.owner: self.reserved(account) for account in self.owners()}

    def owners(self) -> Iterable[Account]:
        """The accounts with resting orders, in order."""
        return sorted(self._orders_of)

    def orders(self, account: Account) -> tuple[tuple[int, int, int, int], ...]:
        """The account's resting orders as (id, side, price, remaining base), oldest first."""
        grid, found = self.grid, []
        for order in self._orders_of.get(account, ()):
            side, ticks, lots = self._book.order(order)
            found.append((order, side, ticks * grid.tick, lots * grid.lot))
        return tuple(found)

    def queue_ahead(self, order: int) -> int:
        """Base base units at the same price that fill before this order.

        Raises:
            UnknownOrder: it does not rest.
        """
        if order not in self._resting:
            raise UnknownOrder(self.name, None, order, "order")
        return self._book.queue_ahead(order) * self.grid.lot

    def gas(self, verb: str) -> int:
        """An exchange charges no gas."""
        return 0

    def state_bytes(self) -> bytes:
        """The kernel's state, each order's owner and fills, and the last price."""
        lines = [f"last {self._last_ticks}"]
        for order, entry in sorted(self._resting.items()):
            lines.append(f"{order} {entry.account} {entry.side} {entry.lot_cost} {entry.lots} {entry.filled}")
        return self._book.state_bytes() + "\n".join(lines).encode()

    def published(self, now_ns: int) -> BookNews:
        """Best levels, depth within bands around the mid, and the last price."""
        if self._news is None:
            book = self._book
            self._news = BookNews(
                self.grid,
                tuple(book.depth(BUY, self.levels)),
                tuple(book.depth(SELL, self.levels)),
                bands_around_mid(book, self.bands_bps),
                self._last_ticks,
                self.taker_fee_ppm,
                self.maker_fee_ppm,
            )
        return self._news

    # Checks: they only read

    def _whole_lots(self, side: int, quantity: int) -> int:
        if whole(side, self.name, "side", minimum=SELL, maximum=BUY) == 0:
            raise BadArguments(self.name, "side=0", f"{BUY} to buy or {SELL} to sell")
        lot = self.grid.lot
        lots, rest = divmod(whole(quantity, self.name, "quantity", minimum=1, maximum=MAXIMUM * lot), lot)
        if rest:
            raise OffLot(self.name, quantity, f"a multiple of {lot}", f"{self.grid.base.symbol} base units")
        return lots

    def _whole_ticks(self, price: int) -> int:
        tick = self.grid.tick
        ticks, rest = divmod(whole(price, self.name, "price", minimum=1, maximum=MAXIMUM * tick), tick)
        if rest:
            raise OffTick(self.name, price, f"a multiple of {tick}", f"{self.grid.quote.symbol} base units")
        return ticks

    def _plan_limit(
        self, side: int, quantity: int, price: int, immediate: bool = False, post_only: bool = False
    ) -> Plan:
        if type(immediate) is not bool or type(post_only) is not bool:
            raise BadArguments(self.name, "immediate or post_only", "True or False")
        if immediate and post_only:
            raise BadArguments(self.name, "immediate and post_only", "at most one of them")
        lots, ticks = self._whole_lots(side, quantity), self._whole_ticks(price)
        taken = self._book.fill_cost(side, lots, collar_price=ticks)
        if post_only and taken:
            raise PostOnlyWouldCross(self.name, price, f"a price short of {taken[0][0] * self.grid.tick}")
        volume = self._book.volume(side)
        if not immediate and volume + lots > MAXIMUM:
            raise BookFull(self.name, MAXIMUM - volume, lots, "lots")
        return self._plan(side, ticks, lots, taken, rests=not immediate)

    def _plan_market(self, side: int, quantity: int, price: int | None = None) -> Plan:
        lots = self._whole_lots(side, quantity)
        limit = None if price is None else self._whole_ticks(price)
        best = self._book.best_ask() if side == BUY else self._book.best_bid()
        if best is None:
            raise EmptyBook(self.name, 0, quantity, f"{self.grid.base.symbol} base units")
        if limit is None:
            reach = best * self.collar_ppm // PPM
            limit = min(MAXIMUM, best + reach) if side == BUY else best - reach
        elif side * (best - limit) > 0:
            raise SlippageExceeded(self.name, best * self.grid.tick, price, f"{self.grid.quote.symbol} base units")
        taken = self._book.fill_cost(side, lots, collar_price=limit)
        return self._plan(side, limit, lots, taken, rests=False)

    def _plan(self, side: int, ticks: int, lots: int, taken: list[tuple[int, int]], *, rests: bool) -> Plan:
        grid = self.grid
        quote_amount = sum(grid.notional(at, count) for at, count in taken)
        taken_lots = sum(count for _, count in taken)
        resting = lots - taken_lots if rests else 0
        taker_fee = fee_of(quote_amount, self.taker_fee_ppm)
        if side == SELL:
            asset, required = grid.base, lots * grid.lot
        else:
            cost = grid.notional(ticks, resting)
            asset = grid.quote
            required = quote_amount + taker_fee + cost + max(0, fee_of(cost, self.maker_fee_ppm))
        return Plan(side, ticks, lots, taken_lots, resting, quote_amount, taker_fee, asset, required)

    def _require_funds(self, context: Context, plan: Plan, refund: int = 0) -> None:
        had = context.ledger.balance(plan.asset, context.sender_account) + refund
        if had < plan.required:
            unit = f"{plan.asset.symbol} base units"
            raise InsufficientFunds(str(context.sender_account), had, plan.required, unit)

    def _own(self, account: Account, order: int) -> int:
        if whole(order, self.name, "order") not in self._orders_of.get(account, ()):
            raise UnknownOrder(str(account), None, order, "order")
        return order

    # Effects: nothing below refuses

    def _apply_limit(self, context: Context, plan: Plan) -> Outcome:
        order, resting, fills = self._book.limit(plan.side, plan.ticks, plan.lots, immediate=plan.resting == 0)
        done = self._settle(context, plan.side, fills)
        if order:
            entry = Resting(context.sender_account, plan.side, plan.ticks * self.grid.notional_unit, resting)
            self._resting[order] = entry
            self._orders_of.setdefault(entry.account, {})[order] = entry
            asset, amount = entry.reserved(self.grid, self.maker_fee_ppm)
            context.ledger.transfer(asset, entry.account, self.account, amount)
        return self._outcome(plan, order or None, done)

    def _settle(self, context: Context, side: int, fills: KernelFills) -> tuple[Fill, ...]:
        """Pay makers fill by fill, then the taker and the fees in one sum each."""
        self._news = None
        if not fills:
            return ()
        grid, taker, ledger = self.grid, context.sender_account, context.ledger
        traded = paid_fee = maker_fees = 0
        done = []
        for maker, ticks, lots, remaining in fills:
            amount = grid.notional(ticks, lots)
            traded += amount
            taker_fee = fee_of(traded, self.taker_fee_ppm) - paid_fee
            paid_fee += taker_fee
            entry = self._resting[maker]
            maker_fee = entry.fee(lots, self.maker_fee_ppm)
            entry.filled += lots
            maker_fees += maker_fee
            if side == BUY:
                ledger.transfer(grid.quote, taker, entry.account, amount - maker_fee)
            else:
                ledger.transfer(grid.base, taker, entry.account, lots * grid.lot)
                ledger.transfer(grid.quote, self.account, entry.account, max(0, -maker_fee))
            if remaining == 0:
                self._forget(maker)
            done.append(
                Fill(
                    context.sender, entry.account.owner, side, grid.base, grid.quote, lots * grid.lot, amount,
                    grid.quote, taker_fee, maker_fee,
                )
            )  # fmt: skip
        if side == BUY:
            ledger.transfer(grid.base, self.account, taker, sum(fill.base_amount for fill in done))
            ledger.transfer(grid.quote, taker, self.fee_account, paid_fee + maker_fees)
        else:
            ledger.transfer(grid.quote, self.account, taker, traded - paid_fee)
            ledger.transfer(grid.quote, self.account, self.fee_account, paid_fee + maker_fees)
        self._last_ticks = fills[-1][1]
        return tuple(done)

    def _release(self, context: Context, order: int) -> tuple[Asset, int, int]:
        """Cancel in the kernel and refund: (asset, amount, remaining base)."""
        self._news = None
        entry = self._resting[order]
        asset, refund = entry.reserved(self.grid, self.maker_fee_ppm)
        remaining = self._book.cancel(order) * self.grid.lot
        self._forget(order)
        context.ledger.transfer(asset, self.account, entry.account, refund)
        return asset, refund, remaining

    def _forget(self, order: int) -> None:
        account = self._resting.pop(order).account
        orders = self._orders_of[account]
        del orders[order]
        if not orders:
            del self._orders_of[account]

    def _outcome(self, plan: Plan, order: int | None, fills: tuple[Fill, ...] = ()) -> Outcome:
        traded = plan.taken * self.grid.lot
        details = {
            "traded": traded,
            "resting": plan.resting * self.grid.lot,
            "quote": plan.quote_amount,
            "fee": plan.taker_fee,
        }
        output = traded if plan.side == BUY else plan.quote_amount - plan.taker_fee
        return Outcome(output, fills, order, details)
