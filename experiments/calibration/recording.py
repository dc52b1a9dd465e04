"""A recorded order book market, whatever format it came in: what rested, best quotes, and who took."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shoal.experiments.calibration.fit import Floats
from shoal.experiments.calibration.resting_book import RestingBook


@dataclass(frozen=True, slots=True)
class Quotes:
    """Best bid and ask as they changed, in time order."""

    times_s: Floats
    bids: Floats
    asks: Floats

    def mids(self, times_s: Floats) -> Floats:
        """The mid just before each time; NaN before the first quote."""
        found = np.searchsorted(self.times_s, times_s, side="left") - 1
        mids = (self.bids[found] + self.asks[found]) / 2.0
        return np.where(found >= 0, mids, np.nan)


@dataclass(frozen=True, slots=True)
class TakerOrders:
    """Incoming orders that traded, all fills of one order together, in time order.

    Args:
        times_s: seconds since the recording began.
        sides: +1 bought, -1 sold.
        quote_tokens: traded worth.
        worst_prices: the last price each of them reached.
    """

    times_s: Floats
    sides: Floats
    quote_tokens: Floats
    worst_prices: Floats


@dataclass(frozen=True, slots=True)
class Recording:
    """One market over one span.

    Args:
        source: file name, or names.
        span: first and last time, UTC.
        date: the day, as tags show it.
        seconds: length.
        book: what rested, near the mid.
        quotes: best quotes.
        orders: taker orders.
        reach: the fraction of the mid within which the book is known on both sides.
    """

    source: str
    span: str
    date: str
    seconds: float
    book: RestingBook
    quotes: Quotes
    orders: TakerOrders
    reach: float
