"""Tables of a report: headings with units, and numbers as people read them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import pandas as pd

MISSING: Final = "–"
type Format = Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its text, whether it is a number, and "gain", "loss" or nothing."""

    text: str
    number: bool = False
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a report's table.

    Args:
        name: in the measured table.
        heading: above it.
        unit: below the heading.
        form: turns a value into text; None for text.
        toned: whether a sign is coloured.
    """

    name: str
    heading: str
    unit: str = ""
    form: Format | None = None
    toned: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table as the template wants it."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


def sheet(table: pd.DataFrame, columns: Iterable[Column], caption: str) -> Sheet:
    """Lay out columns of a measured table."""
    chosen = tuple(columns)
    records: list[Any] = table[[column.name for column in chosen]].to_dict("records")
    return Sheet(caption, chosen, tuple(tuple(cell(row[column.name], column) for column in chosen) for row in records))


def cell(value: Any, column: Column) -> Cell:
    """One value under one heading."""
    if column.form is None:
        return Cell(str(value))
    text = column.form(value)
    tone = ""
    if column.toned and text != MISSING and any(digit in text for digit in "123456789"):
        tone = "loss" if value < 0 else "gain"
    return Cell(text, True, tone)


def number(value: Any) -> str:
    """A number with about four digits that count, in thousands separated by thin spaces.

    >>> number(12.3456), number(0.00012345), number(float("nan"))
    ('12.35', '0.0001234', '–')
    """
    if pd.isna(value):
        return MISSING
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    size = abs(value)
    if isinstance(value, int) or size >= 1_000:
        text = f"{value:,.0f}"
    elif size >= 100:
        text = f"{value:.1f}"
    elif size >= 1:
        text = f"{value:.2f}"
    elif size < 1e-9:
        text = "0"
    else:
        text = f"{value:.4g}" if size >= 1e-4 else f"{value:.2e}"
    return text.replace(",", "\u202f").replace("-", "−")


def signed(value: Any) -> str:
    """A number that shows its sign."""
    text = number(value)
    return text if text == MISSING or text.startswith("−") or text == "0" else f"+{text}"


def percent(value: Any) -> str:
    """A share as percent."""
    return MISSING if pd.isna(value) else f"{value * 100:.1f}"


def whole(value: Any) -> str:
    """A whole number of any size, exactly."""
    return f"{int(Decimal(str(value))):,}".replace(",", "\u202f").replace("-", "−")


def duration(seconds: Any) -> str:
    """Seconds as people say it.

    >>> duration(45.0), duration(1380.0), duration(172800.0)
    ('45 s', '23 min', '2 d')
    """
    if pd.isna(seconds):
        return MISSING
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"


def moment(time_ns: Any) -> str:
    """Nanoseconds since the epoch as UTC text.

    >>> moment(1_583_971_200_000_000_000)
    '2020-03-12 00:00:00'
    """
    if pd.isna(time_ns):
        return MISSING
    return f"{datetime.fromtimestamp(int(time_ns) // 10**9, tz=UTC):%Y-%m-%d %H:%M:%S}"


def plain_sheet(caption: str, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> Sheet:
    """A table of text."""
    columns = tuple(Column(heading, heading) for heading in headings)
    return Sheet(caption, columns, tuple(tuple(Cell(str(value)) for value in row) for row in rows))
