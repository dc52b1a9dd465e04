"""Figures of what presses on the market: attacks and liquidations."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from shoal.experiments.plots.theme import LOSS, nothing, rows_figure, time_axis, utc, words
from shoal.sim.thinning import thinned

_SPLIT: Final = (
    ("net_quote_tokens", "kept by the searcher", "#c0392b"),
    ("builder_quote_tokens", "builder and proposer", "#c8963e"),
    ("burnt_quote_tokens", "burnt", "#39434f"),
)
_LINES: Final = {
    "outside": {"width": 2.0, "color": "#39434f"},
    "oracle": {"width": 1.3, "color": "#7a4fa3", "dash": "dash"},
}
_FORCED: Final = "#d1591b"


def attacks_figure(by_attacker: pd.DataFrame, by_victim: pd.DataFrame, quote: str) -> go.Figure:
    """Who gained from attacks and how the gain was split; and who lost."""
    if not len(by_attacker):
        return nothing("no attack landed")
    attackers = by_attacker["attacker"].astype(str).tolist()
    figure = rows_figure(
        ["Gain by attacker", "Loss by kind of victim"], height=180, shares=(1 + len(attackers), 1 + len(by_victim))
    )
    for column, name, colour in _SPLIT:
        figure.add_trace(_bars(attackers, by_attacker[column], name, colour, quote), row=1, col=1)
    victims = [words(str(kind)) for kind in by_victim["victim_kind"]]
    lost = by_victim["victim_loss_quote_tokens"]
    figure.add_trace(_bars(victims, lost, "lost by victims", "#0b6fb8", quote), row=2, col=1)
    height = 260 + 38 * (len(attackers) + len(victims))
    figure.update_layout(barmode="relative", height=height, hovermode="closest", bargap=0.35)
    figure.update_yaxes(autorange="reversed", showgrid=False, ticksuffix="  ", dtick=1)
    figure.update_xaxes(title_text=quote, row=2, col=1)
    return figure.update_xaxes(zeroline=True, zerolinecolor="#66758a")


def liquidations_figure(over_time: pd.DataFrame, prices: pd.DataFrame, quote: str) -> go.Figure:
    """Forced volume and bad debt below the price, outside and at the oracle, of each collateral."""
    if not len(over_time):
        return nothing("nobody was liquidated")
    assets = sorted(set(over_time["asset"].astype(str)))
    figure = rows_figure([title for asset in assets for title in (f"{asset} price", f"{asset} liquidated")], height=190)
    for index, asset in enumerate(assets):
        row, mine = 2 * index + 1, over_time[over_time["asset"] == asset]
        shown = prices[(prices["base"] == asset) & prices["kind"].isin(list(_LINES)) & prices["mid"].notna()]
        for (kind, venue), series in shown.groupby(["kind", "venue"], sort=False):
            mids, times = series["mid"].to_numpy(np.float64), series["time_ns"].to_numpy(np.int64)
            kept = thinned(mids)
            figure.add_trace(
                go.Scatter(
                    x=utc(times[kept]),
                    y=mids[kept],
                    name=str(kind),
                    legendgroup=str(kind),
                    showlegend=index == 0,
                    mode="lines",
                    line=_LINES[str(kind)],
                    hovertemplate=f"%{{y:,.6~g}} {quote}<extra>{venue}</extra>",
                ),
                row=row,
                col=1,
            )
        width_ms = float(mine["bucket_s"].iloc[0]) * 1000 * 0.92
        for column, name, colour in (
            ("seized_quote_tokens", "seized", _FORCED),
            ("bad_debt_tokens", "bad debt", LOSS),
        ):
            figure.add_trace(
                go.Bar(
                    x=utc(mine["time_ns"].to_numpy(np.int64)),
                    y=mine[column].to_numpy(np.float64),
                    offset=0,
                    width=width_ms,
                    name=name,
                    legendgroup=name,
                    showlegend=index == 0,
                    marker={"color": colour, "line": {"width": 0}},
                    hovertemplate=f"%{{y:,.4~s}} {quote}<extra>{name}</extra>",
                ),
                row=row + 1,
                col=1,
            )
        minutes = float(mine["bucket_s"].iloc[0]) / 60
        figure.update_yaxes(title_text=f"{quote} per {asset}", row=row, col=1)
        figure.update_yaxes(title_text=f"{quote} per {minutes:.3g} min", rangemode="tozero", row=row + 1, col=1)
    return time_axis(figure.update_layout(barmode="overlay"))


def _bars(names: list[str], values: pd.Series[float], name: str, colour: str, quote: str) -> go.Bar:
    return go.Bar(
        y=names,
        x=values.to_numpy(np.float64),
        name=name,
        orientation="h",
        marker={"color": colour},
        hovertemplate=f"%{{x:+,.2f}} {quote}<extra>{name}</extra>",
    )
