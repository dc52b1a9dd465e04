"""Keyed, counter-based random draws: a draw is a function of (seed, owner, purpose, index).

Switching one action off moves nobody else's draws, because no two owners or purposes share a sequence.
"""

from __future__ import annotations

import math
from hashlib import sha256
from statistics import NormalDist

import numpy as np

_BLOCK = 64
_INVERSE_NORMAL = NormalDist().inv_cdf
MAXIMUM_SEED = 2**64 - 1


class Stream:
    """One sequence of draws; ``uniform(index)`` is random access, the others take the next index.

    Source: Philox4x64 (Salmon et al. 2011) through NumPy; the key is the SHA-256 of seed, owner and purpose.
    Normals and exponentials are made with libm through ``math``, so their bytes do not depend on the processor.

    >>> stream = Stream(7, "alice", "arrival")
    >>> stream.uniform(3) == Stream(7, "alice", "arrival").uniform(3)
    True
    """

    __slots__ = ("_block", "_key", "_next", "_values")

    def __init__(self, seed: int, owner: str, purpose: str) -> None:
        digest = sha256(f"{seed}\x1f{owner}\x1f{purpose}".encode()).digest()
        self._key = int.from_bytes(digest[:16], "little")
        self._block = -1
        self._values: list[float] = []
        self._next = 0

    def uniform(self, index: int) -> float:
        """The draw of that index, in [0, 1)."""
        block, offset = divmod(index, _BLOCK)
        if block != self._block:
            # Philox counts in groups of four words: each block of 64 draws starts 16 groups after the one before.
            generator = np.random.Generator(np.random.Philox(key=self._key, counter=block * (_BLOCK // 4)))
            self._values = generator.random(_BLOCK).tolist()
            self._block = block
        return self._values[offset]

    def next(self) -> float:
        """The next uniform in [0, 1)."""
        index = self._next
        self._next = index + 1
        return self.uniform(index)

    def exponential(self, mean: float) -> float:
        """The next exponential of this mean."""
        return -mean * math.log1p(-self.next())

    def wait_ns(self, mean_ns: float) -> int:
        """The next exponential waiting time in whole nanoseconds, rounded up, at least 1."""
        return max(1, math.ceil(self.exponential(mean_ns)))

    def normal(self) -> float:
        """The next standard normal, by inversion."""
        index = self._next
        self._next = index + 1
        return self.normal_at(index)

    def normal_at(self, index: int) -> float:
        """The standard normal of that index, by inversion."""
        # The half step keeps the argument off 0, the bound keeps it off 1: the inverse is infinite at both.
        return _INVERSE_NORMAL(min(self.uniform(index) + 2.0**-54, 1.0 - 2.0**-53))

    def lognormal(self, median: float, sigma: float) -> float:
        """The next log-normal with this median and this standard deviation of the logarithm."""
        return median * math.exp(sigma * self.normal())

    def pick(self, weights: tuple[float, ...]) -> int:
        """The next index drawn in proportion to the weights."""
        target = self.next() * math.fsum(weights)
        for index, weight in enumerate(weights):
            target -= weight
            if target < 0:
                return index
        return len(weights) - 1


class Draws:
    """Hands out the streams of one seed.

    Raises:
        ValueError: the seed is not a whole number from 0 to 2**64 - 1.
    """

    __slots__ = ("_streams", "seed")

    def __init__(self, seed: int) -> None:
        if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= MAXIMUM_SEED:
            raise ValueError(f"seed must be a whole number from 0 to 2**64 - 1, had {seed!r}")
        self.seed = seed
        self._streams: dict[tuple[str, str], Stream] = {}

    def stream(self, owner: str, purpose: str) -> Stream:
        """The stream of this owner and purpose; asked again, the same object, where it stands."""
        key = (owner, purpose)
        stream = self._streams.get(key)
        if stream is None:
            stream = self._streams[key] = Stream(self.seed, owner, purpose)
        return stream
