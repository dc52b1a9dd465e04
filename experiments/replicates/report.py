"""The page of replicates: estimates with intervals, what pairing was worth, and the way to every world's own report."""

from __future__ import annotations

import math
import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup

from shoal.experiments.measures.frames import rows
from shoal.experiments.plots.forest import label
from shoal.experiments.report.cells import Cell, Column, Sheet, number, percent, whole
from shoal.experiments.report.provenance import notes, parameter_sheet, system_sheet
from shoal.experiments.report.render import figure_json, template

if TYPE_CHECKING:
    import pandas as pd

    from shoal.experiments.replicates.replicates import Replicates

TEMPLATE: Final = "replicates.html.j2"


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
    figure = replicates.plot()
    return template(TEMPLATE).render(
        manifest=manifest,
        span=f"{manifest['start']} to {manifest['end']}",
        problems=problems(manifest),
        design=design(manifest),
        notes=notes(manifest),
        estimates=estimate_sheet(summary, manifest["level"]),
        pairing=pairing(summary),
        height=figure.layout.height or 300,
        figure=figure_json(figure),
        plotly=Markup(get_plotlyjs()),
        worlds=list(manifest["results"].items()),
        parameters=parameter_sheet(manifest),
        system=system_sheet(manifest),
    )


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
            f"Every seed was run in {len(worlds)} worlds on the same draws and the same prices: {', '.join(worlds)}. "
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
        kinds = ", ".join(f"{count} {kind}" for kind, count in counted.items())
        found.append(
            f"{len(paths)} paths of outside prices ({kinds}) with {each} seed{'s' * (each > 1)} each. Intervals are "
            f"Student's t at {level} over the means of the paths: replicates on one path are not independent."
        )
    return found


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
