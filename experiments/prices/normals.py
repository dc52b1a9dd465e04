"""Standard normals in bulk, keyed by (seed, owner, purpose, block), so that a part gives the numbers of the whole."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from hashlib import sha256

import numpy as np
import numpy.typing as npt

from shoal.experiments.errors import OptionError, Place
from shoal.sim.draws import MAXIMUM_SEED

Matrix = npt.NDArray[np.float64]


class Blocks:
    """Generators of one sequence, one for each block; blocks never overlap.

    NumPy's ziggurat normals use libm and no vector instructions of the processor: the same bytes everywhere.

    Source: Philox4x64 (Salmon et al. 2011) through NumPy; the key is the SHA-256 of seed, owner and purpose, the block
    the second word of the counter.

    Raises:
        OptionError: the seed is not a whole number from 0 to 2**64 - 1.
    """

    __slots__ = ("_key",)

    def __init__(self, seed: int, owner: str, purpose: str) -> None:
        if type(seed) is not int or not 0 <= seed <= MAXIMUM_SEED:
            raise OptionError(Place("option seed"), f"{seed!r} is no seed", "Write a whole number from 0 to 2**64 - 1.")
        self._key = int.from_bytes(sha256(f"{seed}\x1f{owner}\x1f{purpose}".encode()).digest()[:16], "little")

    def generator(self, block: int) -> np.random.Generator:
        """The generator at the start of that block (0 or more)."""
        return np.random.Generator(np.random.Philox(key=self._key, counter=block << 64))


def mixing_weights(
    symbols: Sequence[str], correlations: Mapping[tuple[str, str], float]
) -> dict[str, tuple[tuple[str, float], ...]]:
    """How to mix independent normals into correlated ones: the Cholesky factor, row by row.

    Args:
        symbols: the assets; their order does not matter, names decide.
        correlations: for each pair, in either order.

    Raises:
        OptionError: a pair is missing, a value is outside [-1, 1], or no joint distribution has these correlations.

    >>> mixing_weights(["ETH", "BTC"], {("BTC", "ETH"): 0.6})
    {'BTC': (('BTC', 1.0),), 'ETH': (('BTC', 0.6), ('ETH', 0.8))}
    """
    ordered = sorted(symbols)
    factor: list[list[float]] = []
    for row, symbol in enumerate(ordered):
        weights: list[float] = []
        for column, other in enumerate(ordered[:row]):
            rest = math.fsum(weights[k] * factor[column][k] for k in range(column))
            pivot = factor[column][column]
            weights.append((_pair(correlations, symbol, other) - rest) / pivot if pivot > 1e-9 else 0.0)
        left = 1.0 - math.fsum(weight * weight for weight in weights)
        if left < -1e-9:
            raise OptionError(
                Place("option correlation"),
                f"no prices have these correlations together: {dict(correlations)}",
                "Choose values nearer to 0, or a span in which all symbols have prices.",
            )
        factor.append([*weights, math.sqrt(max(0.0, left))])
    return {symbol: tuple(zip(ordered, factor[row], strict=False)) for row, symbol in enumerate(ordered)}


def mix(raw: Mapping[str, Matrix], weights: Sequence[tuple[str, float]]) -> Matrix:
    """The weighted sum of arrays of equal shape."""
    name, weight = weights[0]
    total: Matrix = raw[name] * weight
    for name, weight in weights[1:]:
        total += raw[name] * weight
    return total


def _pair(correlations: Mapping[tuple[str, str], float], first: str, second: str) -> float:
    value = correlations.get((first, second), correlations.get((second, first)))
    if value is None or not -1.0 <= value <= 1.0:
        raise OptionError(
            Place("option correlation"),
            f"the correlation of {first} and {second} is {value!r}",
            "Write a number from -1 to 1.",
        )
    return float(value)


def exponentials(values: Matrix) -> Matrix:
    """The exponentials through libm: NumPy's own differ in the last bit between processors."""
    return np.fromiter(map(math.exp, values.ravel().tolist()), dtype=np.float64, count=values.size).reshape(
        values.shape
    )
