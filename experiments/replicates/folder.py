"""The folder of replicates: a folder for every world, and beside them what the worlds say together."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from shoal.experiments.errors import Place
from shoal.experiments.folder_lock import LOCK, FolderLock, Held, holder
from shoal.experiments.manifest import NAME, hash_file, read_manifest, write_manifest
from shoal.experiments.reader import REPLICATES
from shoal.experiments.store import REPORT, FolderRefused, Store, check_parent, in_use, resolved_folder

if TYPE_CHECKING:
    import pyarrow as pa

    from shoal.experiments.replicates.replication import Replication

SUMMARY: Final = "summary"
FIGURES: Final = "figures"
_PATIENCE_SECONDS: Final = 10.0
_PAUSE_SECONDS: Final = 0.05
_FILES: Final = (NAME, REPORT, f"{SUMMARY}.parquet", f"{FIGURES}.parquet")
_OURS: Final = re.compile(r"(seed-[0-9]{1,20}|path-[0-9]{1,5})", re.ASCII)


@dataclass(frozen=True, slots=True)
class ReplicatesFolder:
    """Where replicates write.

    Args:
        folder: of the whole.
        lock: held from the first write to the last.
    """

    folder: Path
    lock: FolderLock = field(default_factory=FolderLock, compare=False, repr=False)

    @classmethod
    def claim(cls, out: Path | str, replication: Replication) -> ReplicatesFolder:
        """Choose the folder, and look at that of every world; nothing is written yet.

        Raises:
            FolderRefused: no usable name, no folder, or something in it that is foreign to these replicates.
        """
        folder = resolved_folder(out)
        place = Place(f"folder {out}")
        _check(folder, replication.plan.name, place)
        owner = holder(folder)
        if owner is not None:
            raise in_use(folder, owner)
        for replicate in replication.replicates:
            for world in replicate.plans:
                where = folder / replicate.place(world)
                _outlast(where)
                Store.claim(where, study=replication.plan.name)
        return cls(folder)

    def begin(self, manifest: Mapping[str, Any]) -> None:
        """Make the folder and write the first manifest; what worlds left there stays.

        Raises:
            FolderRefused: the disk does not let us, and what was made is removed again; or another run was faster.
        """
        made = [each for each in (self.folder, *self.folder.parents) if not each.exists()]
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.lock.acquire(self.folder)
            write_manifest(self.folder, manifest)
            for name in _FILES[1:]:
                (self.folder / name).unlink(missing_ok=True)
        except Held as held:
            raise in_use(self.folder, str(held)) from held
        except OSError as error:
            self.lock.release()
            if made:
                shutil.rmtree(made[-1], ignore_errors=True)
            raise FolderRefused(
                Place(f"folder {self.folder}"),
                f"it cannot be written to ({error.strerror or error})",
                "Choose another folder, or make room.",
            ) from error

    def add(self, name: str, table: pa.Table) -> dict[str, dict[str, Any]]:
        """Write a table; what is returned belongs into the manifest."""
        from shoal.sim.records import write_parquet

        path = self.folder / f"{name}.parquet"
        write_parquet(table, path)
        return {path.name: {"sha256": hash_file(path), "rows": table.num_rows}}

    def release(self) -> None:
        """Let others fill the folder again."""
        self.lock.release()


def _outlast(folder: Path) -> None:
    """Wait while a world is held though the whole is not: by a process whose parent was killed, and which is ending."""
    until = time.monotonic() + _PATIENCE_SECONDS
    while holder(folder) is not None and time.monotonic() < until:
        time.sleep(_PAUSE_SECONDS)


def _check(folder: Path, study: str, place: Place) -> None:
    remedy = "Choose a new or empty folder."
    try:
        if not folder.exists(follow_symlinks=False):
            check_parent(folder, place)
            return
        if not folder.is_dir():
            raise FolderRefused(place, "there is a file of that name", remedy)
        entries = sorted(each.name for each in folder.iterdir() if each.name != LOCK)
    except OSError as error:
        raise FolderRefused(place, f"it cannot be looked into ({error.strerror})", remedy) from error
    if not entries:
        return
    if NAME not in entries:
        raise FolderRefused(place, f"it holds something else ({entries[0][:80]!r})", remedy)
    manifest = read_manifest(folder)
    if manifest.get("kind") != REPLICATES:
        raise FolderRefused(place, "it holds the result of one run, not replicates", remedy)
    if manifest["study"] != study:
        raise FolderRefused(place, f"it holds replicates of the study {manifest['study'][:80]!r}", remedy)
    foreign = [each for each in entries if each.removesuffix(".tmp") not in _FILES and not _OURS.fullmatch(each)]
    if foreign:
        raise FolderRefused(place, f"it holds a file that is no result ({foreign[0][:80]!r})", "Move it away.")
