"""First come, first served."""

from __future__ import annotations

from typing import Any

from shoal.sim.ordering.policy import Offer


class FirstCome:
    """By arrival, whatever the tip.

    Source: the sequencing rule of first-come-first-served rollups.
    """

    def rank(self, offer: Offer) -> tuple[Any, ...]:
        """Earlier arrivals first."""
        return (offer.sequence,)

    def share_ahead(self, offer: Offer, mean_tip_wei: float) -> float:
        """Background arrives evenly over the interval, so what came before is the time the offer missed of it."""
        return 1.0 - offer.waited
