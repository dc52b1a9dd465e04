"""The page of replicates: estimates with intervals, what pairing was worth, and the way to every world's own report."""

from __future__ import annotations

import math
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup

from shoal.experiments.measures.frames import rows
from shoal.experiments.plots.forest import forest, versus
from shoal.experiments.plots.sweep import sweep
from shoal.experiments.replicates.topics import Topic, label, listed, matrix, without_settings
from shoal.experiments.report.cells import Cell, Column, Sheet, number, percent, whole
from shoal.experiments.report.provenance import notes, parameter_sheet, system_sheet
from shoal.experiments.report.render import figure_json, template
from shoal.experiments.store import REPORT

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from shoal.experiments.replicates.replicates import Replicates
    from shoal.experiments.replicates.topics import Entry

TEMPLATE: Final = "replicates.html.j2"


@dataclass(frozen=True, slots=True)
class Part:
    """A topic as the page shows it.

    Args:
        name: of the place on the page.
        title: above it.
        figures: name, height in pixels and what a reader must know of each figure.
        headings: of the table.
        rows: figure, unit, and for each world the text and what pairing was worth.
    """

    name: str
    title: str
    figures: tuple[tuple[str, int, str], ...]
    headings: tuple[str, ...]
    rows: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...]


def write_report(replicates: Replicates, path: Path) -> Path:
    """Write the page beside its place and rename it.

    Raises:
        OSError: the folder cannot be written to.
    """
    text = render(replicates)
    beside = path.with_name(path.name + ".tmp")
    beside.write_text(text, encoding="utf-8", newline="\n")
    os.replace(beside, path)
    return path


def render(replicates: Replicates) -> str:
    """The page as text."""
    from plotly.offline import get_plotlyjs

    manifest, summary = replicates.manifest, replicates.summary
    figures: dict[str, go.Figure] = {}
    parts = [_part(number, topic, replicates, figures) for number, topic in enumerate(replicates.topics, start=1)]
    return template(TEMPLATE).render(
        manifest=manifest,
        span=f"{manifest['start']} to {manifest['end']}",
        problems=problems(manifest),
        design=design(manifest),
        notes=notes(manifest),
        parts=parts,
        estimates=estimate_sheet(summary, manifest["level"]),
        together=pairing_together(summary),
        pairing=pairing(summary),
        figures={name: figure_json(figure) for name, figure in figures.items()},
        plotly=Markup(get_plotlyjs()) if figures else Markup(""),
        paths=path_sheet(manifest),
        worlds=[
            (where, how, (replicates.folder / where / REPORT).is_file()) for where, how in manifest["results"].items()
        ],
        parameters=parameter_sheet(manifest),
        system=system_sheet(manifest),
    )


def _part(number: int, topic: Topic, replicates: Replicates, figures: dict[str, go.Figure]) -> Part:
    shown: list[tuple[str, int, str]] = []
    name = f"topic-{number}"
    lines = sweep(topic)
    if lines is not None:
        figures[f"{name}-sweep"] = lines
        shown.append((f"{name}-sweep", lines.layout.height, "Over what was set; bars are intervals."))
    rest = topic if lines is None else without_settings(topic)
    if sum(not math.isnan(each.mean) for each in rest.entries) > 1:
        figures[name] = forest(rest, replicates.figures)
        what = "Diamonds are means, bars their intervals, grey dots the replicates."
        several = max(each.n for each in rest.entries) > 1
        shown.append((name, figures[name].layout.height, what if several else "One replicate: there is no interval."))
    return Part(name, topic.title, tuple(shown), *_table(topic))


def _table(topic: Topic) -> tuple[tuple[str, ...], tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...]]:
    if topic.worlds:
        found = [(row, unit, tuple(map(_shown, entries))) for row, unit, entries in matrix(topic)]
        return tuple(map(versus, topic.worlds)), tuple(found)
    return ("mean",), tuple((label(each.row, each.world), each.unit, (_shown(each),)) for each in topic.entries)


def _shown(entry: Entry | None) -> tuple[str, str]:
    if entry is None:
        return "", ""
    text = "–" if math.isnan(entry.mean) else entry.text.replace("-", "−").replace(",", "\u202f")
    return text, entry.pairing.replace("-", "−")


def path_sheet(manifest: dict[str, Any]) -> Sheet:
    """The paths of outside prices; empty if there is but one."""
    columns = (
        Column("path", "path", "", whole),
        Column("kind", "kind"),
        Column("start", "start", "UTC"),
        Column("end", "end", "exclusive"),
        Column("fall", "deepest fall", f"% of {manifest['prices']['symbols'][0]}", percent),
        Column("seed", "path seed", "", whole),
    )
    paths = manifest["paths"] if len(manifest["paths"]) > 1 else []
    cells = tuple(
        tuple(
            Cell(str(each[column.name])) if column.form is None else Cell(column.form(each[column.name]), True)
            for column in columns
        )
        for each in paths
    )
    return Sheet("Paths of outside prices", columns, cells)


def problems(manifest: dict[str, Any]) -> list[str]:
    """Why these replicates must not be taken for complete; empty if they may."""
    found = [f"{each['where']} failed: {each['reason']}" for each in manifest["failures"]]
    if manifest["status"] == "interrupted":
        done = sum(1 for each in manifest["results"].values() if each["status"] == "finished")
        found.append(f"Stopped before its end: {done} of {len(manifest['results'])} worlds are finished.")
    return found


def design(manifest: dict[str, Any]) -> list[str]:
    """What was replicated and what the intervals are over, one sentence each."""
    seeds, paths, worlds = manifest["seeds"], manifest["paths"], manifest["worlds"]
    level = f"{100 * manifest['level']:g} %"
    each = len(seeds) // len(paths)
    found = [f"Seeds {seeds[0]} to {seeds[-1]}." if len(seeds) > 1 else f"One seed, {seeds[0]}."]
    if len(worlds) > 1:
        found.append(
            f"Every seed was run in {len(worlds)} worlds on the same draws and the same prices{_named(worlds)}. "
            "A counterfactual world keeps every agent and every balance and switches one action off."
        )
    if len(seeds) == 1:
        found.append("With one replicate there is no interval: chance and effect cannot be told apart.")
    elif len(paths) == 1:
        found.append(
            f"Intervals are Student's t at {level} over the seeds. All seeds share one path of outside prices: the "
            "intervals say what agents' chance does to this path, and nothing about other paths."
        )
    else:
        counted = Counter(str(path["kind"]) for path in paths)
        kinds = ", ".join(f"{count} {_plural(kind, count)}" for kind, count in counted.items())
        found.append(
            f"{len(paths)} paths of outside prices ({kinds}) with {each} seed{'s' * (each > 1)} each. Intervals are "
            f"Student's t at {level} over the means of the paths: replicates on one path are not independent."
        )
    return found


def _named(worlds: list[str]) -> str:
    names = listed(worlds)
    return f": {names}" if worlds[0] in names else ""


def _plural(kind: str, count: int) -> str:
    return f"{kind}s" if kind == "episode" and count > 1 else kind


def pairing_together(summary: pd.DataFrame) -> str:
    """What pairing was worth over all figures with a control, in a sentence; empty where nothing can be said."""
    paired = summary[summary["variance_removed_share"].notna()]
    if not len(paired):
        return ""
    shares, correlations = paired["variance_removed_share"].tolist(), paired["correlation"].dropna().tolist()
    worse = sum(share <= 0.0 for share in shares)
    return (
        f"Of {len(shares)} differences in which something varied, the median correlation of both worlds is "
        f"{number(median(correlations)) if correlations else '–'}, and pairing removed "
        f"{100 * median(shares):.0f} % of the variance in the median; in {worse} it removed none."
    )


def pairing(summary: pd.DataFrame) -> list[str]:
    """For each figure with a control what running both worlds on the same seeds and prices was worth."""
    found = []
    for row in rows(summary[summary["world"] != ""]):
        share = float(row.variance_removed_share)
        name = label(row.name, row.world)
        if math.isnan(share):
            found.append(f"{name}: nothing varied, or there are too few replicates to tell.")
        elif share <= 0.0:
            found.append(f"{name}: correlation {number(row.correlation)}; pairing removed no variance.")
        else:
            apart = "any number of" if share > 1.0 - 1e-9 else f"{number(1.0 / (1.0 - share))} times as many"
            found.append(
                f"{name}: correlation {number(row.correlation)}; pairing removed {100 * share:.1f} % of the variance, "
                f"worlds run apart would need {apart} replicates for the same interval."
            )
    return found


def estimate_sheet(summary: pd.DataFrame, level: float) -> Sheet:
    """The table of estimates."""
    columns = (
        Column("name", "figure"),
        Column("mean", "mean", "of replicates", number),
        Column("low", "from", f"{100 * level:g} %", number),
        Column("high", "to", f"{100 * level:g} %", number),
        Column("unit", "unit"),
        Column("n", "n", "replicates", whole),
        Column("standard_deviation", "deviation", "of a replicate", number),
        Column("value_mean", "base", "mean", number),
        Column("control_mean", "control", "mean", number),
        Column("correlation", "correlation", "", number),
        Column("variance_removed_share", "removed", "% of variance", percent),
        Column("between_path_variance", "between paths", "variance", number),
    )
    cells = []
    for row in summary.to_dict("records"):
        values: dict[Any, Any] = {**row, "name": label(row["name"], row["world"])}
        cells.append(
            tuple(
                Cell(str(values[column.name])) if column.form is None else Cell(column.form(values[column.name]), True)
                for column in columns
            )
        )
    return Sheet("Estimates: a figure in the base world, less the same in the world named", columns, tuple(cells))
