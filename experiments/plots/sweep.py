"""Estimates over what was set to different numbers: a line a figure, its interval as bars."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from shoal.experiments.plots.theme import INK, OTHERS, styled
from shoal.experiments.replicates.topics import setting

if TYPE_CHECKING:
    from shoal.experiments.replicates.topics import Entry, Topic

_ROW: Final = 220
_LOGARITHMIC: Final = 20.0
"""From this ratio of the largest number to the smallest one the axis is logarithmic."""


@dataclass(frozen=True, slots=True)
class _Point:
    quantity: str
    line: str
    what: str
    number: float
    entry: Entry


def sweep(topic: Topic) -> go.Figure | None:
    """Panels of lines, a row for each quantity and a column for each thing set; None if nothing was set twice."""
    points = _points(topic)
    if not points:
        return None
    quantities = list(dict.fromkeys(each.quantity for each in points))
    columns = list(dict.fromkeys(each.what for each in points))
    lines = list(dict.fromkeys(each.line for each in points))
    height = _ROW * len(quantities) + 110
    figure = make_subplots(
        rows=len(quantities),
        cols=len(columns),
        shared_yaxes=True,
        shared_xaxes=True,
        vertical_spacing=min(0.9 / max(1, len(quantities) - 1), 30 / height),
        horizontal_spacing=0.03,
    )
    shown: set[str] = set()
    for row, quantity in enumerate(quantities, start=1):
        figure.update_yaxes(title={"text": quantity}, row=row, col=1)
        for column, what in enumerate(columns, start=1):
            for line in lines:
                here = [each for each in points if (each.quantity, each.what, each.line) == (quantity, what, line)]
                if here:
                    colour = OTHERS[lines.index(line) % len(OTHERS)]
                    _line(figure, sorted(here, key=_number), line, colour, row, column, first=line not in shown)
                    shown.add(line)
    for column, what in enumerate(columns, start=1):
        numbers = [each.number for each in points if each.what == what]
        wide = min(numbers) > 0.0 and max(numbers) / min(numbers) >= _LOGARITHMIC
        figure.update_xaxes(type="log" if wide else "linear", nticks=5, col=column)
        figure.update_xaxes(title={"text": what, "standoff": 4}, row=len(quantities), col=column)
    styled(figure)
    figure.update_layout(height=height, hovermode="closest", margin={"t": 54, "b": 56}, font={"color": INK})
    return figure.update_layout(showlegend=len(lines) > 1)


def _number(point: _Point) -> float:
    return point.number


def _points(topic: Topic) -> list[_Point]:
    found = []
    for entry in topic.entries:
        parts = setting(entry.row)
        if parts is None or math.isnan(entry.mean) or (entry.world and not topic.worlds):
            continue
        head, what, number = parts
        quantity, of, line = head.partition(" of ")
        if "," in line or not of:
            quantity, _, line = head.partition(", ")
        unit = f", {entry.unit}" if entry.unit else ""
        against = f" vs {entry.world}" if entry.world else ""
        found.append(_Point(f"{quantity}{against}{unit}", line, what, number, entry))
    numbers: dict[str, set[float]] = {}
    for each in found:
        numbers.setdefault(each.what, set()).add(each.number)
    return [each for each in found if len(numbers[each.what]) > 1]


def _line(
    figure: go.Figure, points: list[_Point], name: str, colour: str, row: int, column: int, *, first: bool
) -> None:
    halves = [0.0 if math.isnan(each.entry.half) else each.entry.half for each in points]
    figure.add_scatter(
        x=[each.number for each in points],
        y=[each.entry.mean for each in points],
        error_y={"type": "data", "array": halves, "color": colour, "thickness": 1.4, "width": 4},
        mode="lines+markers",
        name=name,
        legendgroup=name,
        showlegend=first,
        line={"color": colour, "width": 1.8},
        marker={"size": 7},
        text=[each.entry.text for each in points],
        hovertemplate=f"{name} %{{x}}: %{{text}}<extra></extra>",
        row=row,
        col=column,
    )
