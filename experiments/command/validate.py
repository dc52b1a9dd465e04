"""`shoal validate`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from shoal.experiments.command.errors import FAILED
from shoal.experiments.validation import Check, run_all


def validate_engine(*, quick: bool) -> None:
    """Run every closed form and print source, theory, engine, standard error and z.

    Raises:
        SystemExit: one failed.
    """
    console = Console()
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("closed forms", total=None)
        checks = run_all(
            quick=quick,
            progress=lambda done, total, name: bar.update(task, completed=done, total=total, description=name),
        )
    console.print(_table(checks))
    failed = [each.name for each in checks if not each.passed]
    console.print(Text(f"{len(checks) - len(failed)} of {len(checks)} closed forms hold."))
    if failed or not checks:
        for name in failed:
            console.print(Text(f"failed: {name}"))
        sys.exit(FAILED)


def _table(checks: Sequence[Check]) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("closed form, source", overflow="fold", min_width=20)
    for heading in ("theory", "engine", "s.e.", "z", "", "s"):
        table.add_column(heading, justify="right", no_wrap=True)
    for each in checks:
        table.add_row(
            Text.assemble(each.name, "\n", (each.source, "dim")),
            f"{each.theory:.6g}",
            f"{each.engine:.6g}",
            f"{each.standard_error:.2g}",
            f"{each.z:+.2f}",
            "passed" if each.passed else "FAILED",
            f"{each.seconds:.1f}",
        )
    return table
