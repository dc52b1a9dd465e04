"""What the outside market publishes."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from shoal.sim.units import PPM
from shoal.venues.view import DEPTH_BAND

# A price five hundred million times the path's is no market; beyond it the exponentials lose their meaning.
LARGEST_IMPACT: Final = 20.0


class OutsideNews(NamedTuple):
    """The outside market as published: a ``MarketView``. What its inventory holds is not shown.

    Args:
        mid: the path's price times the impact of the flow so far; None before the first price.
        scale_base_tokens: base tokens that move the log price by 1; infinite at unlimited depth.
        fee_ppm: millionths of the quote amount that a taker pays.
    """

    mid: float | None
    scale_base_tokens: float
    fee_ppm: int

    @property
    def bid(self) -> float | None:
        """Quote tokens that a small seller gets for one base token, the fee taken off."""
        return None if self.mid is None else self.mid * (PPM - self.fee_ppm) / PPM

    @property
    def ask(self) -> float | None:
        """Quote tokens that a small buyer pays for one base token, the fee included."""
        return None if self.mid is None else self.mid * (PPM + self.fee_ppm) / PPM

    @property
    def depth(self) -> float:
        """Quote tokens that move the price by 1 %, the same on both sides."""
        return 0.0 if self.mid is None else self.mid * self.scale_base_tokens * DEPTH_BAND

    def quote_tokens(self, side: int, base_tokens: float) -> float | None:
        """Quote tokens that a taker pays (side +1) or gets (side -1), fee included; None without a price."""
        mid, scale = self.mid, self.scale_base_tokens
        if mid is None or base_tokens > LARGEST_IMPACT * scale:
            return None
        if scale == math.inf:
            gross = mid * base_tokens
        else:
            gross = mid * scale * side * math.expm1(side * base_tokens / scale)
        return gross * (PPM + side * self.fee_ppm) / PPM
