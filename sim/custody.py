"""Deposits and withdrawals: how money moves between hosts, with fee and delay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from shoal.sim.calls import Call, Departure, Outcome
from shoal.sim.errors import BadArguments, InsufficientInput, UnknownVerb
from shoal.sim.hosts.host import TRANSIT
from shoal.sim.units import Account, Asset
from shoal.sim.venue import Context, Venue, shown, whole


@dataclass(frozen=True, slots=True)
class Way:
    """Terms of one way out: the fee in base units of the asset, and the delay until the money is credited."""

    fee: int
    delay_ns: int

    def __post_init__(self) -> None:
        if type(self.fee) is not int or self.fee < 0 or type(self.delay_ns) is not int or self.delay_ns < 1:
            raise ValueError(f"a way needs a fee >= 0 in base units and a delay >= 1 ns, had {self!r}")


class Custody(Venue):
    """The venue of a host through which money leaves for other hosts.

    Named "<host> custody". ``withdraw(asset, amount, to)`` takes the fee into its own account and puts the rest into
    the sender's transit account; the target credits it after the delay (a chain: at the top of the next block).

    Args:
        host: the host's name.
        ways: (target host, asset) to terms.
    """

    verbs: ClassVar[Mapping[str, str]] = {"withdraw": "withdraw"}
    WITHDRAW_GAS: ClassVar[int] = 50_000

    def __init__(self, host: str, ways: Mapping[tuple[str, Asset], Way]) -> None:
        super().__init__(f"{host} custody")
        self.ways = dict(ways)

    def withdraw(self, context: Context, *, asset: Asset, amount: int, to: str) -> Outcome:
        """Send base units of an asset to the sender's account on another host; the fee comes out of the amount.

        Raises:
            BadArguments: no such way.
            InsufficientInput: the amount does not exceed the fee.
            InsufficientFunds: the sender holds less.
        """
        way = self._way(asset, to)
        self._check_amount(f"{context.sender} at {self.name}", asset, amount, way)
        ledger, sender = context.ledger, context.sender_account
        ledger.transfer(asset, sender, Account(context.sender, TRANSIT), amount - way.fee)
        ledger.transfer(asset, sender, self.account, way.fee)
        leaving = Departure(context.sender, asset, amount - way.fee, to, way.delay_ns)
        return Outcome(output=amount - way.fee, departures=(leaving,))

    def quote(self, call: Call, *, now_ns: int) -> Outcome:
        """What would arrive, and when; the departure names no owner."""
        if call.verb not in self.verbs:
            raise UnknownVerb(f"{self.name}.{call.verb}", None, "withdraw")
        try:
            return self._quoted(**call.arguments)
        except TypeError as error:
            raise BadArguments(f"{self.name}.{call.verb}", str(error), "asset, amount and to") from None

    def _quoted(self, asset: Asset, amount: int, to: str) -> Outcome:
        way = self._way(asset, to)
        self._check_amount(self.name, asset, amount, way)
        return Outcome(amount - way.fee, departures=(Departure("", asset, amount - way.fee, to, way.delay_ns),))

    def state_bytes(self) -> bytes:
        """Custody has no state of its own."""
        return b""

    def gas(self, verb: str) -> int:
        """Gas of a token transfer."""
        return self.WITHDRAW_GAS

    def published(self, now_ns: int) -> Any:
        """The terms of every way out."""
        return tuple((target, asset.symbol, way) for (target, asset), way in self.ways.items())

    @property
    def assets(self) -> tuple[Asset, ...]:
        """Every asset with a way out."""
        return tuple(dict.fromkeys(asset for _, asset in self.ways))

    @staticmethod
    def _check_amount(who: str, asset: Asset, amount: object, way: Way) -> None:
        if whole(amount, who, "amount") <= way.fee:
            raise InsufficientInput(who, amount, way.fee + 1, f"{asset.symbol} base units")

    def _way(self, asset: object, to: object) -> Way:
        way = self.ways.get((to, asset)) if isinstance(asset, Asset) and isinstance(to, str) else None
        if way is None:
            known = ", ".join(f"{one.symbol} to {target}" for target, one in self.ways)
            raise BadArguments(self.name, f"{shown(asset)} to {shown(to)}", known)
        return way
