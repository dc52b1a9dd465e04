"""What liquidations set off: pure functions of a run's tables and those of its control without the action."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from shoal.experiments.measures.frames import rows
from shoal.experiments.measures.reference_price import Floats, Times
from shoal.experiments.measures.volume import NS

BPS: Final = 10_000.0
SOURCES: Final = ("outside", "oracle")
HORIZONS_S: Final = {"after_10_min_bps": 600.0, "after_1_h_bps": 3_600.0, "after_24_h_bps": 86_400.0}
# Health is recorded in millionths: a price this close to the critical one may be on either side of it.
_TOLERANCE: Final = 2e-6
_FALL: Final = (
    "asset",
    "source",
    "venue",
    "trough_ns",
    "start_price",
    "lowest_price",
    "control_price",
    "fall_bps",
    "control_fall_bps",
    "amplification",
    "at_trough_bps",
    *HORIZONS_S,
)


def extra_fall(base_prices: pd.DataFrame, control_prices: pd.DataFrame) -> pd.DataFrame:
    """How much further prices fell than in the control, from the table ``prices`` of each: one row a venue.

    Returns:
        asset, ``source`` (outside or oracle), venue; ``trough_ns``, when the price was lowest; ``start_price``,
        ``lowest_price``, and ``control_price`` at that time; ``fall_bps`` from the start to the lowest price and the
        same of the control, each at its own trough, and ``amplification``, the one over the other; the extra fall in
        basis points of the control's price ``at_trough_bps`` and 10 minutes, 1 hour and 24 hours after it: what is
        left of it then was permanent. NaN beyond the end of the run.
    """
    records = []
    for (source, asset, venue), mine in _by_venue(base_prices):
        control = control_prices[(control_prices["venue"] == venue) & control_prices["mid"].notna()]
        if not len(control):
            continue
        times, mids = _series(mine)
        control_times, control_mids = _series(control)
        trough = int(np.argmin(mids))
        trough_ns, first = int(times[trough]), float(mids[0])
        fall, control_fall = (first - mids.min()) / first, (control_mids[0] - control_mids.min()) / control_mids[0]
        extra = {
            name: _extra(times, mids, control_times, control_mids, trough_ns + round(horizon_s * NS))
            for name, horizon_s in ({"at_trough_bps": 0.0} | HORIZONS_S).items()
        }
        control_price = _at(control_times, control_mids, trough_ns)
        amplification = fall / control_fall if control_fall > 0 else np.nan
        shown = (first, float(mids[trough]), control_price, fall * BPS, control_fall * BPS, amplification)
        records.append((asset, source, venue, trough_ns, *shown, *extra.values()))
    return pd.DataFrame(records, columns=list(_FALL)).sort_values(["asset", "source", "venue"], ignore_index=True)


def with_generations(liquidations: pd.DataFrame, control_prices: pd.DataFrame) -> pd.DataFrame:
    """The table ``liquidations`` with what would have become of each in the control, and its generation.

    A position of health h at the oracle's price P becomes liquidatable at P / h. It is endogenous if the control's
    oracle had not come that low by then; the control's oracle counts up to the sample after the liquidation. What is
    not endogenous is generation 0. Liquidations of one market at one answer of its oracle are a wave; an endogenous
    one is one generation after the lowest of the wave before it.

    Returns:
        its columns, ``critical_price``, ``control_price`` (the lowest by then), ``endogenous``, ``ever_in_control``
        (whether the control's oracle came that low at all, and it only came earlier), ``generation``.
    """
    table = liquidations.sort_values("time_ns", kind="stable", ignore_index=True)
    critical = (table["oracle_price"] / table["health"]).to_numpy(np.float64)
    lowest, ever = np.full(len(table), np.nan), np.full(len(table), np.nan)
    oracles = control_prices[(control_prices["kind"] == "oracle") & control_prices["mid"].notna()]
    for asset, index in table.groupby("asset").indices.items():
        times, mids = _series(oracles[oracles["base"] == asset])
        if len(mids):
            until = np.searchsorted(times, table["time_ns"].to_numpy(np.int64)[index], side="left")
            lowest[index] = np.minimum.accumulate(mids)[np.minimum(until, len(mids) - 1)]
            ever[index] = mids.min()
    reached = critical * (1 + _TOLERANCE)
    endogenous = ~(lowest <= reached)
    return table.assign(
        critical_price=critical,
        control_price=lowest,
        endogenous=endogenous,
        ever_in_control=ever <= reached,
        generation=_generations(table, endogenous),
    )


def branching(generations: pd.DataFrame) -> pd.DataFrame:
    """One row an asset and generation, from ``with_generations``.

    Returns:
        asset, generation, liquidations, ``seized_quote_tokens``; ``branching_ratio``, this generation's value over that
        of the one before it; ``endogenous_share``, of the asset's whole value what the control would not have seen.
    """
    valued = generations.assign(
        worth=generations["seized_tokens"] * generations["mid"],
        endogenous_worth=generations["seized_tokens"] * generations["mid"] * generations["endogenous"],
    )
    records = []
    for asset, mine in valued.groupby("asset", sort=True):
        total = float(mine["worth"].sum())
        share = float(mine["endogenous_worth"].sum()) / total if total else np.nan
        by = mine.groupby("generation")["worth"].agg(["size", "sum"])
        before = np.nan
        for generation in range(int(by.index.max()) + 1):
            count, worth = (int(by["size"].get(generation, 0)), float(by["sum"].get(generation, 0.0)))
            ratio = worth / before if before else np.nan
            records.append((str(asset), generation, count, worth, ratio, share))
            before = worth
    columns = ["asset", "generation", "liquidations", "seized_quote_tokens", "branching_ratio", "endogenous_share"]
    return pd.DataFrame(records, columns=columns)


def liquidation_effect(base: pd.DataFrame, control: pd.DataFrame) -> pd.DataFrame:
    """One row a figure of forced selling: with the action, without it, and the difference; of all markets together.

    With a control in which vaults do not rebalance it says whether rebalancing damps or feeds liquidations.

    Returns:
        figure, unit, value, control, effect.
    """
    figures = []
    for name, unit in _FIGURES.items():
        value, without = _total(base, name), _total(control, name)
        figures.append((name, unit, value, without, value - without))
    return pd.DataFrame(figures, columns=["figure", "unit", "value", "control", "effect"])


_FIGURES: Final = {
    "liquidations": "liquidations",
    "borrowers": "borrowers",
    "forced volume": "quote tokens",
    "sold at once": "quote tokens",
    "bad debt": "loan tokens",
}


def _total(liquidations: pd.DataFrame, figure: str) -> float:
    if figure == "liquidations":
        return float(len(liquidations))
    if figure == "borrowers":
        return float(liquidations["borrower"].nunique())
    if figure == "bad debt":
        return float(liquidations["bad_debt_tokens"].sum())
    column = "seized_tokens" if figure == "forced volume" else "sold_tokens"
    return float((liquidations[column] * liquidations["mid"]).sum())


def _generations(table: pd.DataFrame, endogenous: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> list[int]:
    """Generation of each liquidation, in the order of time."""
    found: list[int] = []
    waves: dict[str, tuple[float, int, int]] = {}
    for row, inside in zip(rows(table), endogenous, strict=True):
        # The oracle's answer of the present wave, the lowest generation in it, and the lowest in the one before.
        answer, here, before = waves.get(str(row.market), (np.nan, -1, 0))
        if row.oracle_price != answer:
            here, before = -1, max(here, 0)
        generation = before + 1 if inside else 0
        here = generation if here < 0 else min(here, generation)
        waves[str(row.market)] = float(row.oracle_price), here, before
        found.append(generation)
    return found


def _by_venue(prices: pd.DataFrame) -> list[tuple[tuple[str, str, str], pd.DataFrame]]:
    known = prices[prices["kind"].isin(SOURCES) & prices["mid"].notna()]
    groups = known.groupby(["kind", "base", "venue"], sort=True)
    return [((str(kind), str(base), str(venue)), mine) for (kind, base, venue), mine in groups]


def _series(table: pd.DataFrame) -> tuple[Times, Floats]:
    ordered = table.sort_values("time_ns", kind="stable")
    return ordered["time_ns"].to_numpy(np.int64), ordered["mid"].to_numpy(np.float64)


def _at(times: Times, mids: Floats, time_ns: int) -> float:
    """The last price at or before a time; NaN before the first and after the last."""
    index = int(np.searchsorted(times, time_ns, side="right")) - 1
    return float(mids[index]) if index >= 0 and time_ns <= int(times[-1]) else float("nan")


def _extra(times: Times, mids: Floats, control_times: Times, control_mids: Floats, time_ns: int) -> float:
    price, control = _at(times, mids, time_ns), _at(control_times, control_mids, time_ns)
    return (control - price) / control * BPS
