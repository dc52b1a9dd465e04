"""The one reader of results: hashes, checksums and formats are checked before a figure is believed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from shoal.experiments.errors import MalformedFile, Place, UnreadableFile
from shoal.experiments.manifest import NAME, hash_file, read_manifest
from shoal.experiments.store import PARTS, REPORT

if TYPE_CHECKING:
    from shoal.experiments.replicates.replicates import Replicates
    from shoal.experiments.result import Result

REPLICATES: Final = "replicates"
_TABLE: Final = re.compile(r"([a-z][a-z0-9_]{0,63})\.parquet", re.ASCII)
_PART: Final = re.compile(r"([a-z][a-z0-9_]{0,63})-([0-9]{6})\.parquet", re.ASCII)
_HASH: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_DAMAGED: Final = "Run the study again, or fetch the folder again."


class HashMismatch(MalformedFile):
    """A file is not the one that the manifest names."""


class FileTables(Mapping[str, pa.Table]):
    """Tables in Parquet files, each read when it is asked for.

    Args:
        files: the files of each table, in order.
    """

    def __init__(self, files: Mapping[str, tuple[Path, ...]]) -> None:
        self._files = dict(files)

    def __getitem__(self, name: str) -> pa.Table:
        """Read a table.

        Raises:
            KeyError: no such table.
            MalformedFile: a file is damaged.
        """
        parts = [_read(path) for path in self._files[name]]
        return parts[0] if len(parts) == 1 else pa.concat_tables(parts).unify_dictionaries()

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


def load(path: Path | str) -> Result | Replicates:
    """Read what ``--out`` left behind: a result, or replicates.

    Of a run that did not finish, the closed parts are read; ``result.complete`` is False then.

    Raises:
        InputError: no result there, of a newer format, or not as it was written.
    """
    from shoal.experiments.replicates.replicates import Replicates

    folder, manifest, tables = _open(path)
    if manifest.get("kind") == REPLICATES:
        return Replicates(manifest, tables, folder)
    return _result(folder, manifest, tables)


def load_result(path: Path | str) -> Result:
    """Read the result of one run.

    Raises:
        InputError: no such result there, of a newer format, or not as it was written.
    """
    folder, manifest, tables = _open(path)
    if manifest.get("kind") == REPLICATES:
        raise MalformedFile(Place(f"folder {path}"), "it holds replicates, not one result", "Name one world in it.")
    return _result(folder, manifest, tables)


def _result(folder: Path, manifest: dict[str, Any], tables: FileTables) -> Result:
    from shoal.experiments.result import Result

    return Result(manifest, tables, folder)


def _open(path: Path | str) -> tuple[Path, dict[str, Any], FileTables]:
    folder = Path(path)
    if "\0" in str(path) or not folder.is_dir():
        raise UnreadableFile(Place(f"folder {str(path)[:80]!r}"), "there is no such folder", _beside(folder))
    if not (folder / NAME).exists():
        raise UnreadableFile(Place(f"folder {path}"), f"it holds no result (no {NAME})", _beside(folder))
    manifest = read_manifest(folder)
    return folder, manifest, FileTables(_files(folder, manifest))


def _files(folder: Path, manifest: Mapping[str, Any]) -> dict[str, tuple[Path, ...]]:
    found: dict[str, tuple[Path, ...]] = {}
    for name, entry in manifest["outputs"].items():
        expected = entry.get("sha256") if isinstance(entry, dict) else None
        place = Place(str(folder / NAME))
        if not isinstance(expected, str) or not _HASH.fullmatch(expected) or Path(name).name != name:
            raise MalformedFile(place, f"its entry for the output {name[:80]!r} cannot be used", _DAMAGED)
        # The report is rendered from the tables, and no figure is read from it.
        if name != REPORT:
            _check_hash(folder / name, expected)
        table = _TABLE.fullmatch(name)
        if table:
            found[table[1]] = (folder / name,)
    if not manifest["complete"]:
        for table_name, parts in _parts(folder).items():
            found.setdefault(table_name, parts)
    return dict(sorted(found.items()))


def _parts(folder: Path) -> dict[str, tuple[Path, ...]]:
    """Closed parts that were not joined; a part of a run that was killed may stand beside its joined table."""
    found: dict[str, list[Path]] = {}
    parts = folder / PARTS
    for path in sorted(parts.iterdir()) if parts.is_dir() else ():
        part = _PART.fullmatch(path.name)
        if part:
            found.setdefault(part[1], []).append(path)
    return {name: tuple(paths) for name, paths in found.items()}


def _check_hash(path: Path, expected: str) -> None:
    place = Place(str(path))
    if path.is_symlink() or not path.is_file():
        raise UnreadableFile(place, "the manifest names this file, and it is not there", _DAMAGED)
    try:
        found = hash_file(path)
    except OSError as error:
        raise UnreadableFile(place, f"it cannot be read ({error.strerror})", "Check its rights.") from error
    if found != expected:
        raise HashMismatch(place, "it is not the file that the manifest names: its SHA-256 differs", _DAMAGED)


def _read(path: Path) -> pa.Table:
    try:
        return pq.read_table(path, page_checksum_verification=True)
    # Arrow says ValueError for a file that is cut off, and OSError for a page that is damaged.
    except (OSError, ValueError, pa.ArrowException) as error:
        reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise MalformedFile(Place(str(path)), f"it is damaged ({reason})", _DAMAGED) from error


def _beside(folder: Path) -> str:
    for ending, what in ((".partial", "an unfinished run"), (".replaced", "an older result")):
        beside = folder.with_name(folder.name + ending) if folder.name and "\0" not in str(folder) else None
        if beside is not None and beside.is_dir():
            return f"Beside it, {beside.name} holds {what}."
    return "Give the folder that `shoal run --out` made."
