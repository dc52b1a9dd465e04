"""Figures of vaults: what they hold, what they are worth, and what each rebalance cost."""

from __future__ import annotations

from itertools import cycle
from typing import Any, Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from shoal.experiments.measures.shortfall import PARTS
from shoal.experiments.plots.theme import INK, nothing, rows_figure, styled, time_axis, utc
from shoal.sim.thinning import thinned

PART_NAMES: Final = {
    "delay": "delay",
    "fee": "venue fee",
    "impact": "spread and impact",
    "ordering": "benign ordering",
    "adversary": "adversary",
    "gas": "gas",
    "unfilled": "unfilled",
}
_PART_COLOURS: Final = {
    "delay": "#b8c1cb",
    "fee": "#d1591b",
    "impact": "#0b6fb8",
    "ordering": "#5aa9e6",
    "adversary": "#c0392b",
    "gas": "#7a4fa3",
    "unfilled": "#c8963e",
}
_ASSETS: Final = ("#d1591b", "#0b6fb8", "#1b7f79", "#7a4fa3", "#c8963e")
_VAULTS: Final = ("#0b6fb8", "#d1591b", "#1b7f79", "#7a4fa3", "#c8963e", "#b23a6f", "#7fb069", "#5aa9e6")
_HOLD: Final = "hold"
_REFERENCE: Final = {"width": 1.8, "color": INK, "dash": "dot"}
_POINTS: Final = 600
_LEAST_BPS: Final = 0.005


def weights_figure(vault_states: pd.DataFrame, quote: str) -> go.Figure:
    """Share of risky assets in each vault's value, stacked; what is missing to 100 % is the quote, more is borrowed."""
    risky = vault_states[vault_states["asset"] != quote]
    if not len(risky):
        return nothing("no vault held anything")
    vaults = [(str(vault), mine) for vault, mine in risky.groupby("vault", sort=False)]
    colours = {asset: _ASSETS[index % len(_ASSETS)] for index, asset in enumerate(sorted(set(risky["asset"])))}
    figure = rows_figure([_title(vault, mine) for vault, mine in vaults], height=150)
    for row, (_, mine) in enumerate(vaults, start=1):
        for asset, series in mine.groupby("asset", sort=True):
            figure.add_trace(_area(str(asset), series, colours[asset], legend=row == 1), row=row, col=1)
        wanted = mine.groupby("time_ns", sort=True)["target_weight"].sum(min_count=1)
        if wanted.notna().any():
            figure.add_trace(_wanted(wanted, legend=row == 1), row=row, col=1)
        figure.update_yaxes(title_text="% of value", rangemode="tozero", row=row, col=1)
    return time_axis(figure)


def nav_figure(nav_series: pd.DataFrame) -> go.Figure:
    """Every vault's net asset value, and how far it lies below its paper twin."""
    if not nav_series["nav_tokens"].notna().any():
        return nothing("no vault had a value")
    figure = rows_figure(["Net asset value, first value 100", "Cost: paper twin less vault"])
    colours = cycle(_VAULTS)
    for vault, mine in nav_series.groupby("vault", sort=False):
        holds = str(mine["policy"].iloc[0]) == _HOLD
        line = _REFERENCE if holds else {"width": 1.6, "color": next(colours)}
        times, nav = mine["time_ns"].to_numpy(np.int64), mine["nav_tokens"].to_numpy(np.float64)
        panels = (
            (nav / nav[0] * 100, "%{y:,.2f}"),
            (mine["cost_bps"].to_numpy(np.float64), "%{y:+,.2f} bps"),
        )
        for row, (values, hover) in enumerate(panels, start=1):
            kept = thinned(values)
            figure.add_trace(
                go.Scatter(
                    x=utc(times[kept]),
                    y=values[kept],
                    name=str(vault),
                    legendgroup=str(vault),
                    showlegend=row == 1,
                    mode="lines",
                    line=line,
                    hovertemplate=f"{hover}<extra>{vault}</extra>",
                ),
                row=row,
                col=1,
            )
    figure.update_yaxes(title_text="first value = 100", row=1, col=1)
    figure.update_yaxes(title_text="bps of the twin", zeroline=True, zerolinecolor="#9aa5b1", row=2, col=1)
    return time_axis(figure)


def shortfall_figure(by_policy: pd.DataFrame) -> go.Figure:
    """Implementation shortfall by policy, in basis points of what was to be traded, stacked by part."""
    if not len(by_policy):
        return nothing("no vault rebalanced")
    figure, policies = styled(go.Figure()), by_policy["policy"].astype(str).tolist()
    for part in PARTS:
        values = by_policy[f"{part}_bps"].to_numpy(np.float64)
        if not (np.abs(np.nan_to_num(values)) >= _LEAST_BPS).any():
            continue
        figure.add_trace(
            go.Bar(
                y=policies,
                x=values,
                name=PART_NAMES[part],
                orientation="h",
                marker={"color": _PART_COLOURS[part]},
                hovertemplate=f"%{{x:+,.2f}} bps<extra>{PART_NAMES[part]}</extra>",
            )
        )
    figure.add_trace(
        go.Scatter(
            y=policies,
            x=by_policy["total_bps"].to_numpy(np.float64),
            name="total",
            mode="markers",
            marker={"symbol": "diamond", "size": 11, "color": INK, "line": {"color": "white", "width": 1.5}},
            hovertemplate="%{x:+,.2f} bps<extra>total</extra>",
        )
    )
    figure.update_layout(barmode="relative", height=150 + 44 * len(policies), hovermode="y unified", bargap=0.35)
    figure.update_xaxes(
        title_text="cost (+) or gain (−), bps of what was to be traded", zeroline=True, zerolinecolor="#66758a"
    )
    return figure.update_yaxes(autorange="reversed", showgrid=False, ticksuffix="  ", dtick=1)


def _title(vault: str, mine: pd.DataFrame) -> str:
    policy = str(mine["policy"].iloc[0])
    return vault if policy in vault else f"{vault}: {policy}"


def _even(count: int) -> Any:
    """Areas that are stacked need the same points: every so many, the last one among them."""
    return np.unique(np.linspace(0, count - 1, min(count, _POINTS)).astype(np.intp))


def _area(asset: str, series: pd.DataFrame, colour: str, *, legend: bool) -> go.Scatter:
    kept = _even(len(series))
    return go.Scatter(
        x=utc(series["time_ns"].to_numpy(np.int64)[kept]),
        y=series["weight"].to_numpy(np.float64)[kept] * 100,
        name=asset,
        legendgroup=asset,
        showlegend=legend,
        mode="lines",
        line={"width": 0.5, "color": colour},
        stackgroup="weights",
        hovertemplate=f"%{{y:.1f}} %<extra>{asset}</extra>",
    )


def _wanted(wanted: pd.Series[float], *, legend: bool) -> go.Scatter:
    kept = _even(len(wanted))
    return go.Scatter(
        x=utc(wanted.index.to_numpy(np.int64)[kept]),
        y=wanted.to_numpy(np.float64)[kept] * 100,
        name="wanted in all",
        legendgroup="wanted",
        showlegend=legend,
        mode="lines",
        line={"width": 1.4, "color": INK, "dash": "dot"},
        hovertemplate="%{y:.1f} %<extra>wanted in all</extra>",
    )
