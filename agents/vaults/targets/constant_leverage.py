"""A leveraged index that comes back to its leverage a little at a time."""

from __future__ import annotations

import math
from collections.abc import Mapping

from shoal.agents.vaults.portfolio import Portfolio, Weights, check_prices
from shoal.sim.units import Asset


class ConstantLeverage:
    """Leverage between two bounds that recentres: max(minimum, min(maximum, now (1 - speed) + target speed)).

    A vault without debt is levered straight to the target. The ripcord is the execution's: ``Leveraged``.

    Args:
        asset: the collateral.
        target: leverage in the long run, collateral over net asset value.
        minimum: leverage below which it is brought back to it.
        maximum: leverage above which it is brought back to it.
        speed: share of the way to the target gone at each rebalance, above 0 to 1.

    Raises:
        ValueError: not 0 < minimum <= target <= maximum, or the speed is out of range.

    Source: Index Coop, FlexibleLeverageStrategyAdapter; ETH2x-FLI: 2.0, 1.7 to 2.3, 5 %, every 24 hours.
    """

    __slots__ = ("_asset", "_maximum", "_minimum", "_speed", "_target")

    def __init__(
        self,
        asset: Asset,
        *,
        target: float = 2.0,
        minimum: float = 1.7,
        maximum: float = 2.3,
        speed: float = 0.05,
    ) -> None:
        if not 0.0 < minimum <= target <= maximum < math.inf:
            raise ValueError(
                f"constant leverage: needs 0 < minimum <= target <= maximum, had {minimum!r}, {target!r}, {maximum!r}"
            )
        if not 0.0 < speed <= 1.0:
            raise ValueError(f"constant leverage: speed must be above 0 and at most 1, had {speed!r}")
        self._asset = asset
        self._target = target
        self._minimum = minimum
        self._maximum = maximum
        self._speed = speed

    def observe(self, now_ns: int, prices: Mapping[Asset, float]) -> None:
        """Check prices; the rule lives on the vault's own leverage.

        Raises:
            ValueError: the price is missing or not a finite number above 0.
        """
        check_prices("constant leverage", prices)
        if self._asset not in prices:
            raise ValueError(f"constant leverage: no price of {self._asset}")

    def weights(self, portfolio: Portfolio) -> Weights | None:
        """The leverage wanted now; None where the debt has eaten the collateral."""
        weights = portfolio.weights
        if weights is None:
            return None
        if portfolio.cash >= 0.0 and self._target > 1.0:
            return {self._asset: self._target}
        now = weights.get(self._asset, 0.0)
        wanted = now * (1.0 - self._speed) + self._target * self._speed
        return {self._asset: max(self._minimum, min(self._maximum, wanted))}
