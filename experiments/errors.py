"""What can be wrong with what a user hands in: every refusal says where, what, and what to do."""

from __future__ import annotations

from dataclasses import dataclass

from shoal.sim.errors import ShoalError


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the input a mistake sits.

    Args:
        file: the file as the user named it, or what was handed in instead of a file ("the DataFrame").
        row: row as in the file: for CSV the line number, the first line being 1; for Parquet and frames the row,
            the first being 1. None when the whole file is meant.
        column: the column's name as in the file.

    >>> print(Place("btc.csv", row=17, column="close"))
    btc.csv, row 17, column 'close'
    """

    file: str
    row: int | None = None
    column: str | None = None

    def __str__(self) -> str:
        row = "" if self.row is None else f", row {self.row}"
        column = "" if self.column is None else f", column {self.column!r}"
        return f"{self.file}{row}{column}"


class InputError(ShoalError):
    """Input that is refused before anything runs or is written.

    Args:
        place: where.
        reason: what is wrong, with the value found.
        remedy: what to do about it.

    >>> print(InputError(Place("btc.csv", 3, "low"), "the price is 0.0, and a price is above 0", "Correct the row."))
    btc.csv, row 3, column 'low': the price is 0.0, and a price is above 0. Correct the row.
    """

    def __init__(self, place: Place, reason: str, remedy: str) -> None:
        super().__init__(place, reason, remedy)
        self.place = place
        self.reason = reason
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}. {self.remedy}"


class UnreadableFile(InputError):
    """The path is no regular file that may be read."""


class FileTooLarge(InputError):
    """The file, or what it unpacks to, is above the limit."""


class FileChanged(InputError):
    """The file changed while it was read."""


class UnknownFormat(InputError):
    """The file is of no format that is read here."""


class MalformedFile(InputError):
    """The file is damaged, cut off, or not written in its own format."""


class ColumnError(InputError):
    """A column is missing, there twice, ambiguous, or of a type that is not read."""


class StampError(InputError):
    """A time stamp cannot be read, is out of range, or its zone or unit is unclear."""


class OrderError(InputError):
    """Stamps are not in ascending order, or one is there twice."""


class GapError(InputError):
    """Stamps are missing."""


class ValueRefused(InputError):
    """A number is missing, malformed, or impossible for a price."""


class SymbolError(InputError):
    """A symbol is not in the file, or more than one matches."""


class SpanError(InputError):
    """The span asked for is empty or not inside the data."""


class OptionError(InputError):
    """An option has a value that cannot be used."""
