"""The outside market: where the given price path lives and the rest of the world trades."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import ClassVar, Final, NamedTuple

from shoal.sim.calls import Call, Fill, Outcome
from shoal.sim.errors import (
    BadArguments,
    InsufficientInput,
    InsufficientLiquidity,
    SlippageExceeded,
    UnknownVerb,
    VenueError,
)
from shoal.sim.units import PPM, Asset
from shoal.sim.venue import Context, Venue, shown, whole
from shoal.venues.outside_news import LARGEST_IMPACT, OutsideNews
from shoal.venues.view import DEPTH_BAND

__all__ = ["UNLIMITED", "NoPrice", "OutsideMarket", "OutsideNews"]

UNLIMITED: Final = math.inf
# Floats are moved this far against the mover before they are rounded to whole base units: more than the error of
# the few operations that made them, so that no rounding of the processor can be traded on.
_GUARD: Final = 2.0**-48


class NoPrice(VenueError):
    """The outside market has not seen its first price yet."""

    happened = "no price yet"


class _Trade(NamedTuple):
    """A trade worked out on the state as it is: what is paid and received, and where the log price goes."""

    side: int
    base_amount: int
    gross: int
    fee: int
    shift: float

    @property
    def paid(self) -> int:
        """What the mover pays, in base units of the input asset."""
        return self.gross + self.fee if self.side > 0 else self.base_amount

    @property
    def received(self) -> int:
        """What the mover gets, in base units of the output asset."""
        return self.base_amount if self.side > 0 else self.gross - self.fee


class OutsideMarket(Venue):
    """A price given from outside, moved by the net flow from inside, and an inventory that trades at it.

    The mid is path * exp(permanent + transient). A signed amount q of base tokens is executed at the exact integral
    of mid * exp(x / D) over x from 0 to q, and moves the log price by q / D: trades in pieces cost what the whole
    does, and a round trip at one instant costs exactly the fees (and roundings to base units, always against the
    mover). The share ``permanent_share`` of each move stays; the rest halves every ``half_life_s``.

    D follows from a measurable figure: ``depth_quote_tokens`` move the path's own price by 1 %, so
    D = 100 * depth_quote_tokens / path price, and a price ten times as high is not ten times as easy to move.

    Two limits must be asked for by value and are named in ``labels``: ``permanent_share=0`` (the path is untouchable:
    what agents do never lasts) and ``depth_quote_tokens=UNLIMITED`` (the path is not moved at all).

    The rest of the world's inventory is the venue's ledger account; fees are charged in quote, rounded up, and stay
    there. ``quote`` knows no ledger: that the inventory may be too small shows only in ``execute``.

    Args:
        name: the venue's name, also its owner name on the ledger.
        base: what is traded.
        quote: what it is priced in.
        depth_quote_tokens: quote tokens that move the price by 1 %, or ``UNLIMITED``.
        fee_ppm: millionths of the quote amount.
        permanent_share: 0 to 1.
        half_life_s: seconds in which the rest of the impact halves.

    Raises:
        ValueError: a parameter is out of range.

    Source: propagator models, Bouchaud, Gefen, Potters and Wyart (2004); exponential decay as in Obizhaeva and Wang
    (2013); linear impact on the log price leaves no round trip that gains (Gatheral 2010).
    """

    verbs: ClassVar[Mapping[str, str]] = {"swap_exact_in": "swap_exact_in", "swap_exact_out": "swap_exact_out"}

    def __init__(
        self,
        name: str,
        base: Asset,
        quote: Asset,
        *,
        depth_quote_tokens: float,
        fee_ppm: int,
        permanent_share: float,
        half_life_s: float,
    ) -> None:
        super().__init__(name)
        if base == quote:
            raise ValueError(f"{name}: base and quote are both {base.symbol}; a pair needs two assets")
        if not depth_quote_tokens > 0:
            raise ValueError(f"{name}: depth must be above 0 quote tokens, or UNLIMITED, had {depth_quote_tokens!r}")
        if type(fee_ppm) is not int or not 0 <= fee_ppm < PPM:
            raise ValueError(f"{name}: fee must be a whole number of ppm from 0 to {PPM - 1}, had {fee_ppm!r}")
        if not 0.0 <= permanent_share <= 1.0:
            raise ValueError(f"{name}: permanent share must lie in 0 to 1, had {permanent_share!r}")
        if not 0.0 < half_life_s < math.inf:
            raise ValueError(f"{name}: half-life must be a finite number of seconds above 0, had {half_life_s!r}")
        self.base = base
        self.quote_asset = quote
        self.depth_quote_tokens = float(depth_quote_tokens)
        self.fee_ppm = fee_ppm
        self.permanent_share = float(permanent_share)
        self.half_life_s = float(half_life_s)
        self._path_price: float | None = None
        # The part of the log price's move that stays, the part that halves, and when it last moved.
        self._moves = (0.0, 0.0, 0)

    @property
    def assets(self) -> tuple[Asset, ...]:
        """Base and quote."""
        return self.base, self.quote_asset

    @property
    def labels(self) -> tuple[str, ...]:
        """The limits this market stands for, in words for a report; empty for a market that can be moved."""
        labels = []
        if self.depth_quote_tokens == UNLIMITED:
            labels.append(f"{self.name}: unlimited depth, trades do not move its price")
        elif self.permanent_share == 0.0:
            labels.append(f"{self.name}: untouchable path, no impact on its price lasts")
        return tuple(labels)

    # --- the price --------------------------------------------------------------------------------------------

    def observe(self, price: float) -> None:
        """Take the path's next price; for the world's price process alone, between calls.

        Raises:
            ValueError: not a finite number above 0.
        """
        if not 0.0 < price < math.inf:
            raise ValueError(f"{self.name}: a price must be finite and above 0, had {price!r}")
        # No call is being executed now: there is nothing to undo this with.
        self._path_price = price

    def impact(self, now_ns: int) -> float:
        """How far the flow from inside has moved the log price, as it stands now."""
        permanent, transient = self._moves_at(now_ns)
        return permanent + transient

    def mid(self, now_ns: int) -> float | None:
        """The price in the middle, quote tokens for one base token; None before the first."""
        return None if self._path_price is None else self._path_price * math.exp(self.impact(now_ns))

    def _moves_at(self, now_ns: int) -> tuple[float, float]:
        """The lasting and the passing part of the impact."""
        permanent, transient, moved_ns = self._moves
        if transient == 0.0 or now_ns <= moved_ns:
            return permanent, transient
        return permanent, transient * math.exp2((moved_ns - now_ns) / (self.half_life_s * 1e9))

    # --- what a sender may ask for ----------------------------------------------------------------------------

    def swap_exact_in(self, context: Context, *, asset_in: Asset, amount_in: int, minimum_out: int) -> Outcome:
        """Pay exactly this much of one asset for as much of the other as it gives.

        Raises:
            BadArguments, NoPrice, InsufficientInput, SlippageExceeded, InsufficientLiquidity, InsufficientFunds.
        """
        trade = self._plan_exact_in(context.now_ns, asset_in, amount_in, minimum_out)
        return self._settle(context, trade)

    def swap_exact_out(self, context: Context, *, asset_out: Asset, amount_out: int, maximum_in: int) -> Outcome:
        """Get exactly this much of one asset for as little of the other as it costs.

        Raises:
            BadArguments, NoPrice, SlippageExceeded, InsufficientLiquidity, InsufficientFunds.
        """
        trade = self._plan_exact_out(context.now_ns, asset_out, amount_out, maximum_in)
        return self._settle(context, trade)

    def quote(self, call: Call, *, now_ns: int) -> Outcome:
        """What a swap would give now: exact, fills left out; inventory and funds are not looked at."""
        planners: dict[str, Callable[..., _Trade]] = {
            "swap_exact_in": self._plan_exact_in,
            "swap_exact_out": self._plan_exact_out,
        }
        planner = planners.get(call.verb)
        if planner is None:
            raise UnknownVerb(f"{self.name}.{call.verb}", None, " or ".join(sorted(self.verbs)))
        if call.inner:
            raise BadArguments(f"{self.name}.{call.verb}", "inner calls", "none")
        try:
            trade = planner(now_ns, **call.arguments)
        except TypeError as error:
            raise BadArguments(f"{self.name}.{call.verb}", str(error), "a call that the verb takes") from None
        return self._outcome(trade)

    # --- working a trade out: only reads -----------------------------------------------------------------------

    def _plan_exact_in(self, now_ns: int, asset_in: Asset, amount_in: int, minimum_out: int) -> _Trade:
        who = f"{self.name}.swap_exact_in"
        side = self._side(who, asset_in, buys=self.quote_asset)
        whole(amount_in, who, "amount_in", minimum=1)
        whole(minimum_out, who, "minimum_out")
        mid, scale = self._curve(now_ns)
        if side > 0:
            gross = amount_in * PPM // (PPM + self.fee_ppm)
            base = self._base_for(mid, scale, gross / self.quote_asset.unit, side) * (1 - _GUARD)
            trade = self._trade(side, int(base * self.base.unit), gross, amount_in - gross, scale)
        else:
            worth = self._gross_for(mid, scale, amount_in / self.base.unit, side) * (1 - _GUARD)
            gross = int(worth * self.quote_asset.unit)
            trade = self._trade(side, amount_in, gross, self._fee(gross), scale)
        if trade.received <= 0:
            raise InsufficientInput(who, amount_in, "enough for one base unit", f"{asset_in.symbol} base units")
        if trade.received < minimum_out:
            raise SlippageExceeded(who, trade.received, minimum_out, f"{self._other(asset_in).symbol} base units")
        return trade

    def _plan_exact_out(self, now_ns: int, asset_out: Asset, amount_out: int, maximum_in: int) -> _Trade:
        who = f"{self.name}.swap_exact_out"
        side = self._side(who, asset_out, buys=self.base)
        whole(amount_out, who, "amount_out", minimum=1)
        whole(maximum_in, who, "maximum_in")
        mid, scale = self._curve(now_ns)
        if side > 0:
            cost = self._gross_for(mid, scale, amount_out / self.base.unit, side) * (1 + _GUARD)
            gross = math.ceil(cost * self.quote_asset.unit)
            trade = self._trade(side, amount_out, gross, self._fee(gross), scale)
        else:
            gross = -(-amount_out * PPM // (PPM - self.fee_ppm))
            base = self._base_for(mid, scale, gross / self.quote_asset.unit, side) * (1 + _GUARD)
            trade = self._trade(side, math.ceil(base * self.base.unit), gross, gross - amount_out, scale)
        if trade.paid > maximum_in:
            raise SlippageExceeded(who, maximum_in, trade.paid, f"{self._other(asset_out).symbol} base units")
        return trade

    def _curve(self, now_ns: int) -> tuple[float, float]:
        """The mid, and D in base tokens."""
        mid, path = self.mid(now_ns), self._path_price
        if mid is None or path is None:
            raise NoPrice(self.name)
        return mid, self._scale(path)

    def _scale(self, path_price: float) -> float:
        return self.depth_quote_tokens / (DEPTH_BAND * path_price)

    def _gross_for(self, mid: float, scale: float, base: float, side: int) -> float:
        """Quote tokens that an amount of base tokens is worth, fees apart."""
        if scale == UNLIMITED:
            return mid * base
        if base > LARGEST_IMPACT * scale:
            raise InsufficientLiquidity(self.name, LARGEST_IMPACT * scale, base, f"{self.base.symbol} tokens of depth")
        return mid * scale * side * math.expm1(side * base / scale)

    def _base_for(self, mid: float, scale: float, gross: float, side: int) -> float:
        """Base tokens that are worth this many quote tokens, fees apart."""
        if scale == UNLIMITED:
            return gross / mid
        share = side * gross / (mid * scale)
        if share <= -1.0:
            raise InsufficientLiquidity(self.name, mid * scale, gross, f"{self.quote_asset.symbol} tokens of depth")
        return scale * side * math.log1p(share)

    def _trade(self, side: int, base_amount: int, gross: int, fee: int, scale: float) -> _Trade:
        shift = 0.0 if scale == UNLIMITED else side * (base_amount / self.base.unit) / scale
        permanent, transient, _ = self._moves
        if abs(permanent + transient + shift) > LARGEST_IMPACT:
            raise InsufficientLiquidity(self.name, None, base_amount, f"{self.base.symbol} base units within its depth")
        return _Trade(side, base_amount, gross, fee, shift)

    def _fee(self, gross: int) -> int:
        return -(-gross * self.fee_ppm // PPM)

    def _side(self, who: str, asset: object, *, buys: Asset) -> int:
        if type(asset) is not Asset or asset not in self.assets:
            raise BadArguments(who, shown(asset), f"{self.base.symbol} or {self.quote_asset.symbol}")
        return 1 if asset == buys else -1

    def _other(self, asset: Asset) -> Asset:
        return self.quote_asset if asset == self.base else self.base

    # --- effects ------------------------------------------------------------------------------------------------

    def _settle(self, context: Context, trade: _Trade) -> Outcome:
        ledger, mover = context.ledger, context.sender_account
        paid, received = (self.quote_asset, self.base) if trade.side > 0 else (self.base, self.quote_asset)
        held = ledger.balance(received, self.account)
        if held < trade.received:
            raise InsufficientLiquidity(str(self.account), held, trade.received, f"{received.symbol} base units")
        ledger.transfer(paid, mover, self.account, trade.paid)
        ledger.transfer(received, self.account, mover, trade.received)
        permanent, transient = self._moves_at(context.now_ns)
        lasting = trade.shift * self.permanent_share
        moves = (permanent + lasting, transient + (trade.shift - lasting), context.now_ns)
        context.journal.write(vars(self), "_moves", moves)
        fill = Fill(
            context.sender, self.name, trade.side, self.base, self.quote_asset, trade.base_amount, trade.gross,
            self.quote_asset, trade.fee,
        )  # fmt: skip
        return self._outcome(trade, (fill,))

    def _outcome(self, trade: _Trade, fills: tuple[Fill, ...] = ()) -> Outcome:
        details = {"amount_in": trade.paid, "amount_out": trade.received, "fee": trade.fee}
        return Outcome(trade.received, fills, details=details)

    # --- what it shows ------------------------------------------------------------------------------------------

    def published(self, now_ns: int) -> OutsideNews:
        """Mid, depth and fee."""
        path = self._path_price
        return OutsideNews(self.mid(now_ns), UNLIMITED if path is None else self._scale(path), self.fee_ppm)

    def state_bytes(self) -> bytes:
        """Path price, impacts and the time of the last move, floats as hexadecimal text."""
        path = "none" if self._path_price is None else self._path_price.hex()
        permanent, transient, moved_ns = self._moves
        return f"{path} {permanent.hex()} {transient.hex()} {moved_ns}".encode()

    def gas(self, verb: str) -> int:
        """An exchange charges no gas."""
        return 0
