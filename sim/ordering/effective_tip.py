"""Highest effective tip first."""

from __future__ import annotations

import math
from typing import Any

from shoal.sim.ordering.policy import Offer


class EffectiveTip:
    """By effective tip per gas, ties by arrival.

    Source: the default of go-ethereum's miner; EIP-1559.
    """

    def rank(self, offer: Offer) -> tuple[Any, ...]:
        """Higher tips first, then earlier arrivals."""
        return (-offer.tip_wei, offer.sequence)

    def share_ahead(self, offer: Offer, mean_tip_wei: float) -> float:
        """The part of exponential tips that lies above this one."""
        return math.exp(-offer.tip_wei / mean_tip_wei)
