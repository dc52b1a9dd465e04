"""`shoal verify`."""

from __future__ import annotations

import sys
from typing import Final

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from shoal.experiments.command.errors import FAILED
from shoal.experiments.verify import verify

_DIFFERENCES_SHOWN: Final = 20


def verify_files(files: list[str]) -> None:
    """Replay each file; all are replayed before the verdict.

    Raises:
        InputError: a file cannot be read or replayed.
        SystemExit: something differed.
    """
    console = Console()
    passed = True
    table = Table("file", "venue", "operations", "reverts", "figures compared", "differences", box=box.SIMPLE_HEAD)
    found: list[str] = []
    for file in files:
        each = verify(file)
        passed &= each.passed
        counts = (each.operations, each.reverts, each.compared, len(each.differences))
        table.add_row(Text(file), Text(each.venue), *(f"{count:,}" for count in counts))
        found += [f"{file}: {difference}" for difference in each.differences[:_DIFFERENCES_SHOWN]]
        if len(each.differences) > _DIFFERENCES_SHOWN:
            found.append(f"{file}: ... and {len(each.differences) - _DIFFERENCES_SHOWN:,} more")
    console.print(table)
    for line in found:
        console.print(Text(line))
    if not passed:
        sys.exit(FAILED)
