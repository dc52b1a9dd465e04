"""A forest of estimates: a point and an interval each, and the replicates behind it as dots."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from shoal.experiments.plots.theme import INK, LOSS, MUTED, nothing, styled

if TYPE_CHECKING:
    from shoal.experiments.replicates.topics import Entry, Topic

_FACTOR: Final = "times"
_ROW: Final = 24
_FRAME: Final = 64
_HEAD: Final = 60
_KEYS: Final = ["name", "unit", "world"]
type Line = tuple[str, list[tuple[int, Entry]]]


def forest(topic: Topic, figures: pd.DataFrame) -> go.Figure:
    """The estimates of a topic with their intervals: a panel for each unit and each world compared with.

    A line marks no difference: 0, and 1 for factors.

    Args:
        topic: its estimates.
        figures: one row a figure and replicate.
    """
    panels = _panels(topic)
    if not panels:
        return nothing("There are no figures.")
    columns = topic.worlds or ("",)
    heights = [len(lines) for _, lines in panels]
    height = sum(heights) * _ROW + len(panels) * _FRAME + _HEAD
    figure = make_subplots(
        rows=len(panels),
        cols=len(columns),
        shared_yaxes=True,
        row_heights=heights,
        column_titles=[versus(world) for world in columns] if len(columns) > 1 else None,
        vertical_spacing=min(0.9 / max(1, len(panels) - 1), _FRAME / height),
        horizontal_spacing=0.03,
    )
    for row, (unit, lines) in enumerate(panels, start=1):
        for column, world in enumerate(columns, start=1):
            _panel(figure, topic, figures, lines, row, column, world if topic.worlds else None)
            figure.update_xaxes(
                title={"text": unit or "number", "standoff": 2, "font": {"size": 12}}, row=row, col=column
            )
            figure.update_yaxes(
                categoryorder="array", categoryarray=[label for label, _ in lines][::-1], row=row, col=column
            )
    return _laid_out(figure, height)


def versus(world: str) -> str:
    """The heading of a column.

    >>> versus("no-attack"), versus("")
    ('vs no-attack', 'base')
    """
    return f"vs {world}" if world else "base"


def _panels(topic: Topic) -> list[tuple[str, list[Line]]]:
    """For each unit the lines of the panel: a label and the entries on it, those without any number left out."""
    found: dict[str, dict[str, list[tuple[int, Entry]]]] = {}
    for index, entry in enumerate(topic.entries):
        if not math.isnan(entry.mean):
            label = entry.row if topic.worlds or not entry.world else f"{entry.row}, {versus(entry.world)}"
            found.setdefault(entry.unit, {}).setdefault(label, []).append((index, entry))
    return [(unit, list(lines.items())) for unit, lines in found.items()]


def _panel(
    figure: go.Figure,
    topic: Topic,
    figures: pd.DataFrame,
    lines: list[Line],
    row: int,
    column: int,
    world: str | None,
) -> None:
    """One panel: all entries of one world, or of all worlds where there are no columns for them."""
    drawn = [(label, index, each) for label, at in lines for index, each in at if world is None or each.world == world]
    if not drawn:
        figure.update_xaxes(visible=False, row=row, col=column)
    labels = {index: label for label, index, _ in drawn}
    dots = topic.summary.loc[list(labels), _KEYS].assign(label=list(labels.values())).merge(figures, on=_KEYS)
    if any(each.n > 1 for _, _, each in drawn):
        figure.add_scatter(
            x=dots["effect"].tolist(),
            y=dots["label"].tolist(),
            mode="markers",
            marker={"color": MUTED, "size": 7, "opacity": 0.45},
            text=[f"seed {seed}" for seed in dots["seed"]],
            hovertemplate="%{y}: %{x} (%{text})<extra></extra>",
            row=row,
            col=column,
        )
    # Lines without an entry here must stand in their place, too.
    missing = [label for label, _ in lines if label not in labels.values()]
    figure.add_scatter(
        x=[*(each.mean for _, _, each in drawn), *(None for _ in missing)],
        y=[*(label for label, _, _ in drawn), *missing],
        mode="markers",
        marker={"color": INK, "size": 9, "symbol": "diamond"},
        error_x={
            "type": "data",
            "array": [0.0 if math.isnan(each.half) else each.half for _, _, each in drawn],
            "color": INK,
            "thickness": 1.8,
            "width": 5,
        },
        text=[each.text for _, _, each in drawn],
        hovertemplate="%{y}: %{text}<extra></extra>",
        row=row,
        col=column,
    )
    if any(each.difference or each.unit == _FACTOR for _, _, each in drawn):
        nothing_done = 1.0 if drawn[0][2].unit == _FACTOR and not drawn[0][2].difference else 0.0
        figure.add_vline(x=nothing_done, line={"color": LOSS, "width": 1, "dash": "dot"}, row=row, col=column)


def _laid_out(figure: go.Figure, height: int) -> go.Figure:
    styled(figure)
    figure.update_layout(height=height, showlegend=False, hovermode="closest", margin={"t": 34, "b": 52, "l": 20})
    figure.update_annotations(font={"size": 13, "color": INK})
    figure.update_xaxes(nticks=5)
    return figure.update_yaxes(automargin=True, showgrid=False, nticks=None, tickmode="linear")
