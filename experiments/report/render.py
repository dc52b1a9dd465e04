"""One self-contained HTML page of a result: opens offline, shows everything, escapes what comes from outside."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from shoal.experiments.report.cells import Cell, Column, Sheet, duration, plain_sheet, whole
from shoal.experiments.report.headline import cards
from shoal.experiments.report.provenance import (
    loop_notes,
    notes,
    parameter_sheet,
    price_sheet,
    problems,
    system_sheet,
    tag_counts,
)
from shoal.experiments.report.sections import closure_sheet, sections

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from shoal.experiments.measures.measured import Measured
    from shoal.experiments.plots.plots import Plots

TEMPLATE: Final = "report.html.j2"


def write_report(manifest: Mapping[str, Any], measured: Measured, plots: Plots, path: Path) -> Path:
    """Write the page beside its place and rename it.

    Raises:
        OSError: the folder cannot be written to.
    """
    text = render(manifest, measured, plots)
    beside = path.with_name(path.name + ".tmp")
    beside.write_text(text, encoding="utf-8", newline="\n")
    os.replace(beside, path)
    return path


def render(manifest: Mapping[str, Any], measured: Measured, plots: Plots) -> str:
    """The page as text."""
    from plotly.offline import get_plotlyjs

    parameters = parameter_sheet(manifest)
    found = list(sections(measured, plots)) if len(measured.table("prices")) else []
    return template(TEMPLATE).render(
        title=f"{manifest.get('study', 'study')}, seed {manifest.get('seed', '')}",
        manifest=manifest,
        span=_span(manifest),
        problems=problems(manifest),
        traceback=str((manifest.get("failure") or {}).get("traceback") or ""),
        cards=cards(measured, manifest),
        facts=_facts(manifest),
        notes=[*notes(manifest), *loop_notes(manifest, measured)],
        parameters=parameters,
        tag_counts=tag_counts(parameters),
        price_sheet=price_sheet(manifest),
        sections=found,
        conservation=_conservation(manifest),
        closure=closure_sheet(measured),
        system=system_sheet(manifest),
        figures={figure.name: figure_json(figure.figure) for section in found for figure in section.figures},
        plotly=Markup(get_plotlyjs()) if found else Markup(""),
    )


def template(name: str) -> Template:
    """A template of the package; what is put into it is escaped."""
    environment = Environment(
        loader=PackageLoader("shoal.experiments", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


def figure_json(figure: go.Figure) -> Markup:
    """A figure as JSON in a script element: times as numbers, a third of the room, nothing that ends it."""
    import plotly.graph_objects as go

    compact = go.Figure(figure)
    for trace in compact.data:
        times = np.asarray(trace.x) if trace.x is not None else np.array([])
        if times.dtype.kind == "M":
            trace.x = times.astype("datetime64[ms]").astype(np.float64)
    text: str = compact.to_json()
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def _span(manifest: Mapping[str, Any]) -> str:
    if not manifest.get("start") or not manifest.get("end"):
        return ""
    return f"{manifest['start']} to {manifest['end']}"


def _facts(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    facts = []
    if "simulated_seconds" in manifest:
        facts.append(("simulated", duration(float(manifest["simulated_seconds"]))))
    if "wall_seconds" in manifest:
        facts.append(("computed in", duration(float(manifest["wall_seconds"]))))
    facts += [
        (name, whole(manifest[name])) for name in ("events", "calls", "fills", "transactions") if name in manifest
    ]
    return facts


def _conservation(manifest: Mapping[str, Any]) -> Sheet:
    rows = manifest.get("conservation", {}).items()
    if not rows:
        return plain_sheet("Conservation", ("asset", "created less destroyed less held"), ())
    columns = (
        Column("asset", "asset"),
        Column("difference", "created less destroyed less held", "base units, exact", whole),
    )
    cells = tuple((Cell(asset), Cell(whole(value), True, "loss" if value else "gain")) for asset, value in rows)
    return Sheet("Conservation of every asset over the whole run", columns, cells)
