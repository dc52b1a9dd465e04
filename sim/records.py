"""Typed tables kept in columns, streamed into closed Parquet parts, and the digest over them."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import batched
from pathlib import Path
from typing import Any, Final, Literal

import pyarrow as pa
import pyarrow.parquet as pq

Kind = Literal["int", "float", "text", "raw", "bool"]
ROWS_A_PART: Final = 4_096
_PARTS_A_GROUP: Final = 16
_ARROW: Final[dict[Kind, pa.DataType]] = {
    "int": pa.int64(),
    "float": pa.float64(),
    "text": pa.dictionary(pa.int32(), pa.string()),
    "raw": pa.decimal128(38, 0),
    "bool": pa.bool_(),
}
_PYTHON: Final[dict[Kind, type]] = {"int": int, "raw": int, "text": str, "bool": bool}
_RAW_BOUND: Final = 10**38
_END: Final = "\x00\x01"


@dataclass(frozen=True, slots=True)
class Schema:
    """A table's name and its columns: name to kind.

    ``raw`` holds exact base units (decimal128(38, 0)); a float column of whole tokens stands beside it.
    """

    name: str
    columns: tuple[tuple[str, Kind], ...]

    @property
    def arrow(self) -> pa.Schema:
        """The Arrow schema."""
        return pa.schema([(name, _ARROW[kind]) for name, kind in self.columns])


class Table:
    """Rows of one schema. Appending is O(1); full parts are turned into columns, hashed, and written away."""

    def __init__(self, schema: Schema, folder: Path | None) -> None:
        self.schema = schema
        self.count = 0
        self._folder = folder
        self._rows: list[tuple[Any, ...]] = []
        self._hashes = [sha256(f"{name}:{kind}\n".encode()) for name, kind in schema.columns]
        self._batches: list[pa.Table] = []
        self._parts: list[Path] = []

    def append(self, row: tuple[Any, ...]) -> None:
        """Add a row: one value a column, in the schema's order."""
        self._rows.append(row)
        if len(self._rows) >= ROWS_A_PART:
            self.flush()

    def flush(self) -> None:
        """Turn the open rows into a closed part.

        Raises:
            ValueError: a value does not fit its column; the message names table and column.
        """
        if not self._rows:
            return
        lengths, needed = set(map(len, self._rows)), len(self.schema.columns)
        if lengths != {needed}:
            raise ValueError(f"table {self.schema.name}: {sorted(lengths)} values a row, {needed} columns")
        arrays, texts = [], []
        for (name, kind), values in zip(self.schema.columns, zip(*self._rows, strict=True), strict=True):
            try:
                _check_types(kind, values)
                texts.append(_canonical(kind, values))
                arrays.append(_arrow(kind, values))
            except (TypeError, ValueError, OverflowError, pa.ArrowException) as error:
                raise ValueError(f"table {self.schema.name}, column {name}: {error}") from error
        table = pa.Table.from_arrays(arrays, schema=self.schema.arrow)
        for running, text in zip(self._hashes, texts, strict=True):
            running.update(text)
        self.count += len(self._rows)
        self._rows = []
        if self._folder is None:
            self._batches.append(table)
        else:
            path = self._folder / f"{self.schema.name}-{len(self._parts):06d}.parquet"
            write_parquet(table, path)
            self._parts.append(path)

    def digest(self) -> str:
        """SHA-256 over the closed rows, column by column: independent of the size of the parts."""
        total = sha256(f"{self.schema.name} {self.count}\n".encode())
        for running in self._hashes:
            total.update(running.digest())
        return total.hexdigest()

    def parts(self) -> Iterable[pa.Table]:
        """The closed parts, in order."""
        if self._folder is None:
            yield from self._batches
        else:
            for path in self._parts:
                yield pq.read_table(path, page_checksum_verification=True)

    def arrow(self) -> pa.Table:
        """All closed rows as one Arrow table."""
        parts = list(self.parts())
        return pa.concat_tables(parts).unify_dictionaries() if parts else self.schema.arrow.empty_table()

    def write(self, path: Path) -> None:
        """Join the closed parts into one Parquet file, written beside and renamed, and remove them."""
        beside = path.with_name(path.name + ".tmp")
        with pq.ParquetWriter(beside, self.schema.arrow, compression="zstd", write_page_checksum=True) as writer:
            # Parts are small to keep memory flat; a reader wants larger groups of rows.
            for group in batched(self.parts(), _PARTS_A_GROUP):
                writer.write_table(pa.concat_tables(group).unify_dictionaries())
        os.replace(beside, path)
        for part_path in self._parts:
            part_path.unlink()
        self._parts = []


class Records:
    """The tables of one run; with a folder they stream to disk, without one they stay in memory."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self.tables: dict[str, Table] = {}

    def table(self, schema: Schema) -> Table:
        """The table of this schema, made when first asked for.

        Raises:
            ValueError: a table of that name exists with other columns.
        """
        table = self.tables.get(schema.name)
        if table is None:
            table = self.tables[schema.name] = Table(schema, self._folder)
        elif table.schema != schema:
            raise ValueError(f"table {schema.name} exists with other columns")
        return table

    def close(self) -> None:
        """Close the open part of every table."""
        for table in self.tables.values():
            table.flush()

    def digest(self) -> str:
        """SHA-256 over every table in the order of their names; wall time and paths are in none of them."""
        self.close()
        total = sha256()
        for name in sorted(self.tables):
            total.update(self.tables[name].digest().encode())
        return total.hexdigest()


def write_parquet(table: pa.Table, path: Path) -> None:
    """Write a Parquet file with page checksums beside its place and rename it."""
    beside = path.with_name(path.name + ".tmp")
    pq.write_table(table, beside, compression="zstd", write_page_checksum=True)
    os.replace(beside, path)


def _check_types(kind: Kind, values: Sequence[Any]) -> None:
    # Arrow would turn 1.0 into 1 and None into a null, and the digest would differ from the column.
    needed = _PYTHON.get(kind)
    if needed is not None and (others := set(map(type, values)) - {needed}):
        raise TypeError(f"every value must be {needed.__name__}, had {', '.join(sorted(map(repr, others)))}")


def _canonical(kind: Kind, values: Sequence[Any]) -> bytes:
    """Ints as decimal text, floats as IEEE bytes, text with an end that no text holds."""
    if kind == "float":
        return array("d", values).tobytes()
    if kind == "text":
        joined = _END.join(values) + _END
        if joined.count("\x00") != len(values):
            joined = _END.join([value.replace("\x00", "\x00\x02") for value in values]) + _END
        return joined.encode()
    return (",".join(map(str, values)) + ",").encode()


def _arrow(kind: Kind, values: Sequence[Any]) -> pa.Array:
    if kind == "raw":
        if max(values) >= _RAW_BOUND or min(values) <= -_RAW_BOUND:
            raise ValueError("an amount has more than 38 digits")
        # Arrow's own conversion of large ints costs 7 us a cell; the layout of decimal128 is the int's 16 bytes.
        cells = b"".join(value.to_bytes(16, "little", signed=True) for value in values)
        return pa.Array.from_buffers(pa.decimal128(38, 0), len(values), [None, pa.py_buffer(cells)])
    if kind == "text":
        return pa.array(values, pa.string()).dictionary_encode()
    return pa.array(values, _ARROW[kind])
