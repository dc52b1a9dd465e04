"""What an order book publishes."""

from __future__ import annotations

from typing import NamedTuple

from shoal.ext.book import BUY, MAXIMUM, SELL, Book
from shoal.sim.units import PPM
from shoal.venues.book.grid import Grid
from shoal.venues.view import DEPTH_BAND

type Quantity = int
type Price = int

DEPTH_BPS = round(DEPTH_BAND * 10_000)


class Band(NamedTuple):
    """What rests within some basis points of the mid: lots, and ticks x lots, bid and asked."""

    bps: int
    bid_lots: int
    bid_cost: int
    ask_lots: int
    ask_cost: int


class BookNews(NamedTuple):
    """The book as its feed shows it: a ``MarketView`` in floats, and exact ints in the units of ``Grid``.

    Fields are in ticks and lots. An exchange publishes after each call, mostly unread, so figures are converted only
    when somebody asks.

    Args:
        grid: the pair, its tick and its lot.
        bid_levels: best levels as (ticks, lots, orders), best first.
        ask_levels: best levels as (ticks, lots, orders), best first.
        bands: what rests within some basis points of the mid; empty without a mid.
        last_ticks: price of the last trade, or None before the first.
        taker_fee_ppm: millionths of the quote amount that a taker pays.
        maker_fee_ppm: millionths of the quote amount that a maker pays; negative is a rebate.
    """

    grid: Grid
    bid_levels: tuple[tuple[int, int, int], ...]
    ask_levels: tuple[tuple[int, int, int], ...]
    bands: tuple[Band, ...]
    last_ticks: int | None
    taker_fee_ppm: int
    maker_fee_ppm: int

    @property
    def bids(self) -> tuple[tuple[Price, Quantity], ...]:
        """Best bids as (price, quantity), best first."""
        return self._levels(self.bid_levels)

    @property
    def asks(self) -> tuple[tuple[Price, Quantity], ...]:
        """Best asks as (price, quantity), best first."""
        return self._levels(self.ask_levels)

    @property
    def last_price(self) -> Price | None:
        """Price of the last trade."""
        return None if self.last_ticks is None else self.last_ticks * self.grid.tick

    @property
    def best_bid(self) -> Price | None:
        """Highest price bid."""
        return self.bid_levels[0][0] * self.grid.tick if self.bid_levels else None

    @property
    def best_ask(self) -> Price | None:
        """Lowest price asked."""
        return self.ask_levels[0][0] * self.grid.tick if self.ask_levels else None

    @property
    def spread(self) -> Price | None:
        """Best ask less best bid; None if a side is empty."""
        bid, ask = self.best_bid, self.best_ask
        return None if bid is None or ask is None else ask - bid

    @property
    def mid(self) -> float | None:
        """Midway between the best prices, in quote tokens for one base token; None if a side is empty."""
        bid, ask = self.best_bid, self.best_ask
        return None if bid is None or ask is None else (bid + ask) / (2 * self.grid.quote.unit)

    @property
    def bid(self) -> float | None:
        """Quote tokens that a small seller gets for one base token, the taker's fee taken off."""
        price = self.best_bid
        return None if price is None else price * (PPM - self.taker_fee_ppm) / (PPM * self.grid.quote.unit)

    @property
    def ask(self) -> float | None:
        """Quote tokens that a small buyer pays for one base token, the taker's fee included."""
        price = self.best_ask
        return None if price is None else price * (PPM + self.taker_fee_ppm) / (PPM * self.grid.quote.unit)

    @property
    def depth(self) -> float:
        """Quote tokens resting within 1 % of the mid, mean of both sides; 0 if a side is empty."""
        unit = self.grid.notional_unit
        for band in self.bands:
            if band.bps == DEPTH_BPS:
                return self.grid.quote.tokens((band.bid_cost + band.ask_cost) * unit) / 2
        return 0.0

    def quote_tokens(self, side: int, base_tokens: float) -> float | None:
        """Quote tokens that a taker pays (side +1) or gets (side -1), fee included; None beyond the levels shown."""
        grid = self.grid
        left, spent = base_tokens * grid.base.unit / grid.lot, 0.0
        for ticks, lots, _ in self.ask_levels if side == BUY else self.bid_levels:
            taken = min(left, lots)
            spent += taken * ticks
            left -= taken
            if left <= 0:
                return spent * grid.notional_unit / grid.quote.unit * (PPM + side * self.taker_fee_ppm) / PPM
        return None

    def _levels(self, levels: tuple[tuple[int, int, int], ...]) -> tuple[tuple[Price, Quantity], ...]:
        tick, lot = self.grid.tick, self.grid.lot
        return tuple((ticks * tick, lots * lot) for ticks, lots, _ in levels)


def bands_around_mid(book: Book, bands_bps: tuple[int, ...]) -> tuple[Band, ...]:
    """What rests within each band around the mid, its edges included; nothing if a side is empty."""
    bid, ask = book.best_bid(), book.best_ask()
    if bid is None or ask is None:
        return ()
    bands = []
    for bps in bands_bps:
        lowest = max(1, -((bid + ask) * (bps - 10_000) // 20_000))
        highest = min(MAXIMUM, (bid + ask) * (10_000 + bps) // 20_000)
        bands.append(Band(bps, *book.cost_within(BUY, lowest), *book.cost_within(SELL, highest)))
    return tuple(bands)
