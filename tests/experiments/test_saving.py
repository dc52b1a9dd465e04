from pathlib import Path

import pytest
from tests.experiments.running import run, tree

from shoal.experiments.reader import load
from shoal.experiments.saving import save
from shoal.experiments.store import FolderRefused

pytestmark = pytest.mark.usefixtures("tiny")


def test_saving_leaves_what_a_run_into_a_folder_leaves(tmp_path: Path) -> None:
    saved = save(run().result, tmp_path / "saved")
    run(tmp_path / "run")
    assert [name for name in tree(tmp_path / "saved") if name != "report.html"] == tree(tmp_path / "run")
    for name in saved.tables():
        assert saved.arrow(name).to_pylist() == load(tmp_path / "run").arrow(name).to_pylist()
    assert saved.digest == load(tmp_path / "run").digest
    assert load(tmp_path / "saved").complete


def test_a_finished_result_is_replaced(tmp_path: Path) -> None:
    save(run(seed=1).result, tmp_path / "out")
    again = save(run(seed=2).result, tmp_path / "out")
    assert load(tmp_path / "out").digest == again.digest
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_an_incomplete_result_stays_incomplete(tmp_path: Path) -> None:
    save(run(fault="raise").result, tmp_path / "out")
    assert load(tmp_path / "out").manifest["status"] == "failed"


def test_a_foreign_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(FolderRefused):
        save(run().result, tmp_path)
