"""CSV read strictly: UTF-8 without marks, one record a line, every value kept as the text it is."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from shoal.experiments.errors import FileTooLarge, InputError, MalformedFile, Place
from shoal.experiments.intake import InputFile
from shoal.experiments.prices.sheet import Sheet

if TYPE_CHECKING:
    import pyarrow as pa

_MAXIMUM_LINE_BYTES: Final = 2**16
_MAXIMUM_COLUMNS: Final = 512
# Columns of an exchange's candlestick archive, which comes without a header.
# Source: github.com/binance/binance-public-data, README, "Klines".
KLINE_COLUMNS: Final = (
    "open_time",
    "open",
    "high",
    "low",
    "close",
    "volume",
    "close_time",
    "quote_volume",
    "count",
    "taker_buy_volume",
    "taker_buy_quote_volume",
    "ignore",
)
_MARKS: Final = {
    b"\xef\xbb\xbf": "a byte order mark",
    b"\xff\xfe": "the mark of UTF-16",
    b"\xfe\xff": "the mark of UTF-16",
}
_ENCODE: Final = "Save it as UTF-8 without a byte order mark, lines ended by a line feed."


def read_csv(file: InputFile) -> Sheet:
    """Read CSV with a header, or an exchange's candlestick archive without one; all columns as text.

    Raises:
        MalformedFile: not plain UTF-8, NUL bytes, bare carriage returns, an unclosed quote, rows of unequal length,
            no header, no rows.
        FileTooLarge: a line above 64 KiB or more than 512 columns.
    """
    data = _checked_text(file)
    first = data.split(b"\n", 1)[0].decode()
    header = next(csv.reader([first], strict=True), [])
    names, headless = _names(header, file.place)
    count = data.count(b"\n") + (not data.endswith(b"\n")) - (not headless)
    if count < 1:
        raise MalformedFile(file.place, "it has a header and no rows", "Hand in a file with prices.")
    # The names are for Arrow alone, which would merge two columns of one name.
    table = _parse(file, data, len(names), headless)
    positions = {name: position for position, name in enumerate(names)}

    def fetch(column: str) -> pa.Array[Any]:
        return table.column(positions[column]).combine_chunks()

    return Sheet(
        name=file.name,
        names=names,
        rows=table.num_rows,
        first_row=1 if headless else 2,
        form="kline" if headless else "csv",
        digest=file.digest,
        fetch=fetch,
    )


def read_headless(file: InputFile, columns: Callable[[int], Sequence[str]]) -> Sheet:
    """Read CSV without a header; ``columns`` names them for a number of columns, or refuses it.

    Raises:
        MalformedFile, FileTooLarge: as for files with a header.
    """
    data = _checked_text(file)
    names = tuple(columns(len(next(csv.reader([data.split(b"\n", 1)[0].decode()], strict=True), []))))
    table = _parse(file, data, len(names), True)

    def fetch(column: str) -> pa.Array[Any]:
        return table.column(names.index(column)).combine_chunks()

    return Sheet(
        name=file.name, names=names, rows=table.num_rows, first_row=1, form="csv", digest=file.digest, fetch=fetch
    )


def _names(header: list[str], place: Place) -> tuple[tuple[str, ...], bool]:
    if len(header) > _MAXIMUM_COLUMNS:
        raise FileTooLarge(place, f"it has {len(header):,} columns, and at most {_MAXIMUM_COLUMNS} are read", "Cut it.")
    if all(re.fullmatch(r"[0-9.]+", name) for name in header):
        if len(header) == len(KLINE_COLUMNS):
            return KLINE_COLUMNS, True
        raise MalformedFile(
            Place(place.file, 1),
            f"the first row holds {len(header)} numbers and no column names",
            f"Put names above the columns (only archives of {len(KLINE_COLUMNS)} columns are known without).",
        )
    if len(header) < 2:
        separator = next((mark for mark in ";\t|" if mark in "".join(header)), None)
        reason = f"the columns are separated by {separator!r}" if separator else "there is only one column"
        raise MalformedFile(Place(place.file, 1), reason, "Separate columns by commas; decimals take a point.")
    return tuple(header), False


def _checked_text(file: InputFile) -> bytes:
    data = file.data
    for mark, kind in _MARKS.items():
        if data.startswith(mark):
            raise MalformedFile(Place(file.name, 1), f"it begins with {kind}", _ENCODE)
    if (position := data.find(b"\0")) >= 0:
        raise MalformedFile(_row_at(file, position), "there is a NUL byte (is it UTF-16, or no text?)", _ENCODE)
    try:
        data.decode()
    except UnicodeDecodeError as error:
        raise MalformedFile(_row_at(file, error.start), "this is not UTF-8", _ENCODE) from error
    data = data.replace(b"\r\n", b"\n")
    if (position := data.find(b"\r")) >= 0:
        raise MalformedFile(
            Place(file.name, data.count(b"\n", 0, position) + 1), "there is a carriage return alone", _ENCODE
        )
    _check_lines(file, data)
    return data


def _check_lines(file: InputFile, data: bytes) -> None:
    body = np.frombuffer(data if data.endswith(b"\n") else data + b"\n", dtype=np.uint8)
    ends = np.flatnonzero(body == ord("\n"))
    lengths = np.diff(ends, prepend=-1) - 1
    if int(lengths.max()) > _MAXIMUM_LINE_BYTES:
        raise FileTooLarge(
            Place(file.name, int(lengths.argmax()) + 1),
            f"the line has {int(lengths.max()):,} bytes, and at most {_MAXIMUM_LINE_BYTES:,} are read",
            "Check the line ends and quotes.",
        )
    if int(lengths.min()) == 0:
        raise MalformedFile(Place(file.name, int(lengths.argmin()) + 1), "the line is empty", "Remove it.")
    quotes = np.flatnonzero(body == ord('"'))
    per_line = np.bincount(np.searchsorted(ends, quotes), minlength=len(ends))
    if len(odd := np.flatnonzero(per_line % 2)):
        raise MalformedFile(Place(file.name, int(odd[0]) + 1), "a quote is not closed", "Close or remove it.")


def _parse(file: InputFile, data: bytes, width: int, headless: bool) -> pa.Table:
    import pyarrow as pa
    import pyarrow.csv as pa_csv

    names = [str(position) for position in range(width)]
    wrong: list[tuple[int, int]] = []

    def refuse(row: pa_csv.InvalidRow) -> str:
        wrong.append((row.number, row.actual_columns))
        return "error"

    try:
        return pa_csv.read_csv(
            pa.BufferReader(data),
            read_options=pa_csv.ReadOptions(use_threads=False, column_names=names, skip_rows=0 if headless else 1),
            parse_options=pa_csv.ParseOptions(
                delimiter=",", newlines_in_values=False, ignore_empty_lines=False, invalid_row_handler=refuse
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, null_values=[]
            ),
        )
    except Exception as error:
        if wrong:
            row, actual = wrong[0]
            raise MalformedFile(
                Place(file.name, row), f"it has {actual} values where the header has {width}", "Complete the row."
            ) from error
        raise _malformed(file, error) from error


def _malformed(file: InputFile, error: Exception) -> InputError:
    return MalformedFile(
        file.place, f"it cannot be read as CSV ({str(error).splitlines()[0][:200]})", "Check its rows."
    )


def _row_at(file: InputFile, position: int) -> Place:
    return Place(file.name, file.data.count(b"\n", 0, position) + 1)
