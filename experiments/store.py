"""The folder of a result: claimed before a run, filled while it runs, and never complete by half."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from shoal.experiments.errors import InputError, Place
from shoal.experiments.folder_lock import LOCK, FolderLock, Held, holder
from shoal.experiments.manifest import NAME, hash_file, read_manifest, sync_folder, write_manifest

if TYPE_CHECKING:
    import pyarrow as pa

    from shoal.sim.records import Records

REPORT: Final = "report.html"
PARTS: Final = "parts"
_PARTIAL: Final = ".partial"
_REPLACED: Final = ".replaced"
_LONGEST_NAME: Final = 240
_PORTS: Final = {f"{port}{number}" for port in ("COM", "LPT") for number in range(1, 10)}
_RESERVED: Final = _PORTS | {"CON", "PRN", "AUX", "NUL"}


class FolderRefused(InputError):
    """The folder for the results cannot be used."""


@dataclass(frozen=True, slots=True)
class Store:
    """Where one run writes.

    A new, empty or unfinished folder is filled in place. A finished result stays until the new one is finished, too:
    the run fills a folder beside it, and the two change places at the end.

    Args:
        folder: where the result belongs.
        work: where the run writes: ``folder`` itself, or beside it.
        lock: held from the first write to the last, so that two runs never fill one folder.
    """

    folder: Path
    work: Path
    lock: FolderLock = field(default_factory=FolderLock, compare=False, repr=False)

    @classmethod
    def claim(cls, out: Path | str, *, study: str) -> Store:
        """Choose the folder of a run; nothing is written yet.

        Raises:
            FolderRefused: no usable name, no folder, or one that holds something else.
        """
        folder = resolved_folder(out)
        place = Place(f"folder {out}")
        state = _state(folder, study, place)
        work = folder.with_name(folder.name + _PARTIAL) if state == "finished" else folder
        if state == "finished" and _state(work, study, Place(f"folder {work}")) == "finished":
            raise FolderRefused(Place(f"folder {work}"), "it holds a finished result, too", "Move it away.")
        owner = holder(work)
        if owner is not None:
            raise in_use(folder, owner)
        return cls(folder, work)

    @property
    def parts(self) -> Path:
        """Where closed parts of tables go while the run lasts."""
        return self.work / PARTS

    def begin(self, manifest: Mapping[str, Any]) -> None:
        """Make the folder, empty it of an unfinished run, and write the first manifest: the probe of the disk.

        Raises:
            FolderRefused: the disk does not let us, and what was made is removed again; or another run was faster.
        """
        made = [each for each in (self.work, *self.work.parents) if not each.exists()]
        try:
            self.work.mkdir(parents=True, exist_ok=True)
            self._lock()
            _clear(self.work)
            self.parts.mkdir()
            write_manifest(self.work, manifest)
        except OSError as error:
            self.lock.release()
            shutil.rmtree(made[-1] if made else self.parts, ignore_errors=True)
            (self.work / f"{NAME}.tmp").unlink(missing_ok=True)
            raise FolderRefused(
                Place(f"folder {self.folder}"),
                f"it cannot be written to ({error.strerror or error})",
                "Choose another folder, or make room.",
            ) from error

    def join(self, records: Records) -> dict[str, dict[str, Any]]:
        """Join the parts of every table into one file each; what is returned belongs into the manifest."""
        outputs = {}
        for name, table in sorted(records.tables.items()):
            path = self.work / f"{name}.parquet"
            table.write(path)
            outputs[path.name] = {"sha256": hash_file(path), "rows": table.count}
        return outputs

    def add(self, name: str, table: pa.Table) -> dict[str, dict[str, Any]]:
        """Write a derived table."""
        from shoal.sim.records import write_parquet

        path = self.work / f"{name}.parquet"
        write_parquet(table, path)
        return {path.name: {"sha256": hash_file(path), "rows": table.num_rows}}

    def finish(self, manifest: Mapping[str, Any]) -> Path:
        """Write the last manifest of a finished run and put the result into its place."""
        self._settle(manifest)
        if self.work == self.folder:
            return self.folder
        replaced = self.folder.with_name(self.folder.name + _REPLACED)
        shutil.rmtree(replaced, ignore_errors=True)
        os.replace(self.folder, replaced)
        os.replace(self.work, self.folder)
        sync_folder(self.folder.parent)
        shutil.rmtree(replaced, ignore_errors=True)
        return self.folder

    def stop(self, manifest: Mapping[str, Any]) -> Path:
        """Write the last manifest of a run that did not finish; a finished result beside it stays."""
        self._settle(manifest)
        return self.work

    def _lock(self) -> None:
        try:
            self.lock.acquire(self.work)
        except Held as held:
            raise in_use(self.folder, str(held)) from held
        if (self.work / NAME).exists() and read_manifest(self.work)["complete"]:
            self.lock.release()
            raise in_use(self.folder, "a run that has just finished")

    def _settle(self, manifest: Mapping[str, Any]) -> None:
        try:
            for name in manifest["outputs"]:
                _sync_file(self.work / name)
            write_manifest(self.work, manifest)
            if self.parts.is_dir() and not any(self.parts.iterdir()):
                self.parts.rmdir()
        finally:
            self.lock.release()


def in_use(folder: Path, owner: str) -> FolderRefused:
    """The refusal of a folder that another run fills."""
    return FolderRefused(
        Place(f"folder {folder}"), f"another run fills it ({owner})", "Wait for its end, or choose another folder."
    )


def write_text(path: Path, text: str) -> None:
    """Write a text beside its place and rename it."""
    beside = path.with_name(path.name + ".tmp")
    beside.write_text(text, encoding="utf-8", newline="\n")
    os.replace(beside, path)


def resolved_folder(out: Path | str) -> Path:
    """A folder for results as an absolute path.

    Raises:
        FolderRefused: no name that every system can hold.
    """
    text = str(out)
    place = Place(f"folder {text[:80]!r}")
    remedy = "Give the path of a new or empty folder."
    if not text.strip() or any(ord(each) < 32 or ord(each) == 127 for each in text):
        raise FolderRefused(place, "this is no name of a folder", remedy)
    path = Path(text)
    for part in path.parts[1:] if path.is_absolute() else path.parts:
        if len(part.encode("utf-8", "surrogateescape")) > _LONGEST_NAME:
            raise FolderRefused(place, f"a name in it is longer than {_LONGEST_NAME} bytes", remedy)
    try:
        folder = path.resolve()
    except (OSError, RuntimeError) as error:
        raise FolderRefused(place, "its links lead nowhere", remedy) from error
    if path.name == ".." or not folder.name:
        raise FolderRefused(place, "it must end with the name of a folder", remedy)
    # Names that a result could not be copied with to every system.
    if folder.name != folder.name.rstrip(". ") or folder.name.split(".")[0].upper() in _RESERVED:
        raise FolderRefused(place, "not every system can hold a folder of that name", remedy)
    return folder


def _state(folder: Path, study: str, place: Place) -> str:
    """What is there: "new", "unfinished" or "finished"; anything foreign is refused."""
    remedy = "Choose a new or empty folder."
    try:
        if not folder.exists(follow_symlinks=False):
            check_parent(folder, place)
            return "new"
        if not folder.is_dir():
            raise FolderRefused(place, "there is a file of that name", remedy)
        entries = sorted(each.name for each in folder.iterdir())
    except OSError as error:
        raise FolderRefused(place, f"it cannot be looked into ({error.strerror})", remedy) from error
    if not entries:
        return "new"
    if entries == [LOCK]:
        return "new"
    if NAME not in entries:
        raise FolderRefused(place, f"it holds something else ({entries[0][:80]!r})", remedy)
    manifest = read_manifest(folder)
    if manifest["study"] != study:
        raise FolderRefused(place, f"it holds a result of the study {manifest['study'][:80]!r}", remedy)
    foreign = [each for each in entries if not _ours(each)]
    if foreign:
        raise FolderRefused(place, f"it holds a file that is no result ({foreign[0][:80]!r})", "Move it away.")
    return "finished" if manifest["complete"] else "unfinished"


def _ours(name: str) -> bool:
    return name in (NAME, REPORT, PARTS, LOCK) or name.removesuffix(".tmp") in (NAME, REPORT) or ".parquet" in name


def check_parent(folder: Path, place: Place) -> None:
    """Refuse a folder that could not be made because a file is in the way.

    Raises:
        FolderRefused: one is.
    """
    parent = next(each for each in folder.parents if each.exists())
    if not stat.S_ISDIR(parent.stat().st_mode):
        raise FolderRefused(place, f"{parent} is a file", "Choose a new or empty folder.")


def _clear(folder: Path) -> None:
    for each in folder.iterdir():
        if each.is_dir() and not each.is_symlink():
            shutil.rmtree(each)
        elif each.name != LOCK:
            each.unlink()


def _sync_file(path: Path) -> None:
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())
