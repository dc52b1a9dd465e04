"""One look for every figure: colours that stay with a venue, fonts, axes in UTC."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

INK: Final = "#1c2733"
MUTED: Final = "#66758a"
GRID: Final = "#e7ebf0"
GAIN: Final = "#1b7f79"
LOSS: Final = "#c0392b"
FONT: Final = "Inter, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif"
ROW_HEIGHT: Final = 270
# A hue for each kind of venue, a shade for each venue of the kind; told apart also by the colour-blind.
_SHADES: Final[Mapping[str, Sequence[str]]] = {
    "pool": ("#0b6fb8", "#5aa9e6", "#08436e"),
    "book": ("#d1591b", "#f0a05a", "#8a3609"),
    "outside": ("#39434f", "#7b8794", "#a9b4c0"),
    "path": ("#9aa5b1", "#b8c1cb", "#cfd6de"),
    "oracle": ("#7a4fa3", "#b08fd0", "#4d2c70"),
}
OTHERS: Final = ("#1b7f79", "#7fb069", "#b23a6f", "#c8963e", "#4b5d8a")


@dataclass(frozen=True, slots=True)
class VenueColours:
    """A colour for every venue, the same in all figures of a run."""

    by_venue: Mapping[str, str]

    @classmethod
    def of(cls, venues: pd.DataFrame) -> VenueColours:
        """Give them out in the order of a table with venue and kind."""
        counts: dict[str, int] = {}
        colours = {}
        for venue, kind in zip(venues["venue"], venues["kind"], strict=True):
            shades = _SHADES.get(str(kind), OTHERS)
            colours[str(venue)] = shades[counts.get(str(kind), 0) % len(shades)]
            counts[str(kind)] = counts.get(str(kind), 0) + 1
        return cls(colours)

    def __getitem__(self, venue: str) -> str:
        return self.by_venue.get(venue, MUTED)


def words(kind: str) -> str:
    """A class name as words.

    >>> words("NoiseTrader"), words("burnt")
    ('noise trader', 'burnt')
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", kind).lower()


def rows_figure(titles: Sequence[str], *, height: int = ROW_HEIGHT, shares: Sequence[float] | None = None) -> go.Figure:
    """A column of panels with one horizontal axis; ``shares`` of the height, alike if not given."""
    count = max(1, len(titles))
    gap = min(0.12, 64 / (height * count))
    figure = make_subplots(
        rows=count,
        cols=1,
        shared_xaxes=True,
        vertical_spacing=gap,
        subplot_titles=list(titles),
        row_heights=None if shares is None else list(shares),
    )
    figure.update_layout(height=height * count + 90)
    figure.update_annotations(font={"size": 13, "color": INK}, x=0.0, xanchor="left")
    return styled(figure)


def styled(figure: go.Figure) -> go.Figure:
    """Apply the look."""
    figure.update_layout(
        template="none",
        font={"family": FONT, "size": 12, "color": INK},
        paper_bgcolor="white",
        plot_bgcolor="white",
        margin={"l": 70, "r": 44, "t": 64, "b": 62},
        hovermode="x unified",
        hoverlabel={"font": {"family": FONT, "size": 12}, "bgcolor": "white", "bordercolor": GRID},
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.0, "yref": "container", "yanchor": "top"},
        modebar={"orientation": "v", "bgcolor": "rgba(0,0,0,0)", "color": "#b8c1cb", "activecolor": MUTED},
        colorway=list(OTHERS),
        separators=". ",
    )
    figure.update_xaxes(gridcolor=GRID, zeroline=False, linecolor=GRID, ticks="outside", tickcolor=GRID)
    figure.update_yaxes(gridcolor=GRID, zeroline=False, automargin=True, title_standoff=8, nticks=6)
    return figure


def time_axis(figure: go.Figure) -> go.Figure:
    """Name the time axis at the foot of the last panel."""
    figure.update_xaxes(type="date", hoverformat="%Y-%m-%d %H:%M:%S UTC")
    last = len(figure._grid_ref or (None,))
    figure.update_xaxes(title={"text": "Time (UTC)", "standoff": 22}, row=last, col=1)
    return figure


def utc(times_ns: Any) -> pd.DatetimeIndex:
    """Times as Plotly wants them: naive, and meant as UTC."""
    return pd.DatetimeIndex(pd.to_datetime(times_ns, unit="ns")).as_unit("ms")


def nothing(message: str) -> go.Figure:
    """A figure that says why it is empty."""
    figure = styled(go.Figure())
    figure.add_annotation(
        text=message, showarrow=False, x=0.5, y=0.5, xref="paper", yref="paper", font={"color": MUTED, "size": 14}
    )
    figure.update_layout(height=200)
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    return figure


def pair_names(pairs: Iterable[tuple[str, str]]) -> list[str]:
    """Titles of panels."""
    return [f"{base}/{quote}" for base, quote in pairs]
