"""What trades, fees and gas are valued at, then and at the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from shoal.experiments.measures.reference_price import Floats, ReferencePrices

NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Marks:
    """Prices that fills and gas are valued at, in quote tokens; an asset without a price is worth 0."""

    reference: ReferencePrices
    ends: Mapping[str, float]

    @classmethod
    def of(cls, prices: pd.DataFrame, agents: pd.DataFrame) -> Marks:
        """Take them from the tables ``prices`` and ``agents``."""
        ends = agents.groupby("asset")["end_price"].first().fillna(0.0)
        return cls(ReferencePrices.of(prices), {str(asset): float(price) for asset, price in ends.items()})

    def end_price(self, asset: str) -> float:
        """What one token is worth at the end."""
        return self.ends.get(asset, 0.0)

    def quote_worth(self, fills: pd.DataFrame) -> Floats:
        """What one token of each fill's quote is worth at the end."""
        return np.asarray(fills["quote"].map(self.ends).fillna(0.0), dtype=np.float64)

    def at_end(self, fills: pd.DataFrame) -> Floats:
        """The last price of base in quote."""
        worth = self.quote_worth(fills)
        base = fills["base"].map(self.ends).fillna(0.0).to_numpy(np.float64)
        result: Floats = np.divide(base, worth, out=np.zeros(len(fills)), where=worth > 0)
        return result

    def at_fill(self, fills: pd.DataFrame) -> Floats:
        """The outside price of base in quote when the fill happened; without one the last price."""
        known = self.reference.at(fills)
        return np.where(np.isfinite(known), known, self.at_end(fills))

    def later(self, fills: pd.DataFrame, horizon_s: float) -> Floats:
        """The outside price so many seconds after each fill; beyond the run the last price."""
        known = self.reference.at(fills, later_ns=round(horizon_s * NS))
        return np.where(np.isfinite(known), known, self.at_end(fills))

    def fee_price(self, fills: pd.DataFrame) -> Floats:
        """What one token of the fee's asset is worth in quote when the fill happened."""
        in_base = (fills["fee_asset"].astype(str) == fills["base"].astype(str)).to_numpy()
        return np.where(in_base, self.at_fill(fills), 1.0)

    def value_at(self, asset: str, times_ns: pd.Series[int]) -> Floats:
        """What one token of an asset was worth over time, in the quote that prices it."""
        quotes = [quote for base, quote in self.reference.pairs if base == asset]
        if not quotes:
            return np.full(len(times_ns), self.end_price(asset))
        table = pd.DataFrame({"time_ns": times_ns, "base": asset, "quote": quotes[0]})
        known = self.reference.at(table) * self.end_price(quotes[0])
        return np.where(np.isfinite(known), known, self.end_price(asset))
