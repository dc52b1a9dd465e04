"""From a path or a DataFrame to a sheet: which format it is, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from shoal.experiments.errors import ColumnError, MalformedFile, Place, UnknownFormat
from shoal.experiments.intake import MAXIMUM_FILE_BYTES, InputFile, read_bytes, refuse_foreign, unpacked
from shoal.experiments.prices.csv_sheet import read_csv
from shoal.experiments.prices.parquet_sheet import PARQUET_MAGIC, read_parquet
from shoal.experiments.prices.sheet import Sheet

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_TEXT_ENDINGS = (".csv", ".csv.gz", ".txt", ".txt.gz")


def open_sheet(source: Path | str | pd.DataFrame, *, maximum_bytes: int = MAXIMUM_FILE_BYTES) -> Sheet:
    """Open a Parquet file, a CSV file (plain or gzip) or a DataFrame.

    Raises:
        InputError: the file cannot be read, is of another format, or is damaged.
    """
    if not isinstance(source, (str, Path)):
        return _frame_sheet(source)
    file = read_bytes(source, maximum_bytes=maximum_bytes)
    if not file.data:
        raise MalformedFile(file.place, "the file is empty", "Hand in a file with a header and rows.")
    ending = file.name.lower()
    if file.data.startswith(PARQUET_MAGIC):
        return read_parquet(file)
    if ending.endswith((".parquet", ".pq")):
        raise MalformedFile(file.place, "this is no Parquet file: it does not begin with PAR1", "Fetch it again.")
    file = _text_file(file, ending)
    return read_csv(file)


def _text_file(file: InputFile, ending: str) -> InputFile:
    refuse_foreign(file)
    if not ending.endswith(_TEXT_ENDINGS):
        raise UnknownFormat(
            file.place, "its name ends like no format that is read here", "Hand in .parquet, .csv or .csv.gz."
        )
    inner = unpacked(file)
    refuse_foreign(inner)
    return inner


def _frame_sheet(frame: Any) -> Sheet:
    import pandas as pd

    name = "the DataFrame"
    if not isinstance(frame, pd.DataFrame):
        raise UnknownFormat(
            Place("the prices"), f"this is a {type(frame).__name__}", "Hand in a path or a pandas DataFrame."
        )
    if isinstance(frame.index, pd.DatetimeIndex):
        label = frame.index.name or "time"
        if label in frame.columns:
            raise ColumnError(
                Place(name, column=str(label)), "the index and a column have the same name", "Rename one."
            )
        frame = frame.reset_index(names=[label])
    names = tuple(str(column) for column in frame.columns)
    positions = {column: position for position, column in enumerate(names)}

    def fetch(column: str) -> pa.Array[Any]:
        return _frame_column(frame.iloc[:, positions[column]], Place(name, column=column))

    return Sheet(name=name, names=names, rows=len(frame), first_row=1, form="frame", digest="", fetch=fetch)


def _frame_column(series: pd.Series[Any], place: Place) -> pa.Array[Any]:
    import pyarrow as pa

    try:
        array = pa.Array.from_pandas(series)
    except (pa.ArrowException, ValueError, TypeError, OverflowError) as error:
        raise ColumnError(
            place, f"it holds objects of mixed or unknown types ({error})", "Give it one plain type."
        ) from error
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
