"""What a vault wants to hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from shoal.agents.vaults.portfolio import Portfolio, Weights
from shoal.sim.units import Asset


class Target(Protocol):
    """A rule for weights. It knows the prices its executor has told it, and nothing later."""

    def observe(self, now_ns: int, prices: Mapping[Asset, float]) -> None:
        """Take prices as they were read now, numeraire tokens for one token; the executor calls it at every look.

        Raises:
            ValueError: a price is missing or not a finite number above 0.
        """

    def weights(self, portfolio: Portfolio) -> Weights | None:
        """The weights wanted now; None to hold what there is: during warm-up, or without net asset value."""
