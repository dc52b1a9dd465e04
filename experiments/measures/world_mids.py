"""The mean mid over a world's venues, weighted by depth, at the times they were sampled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from shoal.experiments.measures.reference_price import Floats, Times

_TRADED: Final = ("book", "pool", "outside")


@dataclass(frozen=True, slots=True)
class WorldMids:
    """By asset, times and mids in quote tokens for one token; the reference that shortfall is measured against."""

    assets: Mapping[str, tuple[Times, Floats]]

    @classmethod
    def of(cls, venue_states: pd.DataFrame) -> WorldMids:
        """Take them from the table ``venue_states``.

        A depth that is no number is unlimited and outweighs the others; venues without depth count only where none
        has any.
        """
        known = venue_states[venue_states["kind"].isin(_TRADED) & venue_states["mid"].notna()]
        assets = {}
        for base, rows in known.groupby("base", sort=True):
            depth = rows["depth_quote_tokens"].fillna(np.inf)
            largest = depth.groupby(rows["time_ns"]).transform("max")
            alike = (largest == 0) | np.isinf(largest)
            weights = depth.where(~alike, (depth == largest).astype(np.float64))
            sums = pd.DataFrame({"time_ns": rows["time_ns"], "weight": weights, "value": weights * rows["mid"]})
            total = sums.groupby("time_ns", sort=True).sum()
            mids = (total["value"] / total["weight"]).to_numpy(np.float64)
            assets[str(base)] = total.index.to_numpy(np.int64), mids
        return cls(assets)

    def at(self, asset: str, time_ns: int) -> float:
        """The last mid at or before a time; after the end of the run the last one, NaN before the first."""
        times, mids = self.assets.get(asset, (np.array([], np.int64), np.array([])))
        index = int(np.searchsorted(times, time_ns, side="right")) - 1
        return float(mids[index]) if index >= 0 else float("nan")
