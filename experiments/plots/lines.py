"""Figures of what venues showed over time: prices, depth, spread, gaps."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import plotly.graph_objects as go

from shoal.experiments.plots.theme import GRID, OTHERS, VenueColours, nothing, pair_names, rows_figure, time_axis, utc
from shoal.sim.thinning import thinned

_STRETCHES: Final = 400
_PRICE_KINDS: Final = ("outside", "path", "oracle", "pool", "book")
_LINES: Final[dict[str, dict[str, Any]]] = {
    "outside": {"width": 2.4},
    "path": {"width": 1.2, "dash": "dot"},
    "oracle": {"width": 1.2, "dash": "dash"},
}


def prices_figure(prices: pd.DataFrame, colours: VenueColours) -> go.Figure:
    """Mid price of every venue against the outside price."""
    # Behind an outside market the path that drives it would only hide it.
    kinds = [kind for kind in _PRICE_KINDS if kind != "path" or not (prices["kind"] == "outside").any()]
    return _panels(prices, "mid", kinds, colours, axis="{quote} per {base}", hover="%{y:,.6~g} {quote}")


def depth_figure(venue_states: pd.DataFrame, colours: VenueColours) -> go.Figure:
    """Quote tokens within 1 % of the mid, mean of both sides, of books and pools."""
    figure = _panels(
        venue_states,
        "depth_quote_tokens",
        ["pool", "book"],
        colours,
        axis="{quote} within 1 %",
        hover="%{y:,.4~s} {quote}",
    )
    return figure.update_yaxes(rangemode="tozero")


def spread_figure(venue_states: pd.DataFrame, colours: VenueColours) -> go.Figure:
    """Ask less bid in basis points of the mid, fees included, of books and pools."""
    figure = _panels(
        venue_states, "spread_bps", ["pool", "book"], colours, axis="spread, bps of mid", hover="%{y:,.1f} bps"
    )
    return figure.update_yaxes(rangemode="tozero")


def gaps_figure(gap_series: pd.DataFrame, outside: set[str], colours: VenueColours) -> go.Figure:
    """How far each venue's mid was from the outside price."""
    against = gap_series[gap_series["against"].isin(outside)]
    table = against.assign(kind="gap")
    figure = _panels(table, "gap_bps", ["gap"], colours, axis="from outside, bps", hover="%{y:+,.1f} bps")
    return figure.update_yaxes(zeroline=True, zerolinecolor="#9aa5b1", zerolinewidth=1)


def gas_figure(blocks: pd.DataFrame) -> go.Figure:
    """Base fee and how full blocks were, of every chain."""
    if not len(blocks):
        return nothing("no block was produced")
    figure = rows_figure(["Base fee", "Gas used, mean of a stretch of blocks", "Transactions left waiting"], height=190)
    for index, (host, rows) in enumerate(blocks.groupby("host", sort=True)):
        times = rows["time_ns"].to_numpy(np.int64)
        line = {"width": 1.3, "color": OTHERS[index % len(OTHERS)]}
        used = rows["gas_used"].to_numpy(np.float64) / rows["gas_limit"].to_numpy(np.float64) * 100
        # Single blocks jump between empty and full: drawn one by one they are a band of colour.
        starts = np.unique(np.linspace(0, len(used), _STRETCHES, endpoint=False).astype(np.intp))
        means = np.add.reduceat(used, starts) / np.diff(np.append(starts, len(used)))
        panels = (
            (times, rows["base_fee_wei"].to_numpy(np.float64) / 1e9, "%{y:,.2f} gwei"),
            (times[starts], means, "%{y:.1f} %"),
            (times, rows["left_waiting"].to_numpy(np.float64), "%{y:,.0f} transactions"),
        )
        for row, (at, values, hover) in enumerate(panels, start=1):
            figure.add_trace(_line(str(host), at, values, hover, line, legend=row == 1), row=row, col=1)
    figure.update_yaxes(title_text="gwei per gas", rangemode="tozero", row=1, col=1)
    figure.update_yaxes(title_text="% of limit", range=[0, 105], row=2, col=1)
    figure.add_hline(y=50, line={"color": "#9aa5b1", "dash": "dot", "width": 1}, row=2, col=1)
    figure.update_yaxes(title_text="transactions", rangemode="tozero", row=3, col=1)
    return time_axis(figure)


def lp_figure(liquidity_series: pd.DataFrame) -> go.Figure:
    """Result of providing liquidity against holding, split into fees and impermanent loss."""
    if not len(liquidity_series):
        return nothing("no pool held liquidity")
    groups = list(liquidity_series.groupby(["venue", "quote"], sort=True))
    figure = rows_figure([str(venue) for (venue, _), _ in groups])
    parts = (
        ("fee income", "fee_income_quote_tokens", {"width": 1.4, "color": "#1b7f79"}),
        ("impermanent loss", "impermanent_loss_quote_tokens", {"width": 1.4, "color": "#c0392b"}),
        ("result against holding", "result_quote_tokens", {"width": 2.4, "color": "#1c2733"}),
    )
    for row, ((_, quote), series) in enumerate(groups, start=1):
        times = series["time_ns"].to_numpy(np.int64)
        for name, column, line in parts:
            values = series[column].to_numpy(np.float64)
            hover = f"%{{y:+,.2f}} {quote}"
            figure.add_trace(_line(name, times, values, hover, line, legend=row == 1), row=row, col=1)
        figure.update_yaxes(title_text=f"{quote} against holding", row=row, col=1)
    figure.update_yaxes(zeroline=True, zerolinecolor="#9aa5b1", zerolinewidth=1)
    return time_axis(figure)


def _panels(
    table: pd.DataFrame, column: str, kinds: list[str], colours: VenueColours, *, axis: str, hover: str
) -> go.Figure:
    """One panel a pair, one line a venue."""
    table = table[table["kind"].isin(kinds) & (table[column].abs() != np.inf)]
    if not table[column].notna().any():
        return nothing("nothing was recorded")
    pairs = [(str(base), str(quote)) for base, quote in sorted(set(zip(table["base"], table["quote"], strict=True)))]
    figure = rows_figure(pair_names(pairs))
    order = {kind: index for index, kind in enumerate(kinds)}
    for row, (base, quote) in enumerate(pairs, start=1):
        mine = table[(table["base"] == base) & (table["quote"] == quote)]
        lines: list[tuple[Any, pd.DataFrame]] = list(mine.groupby(["kind", "venue"], sort=True))
        for (kind, venue), series in sorted(lines, key=lambda item: (order[item[0][0]], item[0][1])):
            line = {"width": 1.4, "color": colours[str(venue)]} | _LINES.get(str(kind), {})
            figure.add_trace(
                _line(
                    str(venue),
                    series["time_ns"].to_numpy(np.int64),
                    series[column].to_numpy(np.float64),
                    hover.replace("{quote}", quote),
                    line,
                ),
                row=row,
                col=1,
            )
        figure.update_yaxes(title_text=axis.format(base=base, quote=quote), row=row, col=1)
    figure.update_xaxes(gridcolor=GRID)
    return time_axis(figure)


def _line(
    name: str,
    times_ns: npt.NDArray[np.int64],
    values: npt.NDArray[np.float64],
    hover: str,
    line: dict[str, Any],
    *,
    legend: bool = True,
) -> go.Scatter:
    kept = thinned(values)
    return go.Scatter(
        x=utc(times_ns[kept]),
        y=values[kept],
        name=name,
        legendgroup=name,
        showlegend=legend,
        mode="lines",
        line=line,
        connectgaps=False,
        hovertemplate=f"{hover}<extra>{name}</extra>",
    )
