"""When a vault moves, and to which weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from shoal.agents.vaults.portfolio import Portfolio, Weights


@dataclass(frozen=True, slots=True)
class Move:
    """A rebalance that is wanted.

    Args:
        weights: where to go; assets left out stay as they are.
        reason: what set it off, for the records.
    """

    weights: Weights
    reason: str


class Trigger(Protocol):
    """A rule for the time. Its executor asks at every look and says when a rebalance was carried out."""

    def destination(self, portfolio: Portfolio, target: Weights) -> Move | None:
        """Where to go now; None to stay, which is also the answer without net asset value.

        Asked again before ``fired``, it answers again: what was refused is tried at the next look.
        """

    def fired(self, now_ns: int) -> None:
        """The last move it asked for was carried out, or found to need no trade, by now."""
