"""The outside price as a step function of time, which every measure marks trades against."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pandas as pd

type Floats = npt.NDArray[np.float64]
type Times = npt.NDArray[np.int64]

# What a pair is marked against: the first of these kinds that the table has.
_KINDS: Final = ("outside", "path", "oracle")


@dataclass(frozen=True, slots=True)
class _Steps:
    """One pair's prices; each holds until the next, the last for one typical step."""

    times_ns: Times
    mids: Floats

    @property
    def step_ns(self) -> int:
        return int(np.median(np.diff(self.times_ns))) if len(self.times_ns) > 1 else 0

    def at(self, times_ns: Times) -> Floats:
        index = np.searchsorted(self.times_ns, times_ns, side="right") - 1
        known = (index >= 0) & (times_ns <= self.times_ns[-1] + self.step_ns)
        return np.where(known, self.mids[np.maximum(index, 0)], np.nan)


@dataclass(frozen=True, slots=True)
class ReferencePrices:
    """Outside mid prices by pair, in quote tokens for one base token.

    The price at a time is the last one recorded at or before it: no measure looks ahead. Of several outside markets
    of one pair the first by name counts; without one the price path, then an oracle.
    """

    pairs: Mapping[tuple[str, str], _Steps]

    @classmethod
    def of(cls, prices: pd.DataFrame) -> ReferencePrices:
        """Take them from the table ``prices``."""
        known = prices[prices["kind"].isin(_KINDS) & prices["mid"].notna()]
        pairs: dict[tuple[str, str], _Steps] = {}
        for (base, quote), rows in known.groupby(["base", "quote"], sort=True):
            kind = next(kind for kind in _KINDS if (rows["kind"] == kind).any())
            rows = rows[rows["kind"] == kind]
            rows = rows[rows["venue"] == min(rows["venue"])].sort_values("time_ns", kind="stable")
            pairs[str(base), str(quote)] = _Steps(rows["time_ns"].to_numpy(np.int64), rows["mid"].to_numpy(np.float64))
        return cls(pairs)

    @property
    def step_ns(self) -> int:
        """The widest typical distance between two prices of a pair: what is faster than this cannot be seen."""
        return max((steps.step_ns for steps in self.pairs.values()), default=0)

    def at(self, table: pd.DataFrame, *, later_ns: int = 0) -> Floats:
        """The price that holds ``later_ns`` after each row of a table with time_ns, base and quote; NaN if unknown."""
        result = np.full(len(table), np.nan)
        for pair, index in rows_by_pair(table):
            steps = self.pairs.get(pair)
            if steps is not None:
                result[index] = steps.at(table["time_ns"].to_numpy(np.int64)[index] + later_ns)
        return result


def rows_by_pair(table: pd.DataFrame) -> Iterator[tuple[tuple[str, str], npt.NDArray[np.intp]]]:
    """Positions of a table's rows for each (base, quote)."""
    indices: Any = table.groupby(["base", "quote"], sort=True).indices
    for (base, quote), index in indices.items():
        yield (str(base), str(quote)), index
