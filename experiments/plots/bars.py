"""Figures of totals: volume, who took it, markouts, and who earned from whom."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from shoal.experiments.plots.theme import (
    GAIN,
    INK,
    LOSS,
    VenueColours,
    nothing,
    pair_names,
    rows_figure,
    styled,
    time_axis,
    utc,
    words,
)

At = Literal["fill", "end"]
_PARTS: Final = (
    ("trading_edge_quote_tokens", "trading edge at the outside price", "#0b6fb8"),
    ("fees_quote_tokens", "fees", "#d1591b"),
    ("selection_quote_tokens", "price in the 5 min after the fill", "#1b7f79"),
    ("inventory_quote_tokens", "inventory after that", "#b8c1cb"),
    ("gas_quote_tokens", "gas", "#7a4fa3"),
    ("moved_quote_tokens", "moved without a trade", "#c8963e"),
    ("residual_quote_tokens", "residual", "#000000"),
)
_CENT: Final = 0.005
_TAKERS: Final = (
    "#1b7f79",
    "#c8963e",
    "#7a4fa3",
    "#b23a6f",
    "#4b5d8a",
    "#7fb069",
    "#a9b4c0",
    "#0b6fb8",
    "#d1591b",
    "#5aa9e6",
    "#8a3609",
    "#39434f",
    "#e0a9c0",
    "#b5b82e",
)


def volume_figure(volume_over_time: pd.DataFrame, colours: VenueColours) -> go.Figure:
    """Volume by venue in equal stretches of time, stacked."""
    if not len(volume_over_time):
        return nothing("nothing was traded")
    pairs = sorted(set(zip(volume_over_time["base"], volume_over_time["quote"], strict=True)))
    figure = rows_figure(pair_names(pairs), height=220)
    for row, (base, quote) in enumerate(pairs, start=1):
        mine = volume_over_time[(volume_over_time["base"] == base) & (volume_over_time["quote"] == quote)]
        for venue, series in mine.groupby("venue", sort=True):
            figure.add_trace(
                go.Bar(
                    x=utc(series["time_ns"].to_numpy(np.int64)),
                    y=series["volume_quote_tokens"].to_numpy(np.float64),
                    offset=0,
                    width=float(series["bucket_s"].iloc[0]) * 1000 * 0.92,
                    name=str(venue),
                    marker={"color": colours[str(venue)], "line": {"width": 0}},
                    hovertemplate=f"%{{y:,.4~s}} {quote}<extra>{venue}</extra>",
                ),
                row=row,
                col=1,
            )
        minutes = float(mine["bucket_s"].iloc[0]) / 60
        figure.update_yaxes(title_text=f"{quote} per {minutes:.3g} min", row=row, col=1)
    return time_axis(figure.update_layout(barmode="stack"))


def takers_figure(volume_by_taker: pd.DataFrame) -> go.Figure:
    """Whose trades made each venue's volume."""
    if not len(volume_by_taker):
        return nothing("nothing was traded")
    figure, quote = styled(go.Figure()), str(volume_by_taker["quote"].iloc[0])
    for index, (kind, rows) in enumerate(volume_by_taker.groupby("taker_kind", sort=True)):
        figure.add_trace(
            go.Bar(
                y=rows["venue"].astype(str).tolist(),
                x=(rows["share"] * 100).to_numpy(np.float64),
                name=words(str(kind)),
                orientation="h",
                marker={"color": _TAKERS[index % len(_TAKERS)]},
                customdata=rows["volume_quote_tokens"].to_numpy(np.float64),
                hovertemplate=f"%{{x:.1f}} %, %{{customdata:,.4~s}} {quote}<extra>%{{fullData.name}}</extra>",
            )
        )
    count = volume_by_taker["venue"].nunique()
    figure.update_layout(barmode="stack", height=120 + 34 * count, hovermode="closest", bargap=0.35)
    figure.update_xaxes(title_text="share of the venue's volume, %", range=[0, 100])
    return figure.update_yaxes(autorange="reversed", showgrid=False, ticksuffix="  ", dtick=1)


def markouts_figure(markouts: pd.DataFrame, kinds: dict[str, str], colours: VenueColours) -> go.Figure:
    """What makers and pools gained on their fills by horizon, in basis points of what was traded."""
    shown = markouts[markouts["venue"].map(kinds).isin(["book", "pool"]) & markouts["markout_bps"].notna()]
    if not len(shown):
        return nothing("no fill has a known price at any horizon")
    figure = styled(go.Figure())
    for (venue, kind), rows in shown.groupby(["venue", "maker_kind"], sort=True):
        name = str(venue) if kinds.get(str(venue)) == "pool" else f"{venue}: {words(str(kind))}"
        figure.add_trace(
            go.Scatter(
                x=[horizon_text(horizon) for horizon in rows["horizon_s"]],
                y=rows["markout_bps"].to_numpy(np.float64),
                error_y={"array": (2 * rows["standard_error_bps"]).to_numpy(np.float64), "thickness": 1, "width": 3},
                name=name,
                mode="lines+markers",
                marker={"size": 8},
                line={"color": colours[str(venue)], "width": 1.8},
                customdata=rows["fills"].to_numpy(),
                hovertemplate=f"%{{y:+.2f}} bps, %{{customdata:,}} fills<extra>{name}</extra>",
            )
        )
    order = [horizon_text(horizon) for horizon in sorted(set(markouts["horizon_s"]))]
    figure.update_xaxes(title_text="after the fill", type="category", categoryorder="array", categoryarray=order)
    figure.update_yaxes(
        title_text="maker's gain, bps of volume", zeroline=True, zerolinecolor="#9aa5b1", zerolinewidth=1
    )
    return figure.update_layout(height=380)


def pnl_figure(by_kind: pd.DataFrame, quote: str) -> go.Figure:
    """What each kind earned and lost, by source; price changes of what was held at the start left out."""
    if not len(by_kind):
        return nothing("the books of this run were not closed")
    figure = styled(go.Figure())
    involved = by_kind[[column for column, _, _ in _PARTS]].abs().max(axis=1) >= _CENT
    by_kind = by_kind[involved]
    names = [words(str(kind)) for kind in by_kind["kind"]]
    for column, name, colour in _PARTS:
        values = by_kind[column].to_numpy(np.float64)
        if not len(values) or np.abs(values).max() < _CENT:
            continue
        figure.add_trace(
            go.Bar(
                y=names,
                x=values,
                name=name,
                orientation="h",
                marker={"color": colour},
                hovertemplate=f"%{{x:+,.2f}} {quote}<extra>{name}</extra>",
            )
        )
    total = (by_kind["value_change_quote_tokens"] - by_kind["holding_quote_tokens"]).to_numpy(np.float64)
    figure.add_trace(
        go.Scatter(
            y=names,
            x=total,
            name="total",
            mode="markers",
            marker={"symbol": "diamond", "size": 11, "color": INK, "line": {"color": "white", "width": 1.5}},
            hovertemplate=f"%{{x:+,.2f}} {quote}<extra>total</extra>",
        )
    )
    figure.update_layout(barmode="relative", height=150 + 38 * len(names), hovermode="y unified", bargap=0.35)
    figure.update_xaxes(title_text=f"{quote}, gained (+) or lost (-)", zeroline=True, zerolinecolor="#66758a")
    return figure.update_yaxes(autorange="reversed", showgrid=False, ticksuffix="  ", dtick=1)


def earned_figure(transfers: pd.DataFrame, quote: str, *, at: At = "end") -> go.Figure:
    """A matrix: what the kind of a row earned by trading with the kind of a column, fees apart."""
    if not len(transfers):
        return nothing("nothing was traded")
    net = net_between_kinds(transfers, at=at)
    names = [words(str(kind)) for kind in net.index]
    values = net.to_numpy(np.float64)
    span = float(np.abs(values).max()) or 1.0
    texts = [[_short(value) if value else "" for value in row] for row in values]
    figure = styled(go.Figure())
    figure.add_trace(
        go.Heatmap(
            z=values,
            x=names,
            y=names,
            text=texts,
            texttemplate="%{text}",
            zmin=-span,
            zmax=span,
            colorscale=[[0, LOSS], [0.5, "#f7f8fa"], [1, GAIN]],
            xgap=2,
            ygap=2,
            showscale=False,
            hovertemplate=f"%{{y}} earned %{{z:+,.2f}} {quote}<br>from %{{x}}<extra></extra>",
        )
    )
    figure.update_layout(height=130 + 46 * len(names), hovermode="closest", margin={"t": 20})
    figure.update_xaxes(title={"text": f"... from, {quote}", "standoff": 14}, automargin=True, showgrid=False)
    return figure.update_yaxes(
        title_text="who earned ...", autorange="reversed", showgrid=False, ticksuffix="  ", dtick=1
    )


def net_between_kinds(transfers: pd.DataFrame, *, at: At = "end") -> pd.DataFrame:
    """A square table: what the kind of a row gained from the kind of a column; the opposite cells sum to 0."""
    column = "to_end_quote_tokens" if at == "end" else "edge_quote_tokens"
    kinds = sorted(set(transfers["taker_kind"]) | set(transfers["maker_kind"]))
    as_maker = transfers.pivot_table(index="maker_kind", columns="taker_kind", values=column, aggfunc="sum")
    as_maker = as_maker.reindex(index=kinds, columns=kinds).fillna(0.0)
    return as_maker - as_maker.T


def horizon_text(seconds: float) -> str:
    """A horizon as people say it.

    >>> horizon_text(10.0), horizon_text(300.0)
    ('10 s', '5 min')
    """
    return f"{seconds / 60:g} min" if seconds >= 60 else f"{seconds:g} s"


def _short(value: float) -> str:
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:+.3g}{letter}"
    return f"{value:+.3g}"
