"""`shoal run --replicates`."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from shoal.experiments.command.errors import FAILED, INTERRUPTED, tell
from shoal.experiments.command.run import short
from shoal.experiments.plots.forest import versus
from shoal.experiments.replicates.replication import plan_replicates
from shoal.experiments.replicates.run import run_replicates
from shoal.experiments.replicates.topics import label, listed, matrix

if TYPE_CHECKING:
    from shoal.experiments.plan import Plan
    from shoal.experiments.progress import Progress
    from shoal.experiments.replicates.replicates import Replicates
    from shoal.experiments.replicates.topics import Entry, Topic

_ROWS: Final = 30


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
    left_out = 0
    for topic in found.topics:
        table, missing = _table(topic)
        left_out += missing
        if table.row_count:
            console.print(table)
    for line in _facts(found, left_out):
        console.print(Text(line))
    console.print(
        Text(
            f"{_seeds(manifest['seeds'], len(manifest['paths']))}, each in {listed(manifest['worlds'])}; "
            f"{len(found.results)} of {len(manifest['results'])} worlds finished."
        )
    )
    if kept:
        console.print(Text(f"The report lies at {short(found.folder / 'report.html')}"))


def _seeds(seeds: list[int], paths: int) -> str:
    if len(seeds) == 1:
        return f"Seed {seeds[0]}"
    return f"Seeds {seeds[0]} to {seeds[-1]} on {paths} path{'s' * (paths > 1)}"


def _facts(found: Replicates, left_out: int) -> Iterator[str]:
    """How to read the tables, and what is not in them."""
    manifest = found.manifest
    seeds, paths = len(manifest["seeds"]), len(manifest["paths"])
    if seeds == 1:
        yield "One replicate: there is no interval, and chance and effect cannot be told apart."
    else:
        over = f"the means of {paths} paths" if paths > 1 else f"{seeds} seeds"
        yield f"After \u00b1: half of the {100 * manifest['level']:g} % interval, over {over}."
    if any(each.pairing for topic in found.topics for each in topic.entries):
        yield "Below it: correlation of both worlds, and the share of variance that pairing them removed."
    if left_out:
        yield (
            f"Not shown: {left_out} figures without a number or beyond the first {_ROWS} of a topic; summary.parquet "
            "and the report hold all."
        )


def _table(topic: Topic) -> tuple[Table, int]:
    """The estimates of a topic, and how many have no place in it."""
    units = topic.units
    title = f"{topic.title}, {units[0]}" if len(units) == 1 and units[0] else topic.title
    table = Table(box=box.SIMPLE_HEAD, title=Text(title, style="bold"), title_justify="left", pad_edge=False)
    table.add_column("figure", overflow="fold", min_width=16)
    for heading in map(versus, topic.worlds) if topic.worlds else ("mean",):
        # A terminal has 80 columns, and worlds have long names.
        table.add_column(heading.replace("-", "-\n", 1), justify="right", overflow="fold", vertical="top")
    every = max(each.n for each in topic.entries)
    lines = list(_lines(topic))
    shown = [(name, unit, entries) for name, unit, entries in lines if any(_known(each) for each in entries)]
    for name, unit, entries in shown[:_ROWS]:
        known = [each for each in entries if each is not None and _known(each)]
        few = min(each.n for each in known)
        words = (name, unit if len(units) > 1 and unit != name else "", f"n = {few}" if few < every else "")
        table.add_row(Text(", ".join(word for word in words if word)), *map(_cell, entries))
    return table, sum(each is not None for _, _, entries in lines for each in entries) - sum(
        each is not None and _known(each) for _, _, entries in shown[:_ROWS] for each in entries
    )


def _lines(topic: Topic) -> Iterator[tuple[str, str, Sequence[Entry | None]]]:
    if topic.worlds:
        return matrix(topic)
    return ((label(each.row, each.world), each.unit, (each,)) for each in topic.entries)


def _known(entry: Entry | None) -> bool:
    return entry is not None and not math.isnan(entry.mean)


def _cell(entry: Entry | None) -> Text:
    if entry is None:
        return Text("")
    lines = [entry.text, entry.pairing.removeprefix("r ")] if entry.pairing else [entry.text]
    return Text("\n".join(lines))
