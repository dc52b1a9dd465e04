import errno
import os
from pathlib import Path

import pytest
from tests.experiments.replicates.conftest import Replicating

from shoal.experiments.replicates.folder import ReplicatesFolder
from shoal.experiments.store import FolderRefused


@pytest.mark.parametrize("name", ["", "x" * 300, "a\nb", "..", "CON", "file", "file/out"])
def test_no_usable_name(replicating: Replicating, tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(FolderRefused):
        ReplicatesFolder.claim(f"{tmp_path}/{name}" if name else "", replicating())
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_one_call_at_a_time(replicating: Replicating, tmp_path: Path) -> None:
    replication = replicating()
    first = ReplicatesFolder.claim(tmp_path / "out", replication)
    second = ReplicatesFolder.claim(tmp_path / "out", replication)
    first.begin(replication.manifest())
    with pytest.raises(FolderRefused, match="another run fills it"):
        second.begin(replication.manifest())
    with pytest.raises(FolderRefused, match="another run fills it"):
        ReplicatesFolder.claim(tmp_path / "out", replication)
    first.release()
    second = ReplicatesFolder.claim(tmp_path / "out", replication)
    second.begin(replication.manifest())
    second.release()


def test_a_disk_that_refuses_is_found_out_at_the_start(
    replicating: Replicating, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    replication = replicating()
    folder = ReplicatesFolder.claim(tmp_path / "a" / "out", replication)
    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(FolderRefused, match="it cannot be written to"):
        folder.begin(replication.manifest())
    assert list(tmp_path.iterdir()) == []
