"""A table of unknown columns, whatever it was read from; columns are fetched one at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shoal.experiments.errors import Place

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Sheet:
    """Rows and columns with the names they have in their source.

    Args:
        name: the source as the user named it.
        names: column names in their order; a name may be there twice.
        rows: number of data rows.
        first_row: row number of the first data row in the source.
        form: "parquet", "csv", "kline" or "frame".
        digest: SHA-256 of the file; empty for a frame, which has no bytes of its own.
        fetch: gives one column by its name.
    """

    name: str
    names: tuple[str, ...]
    rows: int
    first_row: int
    form: str
    digest: str
    fetch: Callable[[str], pa.Array[Any]]

    def place(self, index: int | None = None, column: str | None = None) -> Place:
        """The place of a data row, counted from 0 here and as in the source in the answer."""
        return Place(self.name, None if index is None else self.first_row + int(index), column)
