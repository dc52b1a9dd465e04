"""Bundles that carry somebody else's transaction behind one of their own: who attacked whom in a block."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shoal.experiments.swaps import Swap, swaps_of
from shoal.sim.hosts.block import Landed


@dataclass(frozen=True, slots=True)
class Sandwich:
    """A landed bundle whose owner traded before a transaction of somebody else.

    Args:
        number: of the bundle.
        attacker: its owner.
        before: the owner's transactions before the first of the others'.
        victims: what it carried.
        after: the owner's transactions that follow.
    """

    number: int
    attacker: str
    before: tuple[Landed, ...]
    victims: tuple[Landed, ...]
    after: tuple[Landed, ...]

    @property
    def own(self) -> tuple[Landed, ...]:
        """The attacker's transactions."""
        return self.before + self.after

    @property
    def front(self) -> list[Swap]:
        """What the attacker exchanged before the first victim."""
        return self._swaps(self.before)

    @property
    def back(self) -> list[Swap]:
        """What it exchanged afterwards."""
        return self._swaps(self.after)

    def _swaps(self, landed: tuple[Landed, ...]) -> list[Swap]:
        return [swap for one in landed for swap in swaps_of(one.receipt, self.attacker, signed=True)]


def sandwiches(landed: Sequence[Landed]) -> list[Sandwich]:
    """Every bundle of a block whose owner came before somebody it carried; one that only follows is no attack.

    A bundle's transactions lie next to each other in the block, in the bundle's order.
    """
    found, seen = [], set[int]()
    for index, one in enumerate(landed):
        pending = one.pending
        if pending.bundle is None or pending.sequence in seen:
            continue
        seen.add(pending.sequence)
        owner, signers = pending.sender, [each.sender for each in pending.transactions]
        first = next((at for at, signer in enumerate(signers) if signer != owner), None)
        if first is None or owner not in signers[:first]:
            continue
        # Its own transaction came first, so the bundle begins here.
        parts = tuple(landed[index : index + len(signers)])
        own = tuple(part for part in parts[first:] if part.transaction.sender == owner)
        victims = tuple(part for part in parts if part.transaction.sender != owner)
        found.append(Sandwich(pending.sequence, owner, parts[:first], victims, own))
    return found
