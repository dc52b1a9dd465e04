"""What a fit hands back: a value, how sure it is, and what it rests on."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """One fitted figure.

    Args:
        name: what it is.
        value: the estimate, in ``unit``.
        unit: unit of value and bounds; empty for pure numbers.
        low: lower end of the 95 % interval; NaN where none was made.
        high: upper end.
        sample: what it was estimated from, with the count.
        check: a measure of how well the form fits, in words and figures.
    """

    name: str
    value: float
    unit: str = ""
    low: float = math.nan
    high: float = math.nan
    sample: str = ""
    check: str = ""


@dataclass(frozen=True, slots=True)
class Fitted:
    """All figures fitted to one recording.

    Args:
        source: the file, or files.
        span: first and last time, UTC.
        date: the day of the data, as tags show it.
        fits: the figures.
    """

    source: str
    span: str
    date: str
    fits: tuple[Fit, ...]

    def value(self, name: str) -> float:
        """The estimate of that name.

        Raises:
            KeyError: there is none.
        """
        for fit in self.fits:
            if fit.name == name:
                return fit.value
        raise KeyError(f"{self.source} has no fit {name!r}; it has {', '.join(fit.name for fit in self.fits)}")


def logarithms(values: Iterable[Any]) -> Floats:
    """Natural logarithms, the same bytes on every processor."""
    return np.fromiter((math.log(value) for value in values), dtype=np.float64)
