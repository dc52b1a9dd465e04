"""What rested in a recorded book at any moment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shoal.experiments.calibration.fit import Floats


@dataclass(frozen=True, slots=True)
class BookState:
    """Both sides at one moment, best first; prices in quote per base, quantities in base tokens."""

    bid_prices: Floats
    bid_tokens: Floats
    ask_prices: Floats
    ask_tokens: Floats

    @property
    def two_sided(self) -> bool:
        """Whether both sides hold something and do not cross."""
        return bool(len(self.bid_prices) and len(self.ask_prices) and self.bid_prices[0] < self.ask_prices[0])

    @property
    def mid(self) -> float:
        """The middle of the best prices."""
        return float(self.bid_prices[0] + self.ask_prices[0]) / 2.0

    def depth(self, side: int, band: float) -> float:
        """Quote tokens resting within a fraction of the mid: of asks for side +1, of bids for -1."""
        limit = self.mid * (1.0 + side * band)
        prices, tokens = (self.ask_prices, self.ask_tokens) if side > 0 else (self.bid_prices, self.bid_tokens)
        near = prices <= limit if side > 0 else prices >= limit
        return float((prices[near] * tokens[near]).sum())


@dataclass(frozen=True, slots=True)
class RestingBook:
    """Pieces of liquidity and the time each of them rested.

    Args:
        start_s: when a piece appeared, seconds since the recording began.
        end_s: when it went or changed.
        sides: +1 for asks, which buyers take; -1 for bids.
        prices: quote per base.
        tokens: base tokens.
    """

    start_s: Floats
    end_s: Floats
    sides: Floats
    prices: Floats
    tokens: Floats

    def near(self, band: float) -> RestingBook:
        """Only the pieces within a fraction of the median price, which makes ``at`` fast."""
        middle = float(np.median(self.prices))
        return self._only((abs(self.prices / middle - 1.0) <= band) & (self.tokens > 0.0) & (self.end_s > self.start_s))

    def at(self, time_s: float) -> BookState:
        """The book at a time."""
        live = self._only((self.start_s <= time_s) & (self.end_s > time_s))
        bids, asks = live.sides < 0, live.sides > 0
        falling, rising = np.argsort(-live.prices[bids], kind="stable"), np.argsort(live.prices[asks], kind="stable")
        return BookState(
            live.prices[bids][falling], live.tokens[bids][falling], live.prices[asks][rising], live.tokens[asks][rising]
        )

    def _only(self, chosen: np.ndarray) -> RestingBook:
        return RestingBook(
            self.start_s[chosen], self.end_s[chosen], self.sides[chosen], self.prices[chosen], self.tokens[chosen]
        )
