import json
from pathlib import Path

import pytest
from tests.experiments.command.conftest import Shoal
from tests.experiments.running import tree

import shoal.experiments.command.replicates as command


@pytest.fixture(autouse=True)
def _one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """The study is found by this process alone."""
    monkeypatch.setattr(command, "_cores", lambda: 1)


def test_replicates_leave_folders_a_summary_and_a_report(shoal: Shoal, tmp_path: Path) -> None:
    answer = shoal("run", "paired", "--replicates", 2, "--level", "0.9", "--out", tmp_path / "out")
    assert (answer.code, answer.err) == (0, "")
    for part in (
        "level, USDC",
        "push",
        "1.00, 100 %",
        "half of the 90 % interval, over 2 seeds",
        "Seeds 7 to 8 on 1 path, each in base, no-push,",
    ):
        assert part in answer.out, part
    assert "6 of 6 worlds finished" in answer.out
    assert (tmp_path / "out" / "seed-8" / "base" / "report.html").is_file()
    # Those of other worlds are drawn when somebody asks.
    assert not (tmp_path / "out" / "seed-8" / "half-push" / "report.html").exists()
    assert shoal("report", tmp_path / "out" / "seed-8" / "half-push").code == 0
    assert (tmp_path / "out" / "seed-8" / "half-push" / "report.html").is_file()
    (tmp_path / "out" / "report.html").unlink()
    assert shoal("report", tmp_path / "out").code == 0
    assert (tmp_path / "out" / "report.html").is_file()


def test_options_reach_the_replicates(shoal: Shoal, tmp_path: Path) -> None:
    answer = shoal(
        "run", "paired", "--replicates", 1, "--worlds", "no-push", "--paths", 2, "--path-seed", 3, "--path-source",
        "generated", "--processes", 1, "--seed", 5, "--quiet", "--out", tmp_path / "out",
    )  # fmt: skip
    assert (answer.code, answer.out, answer.err) == (0, "", "")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert list(manifest["results"]) == [
        "path-1/seed-5/base", "path-1/seed-5/no-push", "path-2/seed-6/base", "path-2/seed-6/no-push",
    ]  # fmt: skip
    assert [path["seed"] for path in manifest["paths"]] == [3, 4]


def test_without_a_folder_the_summary_is_all(shoal: Shoal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    answer = shoal("run", "paired", "--replicates", 1)
    assert (answer.code, answer.err) == (0, "")
    assert "level" in answer.out
    assert "One replicate: there is no interval" in answer.out
    assert "report" not in answer.out
    assert tree(tmp_path) == []


def test_a_failed_world_is_1_and_named(shoal: Shoal, tmp_path: Path) -> None:
    answer = shoal("run", "paired", "--replicates", 3, "--set", "failing_seed=8", "--out", tmp_path / "out")
    assert answer.code == 1
    assert answer.err.startswith("shoal: seed-8/no-push failed: agent 'walker' failed")
    assert "8 of 9 worlds finished" in answer.out


def test_control_c_is_130_and_the_same_command_goes_on(
    shoal: Shoal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.experiments.replicates.test_run import Pressing

    with monkeypatch.context() as patched:
        patched.setattr("shoal.experiments.command.run.choose", lambda **options: Pressing())
        answer = shoal("run", "paired", "--replicates", 3, "--out", tmp_path / "out")
    assert answer.code == 130
    assert "of 9 worlds are finished; the same command goes on from there." in answer.err
    assert shoal("run", "paired", "--replicates", 3, "--out", tmp_path / "out").code == 0


BAD = [
    ["--replicates", "0"],
    ["--replicates", "-1"],
    ["--replicates", "1.5"],
    ["--replicates", "9" * 5_000],
    ["--replicates", "10001"],
    ["--replicates", "2", "--processes", "0"],
    ["--replicates", "2", "--processes", "many"],
    ["--replicates", "2", "--paths", "0"],
    ["--replicates", "2", "--worlds", ""],
    ["--replicates", "2", "--worlds", "base,base"],
    ["--replicates", "2", "--worlds", "../base"],
    ["--replicates", "2", "--worlds", "no-attack"],
    ["--replicates", "2", "--level", "0"],
    ["--replicates", "2", "--level", "1"],
    ["--replicates", "2", "--level", "95"],
    ["--replicates", "2", "--level", "nan"],
    ["--replicates", "2", "--path-source", "dreams"],
    ["--replicates", "2", "--path-source", "bootstrap"],
    ["--replicates", "2", "--path-source", "episodes"],
    ["--replicates", "2", "--path-block", "6h"],
    ["--replicates", "2", "--path-seed", "-1"],
    ["--replicates", "2", "--seed", str(2**64 - 1)],
    ["--replicates", "2", "--set", "unbuildable=true"],
    ["--worlds", "no-push"],
    ["--paths", "2"],
    ["--level", "0.9"],
]


@pytest.mark.parametrize("arguments", BAD, ids=range(len(BAD)))
def test_bad_input_is_refused_with_2_and_nothing_is_written(
    shoal: Shoal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    answer = shoal("run", "paired", *arguments, "--out", "out")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("shoal: ")
    assert "Traceback" not in answer.err
    assert len(answer.err) < 1_000
    assert tree(tmp_path) == []
