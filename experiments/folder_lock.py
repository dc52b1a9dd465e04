"""One run at a time fills a folder: a lock that the system takes back when its process ends, however it ends."""

from __future__ import annotations

import os
import time
import weakref
from contextlib import suppress
from pathlib import Path
from typing import Final

try:
    import fcntl
except ImportError:
    # A system without advisory locks: two runs in one folder are then the user's to avoid.
    fcntl = None  # type: ignore[assignment]

LOCK: Final = "running.lock"
_LONGEST: Final = 200


class Held(Exception):
    """Another process holds the lock; the text says which, and since when."""


class FolderLock:
    """The lock of one folder, held from ``acquire`` to ``release``; the file in it names process and time.

    A file that a killed run left behind is no lock: the next run takes it over.
    """

    def __init__(self) -> None:
        self._path: Path | None = None
        self._close: weakref.finalize[..., FolderLock] | None = None

    def acquire(self, folder: Path) -> None:
        """Take the lock of a folder that exists.

        Raises:
            Held: another run has it.
            OSError: the file cannot be written.
        """
        path = folder / LOCK
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o644)
        # Whatever happens to this object: a later run in the same process must not find a lock of nobody's.
        close = weakref.finalize(self, os.close, descriptor)
        if not _locked(descriptor) or not _same(descriptor, path):
            owner = _owner(descriptor)
            close()
            raise Held(owner)
        os.ftruncate(descriptor, 0)
        started = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        os.pwrite(descriptor, f"process {os.getpid()} since {started}\n".encode(), 0)
        self._path, self._close = path, close

    def release(self) -> None:
        """Give the lock back and remove its file; without a lock nothing happens."""
        path, close = self._path, self._close
        self._path = self._close = None
        if path is not None and close is not None:
            # Removed while it is held: whoever opened it before finds that it is no longer there.
            with suppress(OSError):
                path.unlink()
            close()


def holder(folder: Path) -> str | None:
    """Who holds the lock of a folder now, or None; changes nothing."""
    try:
        descriptor = os.open(folder / LOCK, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        return None
    try:
        return None if _locked(descriptor) else _owner(descriptor)
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    """Whether the lock is ours now; file systems that know no locks refuse nobody."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _same(descriptor: int, path: Path) -> bool:
    """Whether the file is still there: who held the lock before may have removed it after we opened it."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat(follow_symlinks=False))
    except OSError:
        return False


def _owner(descriptor: int) -> str:
    text = os.pread(descriptor, _LONGEST, 0).decode("utf-8", "replace").strip()
    return text if text.isprintable() and text else "a process that has just begun or ended"
