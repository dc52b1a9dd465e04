from pathlib import Path

import pytest
from tests.experiments.example_studies.paired import Paired

import shoal
from shoal.experiments.figure import Figure
from shoal.experiments.plan import make_plan
from shoal.experiments.replicates.work import FigureJob, Telling, WorldJob, key_figures, work


def test_a_world_is_run_into_its_folder_and_told_about(tmp_path: Path) -> None:
    told: list[object] = []
    job = WorldJob("seed-7/base", make_plan(Paired(), options={}), tmp_path / "out", stall_seconds=60.0)
    assert work(job, told.append).status == "finished"
    assert shoal.load(tmp_path / "out").complete
    assert told[-1] == (1_800 * 10**9, shoal.load(tmp_path / "out").manifest["events"])


def test_a_folder_that_is_refused_is_an_answer(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    answer = work(WorldJob("seed-7/base", make_plan(Paired(), options={}), tmp_path), lambda message: None)
    assert answer.status == "failed"
    assert "it holds something else" in answer.reason


def test_a_figure_given_twice_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shoal.run(Paired(), out=tmp_path / "out")
    monkeypatch.setattr(Paired, "figures", lambda self, worlds: [Figure("a", "", 1.0)] * 2)
    answer = work(FigureJob("seed-7", Paired(), {"base": tmp_path / "out"}), lambda message: None)
    assert answer.reason == "ValueError: the study gives the figure 'a' twice"


def test_key_figures_stand_in_for_figures() -> None:
    found = key_figures(shoal.run("market", hours=0.02))
    assert {"bps", "USDC"} <= {each.unit for each in found}
    assert all(each.control is None for each in found)
    assert not any(each.name.startswith("conservation") for each in found)


def test_progress_counts_from_the_start() -> None:
    told: list[object] = []
    telling = Telling(told.append)
    telling.begin(100, 200)
    telling.advance(150, 3)
    telling.end()
    assert told == [(50, 3)]
