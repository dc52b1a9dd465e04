import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.experiments.example_studies.paired import Paired
from tests.experiments.replicates.conftest import Replicating, files

import shoal
from shoal.experiments.errors import OptionError
from shoal.experiments.progress import Silence
from shoal.experiments.replicates.replicates import Replicates
from shoal.experiments.replicates.run import run_replicates
from shoal.experiments.store import FolderRefused
from shoal.sim.world import World


def stamps(out: Path) -> dict[str, int]:
    """When each base world was run."""
    return {str(path.parent.relative_to(out)): path.stat().st_mtime_ns for path in out.rglob("base/steps.parquet")}


def test_every_world_is_a_result_of_its_own(replicating: Replicating, tmp_path: Path) -> None:
    found = run_replicates(replicating({"seed": 5}), out=tmp_path / "out")
    assert found.complete
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "figures.parquet", "manifest.json", "report.html", "seed-5", "seed-6", "seed-7", "summary.parquet",
    ]  # fmt: skip
    loaded = shoal.load(tmp_path / "out" / "seed-6" / "no-push")
    alone = shoal.run(Paired(push=0.0), seed=6, path_seed=5)
    assert loaded.digest == alone.digest
    assert (loaded.manifest["world"], loaded.manifest["path_seed"]) == ("no-push", 5)
    assert (tmp_path / "out" / "seed-6" / "base" / "report.html").is_file()
    assert not (tmp_path / "out" / "seed-6" / "no-push" / "report.html").exists()
    assert not list((tmp_path / "out").rglob("*.lock"))


def test_pairing_cancels_what_chance_does(replicating: Replicating, tmp_path: Path) -> None:
    summary = run_replicates(replicating(), out=tmp_path / "out").summary.set_index("world")
    # 30 steps, a push of 2 each: the noise of the two worlds is the same, and nothing of it is left.
    assert summary.loc["no-push", "mean"] == pytest.approx(60.0)
    assert summary.loc["half-push", "mean"] == pytest.approx(30.0)
    assert summary.loc["no-push", ["low", "high"]].tolist() == pytest.approx([60.0, 60.0])
    assert summary.loc["no-push", "correlation"] == pytest.approx(1.0)
    assert summary.loc["no-push", "variance_removed_share"] == pytest.approx(1.0)
    assert summary.loc["", "low"] < summary.loc["", "mean"] < summary.loc["", "high"]
    assert summary["n"].tolist() == [3, 3, 3]


def test_results_are_the_same_whatever_the_number_of_processes(replicating: Replicating, tmp_path: Path) -> None:
    for processes in (1, 2):
        run_replicates(replicating({"paths": 2, "replicates": 2}), out=tmp_path / str(processes), processes=processes)
    assert files(tmp_path / "1") == files(tmp_path / "2")
    assert set(files(tmp_path / "1")) == {"figures.parquet", "manifest.json", "report.html", "summary.parquet"}
    results = json.loads((tmp_path / "1" / "manifest.json").read_text(encoding="utf-8"))["results"]
    assert len({each["digest"] for each in results.values()}) == 12


def test_market_gives_the_same_digests_in_processes(tmp_path: Path) -> None:
    found = {
        processes: shoal.run("market", hours=0.05, replicates=2, processes=processes, out=tmp_path / str(processes))
        for processes in (1, 2)
    }
    assert found[1].manifest == found[2].manifest
    # A study that names no figures has the key figures of its base world.
    assert "traded" in found[1].summary["name"].str.cat()
    assert found[1].result(7).digest == shoal.run("market", hours=0.05).digest


def test_the_same_call_leaves_finished_worlds_alone(replicating: Replicating, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run_replicates(replicating({"replicates": 2}), out=out)
    before, whole = stamps(out), files(out)
    run_replicates(replicating({"replicates": 2}), out=out)
    assert stamps(out) == before
    assert files(out) == whole
    # More seeds: those that are there stay.
    run_replicates(replicating({"replicates": 3}), out=out)
    after = stamps(out)
    assert {name: after[name] for name in before} == before
    assert len(after) == 3


@pytest.mark.parametrize("damage", ["unfinished", "bytes", "gone", "version"])
def test_what_is_not_whole_is_run_again(replicating: Replicating, tmp_path: Path, damage: str) -> None:
    out = tmp_path / "out"
    whole = files(run_replicates(replicating({"replicates": 2}), out=out).folder)
    before = stamps(out)
    world = out / "seed-8" / "base"
    manifest = json.loads((world / "manifest.json").read_text(encoding="utf-8"))
    if damage == "unfinished":
        manifest |= {"complete": False, "status": "running"}
    elif damage == "version":
        manifest["version"] = "0.0.1"
    elif damage == "bytes":
        (world / "steps.parquet").write_bytes(b"PAR1")
    else:
        shutil.rmtree(world)
    if world.is_dir():
        (world / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    run_replicates(replicating({"replicates": 2}), out=out)
    after = stamps(out)
    assert after["seed-7/base"] == before["seed-7/base"]
    assert after["seed-8/base"] != before["seed-8/base"]
    assert files(out) == whole


def test_a_report_that_is_missing_is_made_without_running_the_world(replicating: Replicating, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run_replicates(replicating({"replicates": 1}), out=out)
    before = stamps(out)
    (out / "seed-7" / "base" / "report.html").unlink()
    run_replicates(replicating({"replicates": 1}), out=out)
    assert (out / "seed-7" / "base" / "report.html").is_file()
    assert stamps(out) == before


def test_other_parameters_are_run_again(replicating: Replicating, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run_replicates(replicating({"replicates": 1}), out=out)
    found = run_replicates(replicating({"replicates": 1}, push=4.0), out=out)
    assert found.summary.set_index("world").loc["no-push", "mean"] == pytest.approx(120.0)


@pytest.mark.parametrize("processes", [1, 2])
def test_a_world_that_fails_stops_no_other(replicating: Replicating, tmp_path: Path, processes: int) -> None:
    out = tmp_path / "out"
    found = run_replicates(replicating({}, failing_seed=8), out=out, processes=processes)
    assert not found.complete
    assert found.manifest["status"] == "failed"
    assert list(found.failures) == ["seed-8/no-push"]
    assert "the walker fell" in found.failures["seed-8/no-push"]
    assert found.summary["n"].tolist() == [2, 2, 2]
    assert len(found.results) == 8
    assert found.manifest["results"]["seed-8/no-push"] == {"status": "failed", "digest": ""}
    assert "seed-8/no-push failed" in (out / "report.html").read_text(encoding="utf-8")
    # The rows until then are there, as of any run that failed.
    assert not shoal.load(out / "seed-8" / "no-push").complete


def test_a_process_that_is_killed_takes_its_world_only(replicating: Replicating, tmp_path: Path) -> None:
    found = run_replicates(replicating({}, dying_seed=8), out=tmp_path / "out", processes=2)
    assert found.failures == {
        "seed-8/base": "its process was ended by signal 9",
        "seed-8/half-push": "its process was ended by signal 9",
    }
    assert found.summary["n"].tolist() == [2, 2, 2]


def test_figures_that_cannot_be_taken_are_a_failure(replicating: Replicating, tmp_path: Path) -> None:
    found = run_replicates(replicating({}, speechless_seed=8), out=tmp_path / "out")
    assert found.failures == {"seed-8": "LookupError: no words"}
    assert found.summary["n"].tolist() == [2, 2, 2]
    assert len(found.results) == 9


def test_money_that_is_not_conserved_is_a_failure(
    replicating: Replicating, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(World, "conservation", lambda self: {"BTC": 1})
    found = run_replicates(replicating({"worlds": "base", "replicates": 1}), out=tmp_path / "out")
    assert "money was not conserved" in found.failures["seed-7/base"]
    assert len(found.summary) == 0


def test_a_world_that_cannot_be_built_is_refused_before_anything_is_written(
    replicating: Replicating, tmp_path: Path
) -> None:
    with pytest.raises(OptionError, match="it cannot be built"):
        run_replicates(replicating({}, unbuildable=True), out=tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_study_that_cannot_be_sent_is_refused(replicating: Replicating, tmp_path: Path) -> None:
    class Local(Paired):
        pass

    from shoal.experiments.plan import make_plan
    from shoal.experiments.replicates.replication import plan_replicates

    replication = plan_replicates(make_plan(Local(), options={"replicates": 1}))
    with pytest.raises(OptionError, match="cannot be sent to another process"):
        run_replicates(replication, out=tmp_path / "out", processes=2)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("what", ["foreign file", "foreign folder", "one result", "other study", "foreign world"])
def test_other_folders_are_refused(replicating: Replicating, tmp_path: Path, what: str) -> None:
    out = tmp_path / "out"
    match what:
        case "foreign file":
            out.mkdir()
            (out / "thesis.tex").write_text("mine")
        case "foreign folder":
            run_replicates(replicating({"replicates": 1}), out=out)
            (out / "mine").mkdir()
        case "one result":
            shoal.run(Paired(), out=out)
        case "other study":
            shoal.run("market", hours=0.01, replicates=1, out=out)
        case "foreign world":
            run_replicates(replicating({"replicates": 1}), out=out)
            (out / "seed-7" / "base" / "thesis.tex").write_text("mine")
    before = sorted(out.rglob("*"))
    with pytest.raises(FolderRefused):
        run_replicates(replicating({"replicates": 1}), out=out)
    assert sorted(out.rglob("*")) == before


def test_one_run_does_not_replace_replicates(replicating: Replicating, tmp_path: Path) -> None:
    run_replicates(replicating({"replicates": 1}), out=tmp_path / "out")
    with pytest.raises(FolderRefused):
        shoal.run(Paired(), out=tmp_path / "out")


def test_without_a_folder_results_live_as_long_as_what_was_returned(replicating: Replicating) -> None:
    found = run_replicates(replicating({"replicates": 1}))
    folder = found.folder
    assert found.result(7, "no-push").complete
    del found
    assert not folder.exists()


class Pressing(Silence):
    """Presses Ctrl-C when the third world is under way."""

    def __init__(self) -> None:
        self.span_ns = 0
        self.pressed = False

    def begin(self, start_ns: int, end_ns: int) -> None:
        self.span_ns = end_ns

    def advance(self, now_ns: int, events: int) -> None:
        if now_ns > 0.3 * self.span_ns and not self.pressed:
            self.pressed = True
            os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("processes", [1, 2])
def test_control_c_keeps_what_is_finished_and_the_same_call_goes_on(
    replicating: Replicating, tmp_path: Path, processes: int
) -> None:
    out = tmp_path / "out"
    found = run_replicates(replicating(), out=out, processes=processes, progress=Pressing())
    assert found.manifest["status"] == "interrupted"
    assert not found.complete
    assert 0 < len(found.results) < 9
    assert found.failures == {}
    loaded = shoal.load(out)
    assert isinstance(loaded, Replicates)
    assert list(loaded.results) == list(found.results)
    before = stamps(out)
    finished = {where for where in found.results if where.endswith("base")}
    assert run_replicates(replicating(), out=out, processes=processes).complete
    run_replicates(replicating(), out=tmp_path / "undisturbed")
    assert files(out) == files(tmp_path / "undisturbed")
    after = stamps(out)
    assert {name: after[name] for name in finished} == {name: before[name] for name in finished}


def test_a_killed_call_loses_nothing_that_was_finished(replicating: Replicating, tmp_path: Path) -> None:
    script = (
        "import os, sys\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "import shoal\n"
        "from shoal.experiments.progress import Silence\n"
        "from tests.experiments.example_studies.paired import Paired\n"
        "import shoal.experiments.api as api\n"
        "class Killing(Silence):\n"
        "    def begin(self, start_ns, end_ns): self.end_ns = end_ns\n"
        "    def advance(self, now_ns, events):\n"
        "        if now_ns > 0.5 * self.end_ns: os.kill(os.getpid(), 9)\n"
        "api.Silence = Killing\n"
        "if __name__ == '__main__':\n"
        "    shoal.run(Paired(), replicates=3, processes=2, out=sys.argv[2])\n"
    )
    path, out = tmp_path / "script.py", tmp_path / "out"
    path.write_text(script, encoding="utf-8")
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, str(path), str(root), str(out)], check=False)
    assert done.returncode == -9
    finished = [each.parent for each in out.rglob("base/manifest.json") if json.loads(each.read_text())["complete"]]
    before = {each: (each / "steps.parquet").stat().st_mtime_ns for each in finished}
    assert before
    # Its processes end with it, and what they held is free.
    assert run_replicates(replicating(), out=out).complete
    assert {each: (each / "steps.parquet").stat().st_mtime_ns for each in finished} == before
    run_replicates(replicating(), out=tmp_path / "undisturbed")
    assert files(out) == files(tmp_path / "undisturbed")
