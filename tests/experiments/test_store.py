import errno
import json
import os
from pathlib import Path

import pytest
from tests.experiments.running import plan, run, tree

from shoal.experiments.errors import InputError
from shoal.experiments.manifest import first_manifest, read_manifest, write_manifest
from shoal.experiments.store import FolderRefused, Store
from shoal.experiments.study import Study

pytestmark = pytest.mark.usefixtures("tiny")


@pytest.mark.parametrize(
    "name",
    ["", " ", "a\0b", "a\nb", "x" * 300, "a/" + "x" * 300, "..", "a/..", "CON", "con", "NUL.txt", "com1", "name.",
     "name ", "\x7f", "ü" * 150],
)  # fmt: skip
def test_names_that_no_folder_can_have_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FolderRefused) as caught:
        Store.claim(name, study="tiny")
    assert caught.value.remedy
    assert tree(tmp_path) == []


@pytest.mark.parametrize("name", ["out", "a/b/c", "ü 🐟", "=cmd()", "a.b", "../sister", "./out/"])
def test_other_names_are_taken_and_nothing_is_written_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / "home").mkdir()
    monkeypatch.chdir(tmp_path / "home")
    store = Store.claim(name, study="tiny")
    assert store.work == store.folder == (tmp_path / "home" / name).resolve()
    assert tree(tmp_path) == ["home"]


def test_a_file_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for name in ("file", "file/out"):
        with pytest.raises(FolderRefused, match="file"):
            Store.claim(tmp_path / name, study="tiny")
    assert (tmp_path / "file").read_text() == "mine"


def test_a_foreign_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(FolderRefused, match=r"it holds something else \('thesis.tex'\)"):
        Store.claim(tmp_path, study="tiny")


def test_a_result_with_somebody_elses_file_is_refused(tmp_path: Path) -> None:
    run(tmp_path / "out")
    (tmp_path / "out" / "notes.txt").write_text("mine")
    with pytest.raises(FolderRefused, match=r"no result \('notes.txt'\)"):
        run(tmp_path / "out")
    assert (tmp_path / "out" / "notes.txt").read_text() == "mine"


def test_a_result_of_another_study_is_refused(tmp_path: Path) -> None:
    run(tmp_path / "out")
    with pytest.raises(FolderRefused, match="a result of the study 'tiny'"):
        Store.claim(tmp_path / "out", study="market")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 1}', '{"format": 2}', "\xff"])
def test_a_folder_whose_manifest_cannot_be_read_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text, encoding="latin-1")
    with pytest.raises(InputError):
        Store.claim(tmp_path, study="tiny")
    assert tree(tmp_path) == ["manifest.json"]


def test_an_unfinished_result_is_begun_again_in_place(tmp_path: Path) -> None:
    run(tmp_path / "out", fault="raise")
    assert not read_manifest(tmp_path / "out")["complete"]
    ended = run(tmp_path / "out")
    assert ended.result.folder == tmp_path / "out"
    assert tree(tmp_path) == ["out", *(f"out/{name}" for name in RESULT)]


def test_a_finished_result_is_replaced_by_rename(tmp_path: Path) -> None:
    first = run(tmp_path / "out", seed=1).result.digest
    inode = (tmp_path / "out").stat().st_ino
    second = run(tmp_path / "out", seed=2).result.digest
    assert first != second == read_manifest(tmp_path / "out")["digest"]
    assert (tmp_path / "out").stat().st_ino != inode
    assert tree(tmp_path) == ["out", *(f"out/{name}" for name in RESULT)]


def test_a_finished_result_survives_a_run_that_fails(tmp_path: Path) -> None:
    first = run(tmp_path / "out").result.digest
    ended = run(tmp_path / "out", fault="raise")
    assert ended.result.folder == tmp_path / "out.partial"
    assert read_manifest(tmp_path / "out")["digest"] == first
    assert read_manifest(tmp_path / "out.partial")["status"] == "failed"
    run(tmp_path / "out", seed=9)
    assert tree(tmp_path) == ["out", *(f"out/{name}" for name in RESULT)]


RESULT = ["ends.parquet", "figures.parquet", "manifest.json", "ticks.parquet"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EACCES])
@pytest.mark.parametrize("call", ["mkdir", "replace", "fsync"])
@pytest.mark.parametrize("there", [False, True])
def test_a_disk_that_refuses_is_found_out_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, call: str, there: bool
) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise OSError(code, os.strerror(code))

    out = tmp_path / "a" / "out"
    if there:
        out.mkdir(parents=True)
    before = tree(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(os, call, refuse)
        with pytest.raises(FolderRefused, match=os.strerror(code)):
            run(out)
    assert tree(tmp_path) == before


def test_the_first_manifest_says_that_nothing_is_complete(tmp_path: Path) -> None:
    store = Store.claim(tmp_path / "out", study="tiny")
    store.begin(first_manifest(plan()))
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["complete"], manifest["status"], manifest["outputs"]) == (False, "running", {})
    assert manifest["parameters"]["book"]["fee_ppm"] == 300
    assert tree(tmp_path / "out") == ["manifest.json", "parts", "running.lock"]


def test_manifests_survive_awkward_values(tmp_path: Path, tiny: type[Study]) -> None:
    manifest = first_manifest(plan(note='"\\ü\0')) | {"x": float("nan"), "y": [float("inf")], "z": 10**60}
    write_manifest(tmp_path, manifest)
    read = read_manifest(tmp_path)
    assert read["parameters"]["note"] == '"\\ü\0'
    assert (read["x"], read["y"], read["z"]) == ("nan", ["inf"], 10**60)


def begun(out: Path) -> Store:
    store = Store.claim(out, study="tiny")
    store.begin(first_manifest(plan()))
    return store


def test_a_folder_that_another_run_fills_is_refused(tmp_path: Path) -> None:
    first = begun(tmp_path / "out")
    before = tree(tmp_path)
    with pytest.raises(FolderRefused, match=rf"another run fills it \(process {os.getpid()} since .*Wait for its end"):
        run(tmp_path / "out")
    assert tree(tmp_path) == before
    first.stop({**first_manifest(plan()), "outputs": {}})
    assert run(tmp_path / "out").status == "finished"


def test_of_two_runs_that_claimed_a_folder_the_first_to_begin_has_it(tmp_path: Path) -> None:
    slow = Store.claim(tmp_path / "out", study="tiny")
    first = begun(tmp_path / "out")
    before = tree(tmp_path)
    with pytest.raises(FolderRefused, match="another run fills it"):
        slow.begin(first_manifest(plan()))
    assert tree(tmp_path) == before
    first.stop({**first_manifest(plan()), "outputs": {}})


def test_a_result_that_was_finished_meanwhile_is_not_filled_again(tmp_path: Path) -> None:
    slow = Store.claim(tmp_path / "out", study="tiny")
    run(tmp_path / "out")
    with pytest.raises(FolderRefused, match="just finished"):
        slow.begin(first_manifest(plan()))
    assert read_manifest(tmp_path / "out")["complete"]
    assert tree(tmp_path) == ["out", *(f"out/{name}" for name in RESULT)]


def test_two_runs_that_replace_a_result_do_not_mix(tmp_path: Path) -> None:
    run(tmp_path / "out")
    first = begun(tmp_path / "out")
    with pytest.raises(FolderRefused, match="another run fills it"):
        run(tmp_path / "out")
    first.stop({**first_manifest(plan()), "outputs": {}})
    assert read_manifest(tmp_path / "out")["complete"]
