import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from tests.experiments.command.conftest import Shoal
from tests.experiments.running import tree

from shoal.sim.world import World


def test_a_run_leaves_a_result_and_a_summary(shoal: Shoal, tmp_path: Path) -> None:
    answer = shoal("run", "tiny", "--seed", 9, "--set", "book.tick=0.5", "--out", tmp_path / "out")
    assert (answer.code, answer.err) == (0, "")
    assert tree(tmp_path / "out") == [
        "ends.parquet",
        "figures.parquet",
        "manifest.json",
        "report.html",
        "ticks.parquet",
    ]
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["seed"], manifest["parameters"]["book"]["tick"]) == (9, "0.5")
    for part in ("tiny, seed 9", "1:00:00 in", manifest["digest"][:16], "report.html"):
        assert part in answer.out


def test_quiet_says_nothing(shoal: Shoal, tmp_path: Path) -> None:
    answer = shoal("run", "tiny", "--quiet", "--out", tmp_path / "out")
    assert (answer.code, answer.out, answer.err) == (0, "", "")


def test_options_reach_the_run(shoal: Shoal, tmp_path: Path) -> None:
    frame = pd.DataFrame({"when": pd.date_range("2020-03-12", periods=99, freq="min"), "px": 50.0})
    frame.to_csv(tmp_path / "p.csv", index=False)
    answer = shoal(
        "run", "tiny", "--prices", tmp_path / "p.csv", "--symbols", "BTC", "--columns", "time=when,price=px",
        "--zone", "Europe/Berlin", "--start", "2020-03-11T23:30Z", "--hours", "0.5", "--out", tmp_path / "out",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["start"], manifest["end"]) == ("2020-03-11T23:30:00Z", "2020-03-12T00:00:00Z")
    assert list(manifest["inputs"]) == [str(tmp_path / "p.csv")]


BAD = [
    ["tyni"],
    ["../tiny"],
    ["missing.toml"],
    ["tiny", "--seed", "-1"],
    ["tiny", "--seed", "1.0"],
    ["tiny", "--seed", str(2**64)],
    ["tiny", "--seed", "9" * 5_000],
    ["tiny", "--seed", ""],
    ["tiny", "--hours", "0"],
    ["tiny", "--hours", "nan"],
    ["tiny", "--start", "yesterday"],
    ["tiny", "--start", "2024-01-02", "--end", "2024-01-01"],
    ["tiny", "--end", "2024-01-02", "--hours", "1"],
    ["tiny", "--symbols", ""],
    ["tiny", "--symbols", "BTC,BTC"],
    ["tiny", "--columns", "time"],
    ["tiny", "--stall-seconds", "0"],
    ["tiny", "--stall-seconds", "soon"],
    ["tiny", "--prices", "missing.csv"],
    ["tiny", "--prices", "/dev/zero"],
    ["tiny", "--prices", "http://example.org/p.csv"],
    ["tiny", "--set", "book.tick"],
    ["tiny", "--set", "book.tik=1"],
    ["tiny", "--set", "book.fee_ppm=1.0"],
    ["tiny", "--set", "book.fee_ppm=" + "9" * 5_000],
    ["tiny", "--set", "book.tick=1e1000000"],
    ["tiny", "--set", "step.seconds=nan"],
    ["tiny", "--set", "note=a", "--set", "note=b"],
    ["tiny", "--set", "sizes=1,2,3"],
    ["tiny", "--set", "unbuildable=true"],
]


@pytest.mark.parametrize("arguments", BAD, ids=range(len(BAD)))
def test_bad_input_is_refused_with_2_and_nothing_is_written(
    shoal: Shoal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    answer = shoal("run", *arguments, "--out", "out")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("shoal: ")
    assert "Traceback" not in answer.err
    assert len(answer.err) < 1_000
    assert tree(tmp_path) == []


@pytest.mark.parametrize("arguments", [[], ["--nonsense"], ["tiny", "--sed", "7"], ["tiny", "extra"]])
def test_usage_errors(shoal: Shoal, arguments: list[str]) -> None:
    assert shoal("run", *arguments).code == 2


@pytest.mark.parametrize("name", ["x" * 300, "a\nb", "..", "CON", "file", "foreign"])
def test_folders_that_cannot_be_used(shoal: Shoal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "thesis.tex").write_text("mine")
    monkeypatch.chdir(tmp_path)
    before = tree(tmp_path)
    answer = shoal("run", "tiny", "--out", name)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("shoal: folder ")
    assert tree(tmp_path) == before


def test_a_disk_that_refuses_is_found_out_at_the_start(
    shoal: Shoal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", refuse)
    answer = shoal("run", "tiny", "--out", tmp_path / "out")
    assert (answer.code, answer.out) == (2, "")
    assert "No space left on device" in answer.err
    assert tree(tmp_path) == []


def test_a_disk_that_fills_up_ends_the_run_with_1(
    shoal: Shoal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace, left = os.replace, [1]

    def refuse(source: str, target: str) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        replace(source, target)

    monkeypatch.setattr(os, "replace", refuse)
    answer = shoal("run", "tiny", "--out", tmp_path / "out")
    assert answer.code == 1
    assert "the results could not be written: No space left on device" in answer.err
    assert json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))["complete"] is False


@pytest.mark.parametrize("fault", ["raise", "exit", "nonsense", "past", "nan", "overflow", "no generator"])
def test_a_failed_run_is_1_and_tells_who_and_where_it_lies(shoal: Shoal, tmp_path: Path, fault: str) -> None:
    answer = shoal("run", "tiny", "--set", f"fault={fault}", "--out", tmp_path / "out")
    assert answer.code == 1
    assert "shoal: the run failed: " in answer.err
    assert f"What was recorded until then lies in {tmp_path / 'out'}" in answer.err
    if fault not in ("overflow", "no generator"):
        assert "'watcher'" in answer.err
        assert "(2024-01-01T00:10:00Z)" in answer.err
    assert json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))["status"] == "failed"


def test_without_a_folder_a_failed_run_says_that_nothing_was_kept(shoal: Shoal) -> None:
    answer = shoal("run", "tiny", "--set", "fault=raise")
    assert answer.code == 1
    assert "Nothing was kept: there was no --out." in answer.err


def test_control_c_is_130_and_leaves_a_readable_partial_result(
    shoal: Shoal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = World.run

    def pressed(self: World, *, until_ns: int) -> None:
        step(self, until_ns=until_ns)
        if self.clock.events > 100:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(World, "run", pressed)
    answer = shoal("run", "tiny", "--out", tmp_path / "out")
    assert answer.code == 130
    assert "interrupted. What was recorded until then lies in" in answer.err
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["complete"], manifest["status"]) == (False, "interrupted")
    assert shoal("report", tmp_path / "out").code == 0
    assert (tmp_path / "out" / "report.html").is_file()


def test_control_c_before_the_run_is_130(shoal: Shoal, monkeypatch: pytest.MonkeyPatch) -> None:
    def pressed(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("shoal.experiments.command.run.make_plan", pressed)
    assert shoal("run", "tiny").code == 130


def test_money_that_is_not_conserved_is_1(shoal: Shoal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(World, "conservation", lambda self: {"BTC": 1})
    answer = shoal("run", "tiny")
    assert answer.code == 1
    assert "money was not conserved" in answer.err


def test_report_is_rendered_again(shoal: Shoal, tmp_path: Path) -> None:
    shoal("run", "tiny", "--quiet", "--out", tmp_path / "out")
    (tmp_path / "out" / "report.html").unlink()
    answer = shoal("report", tmp_path / "out")
    assert answer.code == 0
    assert "report.html" in answer.out
    assert (tmp_path / "out" / "report.html").is_file()


def test_report_of_nothing(shoal: Shoal, tmp_path: Path) -> None:
    answer = shoal("report", tmp_path / "nowhere")
    assert (answer.code, answer.out) == (2, "")
    assert "there is no such folder" in answer.err


@pytest.mark.usefixtures("tiny")
def test_a_killed_run_leaves_what_was_closed(tmp_path: Path) -> None:
    script = (
        "import os, sys; sys.path.insert(0, sys.argv[1])\n"
        "from shoal.experiments import studies\n"
        "studies.__path__.append(sys.argv[2])\n"
        "import shoal.sim.records as records\n"
        "records.ROWS_A_PART = 20\n"
        "from shoal.sim.world import World\n"
        "run = World.run\n"
        "def killed(self, *, until_ns):\n"
        "    run(self, until_ns=until_ns)\n"
        "    if self.clock.events > 200: os.kill(os.getpid(), 9)\n"
        "World.run = killed\n"
        "import shoal; shoal.run('tiny', out=sys.argv[3])\n"
    )
    root = Path(__file__).parents[3]
    examples = root / "tests" / "experiments" / "example_studies"
    out = tmp_path / "out"
    done = subprocess.run([sys.executable, "-c", script, str(root), str(examples), str(out)], check=False)
    assert done.returncode == -9

    import shoal

    result = shoal.load(out)
    assert not result.complete
    assert result.arrow("ticks").num_rows in (20, 40)
    # What a dead run left behind keeps nobody out.
    assert (out / "running.lock").is_file()
    shoal.run("tiny", out=out)
    assert shoal.load(out).complete
    assert not (out / "running.lock").exists()
