"""Checks of agents' parameters: numbers in their ranges, or a ValueError that names the one that is not."""

from __future__ import annotations

import math


def positive(who: str, **values: float) -> None:
    """Check parameters that must be finite numbers above 0.

    Raises:
        ValueError: one is not; the message names it.
    """
    for name, value in values.items():
        if isinstance(value, bool) or not 0 < value < math.inf:
            raise ValueError(f"{who}: {name} must be a finite number above 0, had {value!r}")


def within(who: str, low: float, high: float, **values: float) -> None:
    """Check parameters that must lie in a range, its ends included.

    Raises:
        ValueError: one does not; the message names it.
    """
    for name, value in values.items():
        if isinstance(value, bool) or not low <= value <= high:
            raise ValueError(f"{who}: {name} must lie in {low} to {high}, had {value!r}")


def whole_number(who: str, *, minimum: int = 1, **values: int) -> None:
    """Check parameters that must be whole numbers from a minimum on.

    Raises:
        ValueError: one is not; the message names it.
    """
    for name, value in values.items():
        if type(value) is not int or value < minimum:
            raise ValueError(f"{who}: {name} must be a whole number >= {minimum}, had {value!r}")
