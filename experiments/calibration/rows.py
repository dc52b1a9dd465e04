"""Reads the recordings' Parquet files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from shoal.experiments.errors import ColumnError, MalformedFile, Place, UnreadableFile

if TYPE_CHECKING:
    import pandas as pd


def read_rows(path: Path, *columns: str) -> pd.DataFrame:
    """Named columns of a recording.

    Raises:
        UnreadableFile: there is no such file.
        MalformedFile: it is no Parquet, or has no rows.
        ColumnError: a column is missing.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not path.is_file():
        raise UnreadableFile(Place(str(path)), "there is no such file", "Name the folder of the recordings.")
    try:
        with pq.ParquetFile(path) as file:
            missing = [column for column in columns if column not in file.schema_arrow.names]
            if missing:
                reason = f"there is no column {missing[0]!r}"
                raise ColumnError(Place(path.name), reason, f"A recording of this kind has {', '.join(columns)}.")
            rows: pd.DataFrame = file.read(columns=list(columns)).to_pandas()
    except (pa.ArrowException, OSError) as error:
        raise MalformedFile(Place(path.name), f"this is no sound Parquet ({error})", "Get the file again.") from error
    if rows.empty:
        raise MalformedFile(Place(path.name), "it has no rows", "Get the file again.")
    return rows
