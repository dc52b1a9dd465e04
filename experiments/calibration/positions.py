"""Positions of borrowers: how unequal their debts are, and how far they are from liquidation."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from shoal.experiments.calibration.bootstrap import bounds
from shoal.experiments.calibration.fit import Fit, Fitted, Floats, logarithms
from shoal.experiments.calibration.rows import read_rows
from shoal.experiments.calibration.sizes import tail_exponent
from shoal.experiments.intake import read_bytes

_DUST: Final = 1_000.0
_TAIL: Final = 0.1


def fit_positions(positions_path: Path, markets_path: Path) -> Fitted:
    """The joint law of debt and health over all recorded markets, positions of at least 1,000 crvUSD.

    Health is the collateral at the market's price, less the liquidation discount, over the debt: what a market without
    bands would liquidate at 1. Positions at or below 1 are stale or in liquidation and left out.

    Raises:
        InputError: a file is missing, damaged, or lacks a column.
    """
    frame = read_rows(positions_path, "market", "collateral_up", "debt")
    markets = json.loads(read_bytes(markets_path).data)
    price = frame["market"].map({name: float(one["ammPrice"]) for name, one in markets.items()})
    kept = frame["market"].map(
        {name: 1.0 - float(one["controller_params"]["liquidation_discount"]) for name, one in markets.items()}
    )
    debt = frame["debt"].to_numpy(dtype=np.float64)
    worth = (frame["collateral_up"] * price * kept).to_numpy(dtype=np.float64)
    chosen = (debt >= _DUST) & (worth > debt)
    debts, healths = debt[chosen], worth[chosen] / debt[chosen]
    return Fitted(positions_path.name, "2024-01-30 23:24", "2024-01-30", fit_debts(debts, healths))


def fit_debts(debts: Floats, healths: Floats) -> tuple[Fit, ...]:
    """The fits to debts and healths, both above 1, of the same positions."""
    logs, double = logarithms(debts), logarithms(logarithms(healths))
    both = np.column_stack((debts, logs, double))
    sample = f"{len(debts):,} positions"
    largest = np.sort(debts)[::-1]
    return (
        _fit("debt, median", both, lambda rows: float(np.median(rows[:, 0])), sample, unit="crvUSD"),
        _fit("debt, sigma", both, lambda rows: float(rows[:, 1].std(ddof=1)), sample, unit="log"),
        _fit("debt, tail exponent", both, lambda rows: tail_exponent(rows[:, 0], share=_TAIL), f"largest {_TAIL:.0%}"),
        Fit(name="debt, largest over median", value=float(largest[0] / np.median(debts)), sample=sample),
        Fit(
            name="debt, share of the largest percent",
            value=float(largest[: round(len(largest) / 100)].sum() / largest.sum()),
            unit="fraction",
            sample=sample,
        ),
        _fit("ln health, median", both, lambda rows: math.exp(float(rows[:, 2].mean())), sample),
        _fit("ln ln health, sigma", both, lambda rows: float(rows[:, 2].std(ddof=1)), sample),
        _fit("debt and health, correlation of ranks as normals", both, _normal_correlation, sample),
    )


def _fit(name: str, rows: Floats, statistic: Callable[[Floats], float], sample: str, *, unit: str = "") -> Fit:
    return Fit(name=name, value=statistic(rows), unit=unit, sample=sample, **bounds(rows, statistic))


def _normal_correlation(rows: Floats) -> float:
    """The correlation of normals that has the ranks' correlation."""
    ranks = pd.DataFrame(rows[:, [1, 2]]).rank()
    return 2.0 * math.sin(math.pi / 6.0 * float(ranks[0].corr(ranks[1])))
