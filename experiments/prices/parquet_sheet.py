"""Parquet from strangers: checksums verified, sizes limited, flat columns only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from shoal.experiments.errors import ColumnError, FileTooLarge, InputError, MalformedFile
from shoal.experiments.intake import InputFile
from shoal.experiments.prices.sheet import Sheet

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

PARQUET_MAGIC: Final = b"PAR1"
_MAXIMUM_COLUMNS: Final = 512
# What the columns in use may decode to: a floor, and a multiple of the file's own size.
_DECODED_FLOOR_BYTES: Final = 2**26
_DECODED_FACTOR: Final = 100
_BATCH_ROWS: Final = 2**16
_REMEDY: Final = "Write the file again from its source."


def read_parquet(file: InputFile) -> Sheet:
    """Open a Parquet file; page checksums are verified where the file has them.

    Raises:
        MalformedFile: cut off, damaged, or without rows.
        FileTooLarge: more than 512 columns, or it decodes to far more than it holds.
        ColumnError: a column is nested or there twice.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        parquet = pq.ParquetFile(pa.BufferReader(file.data), page_checksum_verification=True)
        names = tuple(parquet.schema_arrow.names)
        # The footer has no checksum: texts in it are decoded here, where damage is caught.
        _ = [(str(field), getattr(field.type, "tz", None)) for field in parquet.schema_arrow]
        metadata = parquet.metadata
        # A column's own metadata are left alone: a damaged footer makes their reader end the whole process.
        declared = sum(metadata.row_group(group).total_byte_size for group in range(metadata.num_row_groups))
    except Exception as error:
        raise _malformed(file, error) from error
    if len(names) > _MAXIMUM_COLUMNS or metadata.num_columns > _MAXIMUM_COLUMNS:
        raise FileTooLarge(
            file.place,
            f"it has {max(len(names), metadata.num_columns):,} columns, and at most {_MAXIMUM_COLUMNS} are read",
            "Keep time, symbol and prices only.",
        )
    if metadata.num_row_groups == 0 or metadata.num_rows <= 0:
        raise MalformedFile(file.place, "it has no rows", "Hand in a file with prices.")
    if max(declared, 8 * metadata.num_rows) > _decoded_limit(file):
        raise _too_large(file, "this file")

    def fetch(column: str) -> pa.Array[Any]:
        return _read_column(parquet, file, column)

    return Sheet(
        name=file.name,
        names=names,
        rows=metadata.num_rows,
        first_row=1,
        form="parquet",
        digest=file.digest,
        fetch=fetch,
    )


def _read_column(parquet: pq.ParquetFile, file: InputFile, name: str) -> pa.Array[Any]:
    import pyarrow as pa

    kind = parquet.schema_arrow.field(name).type
    if pa.types.is_nested(kind) or isinstance(kind, pa.BaseExtensionType):
        raise ColumnError(file.place, f"column {name!r} is of the nested or extended type {kind}", "Flatten it.")
    try:
        # Text stays in its dictionary: 500 bytes of it can stand for gigabytes.
        wide = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_binary(kind)
        reader = _with_dictionary(file, name) if wide else parquet
        chunks = []
        size = rows = 0
        for batch in reader.iter_batches(batch_size=_BATCH_ROWS, columns=[name], use_threads=False):
            chunk = batch.column(0)
            size += chunk.nbytes
            rows += len(chunk)
            if size > _decoded_limit(file):
                raise _too_large(file, f"column {name!r}")
            chunk.validate(full=True)
            chunks.append(chunk)
    except InputError:
        raise
    except Exception as error:
        raise _malformed(file, error) from error
    if rows != parquet.metadata.num_rows:
        raise MalformedFile(
            file.place, f"column {name!r} has {rows} rows where the file says {parquet.metadata.num_rows}", _REMEDY
        )
    whole = pa.chunked_array(chunks)
    return whole.unify_dictionaries().combine_chunks() if wide else whole.combine_chunks()


def _with_dictionary(file: InputFile, name: str) -> pq.ParquetFile:
    import pyarrow as pa
    import pyarrow.parquet as pq

    return pq.ParquetFile(pa.BufferReader(file.data), page_checksum_verification=True, read_dictionary=[name])


def _decoded_limit(file: InputFile) -> int:
    return max(_DECODED_FLOOR_BYTES, _DECODED_FACTOR * len(file.data))


def _too_large(file: InputFile, what: str) -> FileTooLarge:
    return FileTooLarge(
        file.place,
        f"{what} decodes to more than {_decoded_limit(file):,} bytes, and the file has {len(file.data):,}",
        "Hand in a smaller file, or write it again without such compression if you trust it.",
    )


def _malformed(file: InputFile, error: Exception) -> MalformedFile:
    # Damaged files end in ArrowInvalid (a ValueError), OSError, and now and then in others: all mean the same here.
    reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
    return MalformedFile(file.place, f"the Parquet file is damaged or cut off ({reason.rstrip('.')})", _REMEDY)
