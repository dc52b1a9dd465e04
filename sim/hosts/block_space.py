"""Background demand for block space: everybody else who wants into a block."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from shoal.sim.draws import Stream


@dataclass(frozen=True, slots=True)
class BlockSpaceDemand:
    """A continuum of other transactions, elastic in the base fee and rising with volatility.

    Demanded gas of block k = target * (reference_fee / base_fee) ** elasticity
    * (volatility / reference_volatility) ** volatility_exponent * noise_k, noise log-normal with median 1.
    Their tips are exponential with mean ``mean_tip_wei``. These users' own payments lie outside the ledger: they
    occupy space and move the base fee, nothing else. This is deliberately simpler than a population of senders.

    Args:
        reference_fee_wei: the base fee at which demand equals the target at reference volatility.
        elasticity: how fast demand falls as the base fee rises.
        mean_tip_wei: mean of the background's tips, per gas.
        volatility: time in nanoseconds to realised volatility per square-root year.
        reference_volatility: the volatility of a calm day, in the same unit.
        volatility_exponent: 0 makes demand independent of volatility.
        noise: standard deviation of the logarithm of the noise.
    """

    reference_fee_wei: int
    elasticity: float
    mean_tip_wei: float
    volatility: Callable[[int], float]
    reference_volatility: float
    volatility_exponent: float
    noise: float

    def __post_init__(self) -> None:
        for name in ("reference_fee_wei", "elasticity", "mean_tip_wei", "reference_volatility"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"demand for block space: {name} must be positive, had {getattr(self, name)!r}")
        for name in ("volatility_exponent", "noise"):
            if not 0 <= getattr(self, name) < math.inf:
                raise ValueError(f"demand for block space: {name} must be >= 0, had {getattr(self, name)!r}")

    def gas(self, number: int, now_ns: int, base_fee_wei: int, target: int, stream: Stream) -> int:
        """Gas that the background wants in block ``number``."""
        price = (self.reference_fee_wei / max(base_fee_wei, 1)) ** self.elasticity
        stress = (self.volatility(now_ns) / self.reference_volatility) ** self.volatility_exponent
        return int(target * price * stress * math.exp(self.noise * stream.normal_at(number)))
