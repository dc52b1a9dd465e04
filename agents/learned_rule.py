"""What past trades of a vault tell about its rule."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from itertools import pairwise
from statistics import median
from typing import Final

from shoal.agents.parameters import whole_number, within
from shoal.agents.vaults.portfolio import Portfolio, Weights, check_prices
from shoal.agents.vaults.trigger import Move
from shoal.sim.units import NANOSECONDS_PER_SECOND, Asset

_REMEMBERED: Final = 20


class LearnedRule:
    """A vault's target and trigger as its public trades betray them: medians over the last of them.

    The target is what the weights were after trades. If trades came at regular intervals the rule is taken for a
    calendar, else for a band as wide as the drift at which trades came. Until enough were seen it foresees nothing.

    Args:
        trades: how many it must have seen.
        regular: how far intervals may lie off their median, as a share of it, to be called regular.

    Raises:
        ValueError: a parameter is out of range.

    Source: index arbitrageurs who infer rebalancing from holdings, Petajisto (2011), The Index Premium.
    """

    def __init__(self, *, trades: int = 4, regular: float = 0.1) -> None:
        whole_number("learned rule", minimum=2, trades=trades)
        within("learned rule", 0.0, 1.0, regular=regular)
        self._needed = trades
        self._regular = regular
        self._times_ns: deque[int] = deque(maxlen=_REMEMBERED)
        self._after: deque[Weights] = deque(maxlen=_REMEMBERED)
        self._drifts: deque[float] = deque(maxlen=_REMEMBERED)

    def learn(self, time_s: int, before: Portfolio, after: Portfolio) -> None:
        """A trade was seen: when it landed, and what was held before and after it, at prices of that time."""
        held, wanted = before.weights, after.weights
        if held is None or wanted is None:
            return
        self._times_ns.append(time_s * NANOSECONDS_PER_SECOND)
        self._after.append(wanted)
        self._drifts.append(max(abs(held.get(asset, 0.0) - weight) for asset, weight in wanted.items()))

    @property
    def interval_ns(self) -> int | None:
        """The time between trades, if they come at regular intervals."""
        times = list(self._times_ns)
        if len(times) < self._needed:
            return None
        gaps = [later - earlier for earlier, later in pairwise(times)]
        middle = int(median(gaps))
        return middle if max(abs(gap - middle) for gap in gaps) <= self._regular * middle else None

    @property
    def drift(self) -> float:
        """The drift at which trades came; infinite until enough were seen."""
        return median(self._drifts) if len(self._drifts) >= self._needed else math.inf

    # --- as a target and a trigger --------------------------------------------------------------------------------

    def observe(self, now_ns: int, prices: Mapping[Asset, float]) -> None:
        """Check prices; they teach nothing."""
        check_prices("learned rule", prices)

    def weights(self, portfolio: Portfolio) -> Weights | None:
        """What the weights usually were after a trade; None until enough trades were seen."""
        if len(self._after) < self._needed:
            return None
        assets = {asset: None for weights in self._after for asset in weights}
        return {asset: median(weights.get(asset, 0.0) for weights in self._after) for asset in assets}

    def destination(self, portfolio: Portfolio, target: Weights) -> Move | None:
        """The target when the next regular trade is due, or a weight has drifted as far as when it traded before."""
        now = portfolio.weights
        if now is None or not self._times_ns:
            return None
        interval_ns = self.interval_ns
        if interval_ns is not None:
            return Move(target, "learned date") if portfolio.now_ns - self._times_ns[-1] >= interval_ns else None
        drift = max((abs(now.get(asset, 0.0) - weight) for asset, weight in target.items()), default=0.0)
        return Move(target, "learned drift") if drift >= self.drift else None

    def fired(self, now_ns: int) -> None:
        """It learns from what it sees, not from what it foresaw."""
