"""`shoal run --replicates`."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final

import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from shoal.experiments.command.errors import FAILED, INTERRUPTED, tell
from shoal.experiments.command.run import short
from shoal.experiments.measures.frames import rows
from shoal.experiments.plots.forest import label
from shoal.experiments.replicates.replication import plan_replicates
from shoal.experiments.replicates.run import run_replicates

if TYPE_CHECKING:
    from shoal.experiments.plan import Plan
    from shoal.experiments.progress import Progress
    from shoal.experiments.replicates.replicates import Replicates

_MISSING: Final = "-"


def run_many(plan: Plan, *, out: str | None, progress: Progress, stall_seconds: float, quiet: bool) -> None:
    """Run the replicates of a plan into a folder, or just for their summary.

    Raises:
        InputError: anything wrong with what was asked for; nothing was written.
        SystemExit: a world failed, or somebody stopped it.
    """
    found = run_replicates(
        plan_replicates(plan),
        out=out,
        processes=plan.options.processes or _cores(),
        progress=progress,
        stall_seconds=stall_seconds,
    )
    if not quiet:
        _print_summary(found, kept=out is not None)
    for where, reason in found.failures.items():
        tell(f"{where} failed: {reason}")
    if found.manifest["status"] == "interrupted":
        every = len(found.manifest["results"])
        rest = "the same command goes on from there." if out is not None else "nothing was kept: there was no --out."
        tell(f"interrupted. {len(found.results)} of {every} worlds are finished; {rest}")
        sys.exit(INTERRUPTED)
    if not found.complete:
        sys.exit(FAILED)


def _cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _print_summary(found: Replicates, *, kept: bool) -> None:
    console, manifest = Console(), found.manifest
    paths, level = len(manifest["paths"]), f"{100 * manifest['level']:g} %"
    console.print(_table(found.summary, level))
    console.print(
        Text(
            f"Seeds {manifest['seeds'][0]} to {manifest['seeds'][-1]} on {paths} path{'s' * (paths > 1)}, each in "
            f"{', '.join(manifest['worlds'])}; {len(found.results)} of {len(manifest['results'])} worlds finished."
        )
    )
    if kept:
        console.print(Text(f"The report lies at {short(found.folder / 'report.html')}"))


def _table(summary: pd.DataFrame, level: str) -> Table:
    paired = bool((summary["world"] != "").any())
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("figure", overflow="fold", min_width=24)
    for heading in ("mean", f"{level} interval", "n", *(("correlation", "variance removed") if paired else ())):
        table.add_column(heading, justify="right", overflow="fold")
    table.add_column("unit", overflow="fold")
    for row in rows(summary):
        interval = _MISSING if pd.isna(row.low) else f"{_number(row.low)} to {_number(row.high)}"
        share = _number(100 * row.variance_removed_share)
        with_control = (_number(row.correlation), share if share == _MISSING else f"{share} %") if paired else ()
        cells = (label(row.name, row.world), _number(row.mean), interval, str(row.n), *with_control, row.unit)
        table.add_row(*(Text(each) for each in cells))
    return table


def _number(value: float) -> str:
    if pd.isna(value):
        return _MISSING
    return f"{value:,.0f}" if 1e4 <= abs(value) < 1e15 else f"{value:,.4g}"
