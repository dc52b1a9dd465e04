"""What an ordering policy decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Offer:
    """A transaction or bundle as the builder compares it.

    Args:
        tip_wei: what it pays the proposer and builder per gas, at this block's base fee.
        arrival_ns: when it reached the chain or the builder.
        sequence: order of arrival, unique.
        waited: how long it has waited, as a share of the block interval, 0 to 1.
    """

    tip_wei: float
    arrival_ns: int
    sequence: int
    waited: float


class OrderingPolicy(Protocol):
    """How a builder orders what waits; lower ranks go first."""

    def rank(self, offer: Offer) -> tuple[Any, ...]:
        """The sort key of an offer; must be unique, so end it with ``offer.sequence``."""

    def share_ahead(self, offer: Offer, mean_tip_wei: float) -> float:
        """The share, 0 to 1, of the background demand that goes before this offer (tips exponential with that mean)."""
