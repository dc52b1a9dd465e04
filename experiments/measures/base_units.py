"""How many base units a whole token has, read off columns that hold an amount in both."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import pandas as pd


def units_by(names: Iterable[object], raw: Iterable[object], tokens: Iterable[float]) -> dict[str, int]:
    """By name, the power of ten that turns tokens into base units; who never had any is left out.

    >>> units_by(["USDC", "ETH"], [2_500_000, 0], [2.5, 0.0])
    {'USDC': 1000000}
    """
    found: dict[str, int] = {}
    largest: dict[str, float] = {}
    for name, amount, whole in zip(names, raw, tokens, strict=True):
        key, size = str(name), abs(float(whole))
        if size > largest.get(key, 0.0):
            largest[key] = size
            found[key] = int(10 ** round(math.log10(abs(int(str(amount))) / size)))
    return found


def asset_units(fills: pd.DataFrame) -> Mapping[str, int]:
    """Base units in one token of every asset that was traded, from the table ``fills``."""
    return units_by(
        [*fills["base"], *fills["quote"]],
        [*fills["base_raw"], *fills["quote_raw"]],
        [*fills["base_tokens"], *fills["quote_tokens"]],
    )


def native_units(transactions: pd.DataFrame) -> Mapping[str, int]:
    """By chain, base units in one token of what pays its gas, from the table ``transactions``."""
    return units_by(transactions["host"], transactions["fee_raw"], transactions["fee_tokens"])
