"""A forest of estimates: a point and an interval each, and the replicates behind it as dots."""

from __future__ import annotations

from typing import Final

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from shoal.experiments.plots.theme import INK, LOSS, MUTED, nothing, styled

_ROW: Final = 30
_FRAME: Final = 96


def forest(summary: pd.DataFrame, figures: pd.DataFrame) -> go.Figure:
    """Estimates with their intervals; a line marks zero where a figure has a control.

    Args:
        summary: one row a figure, as replicates have it.
        figures: one row a figure and replicate.
    """
    if not len(summary):
        return nothing("There are no figures.")
    panels = _panels(summary)
    counts = [len(rows) for _, rows in panels]
    height = sum(counts) * _ROW + len(panels) * _FRAME
    figure = make_subplots(
        rows=len(panels), cols=1, row_heights=counts, vertical_spacing=min(0.9 / max(1, len(panels) - 1), 80 / height)
    )
    for panel, (title, rows) in enumerate(panels, start=1):
        names = [label(name, world) for name, world in zip(rows["name"], rows["world"], strict=True)]
        keys = ["name", "unit", "world"]
        _dots(figure, panel, figures.merge(rows[keys], on=keys))
        _points(figure, panel, rows, names)
        if (rows["world"] != "").any():
            figure.add_vline(x=0.0, line={"color": LOSS, "width": 1, "dash": "dot"}, row=panel, col=1)
        figure.update_xaxes(title={"text": title, "standoff": 4}, row=panel, col=1)
        figure.update_yaxes(categoryorder="array", categoryarray=names[::-1], row=panel, col=1)
    styled(figure)
    figure.update_layout(height=height + 40, showlegend=False, hovermode="closest", margin={"t": 20, "b": 60, "l": 20})
    figure.update_yaxes(automargin=True, showgrid=False, nticks=None, tickmode="linear")
    return figure


def label(name: str, world: str) -> str:
    """A figure's name with the world it is compared with.

    >>> label("cost", "no-attack"), label("cost", "")
    ('cost, less no-attack', 'cost')
    """
    return f"{name}, less {world}" if world else name


def _panels(summary: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Differences and levels of one unit are of different size, and stand apart."""
    paired = summary["world"] != ""
    found = []
    for unit in dict.fromkeys(summary["unit"]):
        for what, chosen in (("difference", paired), ("", ~paired)):
            rows = summary[(summary["unit"] == unit) & chosen]
            if len(rows):
                found.append((", ".join(part for part in (what, unit or "number") if part), rows))
    return found


def _dots(figure: go.Figure, panel: int, rows: pd.DataFrame) -> None:
    names = [label(name, world) for name, world in zip(rows["name"], rows["world"], strict=True)]
    figure.add_scatter(
        x=rows["effect"].tolist(),
        y=names,
        mode="markers",
        marker={"color": MUTED, "size": 6, "opacity": 0.35},
        text=[f"seed {seed}" for seed in rows["seed"]],
        hovertemplate="%{y}: %{x} (%{text})<extra></extra>",
        row=panel,
        col=1,
    )


def _points(figure: go.Figure, panel: int, rows: pd.DataFrame, names: list[str]) -> None:
    half = (rows["high"] - rows["mean"]).fillna(0.0)
    figure.add_scatter(
        x=rows["mean"].tolist(),
        y=names,
        mode="markers",
        marker={"color": INK, "size": 10, "symbol": "diamond"},
        error_x={"type": "data", "array": half.tolist(), "color": INK, "thickness": 2, "width": 6},
        hovertemplate="%{y}: %{x}<extra></extra>",
        row=panel,
        col=1,
    )
