"""Means over independent replications with their standard errors, with and without control variates."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


class Mean(NamedTuple):
    """An estimated mean and its standard error."""

    value: float
    standard_error: float


def mean(values: Array) -> Mean:
    """The mean of independent values.

    >>> mean(np.array([1.0, 2.0, 3.0, 4.0]))
    Mean(value=2.5, standard_error=0.645...)
    """
    return Mean(float(values.mean()), float(values.std(ddof=1)) / math.sqrt(len(values)))


def controlled_mean(values: Array, controls: Array) -> Mean:
    """The mean of independent values, less the part that chance in the controls explains.

    Args:
        values: one a replication.
        controls: one row a replication, one column a control whose expectation is known to be 0 whatever the values
            are, so that regressing on it moves nothing but the noise.

    Source: Glasserman (2003), Monte Carlo Methods in Financial Engineering, section 4.1.
    """
    design = np.column_stack([np.ones(len(values)), controls])
    inverse = np.linalg.pinv(design)
    coefficients = inverse @ values
    residuals = values - design @ coefficients
    variance = float(residuals @ residuals) / (len(values) - design.shape[1])
    return Mean(float(coefficients[0]), math.sqrt(variance * float(inverse[0] @ inverse[0])))


def with_rounding(found: Mean, rounding: float) -> Mean:
    """A mean whose controls explain nearly all: what whole base units may move it by counts as error too.

    >>> with_rounding(Mean(1.0, 0.3), 0.4)
    Mean(value=1.0, standard_error=0.5)
    """
    return Mean(found.value, math.hypot(found.standard_error, rounding))


def without_controls(plain: Mean) -> str:
    """What to add to a detail, so that nobody has to trust the controls.

    >>> without_controls(Mean(0.4567, 0.00123))
    '; without control variates 0.4567 +- 0.0012'
    """
    return f"; without control variates {plain.value:.4g} +- {plain.standard_error:.2g}"
