"""Whether every unit that one owner lost is one that another gained."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd


def closure(agents: pd.DataFrame) -> pd.DataFrame:
    """One row an asset: the changes of all owners, added exactly in base units; the difference must be 0.

    Returns:
        asset, ``owners``, ``gained_tokens`` (all gains), ``lost_tokens`` (all losses), ``difference_raw`` (an exact
        Python int), ``difference_tokens``.
    """
    rows = []
    for asset, changes in agents.groupby("asset", sort=True):
        tokens = changes["change_tokens"]
        difference = exact_sum(changes["change_raw"])
        raw, whole = max(zip(map(abs, map(int, changes["change_raw"])), tokens.abs(), strict=True))
        rows.append(
            (
                asset,
                changes["owner"].nunique(),
                float(tokens[tokens > 0].sum()),
                float(-tokens[tokens < 0].sum()),
                difference,
                difference * whole / raw if raw else 0.0,
            )
        )
    columns = ["asset", "owners", "gained_tokens", "lost_tokens", "difference_raw", "difference_tokens"]
    return pd.DataFrame(rows, columns=columns).astype({"difference_raw": object})


def exact_sum(values: Iterable[object]) -> int:
    """Sum of base units as they come out of a table: ints, decimals or text."""
    return sum(int(str(value).split(".")[0]) for value in values)
