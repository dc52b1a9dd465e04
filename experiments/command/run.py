"""`shoal run` and `shoal report`."""

from __future__ import annotations

import re
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from shoal.experiments.command.errors import FAILED, INTERRUPTED, tell
from shoal.experiments.errors import OptionError, Place
from shoal.experiments.interruption import Interruption
from shoal.experiments.options import (
    MAXIMUM_PROCESSES,
    MAXIMUM_REPLICATES,
    columns_from_text,
    hours_from_text,
    level_from_text,
    seed_from_text,
    whole_from_text,
)
from shoal.experiments.parameters import Mistake, collecting, shown
from shoal.experiments.plan import make_plan
from shoal.experiments.progress import choose, clock_text
from shoal.experiments.runner import Ended, add_report, run_plan
from shoal.experiments.watchdog import STALL_SECONDS, Watchdog

if TYPE_CHECKING:
    from shoal.experiments.result import Result

_SECONDS: Final = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?", re.ASCII)


def run_study(
    study: str,
    *,
    prices: str | None,
    symbols: str | None,
    start: str | None,
    end: str | None,
    hours: str | None,
    seed: str | None,
    settings: list[str],
    out: str | None,
    columns: str | None,
    zone: str | None,
    maximum_gap: str | None,
    replicates: str | None,
    worlds: str | None,
    processes: str | None,
    paths: str | None,
    path_source: str | None,
    path_block: str | None,
    path_seed: str | None,
    level: str | None,
    stall_seconds: str | None,
    quiet: bool,
) -> None:
    """Run a study into a folder, or just for its summary.

    Raises:
        InputError: anything wrong with what was asked for; nothing was written.
        SystemExit: the run failed or was interrupted.
    """
    mistakes: list[Mistake] = []
    options: dict[str, Any] = {"prices": prices, "start": start, "end": end, "zone": zone, "maximum_gap": maximum_gap}
    options |= {"path_source": path_source, "path_block": path_block}
    with collecting(mistakes):
        watchdog = Watchdog(_stall_limit(stall_seconds))
    for name, text, read in (
        ("symbols", symbols, _names),
        ("worlds", worlds, _names),
        ("hours", hours, hours_from_text),
        ("seed", seed, seed_from_text),
        ("columns", columns, columns_from_text),
        ("replicates", replicates, partial(whole_from_text, option="--replicates", maximum=MAXIMUM_REPLICATES)),
        ("processes", processes, partial(whole_from_text, option="--processes", maximum=MAXIMUM_PROCESSES)),
        ("paths", paths, partial(whole_from_text, option="--paths", maximum=MAXIMUM_REPLICATES)),
        ("path_seed", path_seed, partial(seed_from_text, option="--path-seed")),
        ("level", level, level_from_text),
    ):
        with collecting(mistakes):
            options[name] = None if text is None else read(text)
    plan = make_plan(study, options=options, settings=settings, origin="the command line", mistakes=mistakes)
    progress = choose(quiet=quiet, console=Console(stderr=True))
    if plan.options.replicates is not None:
        from shoal.experiments.command.replicates import run_many

        run_many(plan, out=out, progress=progress, stall_seconds=watchdog.seconds, quiet=quiet)
        return
    ended = run_plan(plan, out=out, progress=progress, interruption=Interruption(), watchdog=watchdog)
    _conclude(ended, quiet=quiet)


def render_report(folder: str) -> None:
    """Write the report of a result again.

    Raises:
        InputError: there is no readable result.
    """
    from shoal.experiments.reader import load
    from shoal.experiments.result import Result

    found = load(folder)
    path = add_report(found) if isinstance(found, Result) else found.add_report()
    Console().print(Text(f"The report lies at {path}"))


def _conclude(ended: Ended, *, quiet: bool) -> None:
    result = ended.result
    if ended.status == "finished" and result.folder is not None:
        add_report(result)
    if not quiet:
        _print_summary(result)
    where = None if result.folder is None else result.folder
    if ended.status == "finished":
        broken = {asset: amount for asset, amount in result.manifest["conservation"].items() if amount}
        if broken:
            tell(f"money was not conserved: {broken}, in base units")
            sys.exit(FAILED)
        return
    kept = "Nothing was kept: there was no --out." if where is None else f"What was recorded until then lies in {where}"
    if ended.status == "interrupted":
        tell(f"interrupted. {kept}")
        if where is not None:
            tell(f"`shoal report {short(where)}` draws what there is.")
        sys.exit(INTERRUPTED)
    failure = result.manifest.get("failure", {})
    if failure.get("traceback"):
        sys.stderr.write(failure["traceback"])
    when = f" ({failure['time']})" if failure.get("time") else ""
    tell(f"the run failed: {failure.get('reason') or ended.error}{when}")
    tell(kept)
    sys.exit(FAILED)


def _print_summary(result: Result) -> None:
    console = Console()
    if result.complete:
        _print_figures(console, result)
    console.print(_facts(result))
    if result.folder is not None:
        report = result.folder / "report.html"
        place = report if report.exists() else result.folder
        console.print(Text(f"{'The report' if report.exists() else 'The result'} lies at {short(place)}"))


def _print_figures(console: Console, result: Result) -> None:
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("topic", "subject", "figure"):
        table.add_column(heading, overflow="fold")
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("unit", overflow="fold")
    before = ""
    for topic, subject, figure, value, unit in result.summary().itertuples(index=False):
        # The facts below say it for every asset at once.
        if topic != "conservation":
            cells = ("" if topic == before else topic, subject, figure, _cell(value), unit)
            table.add_row(*(Text(str(each)) for each in cells), end_section=False)
            before = topic
    if table.row_count:
        console.print(table)


def _facts(result: Result) -> Table:
    manifest = result.manifest
    wall = float(manifest.get("wall_seconds") or 0.0)
    events = int(manifest.get("events", 0))
    rate = f" ({events / wall:,.0f} a second)" if wall > 0 else ""
    table = Table(box=box.SIMPLE, show_header=False)
    for name, value in (
        ("study", f"{manifest['study']}, seed {manifest['seed']}"),
        ("span", f"{manifest['start']} to {manifest['end']}"),
        ("simulated", f"{clock_text(manifest.get('simulated_seconds', 0.0))} in {wall:.1f} s"),
        ("events", f"{events:,}{rate}"),
        ("calls", f"{manifest.get('calls', 0):,}"),
        ("fills", f"{manifest.get('fills', 0):,}"),
        ("transactions", f"{manifest.get('transactions', 0):,}"),
        ("kernels", ", ".join(f"{name} {how}" for name, how in manifest.get("kernels", {}).items()) or "none"),
        ("conservation", ", ".join(f"{name} {value}" for name, value in manifest.get("conservation", {}).items())),
        ("digest", str(manifest.get("digest", ""))[:16]),
    ):
        table.add_row(name, Text(value))
    return table


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.6g}"
    return str(value)


def short(path: Path) -> str:
    """A path as the user would write it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _names(text: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in text.split(","))


def _stall_limit(text: str | None) -> float:
    if text is None:
        return STALL_SECONDS
    if not _SECONDS.fullmatch(text) or not 0 < float(text) <= 86_400:
        raise OptionError(
            Place("option --stall-seconds"),
            f"it needs a number of seconds above 0, at most a day, and had {shown(text)}",
            "Write 60 or 0.5.",
        )
    return float(text)
