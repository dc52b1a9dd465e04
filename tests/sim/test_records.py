"""Tables: typed, streamed in parts, and with a digest that does not know of parts."""

from __future__ import annotations

import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shoal.sim import records as records_module
from shoal.sim.records import Records, Schema, Table, write_parquet

EVERY = Schema(
    "every",
    (("number", "int"), ("share", "float"), ("name", "text"), ("amount_raw", "raw"), ("done", "bool")),
)
rows = st.tuples(
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.text(max_size=8) | st.sampled_from(["alice", "bob"]),
    st.integers(-(10**38) + 1, 10**38 - 1),
    st.booleans(),
)


def fill(table: Table, content: list[Any], part: int | None = None) -> None:
    for number, row in enumerate(content):
        table.append(row)
        if part and number % part == part - 1:
            table.flush()
    table.flush()


def same(left: Any, right: Any) -> bool:
    return bool(left == right) or (left != left and right != right)


@given(st.lists(rows, max_size=30))
def test_what_went_in_comes_out(content: list[Any]) -> None:
    table = Records().table(EVERY)
    fill(table, content)
    out = [tuple(row.values()) for row in table.arrow().to_pylist()]
    assert table.count == len(out) == len(content)
    for row, back in zip(content, out, strict=True):
        assert all(same(one, other) for one, other in zip(row, back, strict=True))


@given(st.lists(rows, max_size=30), st.integers(1, 9))
def test_the_digest_does_not_depend_on_the_parts(content: list[Any], part: int) -> None:
    whole, parted = Table(EVERY, None), Table(EVERY, None)
    fill(whole, content)
    fill(parted, content, part)
    assert whole.digest() == parted.digest()
    assert parted.arrow().num_rows == len(content)


@given(st.lists(rows, min_size=1, max_size=10), st.lists(rows, min_size=1, max_size=10))
def test_other_rows_other_digest(first: list[Any], second: list[Any]) -> None:
    one, other = Table(EVERY, None), Table(EVERY, None)
    fill(one, first)
    fill(other, second)
    alike = len(first) == len(second) and all(
        same(a, b) and repr(a) == repr(b)
        for left, right in zip(first, second, strict=True)
        for a, b in zip(left, right, strict=True)
    )
    if alike or repr(first) != repr(second):
        assert (one.digest() == other.digest()) is alike


@pytest.mark.parametrize(
    ("first", "second"),
    [(("ab", "c"), ("a", "bc")), (("", "1:a"), ("1:a", "")), (("1:a1:b",), ("a", "b")), (("a", "b"), ("b", "a"))],
)
def test_texts_cannot_run_into_each_other(first: tuple[str, ...], second: tuple[str, ...]) -> None:
    schema = Schema("names", (("name", "text"),))
    digests = []
    for content in (first, second):
        table = Table(schema, None)
        fill(table, [(name,) for name in content])
        digests.append(table.digest())
    assert digests[0] != digests[1]


def test_the_sign_of_zero_counts() -> None:
    schema, digests = Schema("shares", (("share", "float"),)), []
    for value in (0.0, -0.0):
        table = Table(schema, None)
        fill(table, [(value,)])
        digests.append(table.digest())
    assert digests[0] != digests[1]


@given(content=st.lists(rows, min_size=1, max_size=40), part=st.integers(1, 9))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_parts_on_disk_equal_memory(tmp_path_factory: pytest.TempPathFactory, content: list[Any], part: int) -> None:
    folder = tmp_path_factory.mktemp("parts")
    disk, memory = Records(folder), Records()
    for records in (disk, memory):
        fill(records.table(EVERY), content, part)
    assert disk.digest() == memory.digest()
    assert repr(disk.tables["every"].arrow().to_pylist()) == repr(memory.tables["every"].arrow().to_pylist())
    assert len(list(folder.glob("every-*.parquet"))) == -(-len(content) // part)
    assert not list(folder.glob("*.tmp"))
    disk.tables["every"].write(folder / "every.parquet")
    assert sorted(path.name for path in folder.iterdir()) == ["every.parquet"]
    joined = pq.read_table(folder / "every.parquet", page_checksum_verification=True)
    assert repr(joined.to_pylist()) == repr(memory.tables["every"].arrow().to_pylist())


def test_rows_are_written_away_when_a_part_is_full(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(records_module, "ROWS_A_PART", 3)
    table = Records(tmp_path).table(Schema("numbers", (("number", "int"),)))
    for number in range(7):
        table.append((number,))
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["numbers-000000.parquet", "numbers-000001.parquet"]
    assert len(table._rows) == 1
    assert table.count == 6


def test_a_text_column_is_a_dictionary_and_stays_one(tmp_path: Path) -> None:
    table = Records(tmp_path).table(Schema("names", (("name", "text"),)))
    for part in (["a", "b"], ["b", "c"], ["c", "a"]):
        fill(table, [(name,) for name in part])
    arrow = table.arrow()
    assert str(arrow.schema.field("name").type) == "dictionary<values=string, indices=int32, ordered=0>"
    assert arrow.column("name").to_pylist() == ["a", "b", "b", "c", "c", "a"]


def test_raw_amounts_are_exact(tmp_path: Path) -> None:
    schema = Schema("amounts", (("amount_raw", "raw"),))
    amounts = [0, 1, -1, 10**38 - 1, -(10**38) + 1, 2**64, -(2**64)]
    table = Records(tmp_path).table(schema)
    fill(table, [(amount,) for amount in amounts])
    table.write(tmp_path / "amounts.parquet")
    stored = pq.read_table(tmp_path / "amounts.parquet").column("amount_raw")
    assert str(stored.type) == "decimal128(38, 0)"
    assert stored.to_pylist() == [Decimal(amount) for amount in amounts]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("number", 1.0),
        ("number", 1.5),
        ("number", "1"),
        ("number", None),
        ("number", True),
        ("number", 2**63),
        ("number", -(2**63) - 1),
        ("share", "1"),
        ("share", None),
        ("name", None),
        ("name", 5),
        ("name", b"x"),
        ("name", []),
        ("name", "\ud800"),
        ("amount_raw", 10**38),
        ("amount_raw", -(10**38)),
        ("amount_raw", 2**256),
        ("amount_raw", 1.0),
        ("amount_raw", None),
        ("amount_raw", "1"),
        ("amount_raw", True),
        ("done", 1),
        ("done", None),
        ("done", "yes"),
    ],
)
def test_what_does_not_fit_names_table_and_column(column: str, value: Any) -> None:
    table = Table(EVERY, None)
    good = {"number": 1, "share": 0.5, "name": "a", "amount_raw": 1, "done": True}
    fill(table, [tuple(good.values())])
    before = table.digest()
    table.append(tuple((good | {column: value}).values()))
    with pytest.raises(ValueError, match=f"table every, column {column}: "):
        table.flush()
    assert (table.digest(), table.count) == (before, 1)


@pytest.mark.parametrize("content", [[(1,)], [(1, 2, 3)], [(1, 2), (1,)], [(1, 2), (1, 2, 3)], [()]])
def test_a_row_has_a_value_for_each_column(content: list[Any]) -> None:
    table = Table(Schema("pairs", (("left", "int"), ("right", "int"))), None)
    for row in content:
        table.append(row)
    with pytest.raises(ValueError, match="table pairs: "):
        table.flush()


def test_one_name_one_schema() -> None:
    records = Records()
    schema = Schema("numbers", (("number", "int"),))
    assert records.table(schema) is records.table(Schema("numbers", (("number", "int"),)))
    with pytest.raises(ValueError, match="numbers"):
        records.table(Schema("numbers", (("number", "float"),)))


def test_an_empty_table_has_its_columns(tmp_path: Path) -> None:
    table = Records(tmp_path).table(EVERY)
    assert table.arrow().column_names == [name for name, _ in EVERY.columns]
    table.write(tmp_path / "every.parquet")
    assert pq.read_table(tmp_path / "every.parquet").num_rows == 0


def test_the_digest_names_its_tables() -> None:
    one, other, both = Records(), Records(), Records()
    one.table(Schema("a", (("number", "int"),)))
    other.table(Schema("b", (("number", "int"),)))
    for name in ("b", "a"):
        both.table(Schema(name, (("number", "int"),)))
    digests = {records.digest() for records in (one, other, both, Records())}
    assert len(digests) == 4
    turned = Records()
    for name in ("a", "b"):
        turned.table(Schema(name, (("number", "int"),)))
    assert turned.digest() == both.digest()


def test_a_flipped_bit_is_found(tmp_path: Path) -> None:
    table = Table(Schema("shares", (("share", "float"),)), tmp_path)
    fill(table, [(math.sin(number),) for number in range(2_000)])
    [path] = tmp_path.glob("shares-*.parquet")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(OSError, match=r"(?i)crc|checksum|corrupt|decompress"):
        table.arrow()


def test_a_file_is_complete_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = Table(Schema("numbers", (("number", "int"),)), None)
    fill(table, [(1,)])

    def full(*arguments: Any, **options: Any) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(pq, "write_table", full)
    with pytest.raises(OSError, match="no space"):
        write_parquet(table.arrow(), tmp_path / "numbers.parquet")
    assert not (tmp_path / "numbers.parquet").exists()
