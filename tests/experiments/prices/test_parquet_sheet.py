import os
import random

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shoal.experiments.errors import ColumnError, FileTooLarge, InputError, MalformedFile, SymbolError, ValueRefused
from shoal.experiments.prices import read_prices


@pytest.fixture
def written(tmp_path):
    def write(table, name="prices.parquet", **options):
        if isinstance(table, pd.DataFrame):
            table = pa.Table.from_pandas(table, preserve_index=False)
        pq.write_table(table, tmp_path / name, **{"write_page_checksum": True, **options})
        return tmp_path / name

    return write


@pytest.mark.parametrize("compression", ["none", "snappy", "zstd"])
@pytest.mark.parametrize("dictionary", [True, False])
def test_row_groups_and_compressions_change_nothing(frame, written, compression, dictionary):
    path = written(frame, compression=compression, use_dictionary=dictionary, row_group_size=5)
    bars = read_prices(path, symbols=["ETH"])
    assert bars.series["ETH"].close.tolist() == frame[frame.symbol == "ETH-USD"].close.tolist()


@pytest.mark.parametrize("kind", [pa.float32(), pa.int32(), pa.uint64(), pa.int8()])
def test_numbers_of_other_widths_are_read(frame, written, kind):
    table = pa.table({"ts": frame.ts[::2], "price": pa.array([1, 2, 3, 4, 5, 6], kind)})
    assert read_prices(written(table), symbols=["BTC"]).series["BTC"].close.tolist() == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 0.5, 0.7, 0.9, 0.99, 0.999])
def test_a_file_that_is_cut_off(frame, written, assert_refused, share):
    path = written(frame)
    size = path.stat().st_size
    os.truncate(path, max(4, int(size * share)))
    assert_refused(path, MalformedFile, "damaged or cut off")


def test_random_cuts_are_all_found(frame, written):
    path = written(frame)
    whole = path.read_bytes()
    generator = random.Random(5)
    for _ in range(60):
        path.write_bytes(whole[: generator.randrange(len(whole))])
        with pytest.raises(InputError):
            read_prices(path, symbols=["BTC"])


@pytest.mark.parametrize("compression", ["none", "snappy", "zstd"])
def test_flipped_bits_are_found_or_changed_nothing(frame, written, compression):
    path = written(frame, compression=compression)
    whole = path.read_bytes()
    wanted = read_prices(path, symbols=["BTC"]).series["BTC"]
    generator = random.Random(7)
    found = 0
    for _ in range(200):
        bit = generator.randrange(8 * len(whole))
        broken = bytearray(whole)
        broken[bit // 8] ^= 1 << bit % 8
        path.write_bytes(broken)
        try:
            read = read_prices(path, symbols=["BTC"]).series["BTC"]
        except InputError:
            found += 1
            continue
        assert all(
            np.array_equal(getattr(read, name), getattr(wanted, name)) for name in ("open", "high", "low", "close")
        )
    assert found > 50


def test_what_is_no_parquet(write, assert_refused):
    assert_refused(write(b"PAR1" + b"x" * 100 + b"PAR1", "a.parquet"), MalformedFile, "damaged or cut off")
    assert_refused(write(b"PAR1", "a.parquet"), MalformedFile, "damaged or cut off")
    assert_refused(write(b"hello", "a.parquet"), MalformedFile, "does not begin with PAR1")
    assert_refused(write(b"", "a.parquet"), MalformedFile, "empty")


@pytest.mark.parametrize("rows", [0, 0.5])
def test_no_row_groups(frame, tmp_path, assert_refused, rows):
    table = pa.Table.from_pandas(frame.iloc[:0], preserve_index=False)
    if rows:
        pq.write_table(table, tmp_path / "a.parquet")
    else:
        pq.ParquetWriter(tmp_path / "a.parquet", table.schema).close()
    assert_refused(tmp_path / "a.parquet", MalformedFile, "no rows")


def test_ten_thousand_columns(written, assert_refused):
    table = pa.table({f"column{number}": [1.0] for number in range(10_000)})
    assert_refused(written(table), FileTooLarge, "10,000 columns, and at most 512")


def test_many_leaves_in_one_nested_column(written, assert_refused):
    kind = pa.struct([(f"leaf{number}", pa.float64()) for number in range(600)])
    table = pa.table({"ts": [1_583_971_200], "price": pa.array([None], kind)})
    assert_refused(written(table), FileTooLarge, "601 columns")


@pytest.mark.parametrize(
    "array",
    [
        pa.array([[1.0], [2.0]]),
        pa.array([{"a": 1.0}, {"a": 2.0}]),
        pa.array([[("a", 1.0)], []], pa.map_(pa.string(), pa.float64())),
        pa.array([[1.0], [2.0]], pa.list_(pa.float64(), 1)),
    ],
)
def test_nested_columns(written, assert_refused, array):
    table = pa.table({"ts": [1_583_971_200, 1_583_974_800], "price": array})
    assert_refused(written(table), ColumnError, "nested")
    swapped = pa.table({"ts": array, "price": [1.0, 2.0]})
    assert_refused(written(swapped), ColumnError, "nested")


@pytest.mark.parametrize(
    "array",
    [
        pa.array([1, 2], pa.decimal128(38, 0)),
        pa.array([1, 2], pa.decimal256(50, 2)),
        pa.array(["1.5", "2.5"]),
        pa.array([b"1", b"2"]),
        pa.array([True, False]),
        pa.array([1, 2], pa.timestamp("s")),
        pa.array([1, 2], pa.duration("s")),
        pa.array([1.0, 2.0]).cast(pa.float16()),
        pa.nulls(2),
    ],
    ids=lambda array: str(array.type),
)
def test_prices_of_other_types(written, assert_refused, array):
    table = pa.table({"ts": [1_583_971_200, 1_583_974_800], "price": array})
    assert_refused(written(table), ColumnError, "numbers are read from floats or integers", column="price")


@pytest.mark.parametrize("array", [pa.array([1, 2]), pa.array([b"BTC", b"BTC"]), pa.array([1.0, 2.0])])
def test_symbols_of_other_types(written, assert_refused, array):
    table = pa.table({"ts": [1_583_971_200, 1_583_974_800], "price": [1.0, 2.0], "symbol": array})
    assert_refused(written(table), SymbolError, "symbols are texts", column="symbol")


def test_a_null_price(written, assert_refused):
    table = pa.table({"ts": [1_583_971_200, 1_583_974_800], "price": [1.0, None]})
    assert_refused(written(table), ValueRefused, "missing", row=2, column="price")


@pytest.mark.parametrize("rows", [20_000_000])
def test_a_constant_that_decodes_to_far_more_than_the_file(tmp_path, assert_refused, rows):
    # Run lengths: kilobytes stand for 160 MB a column.
    one = pa.array([5.0] * 1_000_000)
    schema = pa.schema([("ts", pa.float64()), ("price", pa.float64())])
    with pq.ParquetWriter(tmp_path / "bomb.parquet", schema, compression="zstd") as writer:
        for _ in range(rows // len(one)):
            writer.write_table(pa.table([one, one], schema=schema), row_group_size=len(one))
    assert (tmp_path / "bomb.parquet").stat().st_size < 200_000
    assert_refused(tmp_path / "bomb.parquet", FileTooLarge, "decodes to more than")


def test_text_whose_dictionary_stands_for_gigabytes(written, assert_refused):
    # 5,000 rows of one text of a megabyte are 5 GB when written out.
    table = pa.table(
        {
            "ts": pa.array(range(1_583_971_200, 1_583_976_200)),
            "symbol": pa.DictionaryArray.from_arrays(pa.array([0] * 5_000, pa.int32()), pa.array(["B" * 2**20])),
            "price": [1.0] * 5_000,
        }
    )
    path = written(table, compression="zstd", store_schema=False)
    assert path.stat().st_size < 100_000
    before = pa.total_allocated_bytes()
    assert_refused(path, SymbolError, "'BTC' is not in the file", column="symbol")
    assert pa.total_allocated_bytes() - before < 2**28


def test_a_long_text_that_packs_well(written, assert_refused):
    table = pa.table({"ts": [1_583_971_200, 1_583_974_800], "symbol": ["B" * 2**27, "C"], "price": [1.0, 2.0]})
    path = written(table, compression="zstd")
    assert_refused(path, FileTooLarge, "decodes to more than")
