"""`shoal replay`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from shoal.experiments.replay_book.page import check_target, share_text, write_page
from shoal.experiments.replay_book.replay import replay_book

if TYPE_CHECKING:
    from shoal.experiments.replay_book.replay import Replay


def replay_file(
    file: str, *, trades: str | None, orderbook: str | None, zone: str | None, out: str | None, as_json: bool
) -> None:
    """Replay a recording, print what came of it, and draw it.

    Raises:
        InputError: a file cannot be read, a row is damaged, or there is no place for the page.
    """
    target = None if out is None else Path(out)
    if target is not None:
        check_target(target)
    replay = replay_book(file, trades=trades, orderbook=orderbook, zone=zone)
    if target is not None:
        write_page(replay, target)
    if as_json:
        sys.stdout.write(json.dumps(replay.as_json(), indent=1) + "\n")
        return
    console = Console()
    _print(console, replay)
    if target is not None:
        console.print(Text(f"The report lies at {target}"))


def _print(console: Console, replay: Replay) -> None:
    agreements = Table("compared", box=box.SIMPLE_HEAD)
    for heading in ("times", "agreed", "share, %"):
        agreements.add_column(heading, justify="right", no_wrap=True)
    for each in replay.agreements:
        agreements.add_row(Text(each.subject), f"{each.compared:,}", f"{each.agreed:,}", share_text(each.share))
    console.print(agreements)
    if replay.findings:
        found = Table("compared", "disagreement", box=box.SIMPLE_HEAD)
        for heading in ("times", "first row"):
            found.add_column(heading, justify="right", no_wrap=True)
        for finding in replay.findings:
            subject = Text(finding.subject.partition(":")[0].partition(",")[0])
            found.add_row(subject, Text(finding.cause.title), f"{finding.count:,}", f"{finding.first_row:,}")
        console.print(found)
        for cause in dict.fromkeys(finding.cause for finding in replay.findings):
            console.print(Text.assemble((cause.title, "bold"), f": {cause.explanation}."))
        console.print()
    for what, count in replay.notes:
        console.print(Text(f"{count:,} {what}"))
    share = replay.quotes.share_of_time
    quotes = f"; best quotes agreed {share_text(share)} % of the time" if share == share else ""
    beside = f" with {replay.beside}" if replay.beside else ""
    console.print(Text(f"{replay.file}{beside}: {replay.events:,} rows, format {replay.form}{quotes}"))
