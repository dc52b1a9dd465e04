"""How far a weight may drift before trading back is worth its cost."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from shoal.agents.parameters import positive, within

_SMALLEST: Final = 1e-9
_SCAN: Final = 96
_HALVINGS: Final = 80

CostOfSize = Callable[[float], float]
"""The one-way cost, as a fraction of the value traded, of a trade of so many numeraire tokens; infinite where there
is no liquidity."""


def half_width(weight: float, *, cost: float, risk_aversion: float = 1.0) -> float:
    """Half of the no-trade region around a weight: [3 / (2 risk aversion) w^2 (1 - w)^2 cost]^(1/3).

    Args:
        weight: the wanted weight; at 0 and at 1 nothing drifts, and the region has no width.
        cost: one way, as a fraction of the value traded: buy at (1 + cost) S, sell at (1 - cost) S.
        risk_aversion: relative; 1 is logarithmic utility.

    Raises:
        ValueError: a parameter is out of range.

    Source: Gerhold, Guasoni, Muhle-Karbe and Schachermayer (2014), Transaction Costs, Trading Volume, and the
    Liquidity Premium, whose cost is the whole relative spread, twice this one (see ``cost_of_spread``).

    >>> round(half_width(0.5, cost=0.003), 5)
    0.06552
    """
    if not math.isfinite(weight):
        raise ValueError(f"optimal band: the weight must be a finite number, had {weight!r}")
    within("optimal band", 0.0, math.inf, cost=cost)
    positive("optimal band", risk_aversion=risk_aversion)
    variance = (weight * (1.0 - weight)) ** 2
    return math.cbrt(1.5 / risk_aversion * variance * cost) if variance else 0.0


def cost_of_spread(spread: float) -> float:
    """The one-way cost that stands for a relative spread: buy at S, sell at (1 - spread) S.

    Taking the one for the other makes a band 26 % too wide or 21 % too narrow.

    Raises:
        ValueError: not from 0 to 1.

    >>> round(half_width(0.5, cost=cost_of_spread(0.01)), 5)
    0.07768
    """
    within("optimal band", 0.0, 1.0, spread=spread)
    return spread / 2.0


def half_width_at_depth(
    weight: float, *, cost: CostOfSize, nav: float, risk_aversion: float = 1.0, widest: float = 1.0
) -> float:
    """The half width whose own trade, half width times net asset value, costs what the band was made for.

    It is the smallest width that is not below the closed form's at the cost of its own trade. Gas makes small trades
    dear and impact large ones, so the cost may fall and then rise with size.

    Args:
        weight: the wanted weight.
        cost: one-way cost of a trade of so many numeraire tokens.
        nav: net asset value, numeraire tokens.
        risk_aversion: relative.
        widest: the largest width looked for.

    Returns:
        Infinity where no width up to the widest will do: no liquidity, no trade.

    Raises:
        ValueError: a parameter is out of range, or a cost is negative or not a number.

    Source: the closed form above at the effective cost of the size, half spread, fee, half the marginal impact and
    gas over size, solved as a fixed point.

    >>> round(half_width_at_depth(0.5, cost=lambda tokens: 0.003, nav=1e6), 5)
    0.06552
    """
    positive("optimal band", nav=nav, widest=widest)

    def lacking(width: float) -> float:
        return half_width(weight, cost=cost(width * nav), risk_aversion=risk_aversion) - width

    if weight in (0.0, 1.0):
        return 0.0
    ratio = (widest / _SMALLEST) ** (1.0 / _SCAN)
    low, high = 0.0, _SMALLEST
    for step in range(1, _SCAN + 1):
        if lacking(high) <= 0.0:
            break
        low, high = high, _SMALLEST * ratio**step
    else:
        if lacking(widest) > 0.0:
            return math.inf
        high = widest
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        if not low < middle < high:
            break
        if lacking(middle) <= 0.0:
            high = middle
        else:
            low = middle
    return high
