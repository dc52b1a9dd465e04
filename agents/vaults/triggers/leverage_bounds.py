"""Rebalancing when the leverage has left its bounds."""

from __future__ import annotations

import math

from shoal.agents.vaults.portfolio import Portfolio, Weights
from shoal.agents.vaults.trigger import Move


class LeverageBounds:
    """When the exposure lies strictly outside two bounds: to the target, which knows how far to go.

    Args:
        minimum: exposure over net asset value.
        maximum: exposure over net asset value.

    Raises:
        ValueError: not 0 < minimum <= maximum.

    Source: Index Coop, FlexibleLeverageStrategyAdapter: a rebalance need not wait for its interval when the leverage
    is above its maximum or below its minimum.
    """

    __slots__ = ("_maximum", "_minimum")

    def __init__(self, *, minimum: float, maximum: float) -> None:
        if not 0.0 < minimum <= maximum < math.inf:
            raise ValueError(f"leverage bounds: needs 0 < minimum <= maximum, had {minimum!r} and {maximum!r}")
        self._minimum = minimum
        self._maximum = maximum

    def destination(self, portfolio: Portfolio, target: Weights) -> Move | None:
        """The target, where the exposure is outside."""
        exposure = portfolio.exposure
        if exposure is None or self._minimum <= exposure <= self._maximum:
            return None
        return Move(target, f"leverage {exposure:.4f} outside {self._minimum:g} to {self._maximum:g}")

    def fired(self, now_ns: int) -> None:
        """It has no memory."""
