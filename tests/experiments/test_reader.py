import json
import os
from pathlib import Path
from typing import Any

import pytest
from tests.experiments.running import run

from shoal.experiments.errors import InputError, MalformedFile, UnreadableFile
from shoal.experiments.manifest import NewerResult, hash_file
from shoal.experiments.parameters import Mistake, collecting
from shoal.experiments.reader import FileTables, HashMismatch, load

pytestmark = pytest.mark.usefixtures("tiny")


@pytest.fixture
def out(tmp_path: Path, tiny: object) -> Path:
    run(tmp_path / "out")
    return tmp_path / "out"


def change(folder: Path, **entries: Any) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8")) | entries
    path.write_text(json.dumps(manifest), encoding="utf-8")


def test_a_result_is_read_back(out: Path) -> None:
    result = load(out)
    assert result.complete
    assert result.tables() == ("ends", "figures", "ticks")
    assert result.arrow("ticks").num_rows == 60
    assert result.digest == run().result.digest


@pytest.mark.parametrize("name", ["missing", "", "\0", "x" * 300])
def test_what_is_no_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnreadableFile, match=r"there is no such folder|holds no result"):
        load(str(tmp_path / "nowhere" / name) if name != "\0" else name)


def test_a_folder_without_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"no manifest\.json"):
        load(tmp_path)


def test_an_unfinished_run_beside_is_pointed_at(tmp_path: Path, out: Path) -> None:
    out.rename(tmp_path / "other.partial")
    with pytest.raises(UnreadableFile, match=r"other\.partial holds an unfinished run"):
        load(tmp_path / "other")


def test_every_flipped_bit_is_noticed(out: Path) -> None:
    path = out / "ticks.parquet"
    good = path.read_bytes()
    for position in range(0, len(good), 37):
        path.write_bytes(good[:position] + bytes([good[position] ^ 1 << position % 8]) + good[position + 1 :])
        with pytest.raises(HashMismatch, match=r"ticks\.parquet: it is not the file"):
            load(out)


@pytest.mark.parametrize("keep", [0, 1, 4, 50, 0.5, 0.99, -1])
def test_cut_off_files_are_noticed(out: Path, keep: float) -> None:
    path = out / "ticks.parquet"
    good = path.read_bytes()
    path.write_bytes(good[: int(keep * len(good)) if isinstance(keep, float) else keep])
    with pytest.raises(HashMismatch):
        load(out)


def test_damage_after_loading_is_noticed_by_checksums(out: Path) -> None:
    path = out / "ticks.parquet"
    good = path.read_bytes()
    tables = FileTables({"ticks": (path,)})
    whole = tables["ticks"]
    noticed = 0
    for position in range(4, len(good) - 8, 61):
        path.write_bytes(good[:position] + bytes([good[position] ^ 0x10]) + good[position + 1 :])
        mistakes: list[Mistake] = []
        with collecting(mistakes):
            # Some bits of the footer mean nothing for the values.
            assert tables["ticks"].equals(whole)
        noticed += len(mistakes)
        assert all("it is damaged" in each.reason for each in mistakes)
    assert noticed > 20
    path.write_bytes(good[:100])
    with pytest.raises(MalformedFile, match="it is damaged"):
        tables["ticks"]


def test_a_missing_or_linked_file_is_refused(out: Path) -> None:
    moved = (out / "ticks.parquet").rename(out.parent / "elsewhere")
    with pytest.raises(UnreadableFile, match="it is not there"):
        load(out)
    (out / "ticks.parquet").symlink_to(moved)
    with pytest.raises(UnreadableFile, match="it is not there"):
        load(out)


@pytest.mark.parametrize(
    "text",
    ["", "null", "[]", "{", "NaN", '{"format": NaN}', '{"format": 1, "format": 1}', '{"format": 1}', '{"format": "1"}',
     '{"format": true}', '{"format": 1.0}', '{"format": 0}', "[" * 5_000, '{"format": ' + "9" * 5_000 + "}",
     "\ufeff{}"],
    ids=range(15),
)  # fmt: skip
def test_manifests_that_are_none_are_refused(out: Path, text: str) -> None:
    (out / "manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(MalformedFile, match=r"manifest\.json"):
        load(out)


@pytest.mark.parametrize("version", [2, 99, 10**20])
def test_a_newer_format_is_refused(out: Path, version: int) -> None:
    change(out, format=version)
    with pytest.raises(NewerResult, match="Install a newer Shoal"):
        load(out)


@pytest.mark.parametrize(
    "entries",
    [
        {"study": 1},
        {"seed": True},
        {"complete": 1},
        {"outputs": []},
        {"parameters": None},
        {"outputs": {"../ticks.parquet": {"sha256": "0" * 64}}},
        {"outputs": {"/etc/passwd": {"sha256": "0" * 64}}},
        {"outputs": {"ticks.parquet": {}}},
        {"outputs": {"ticks.parquet": "0" * 64}},
        {"outputs": {"ticks.parquet": {"sha256": "0"}}},
        {"outputs": {"ticks.parquet": {"sha256": 5}}},
    ],
    ids=range(11),
)
def test_manifests_with_other_entries_are_refused(out: Path, entries: dict[str, Any]) -> None:
    change(out, **entries)
    with pytest.raises(InputError, match=r"manifest\.json"):
        load(out)


def test_closed_parts_of_a_killed_run_are_read(out: Path) -> None:
    (out / "parts").mkdir()
    os.replace(out / "ticks.parquet", out / "parts" / "ticks-000000.parquet")
    (out / "parts" / "ticks-000001.parquet.tmp").write_bytes(b"half")
    change(out, outputs={}, complete=False, status="running")
    result = load(out)
    assert not result.complete
    assert result.tables() == ("ticks",)
    assert result.arrow("ticks").num_rows == 60


def test_hashes_are_those_of_the_bytes(out: Path) -> None:
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert set(manifest["outputs"]) == {"ends.parquet", "figures.parquet", "ticks.parquet"}
    for name, entry in manifest["outputs"].items():
        assert entry["sha256"] == hash_file(out / name)
    assert manifest["outputs"]["ticks.parquet"]["rows"] == 60
