"""Buy and hold."""

from __future__ import annotations

from shoal.agents.vaults.portfolio import Portfolio, Weights
from shoal.agents.vaults.trigger import Move


class Never:
    """Invests a vault that holds nothing risky when it is first seen, once, and never trades again.

    Source: the benchmark of every rebalancing study; Perold and Sharpe (1988), Dynamic Strategies for Asset Allocation.
    """

    __slots__ = ("_asked", "_done")

    def __init__(self) -> None:
        self._asked = False
        self._done = False

    def destination(self, portfolio: Portfolio, target: Weights) -> Move | None:
        """The target until it was carried out, where the vault was all cash."""
        exposure = portfolio.exposure
        if self._done or exposure is None:
            return None
        if exposure > 0.0 and not self._asked:
            self._done = True
            return None
        self._asked = True
        return Move(target, "first investment")

    def fired(self, now_ns: int) -> None:
        """It has invested."""
        self._done = True
