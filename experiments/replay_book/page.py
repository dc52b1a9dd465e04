"""One HTML page of a replay; opens offline."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pandas as pd
from markupsafe import Markup

from shoal.experiments.errors import OptionError, Place
from shoal.experiments.plots.replay import replay_figure
from shoal.experiments.report.cells import Column, Sheet, sheet, whole
from shoal.experiments.report.render import figure_json, template

if TYPE_CHECKING:
    from shoal.experiments.replay_book.replay import Replay

TEMPLATE: Final = "replay.html.j2"


def check_target(path: Path) -> None:
    """Make sure, before anything is read, that a page can be written here.

    Raises:
        OptionError: it ends otherwise than in .html, is a folder, or its folder is missing.
    """
    place, remedy = Place("option --out"), "Name a file such as report.html in a folder that exists."
    if path.suffix != ".html":
        raise OptionError(place, f"{str(path)!r} does not end in .html", remedy)
    if path.is_dir() or not path.parent.is_dir():
        raise OptionError(place, f"{str(path)!r} is a folder or lies in none", remedy)


def write_page(replay: Replay, path: Path) -> Path:
    """Write the page beside its place and rename it.

    Raises:
        OptionError: the place cannot be written to.
    """
    text = render(replay)
    beside = path.with_name(path.name + ".tmp")
    try:
        beside.write_text(text, encoding="utf-8", newline="\n")
        os.replace(beside, path)
    except OSError as error:
        raise OptionError(
            Place("option --out"), f"it cannot be written ({error.strerror})", "Choose another."
        ) from error
    return path


def render(replay: Replay) -> str:
    """The page as text."""
    from plotly.offline import get_plotlyjs

    figure = replay_figure(replay)
    return template(TEMPLATE).render(
        replay=replay,
        height=figure.layout.height or 300,
        agreements=_agreements(replay),
        disagreements=_disagreements(replay),
        notes=_notes(replay),
        figure=figure_json(figure),
        plotly=Markup(get_plotlyjs()),
    )


def _agreements(replay: Replay) -> Sheet:
    columns = (
        Column("subject", "compared"),
        Column("compared", "times", "", whole),
        Column("agreed", "agreed", "", whole),
        Column("share", "share", "%", share_text),
    )
    table = pd.DataFrame(
        [(each.subject, each.compared, each.agreed, each.share) for each in replay.agreements],
        columns=["subject", "compared", "agreed", "share"],
    )
    return sheet(table, columns, "What was compared")


def _disagreements(replay: Replay) -> Sheet:
    columns = (
        Column("subject", "compared"),
        Column("cause", "disagreement"),
        Column("count", "times", "", whole),
        Column("explanation", "what stands behind it"),
        Column("first_row", "first row", "", whole),
        Column("example", "the first one"),
    )
    table = pd.DataFrame(
        [
            (each.subject, each.cause.title, each.count, each.cause.explanation, each.first_row, each.example)
            for each in replay.findings
        ],
        columns=[column.name for column in columns],
    )
    return sheet(table, columns, "What disagreed, and why")


def _notes(replay: Replay) -> Sheet:
    columns = (Column("what", "also"), Column("count", "times", "", whole))
    return sheet(pd.DataFrame(list(replay.notes), columns=["what", "count"]), columns, "Also counted")


def share_text(share: float) -> str:
    """A share in percent that says 100 only where nothing is missing.

    >>> share_text(1.0), share_text(0.999996), share_text(0.45)
    ('100', '99.999', '45.000')
    """
    if share == 1.0:
        return "100"
    return "–" if share != share else f"{int(share * 100_000) / 1_000:.3f}"
