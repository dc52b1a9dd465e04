"""A resting order's owner, its escrow and its fee."""

from __future__ import annotations

from dataclasses import dataclass

from shoal.ext.book import SELL
from shoal.sim.units import PPM, Account, Asset
from shoal.venues.book.grid import Grid


def fee_of(quote_amount: int, ppm: int) -> int:
    """Fee in quote base units, rounded up; a rebate (negative) is rounded towards 0."""
    return -(-quote_amount * ppm // PPM)


@dataclass(slots=True)
class Resting:
    """A resting order's owner and what was escrowed for it."""

    account: Account
    side: int
    lot_cost: int
    lots: int
    filled: int = 0

    def fee(self, lots: int, ppm: int) -> int:
        """The maker's fee for the next lots filled, in quote base units.

        Fees add up to the fee of the whole order rounded up once, so that what was escrowed is always exactly enough;
        a rebate is rounded down at each fill, so that the taker's fee always covers it.
        """
        if ppm < 0:
            return fee_of(lots * self.lot_cost, ppm)
        after = fee_of((self.filled + lots) * self.lot_cost, ppm)
        return after - fee_of(self.filled * self.lot_cost, ppm)

    def reserved(self, grid: Grid, maker_fee_ppm: int) -> tuple[Asset, int]:
        """The asset in escrow and how much of it."""
        left = self.lots - self.filled
        if self.side == SELL:
            return grid.base, left * grid.lot
        return grid.quote, left * self.lot_cost + (self.fee(left, maker_fee_ppm) if maker_fee_ppm > 0 else 0)
