"""Weights that never change."""

from __future__ import annotations

from collections.abc import Mapping

from shoal.agents.vaults.portfolio import Portfolio, Weights, check_prices, check_weights
from shoal.sim.units import Asset


class ConstantWeights:
    """The same weights at all times.

    Args:
        weights: of the risky assets.
        cash: weight of the numeraire, negative where the vault is to borrow; None is what is left, and then the risky
            weights may not add up to more than 1.

    Raises:
        ValueError: a weight is negative or not a finite number, all are 0, or weights and cash do not add up to 1.

    Source: Fernholz and Shay (1982), Stochastic Portfolio Theory and Stock Market Equilibrium.
    """

    __slots__ = ("_weights",)

    def __init__(self, weights: Weights, *, cash: float | None = None) -> None:
        total = check_weights("constant weights", weights)
        if cash is None and total > 1.0 + 1e-9:
            raise ValueError(f"constant weights: they add up to {total!r}; to borrow, give the negative weight of cash")
        if cash is not None and not abs(total + cash - 1.0) <= 1e-9:
            raise ValueError(f"constant weights: {total!r} of risky assets and {cash!r} of cash do not add up to 1")
        self._weights = dict(weights)

    def observe(self, now_ns: int, prices: Mapping[Asset, float]) -> None:
        """Check prices; they change nothing."""
        check_prices("constant weights", prices)

    def weights(self, portfolio: Portfolio) -> Weights | None:
        """The weights; None without net asset value."""
        return self._weights if portfolio.nav > 0.0 else None
