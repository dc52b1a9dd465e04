"""Transactions that wait for a block: the public pool and what builders got privately."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import takewhile
from typing import NamedTuple

import simpy

from shoal.sim.calls import Bundle, Transaction
from shoal.sim.errors import DroppedFromPool, NonceTooLow, Refusal, ReplacementUnderpriced
from shoal.sim.units import NANOSECONDS_PER_SECOND

MINIMUM_BUMP_PERCENT = 10
REMEMBERED_NS = 600 * NANOSECONDS_PER_SECOND


@dataclass(slots=True, eq=False)
class Pending:
    """Something that waits: a transaction or a bundle, where it came from, and who waits for its receipt."""

    transactions: tuple[Transaction, ...]
    bundle: Bundle | None
    sequence: int
    arrival_ns: int
    sent_ns: int
    place: str
    builder: str | None
    answer: simpy.Event | None
    left_ns: int | None = None
    owner: str = ""

    @property
    def sender(self) -> str:
        """Who sent it; of a bundle its owner, who may carry public transactions of others in it."""
        return self.owner or self.transactions[0].sender


class Seen(NamedTuple):
    """A public transaction as somebody at a remote place sees it."""

    sequence: int
    arrival_ns: int
    transaction: Transaction


class Mempool:
    """Waiting transactions by sender, so that nonces are kept in order; replacement needs a bump on both fee caps.

    Source: go-ethereum's legacy pool (10 % bump); mechanics of private order flow as in MEV-Boost.
    """

    def __init__(self, lifetime_ns: int) -> None:
        self.lifetime_ns = lifetime_ns
        self._by_sender: dict[str, list[Pending]] = {}
        self._bundles: list[Pending] = []
        self._left: deque[Pending] = deque()

    def __len__(self) -> int:
        return len(self._bundles) + sum(map(len, self._by_sender.values()))

    def __iter__(self) -> Iterator[Pending]:
        """All that waits, by sender, then bundles."""
        for waiting in self._by_sender.values():
            yield from waiting
        yield from self._bundles

    def admit(self, pending: Pending, next_nonce: int) -> Pending | None:
        """Take something in; returns what it replaced.

        Raises:
            NonceTooLow: the nonce was used.
            ReplacementUnderpriced: one with this nonce waits and the bump on a fee cap is below 10 %.
        """
        if pending.bundle is not None:
            self._bundles.append(pending)
            return None
        transaction, waiting = pending.transactions[0], self._by_sender.setdefault(pending.sender, [])
        nonce = transaction.nonce
        if nonce is None:
            waiting.append(pending)
            return None
        if nonce < next_nonce:
            raise NonceTooLow(pending.sender, nonce, next_nonce, "nonce")
        for index, other in enumerate(waiting):
            old = other.transactions[0]
            if old.nonce == nonce and other.builder == pending.builder:
                _check_bump(pending.sender, old, transaction)
                waiting[index] = pending
                self._leave(other, pending.arrival_ns)
                return other
        waiting.append(pending)
        return None

    def heads(self, sender: str, next_nonce: int, builder: str) -> list[Pending]:
        """What the sender could have included next by this builder: its next nonce, and its oldest without a nonce."""
        found, unnumbered = [], False
        for pending in self._by_sender.get(sender, ()):
            if pending.builder is not None and pending.builder != builder:
                continue
            nonce = pending.transactions[0].nonce
            if nonce == next_nonce:
                found.append(pending)
            elif nonce is None and not unnumbered:
                unnumbered = True
                found.append(pending)
        return found

    def original(self, transaction: Transaction) -> Pending | None:
        """The public pool's entry of this transaction, or None if it does not wait there."""
        for pending in self._by_sender.get(transaction.sender, ()):
            if pending.builder is None and pending.transactions[0] == transaction:
                return pending
        return None

    def senders(self) -> list[str]:
        """Everybody of whom a transaction waits, in the order they first came."""
        return [sender for sender, waiting in self._by_sender.items() if waiting]

    def bundles(self, builder: str) -> list[Pending]:
        """Bundles that this builder holds."""
        return [pending for pending in self._bundles if pending.builder in (None, builder)]

    def remove(self, pending: Pending, now_ns: int) -> None:
        """Take out what was included or dropped."""
        if pending.bundle is not None:
            self._bundles.remove(pending)
            return
        waiting = self._by_sender[pending.sender]
        waiting.remove(pending)
        if not waiting:
            del self._by_sender[pending.sender]
        self._leave(pending, now_ns)

    def _leave(self, pending: Pending, now_ns: int) -> None:
        """Remember what left the public pool, for the places that have not heard of it yet."""
        if pending.builder is None:
            pending.left_ns = now_ns
            self._left.append(pending)

    def expired(self, now_ns: int, block: int, next_nonce: Callable[[str], int]) -> list[tuple[Pending, Refusal]]:
        """What has waited too long, missed its block, or was overtaken by another one with its nonce."""
        while self._left and (self._left[0].left_ns or 0) < now_ns - REMEMBERED_NS:
            self._left.popleft()
        gone: list[tuple[Pending, Refusal]] = []
        for pending in self:
            age_ns = now_ns - pending.arrival_ns
            bundle = pending.bundle
            nonce = None if bundle is not None else pending.transactions[0].nonce
            last = None if bundle is None else bundle.block if bundle.block is not None else bundle.last_block
            if last is not None and block > last:
                gone.append((pending, DroppedFromPool(pending.sender, f"block {block}", f"block {last} or earlier")))
            elif nonce is not None and nonce < next_nonce(pending.sender):
                gone.append((pending, NonceTooLow(pending.sender, nonce, next_nonce(pending.sender), "nonce")))
            elif age_ns > self.lifetime_ns:
                gone.append((pending, DroppedFromPool(pending.sender, age_ns, self.lifetime_ns, "ns of waiting")))
        return gone

    def public(self, newest: int, as_of_ns: int) -> list[Seen]:
        """What is public up to this number in the order of arrival, and had not left by this time."""
        # What left last stands last: what had left by then, and all before it, need not be looked at.
        gone = takewhile(lambda pending: (pending.left_ns or 0) > as_of_ns, reversed(self._left))
        waiting = (one for mine in self._by_sender.values() for one in mine if one.builder is None)
        visible = [pending for pending in (*gone, *waiting) if pending.sequence <= newest]
        visible.sort(key=lambda pending: pending.sequence)
        return [Seen(pending.sequence, pending.arrival_ns, pending.transactions[0]) for pending in visible]


def _check_bump(sender: str, old: Transaction, new: Transaction) -> None:
    for had, before in ((new.max_fee_wei, old.max_fee_wei), (new.max_tip_wei, old.max_tip_wei)):
        needed = max(before + 1, before * (100 + MINIMUM_BUMP_PERCENT) // 100)
        if had < needed:
            raise ReplacementUnderpriced(sender, had, needed, "wei per gas")
