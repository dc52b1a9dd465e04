"""A summary of replicates as topics have it."""

import math
from typing import Any

import pandas as pd

NAN = math.nan


def estimated(name: str, world: str = "", /, **others: Any) -> dict[str, Any]:
    """A row: mean 2, interval from 1 to 3, and whatever is said."""
    row = {"name": name, "unit": "bps", "world": world, "topic": name.partition(",")[0], "n": 3}
    row |= {"mean": 2.0, "low": 1.0, "high": 3.0, "correlation": NAN, "variance_removed_share": NAN}
    return row | others


def replicated(summary: pd.DataFrame) -> pd.DataFrame:
    """Two replicates behind each row."""
    keys = summary[["name", "unit", "world"]]
    return pd.concat([keys.assign(seed=7, effect=1.5), keys.assign(seed=8, effect=2.5)], ignore_index=True)
