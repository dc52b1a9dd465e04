"""Recorded tables as tidy DataFrames."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from shoal.sim.records import Schema


def frame_of(table: pa.Table) -> pd.DataFrame:
    """A table as a DataFrame: text as text, base units as exact Arrow decimals, ``time`` in UTC beside ``time_ns``."""
    for index, column in enumerate(table.schema):
        if pa.types.is_dictionary(column.type):
            table = table.set_column(index, column.name, table.column(index).cast(pa.string()))
    if "time_ns" in table.column_names:
        time = pc.cast(table.column("time_ns"), pa.timestamp("ns", tz="UTC"))
        table = table.add_column(0, "time", time)
    frame: pd.DataFrame = table.to_pandas(types_mapper=_exact)
    return frame


def empty_frame(schema: Schema) -> pd.DataFrame:
    """The table of this schema without a row."""
    return frame_of(schema.arrow.empty_table())


def rows(table: pd.DataFrame) -> Iterator[Any]:
    """Rows as named tuples, whose fields are the columns."""
    return iter(table.itertuples(index=False))


def _exact(kind: pa.DataType) -> pd.ArrowDtype | None:
    return pd.ArrowDtype(kind) if pa.types.is_decimal(kind) else None
