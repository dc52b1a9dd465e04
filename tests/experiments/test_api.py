from pathlib import Path

import pandas as pd
import pytest
from tests.experiments.running import tree

import shoal
from shoal.experiments.errors import InputError
from shoal.experiments.study import Study
from shoal.sim.errors import AgentFailed
from shoal.sim.world import World

pytestmark = pytest.mark.usefixtures("tiny")


def test_a_run_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = shoal.run("tiny", seed=3, hours=0.5, book={"tick": "0.5"}, note="x")
    assert result.complete
    assert result.manifest["parameters"]["book"]["tick"] == "0.5"
    assert len(result.ticks) == 30
    assert result.folder is None
    assert tree(tmp_path) == []


def test_a_run_into_a_folder_is_loaded_again(tmp_path: Path) -> None:
    result = shoal.run("tiny", out=tmp_path / "out")
    loaded = shoal.load(tmp_path / "out")
    assert loaded.digest == result.digest
    assert (tmp_path / "out" / "report.html").is_file()
    pd.testing.assert_frame_equal(loaded.ticks, result.ticks)


def test_prices_from_a_frame() -> None:
    frame = pd.DataFrame({"time": pd.date_range("2020-01-01", periods=9, freq="min", tz="UTC"), "price": 50.0})
    result = shoal.run("tiny", prices=frame)
    assert result.manifest["prices"]["kind"] == "bridged"
    assert result.manifest["start"] == "2020-01-01T00:00:00Z"


def test_a_study_may_be_given_itself(tiny: type[Study]) -> None:
    assert shoal.run(tiny()).digest == shoal.run("tiny").digest


@pytest.mark.parametrize(
    "arguments",
    [
        {"seed": -1},
        {"seed": 1.0},
        {"seed": True},
        {"hours": "6"},
        {"bok": {}},
        {"book": {"tick": 0.1}},
        {"note": 5},
        {"prices": 5},
    ],
)
def test_bad_arguments_are_refused_and_nothing_is_written(tmp_path: Path, arguments: dict[str, object]) -> None:
    with pytest.raises(InputError):
        shoal.run("tiny", out=tmp_path / "out", **arguments)  # type: ignore[arg-type]
    assert tree(tmp_path) == []


def test_a_failed_run_raises_and_keeps_what_was_recorded(tmp_path: Path) -> None:
    with pytest.raises(AgentFailed, match="'watcher' failed"):
        shoal.run("tiny", out=tmp_path / "out", fault="raise")
    assert not shoal.load(tmp_path / "out").complete


def test_progress_goes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    shoal.run("tiny", progress=True)
    assert capsys.readouterr().out == ""


def test_studies(tiny: type[Study]) -> None:
    assert shoal.studies()["tiny"] is tiny


def test_replicates_are_returned_when_they_are_asked_for(tmp_path: Path) -> None:
    found = shoal.run("paired", replicates=2, worlds="no-push", level=0.9, out=tmp_path / "out")
    assert (found.complete, found.manifest["level"]) == (True, 0.9)
    assert list(found.results) == ["seed-7/base", "seed-7/no-push", "seed-8/base", "seed-8/no-push"]
    assert isinstance(shoal.load(tmp_path / "out"), type(found))
    with pytest.raises(InputError, match="it is about replicates"):
        shoal.run("paired", processes=2)


def test_replicates_that_were_stopped_raise_as_a_run_does(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def stopped(self: World, *, until_ns: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(World, "run", stopped)
    with pytest.raises(KeyboardInterrupt):
        shoal.run("paired", replicates=2, out=tmp_path / "out")
    assert shoal.load(tmp_path / "out").manifest["status"] == "interrupted"
