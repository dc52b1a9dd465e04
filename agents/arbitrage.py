"""How much to trade when two venues disagree: closed forms, and a search where there is none."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

# Each step keeps two thirds of the range: thirty-two leave three millionths of it, and a gain is flat at its top.
_STEPS: Final = 32


def optimal_input(reserve_in: float, reserve_out: float, *, value: float, kept: float) -> float:
    """The input to a constant product pool that earns most when each unit of output is worth ``value`` of the input.

    It leaves the pool where one more unit of input buys just what it costs; 0 inside the band in which fees eat
    any gain.

    Args:
        reserve_in: what the pool holds of what is put in.
        reserve_out: what the pool holds of what is taken out.
        value: what a unit of output brings elsewhere, after costs, in units of input.
        kept: the share of the input that trades, 1 - fee.

    Source: the maximum of value * reserve_out * kept * d / (reserve_in + kept * d) - d.

    >>> round(optimal_input(2e6, 1000.0, value=2100.0, kept=0.997), 4)
    46453.1183
    """
    return max(0.0, (math.sqrt(kept * value * reserve_in * reserve_out) - reserve_in) / kept)


def output_of(amount_in: float, reserve_in: float, reserve_out: float, *, kept: float) -> float:
    """What a constant product pool gives for an input."""
    return reserve_out * kept * amount_in / (reserve_in + kept * amount_in)


def input_for(amount_out: float, reserve_in: float, reserve_out: float, *, kept: float) -> float:
    """The input for which a constant product pool gives an output; infinite for all it has or more."""
    if amount_out >= reserve_out:
        return math.inf
    return reserve_in * amount_out / ((reserve_out - amount_out) * kept)


def best_size(gain: Callable[[float], float], most: float) -> float:
    """Where a gain that first rises and then falls is largest, between 0 and ``most``.

    >>> round(best_size(lambda size: size * (3.0 - size), 10.0), 4)
    1.5
    """
    low, high = 0.0, most
    for _ in range(_STEPS):
        third = (high - low) / 3
        if gain(low + third) < gain(high - third):
            low += third
        else:
            high -= third
    return (low + high) / 2
