"""What a constant product pool publishes."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from shoal.sim.units import PPM, Asset
from shoal.venues.view import DEPTH_BAND


@dataclass(frozen=True, slots=True)
class ConstantProductView:
    """A pool as its feed shows it: a ``MarketView`` in floats and whole tokens, and the exact ints behind it.

    Args:
        base: the asset that is priced.
        quote: the asset in which it is priced.
        reserve_base: base units of base.
        reserve_quote: base units of quote.
        fee_ppm: what the pool keeps of each input, in millionths.
        supply: liquidity units, the locked ones included.
        price_base_cumulative: the accumulator of quote per base, UQ112x112 seconds modulo 2**256.
        price_quote_cumulative: the accumulator of base per quote.
        updated_s: when reserves last moved, seconds modulo 2**32.

    >>> btc, usdc = Asset("BTC", 8), Asset("USDC", 6)
    >>> view = ConstantProductView(btc, usdc, btc.amount(10), usdc.amount(200_000), 3000, 10**9, 0, 0, 0)
    >>> view.mid, view.bid, round(view.quote_tokens(-1, 1.0), 2)
    (20000.0, 19940.0, 18132.22)
    """

    base: Asset
    quote: Asset
    reserve_base: int
    reserve_quote: int
    fee_ppm: int
    supply: int
    price_base_cumulative: int
    price_quote_cumulative: int
    updated_s: int

    @property
    def mid(self) -> float | None:
        """Marginal price before fees, quote tokens per base token; None while the pool is empty."""
        if not self.reserve_base or not self.reserve_quote:
            return None
        return self.quote.tokens(self.reserve_quote) / self.base.tokens(self.reserve_base)

    @property
    def bid(self) -> float | None:
        """What the next small seller gets per base token, the fee taken off."""
        mid = self.mid
        return None if mid is None else mid * self._kept

    @property
    def ask(self) -> float | None:
        """What the next small buyer pays per base token, fee included."""
        mid = self.mid
        return None if mid is None else mid / self._kept

    @property
    def depth(self) -> float:
        """Quote tokens that move the price by 1 %, before fees, mean of up and down."""
        reach = (sqrt(1 + DEPTH_BAND) - sqrt(1 - DEPTH_BAND)) / 2
        return self.quote.tokens(self.reserve_quote) * reach

    def quote_tokens(self, side: int, base_tokens: float) -> float | None:
        """Quote tokens that a taker pays (side +1) or gets (side -1), fee included; None beyond the reserve.

        Rounding to base units, at most one of each asset, is left out.
        """
        base, quote = self.base.tokens(self.reserve_base), self.quote.tokens(self.reserve_quote)
        if not base or not quote:
            return None
        if side < 0:
            net = base_tokens * self._kept
            return quote * net / (base + net)
        return quote * base_tokens / ((base - base_tokens) * self._kept) if base_tokens < base else None

    @property
    def _kept(self) -> float:
        return (PPM - self.fee_ppm) / PPM
