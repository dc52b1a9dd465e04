"""`shoal bench`."""

from __future__ import annotations

import json
import sys
from dataclasses import fields

from rich import box
from rich.console import Console
from rich.table import Table

from shoal.experiments.book_flow import draw_flow, read_flow
from shoal.experiments.book_speed import BookSpeed, measure
from shoal.experiments.errors import InputError, Place
from shoal.ext.book import BookRefusal

_TITLES = {
    "kernel": "kernel",
    "messages": "messages",
    "rounds": "rounds, of which the median",
    "batch_messages_per_second": "messages a second, in batch with fills",
    "call_messages_per_second": "messages a second, by call",
    "fills": "fills",
    "traded": "traded, lots",
    "orphans": "cancels of no resting order",
    "p50_ns": "a call, p50, ns",
    "p99_ns": "a call, p99, ns",
}


def bench_book(*, flow: str | None, messages: int, seed: int, as_json: bool) -> None:
    """Measure the order book and print what came of it.

    Raises:
        InputError: the flow cannot be read, or holds a row that no book takes.
    """
    columns = draw_flow(messages, seed=seed) if flow is None else read_flow(flow)
    try:
        found = measure(columns)
    except (BookRefusal, ValueError) as refusal:
        raise InputError(Place(flow or "the flow"), str(refusal), "Correct the row.") from refusal
    if as_json:
        sys.stdout.write(json.dumps(found.as_json(), indent=1) + "\n")
        return
    table = Table(show_header=False, box=box.SIMPLE_HEAD)
    table.add_column()
    table.add_column(justify="right", no_wrap=True)
    for field in fields(BookSpeed):
        value = getattr(found, field.name)
        table.add_row(_TITLES[field.name], f"{value:,}" if isinstance(value, int) else value)
    Console().print(table)
