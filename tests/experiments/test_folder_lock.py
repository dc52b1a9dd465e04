"""One run at a time fills a folder; a dead process holds nothing."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from shoal.experiments.folder_lock import LOCK, FolderLock, Held, holder

HOLDER = (
    "import sys; from pathlib import Path; from shoal.experiments.folder_lock import FolderLock\n"
    "lock = FolderLock(); lock.acquire(Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
)


def test_the_second_is_told_who_has_it(tmp_path: Path) -> None:
    first, second = FolderLock(), FolderLock()
    first.acquire(tmp_path)
    with pytest.raises(Held, match=rf"process {os.getpid()} since \d{{4}}-"):
        second.acquire(tmp_path)
    assert holder(tmp_path) is not None
    first.release()
    assert holder(tmp_path) is None
    assert not (tmp_path / LOCK).exists()
    second.acquire(tmp_path)
    second.release()
    second.release()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_a_process_that_died_holds_nothing(tmp_path: Path, end: signal.Signals) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        lock = FolderLock()
        with pytest.raises(Held, match=f"process {process.pid} "):
            lock.acquire(tmp_path)
        assert re.match(f"process {process.pid} ", holder(tmp_path) or "")
        process.send_signal(end)
    assert (tmp_path / LOCK).exists()
    assert holder(tmp_path) is None
    lock.acquire(tmp_path)
    assert (tmp_path / LOCK).read_text().startswith(f"process {os.getpid()} ")
    lock.release()


def test_a_lock_that_nobody_refers_to_is_given_back(tmp_path: Path) -> None:
    FolderLock().acquire(tmp_path)
    assert holder(tmp_path) is None
    lock = FolderLock()
    lock.acquire(tmp_path)
    lock.release()


@pytest.mark.parametrize("text", [b"", b"\x00\xff\n", b"x" * 100_000])
def test_what_lies_there_of_old_is_no_lock(tmp_path: Path, text: bytes) -> None:
    (tmp_path / LOCK).write_bytes(text)
    assert holder(tmp_path) is None
    lock = FolderLock()
    lock.acquire(tmp_path)
    assert len((tmp_path / LOCK).read_bytes()) < 100
    lock.release()


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    (tmp_path / LOCK).symlink_to(tmp_path / "mine")
    with pytest.raises(OSError):
        FolderLock().acquire(tmp_path)
    assert (tmp_path / "mine").read_text() == "mine"
