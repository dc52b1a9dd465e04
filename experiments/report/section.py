"""What a report is made of: sections with text, figures and tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shoal.experiments.report.cells import Sheet

if TYPE_CHECKING:
    import plotly.graph_objects as go


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure and the line below it."""

    name: str
    figure: go.Figure
    caption: str


@dataclass(frozen=True, slots=True)
class Section:
    """One heading with its text, figures and tables."""

    name: str
    title: str
    text: str
    figures: tuple[Figure, ...] = ()
    sheets: tuple[Sheet, ...] = ()
