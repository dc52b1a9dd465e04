"""The picture of a replayed order book: quotes of engine and recording, spread, disagreements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import plotly.graph_objects as go

from shoal.experiments.plots.theme import GAIN, INK, LOSS, MUTED, nothing, rows_figure, time_axis, utc
from shoal.sim.thinning import thinned

if TYPE_CHECKING:
    from shoal.experiments.replay_book.quotes import Floats, Quotes
    from shoal.experiments.replay_book.replay import Replay

_STRETCHES: Final = 120


def replay_figure(replay: Replay) -> go.Figure:
    """Best bid and ask, spread, and disagreements over time."""
    quotes = replay.quotes
    if not len(quotes.times_ns):
        return nothing("the recording holds no best quotes to compare with")
    figure = rows_figure(
        ["Best bid and ask", "Spread", "Disagreements in each stretch of time"], height=230, shares=(0.5, 0.25, 0.25)
    )
    wide, thin = {"width": 3.0}, {"width": 1.2}
    lines = (
        ("recorded bid", quotes.recorded_bid, {"color": "#a9d3cf", **wide}),
        ("recorded ask", quotes.recorded_ask, {"color": "#eeb6ae", **wide}),
        ("engine bid", quotes.engine_bid, {"color": GAIN, **thin}),
        ("engine ask", quotes.engine_ask, {"color": LOSS, **thin}),
    )
    for name, values, line in lines:
        figure.add_trace(_steps(quotes, name, values, line), row=1, col=1)
    spreads = (
        ("recorded spread", quotes.recorded_ask - quotes.recorded_bid, {"color": MUTED, **wide}),
        ("engine spread", quotes.engine_ask - quotes.engine_bid, {"color": INK, **thin}),
    )
    for name, values, line in spreads:
        figure.add_trace(_steps(quotes, name, values, line), row=2, col=1)
    counts, edges = np.histogram(
        np.array(replay.disagreement_times_ns, dtype=np.float64),
        bins=_STRETCHES,
        range=(float(quotes.times_ns[0]), float(max(quotes.times_ns[-1], quotes.times_ns[0] + 1))),
    )
    figure.add_trace(
        go.Bar(
            x=utc(((edges[:-1] + edges[1:]) / 2).astype(np.int64)),
            y=counts,
            name="disagreements",
            marker={"color": LOSS},
            hovertemplate="%{y:,.0f}<extra>disagreements</extra>",
        ),
        row=3,
        col=1,
    )
    figure.update_yaxes(title_text="price", row=1, col=1)
    figure.update_yaxes(title_text="ask less bid", row=2, col=1)
    figure.update_yaxes(title_text="number", rangemode="tozero", row=3, col=1)
    return time_axis(figure)


def _steps(quotes: Quotes, name: str, values: Floats, line: dict[str, object]) -> go.Scatter:
    kept = thinned(values)
    return go.Scatter(
        x=utc(quotes.times_ns[kept]),
        y=values[kept],
        name=name,
        mode="lines",
        line={"shape": "hv", **line},
        connectgaps=False,
        hovertemplate=f"%{{y:,.6~g}}<extra>{name}</extra>",
    )
