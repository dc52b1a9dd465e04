"""The grid of an order book: which prices and quantities it knows, exactly."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from shoal.sim.units import Asset


@dataclass(frozen=True, slots=True)
class Grid:
    """A pair of assets, its tick and its lot.

    A price is an int, quote base units for one whole base token; a quantity is an int of base base units. One lot at
    one tick costs ``notional_unit`` quote base units, a whole number, so that no trade rounds.

    Args:
        base: what is traded.
        quote: what it is priced in.
        tick_text: smallest price step, decimal text of quote tokens for one whole base token.
        lot_text: smallest quantity step, decimal text of base tokens.

    Raises:
        ValueError: tick or lot is not positive or too fine, or one lot at one tick is no whole number of quote base
            units; the message names the remedy.

    >>> grid = Grid(Asset("BTC", 8), Asset("USDC", 6), "0.01", "0.0001")
    >>> grid.tick, grid.lot, grid.notional_unit
    (10000, 10000, 1)
    >>> grid.price_below(50_000.019), grid.quantity_below(0.12345)
    (50000010000, 12340000)
    """

    base: Asset
    quote: Asset
    tick_text: str
    lot_text: str
    tick: int = field(init=False)
    lot: int = field(init=False)
    notional_unit: int = field(init=False)

    def __post_init__(self) -> None:
        if self.base == self.quote:
            raise ValueError(f"base and quote are both {self.base.symbol}: a pair needs two assets")
        tick, lot = self.quote.amount(self.tick_text), self.base.amount(self.lot_text)
        if tick == 0 or lot == 0:
            raise ValueError(f"tick {self.tick_text!r} and lot {self.lot_text!r} must both be above 0")
        notional, rest = divmod(tick * lot, self.base.unit)
        if rest:
            factor = self.base.unit // math.gcd(tick * lot, self.base.unit)
            raise ValueError(
                f"one lot of {self.lot_text} {self.base.symbol} at one tick of {self.tick_text} is no whole number of "
                f"{self.quote.symbol} base units ({self.quote.decimals} decimals): make the tick or the lot {factor} "
                f"times as large"
            )
        object.__setattr__(self, "tick", tick)
        object.__setattr__(self, "lot", lot)
        object.__setattr__(self, "notional_unit", notional)

    def notional(self, ticks: int, lots: int) -> int:
        """Quote base units that these lots cost at this price, exactly."""
        return ticks * lots * self.notional_unit

    def price_below(self, price: float) -> int:
        """The highest price on a tick not above this many quote tokens for one base token.

        Raises:
            ValueError: not a finite number.
        """
        return self.quote.floor(price) // self.tick * self.tick

    def price_above(self, price: float) -> int:
        """The lowest price on a tick not below this many quote tokens for one base token.

        Raises:
            ValueError: not a finite number.
        """
        return -(self.quote.floor(-price) // self.tick) * self.tick

    def quantity_below(self, tokens: float) -> int:
        """The largest quantity of whole lots not above this many base tokens, in base base units.

        Raises:
            ValueError: not a finite number.
        """
        return self.base.floor(tokens) // self.lot * self.lot
