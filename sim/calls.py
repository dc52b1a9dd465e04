"""Requests as data, and what comes back: calls, transactions, bundles, outcomes, receipts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from shoal.sim.errors import Refusal
from shoal.sim.units import Asset

NOTHING: Mapping[str, Any] = MappingProxyType({})


class OutputOf(NamedTuple):
    """An amount that is the output of an earlier call of the same transaction, counted from 0."""

    call: int


class AllOf(NamedTuple):
    """An amount that is all the sender holds of this asset when the call executes."""

    asset: Asset


class Call(NamedTuple):
    """A request: which venue, which verb, with what.

    An argument may be ``OutputOf(i)`` or ``AllOf(asset)``; ``inner`` is the tuple of calls that a flash loan runs
    before it has to be repaid.
    """

    venue: str
    verb: str
    arguments: Mapping[str, Any] = NOTHING
    inner: tuple[Call, ...] = ()


@dataclass(frozen=True, slots=True)
class Transaction:
    """Calls of one sender that execute on a chain in order, all or none.

    Args:
        sender: the owner that signs and pays gas.
        calls: executed in order.
        gas_limit: gas units; None lets the chain use what the calls declare.
        max_fee_wei: the most the sender pays per gas, base fee included, in base units of the native asset.
        max_tip_wei: the most of it that goes to the proposer.
        nonce: None takes the sender's next one on arrival.
        deadline_ns: the transaction refuses itself, and pays its gas, in a block later than this.
        drop_if_reverts: a builder that got it privately leaves it out rather than let it revert.
        payment_wei: paid to the builder from the sender when it succeeds.
    """

    sender: str
    calls: tuple[Call, ...]
    gas_limit: int | None = None
    max_fee_wei: int = 0
    max_tip_wei: int = 0
    nonce: int | None = None
    deadline_ns: int | None = None
    drop_if_reverts: bool = False
    payment_wei: int = 0


@dataclass(frozen=True, slots=True)
class Bundle:
    """Transactions that land together, in this order and next to each other, or not at all.

    Args:
        transactions: in order; none may revert. Those of other senders must wait in the public pool: they are carried
            from there, and each sender gets its own receipt.
        block: the only block it may land in; None allows any block up to ``last_block``.
        last_block: the bundle is dropped after this block; None keeps it for the pool's lifetime.
    """

    transactions: tuple[Transaction, ...]
    block: int | None = None
    last_block: int | None = None


class Fill(NamedTuple):
    """One exchange of base for quote between a taker and a maker; amounts in base units, fees in ``fee_asset``.

    ``side`` is the taker's: +1 bought base, -1 sold it. ``maker`` of a pool is the pool.
    """

    taker: str
    maker: str
    side: int
    base: Asset
    quote: Asset
    base_amount: int
    quote_amount: int
    fee_asset: Asset
    taker_fee: int
    maker_fee: int = 0


class Departure(NamedTuple):
    """Money that leaves this host for another, in flight in the owner's transit account."""

    owner: str
    asset: Asset
    amount: int
    target: str
    delay_ns: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call did.

    Args:
        output: the main amount the sender got, in base units of the verb's output asset.
        fills: exchanges that took place.
        order: the id of the order that now rests, or None.
        details: further figures by name.
        departures: money leaving this host.
    """

    output: int = 0
    fills: tuple[Fill, ...] = ()
    order: int | None = None
    details: Mapping[str, Any] = NOTHING
    departures: tuple[Departure, ...] = ()


class Inner(NamedTuple):
    """A call that ran inside another one: what it did, and on whose behalf (the sender's, or a venue's own)."""

    call: Call
    outcome: Outcome
    sender: str


@dataclass(slots=True)
class Receipt:
    """What became of a call or a transaction, as its sender learns it.

    ``refusal`` is None on success. ``fee_wei`` is the gas paid in base units of the chain's native asset, of which
    ``burnt_wei`` was burnt; ``position`` is the place in the block; ``inner`` holds what ran inside flash loans,
    liquidations and vaults.
    """

    time_ns: int
    outcomes: tuple[Outcome, ...] = ()
    refusal: Refusal | None = None
    gas_used: int = 0
    fee_wei: int = 0
    burnt_wei: int = 0
    block: int | None = None
    position: int | None = None
    number: int = 0
    calls: tuple[Call, ...] = ()
    inner: tuple[Inner, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """The last call's outcome.

        Raises:
            IndexError: the call was refused.
        """
        return self.outcomes[-1]
