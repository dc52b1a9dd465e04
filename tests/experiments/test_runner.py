import errno
import json
import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.experiments.running import plan, run, tree

from shoal.experiments.errors import OptionError
from shoal.experiments.interruption import Interruption
from shoal.experiments.reader import load
from shoal.experiments.runner import SLICES, DiskFailed, add_report, run_plan
from shoal.experiments.study import Study
from shoal.experiments.watchdog import AgentStalled
from shoal.sim.errors import AgentFailed, ClockStuck
from shoal.sim.records import Records
from shoal.sim.world import World

pytestmark = pytest.mark.usefixtures("tiny")
TIME = "2024-01-01T00:10:00Z"


def manifest_of(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def test_a_finished_run_says_what_it_was(tmp_path: Path) -> None:
    run(tmp_path / "out", seed=3)
    manifest = manifest_of(tmp_path / "out")
    assert (manifest["study"], manifest["seed"], manifest["status"], manifest["complete"]) == (
        "tiny",
        3,
        "finished",
        True,
    )
    assert (manifest["start"], manifest["end"]) == ("2024-01-01T00:00:00Z", "2024-01-01T01:00:00Z")
    assert manifest["simulated_seconds"] == 3600.0
    assert manifest["kernels"]["book"] in ("compiled", "pure")
    assert all(value == 0 for value in manifest["conservation"].values())
    assert manifest["events"] > 60
    for key in ("version", "platform", "python", "libraries", "inputs", "prices", "wall_seconds", "calls", "fills",
                "transactions", "digest"):  # fmt: skip
        assert key in manifest
    assert "failure" not in manifest


def test_the_digest_follows_seed_and_parameters_alone(tmp_path: Path) -> None:
    first = run(seed=1).result.digest
    assert run(seed=1).result.digest == first
    assert run(tmp_path / "out", seed=1).result.digest == first
    assert run(seed=2).result.digest != first
    assert run(seed=1, book={"depth": "2"}).result.digest != first


def test_a_run_in_memory_has_the_same_tables_as_one_on_disk(tmp_path: Path) -> None:
    memory, disk = run().result, run(tmp_path / "out").result
    assert memory.tables() == disk.tables() == load(tmp_path / "out").tables()
    for name in memory.tables():
        assert memory.arrow(name).to_pylist() == disk.arrow(name).to_pylist()


def test_short_spans_have_fewer_slices_than_nanoseconds() -> None:
    ended = run_plan(plan(hours=1e-9))
    assert ended.status == "finished"
    assert ended.result.manifest["simulated_seconds"] == 3.6e-6
    assert SLICES > 3


FAULTS = {
    "raise": (AgentFailed, "RuntimeError: the agent's own mistake"),
    "exit": (AgentFailed, "SystemExit: 3"),
    "nonsense": (AgentFailed, "Invalid yield value"),
    "past": (AgentFailed, "whole nanoseconds >= 1, had -5"),
    "nan": (AgentFailed, "whole nanoseconds >= 1, had nan"),
    "zeno": (ClockStuck, "must let time pass"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_an_agent_that_misbehaves_is_named_with_its_time(tmp_path: Path, fault: str) -> None:
    kind, reason = FAULTS[fault]
    ended = run(tmp_path / "out", fault=fault)
    assert ended.status == "failed"
    assert isinstance(ended.error, kind)
    manifest = manifest_of(tmp_path / "out")
    assert (manifest["status"], manifest["complete"]) == ("failed", False)
    failure = manifest["failure"]
    assert (failure["agent"], failure["time"]) == ("watcher", TIME)
    assert reason in failure["reason"]
    if fault == "raise":
        assert "own mistake" in failure["traceback"]
        assert "tiny.py" in failure["traceback"]


@pytest.mark.parametrize("fault", FAULTS)
def test_what_was_recorded_before_the_failure_is_readable(tmp_path: Path, fault: str) -> None:
    run(tmp_path / "out", fault=fault)
    result = load(tmp_path / "out")
    assert not result.complete
    assert result.arrow("ticks").num_rows == 10
    assert result.arrow("ends").num_rows == 1
    assert result.digest == run(fault=fault).result.digest


def test_whatever_is_raised_the_run_fails_and_is_kept(tmp_path: Path) -> None:
    ended = run(tmp_path / "out", fault="cancel")
    assert ended.status == "failed"
    failure = manifest_of(tmp_path / "out")["failure"]
    assert (failure["kind"], failure["reason"]) == ("CancelledError", "not even an Exception")
    assert load(tmp_path / "out").arrow("ticks").num_rows == 10


@pytest.mark.parametrize("before", [0, 1, 59])
def test_failures_at_the_start_in_the_middle_and_at_the_end(tmp_path: Path, before: int) -> None:
    ended = run(tmp_path / "out", fault="raise", ticks_before_fault=before)
    assert isinstance(ended.error, AgentFailed)
    assert load(tmp_path / "out").manifest["failure"]["time_ns"] == 1_704_067_200_000_000_000 + before * 60_000_000_000
    assert load(tmp_path / "out").arrow("ticks").num_rows == before


def test_a_run_that_is_no_generator_is_refused_at_the_start(tmp_path: Path) -> None:
    ended = run(tmp_path / "out", fault="no generator")
    assert ended.status == "failed"
    assert "is no generator: it must yield events" in manifest_of(tmp_path / "out")["failure"]["reason"]


@pytest.mark.parametrize("before", [0, 10])
def test_an_endless_loop_is_ended_and_named(tmp_path: Path, before: int) -> None:
    ended = run(tmp_path / "out", fault="loop", ticks_before_fault=before, stall_seconds=0.1)
    assert isinstance(ended.error, AgentStalled)
    failure = manifest_of(tmp_path / "out")["failure"]
    assert (failure["kind"], failure["agent"]) == ("AgentStalled", "watcher")
    assert "_misbehave" in failure["traceback"]
    assert not load(tmp_path / "out").complete


def test_a_row_that_fits_no_column_fails_the_run_and_keeps_the_closed_rows(tmp_path: Path) -> None:
    ended = run(tmp_path / "out", fault="overflow")
    assert ended.status == "failed"
    assert "table ticks, column amount_raw: an amount has more than 38 digits" in str(ended.error)
    assert not load(tmp_path / "out").complete


def test_arithmetic_that_overflows_while_building_is_refused_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny: type[Study]
) -> None:
    monkeypatch.setattr(tiny, "build", lambda self, **_: round(float("inf")))
    with pytest.raises(OptionError, match=r"study tiny: it cannot be built .*infinity"):
        run(tmp_path / "out")
    assert tree(tmp_path) == []


def test_what_cannot_be_built_is_refused_input_and_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"study tiny: it cannot be built .*tick and lot do not fit"):
        run(tmp_path / "out", unbuildable=True)
    assert tree(tmp_path) == []


class PressesControlC:
    """Progress that sends SIGINT after a number of slices."""

    def __init__(self, after: int, number: int = signal.SIGINT) -> None:
        self.left, self.number = after, number
        self.ended = False

    def begin(self, start_ns: int, end_ns: int) -> None:
        self.span = end_ns - start_ns

    def advance(self, now_ns: int, events: int) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), self.number)

    def end(self) -> None:
        self.ended = True


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("after", [1, 100, 199])
def test_control_c_keeps_what_was_recorded(tmp_path: Path, after: int, number: int) -> None:
    before = signal.getsignal(number)
    progress = PressesControlC(after, number)
    ended = run_plan(plan(), out=tmp_path / "out", progress=progress, interruption=Interruption())
    assert signal.getsignal(number) is before
    assert progress.ended
    assert (ended.status, ended.error) == ("interrupted", None)
    result = load(tmp_path / "out")
    assert (result.manifest["status"], result.complete) == ("interrupted", False)
    assert result.manifest["simulated_seconds"] == pytest.approx(18.0 * after)
    assert result.arrow("ticks").num_rows == 1 + (18 * after - 1) // 60
    assert result.arrow("ticks").equals(run().result.arrow("ticks").slice(0, result.arrow("ticks").num_rows))
    assert "figures" not in result.tables()


def test_control_c_before_an_event_does_not_cut_it_in_two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build = World.run

    def pressed_inside(self: World, *, until_ns: int) -> None:
        if self.clock.events > 30:
            os.kill(os.getpid(), signal.SIGINT)
        build(self, until_ns=until_ns)

    monkeypatch.setattr(World, "run", pressed_inside)
    ended = run(tmp_path / "out")
    assert ended.status == "interrupted"
    assert load(tmp_path / "out").arrow("ends").num_rows == 1


def test_a_second_control_c_stops_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(self: World, *, until_ns: int) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        raise AssertionError("not reached")

    monkeypatch.setattr(World, "run", endless)
    ended = run(tmp_path / "out")
    assert ended.status == "interrupted"
    assert isinstance(ended.error, KeyboardInterrupt)
    assert manifest_of(tmp_path / "out")["complete"] is False


def refusing(after: int, code: int) -> Any:
    """A replacement of os.replace that works a number of times and then never again."""
    replace, left = os.replace, [after]

    def refuse(source: Any, target: Any, **options: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(code, os.strerror(code))
        replace(source, target, **options)

    return refuse


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS])
@pytest.mark.parametrize("after", range(1, 6))
def test_a_disk_that_fills_up_stops_cleanly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int, code: int
) -> None:
    monkeypatch.setattr("shoal.sim.records.ROWS_A_PART", 20)
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", refusing(after, code))
        ended = run(tmp_path / "out")
    assert ended.status == "failed"
    assert isinstance(ended.error, DiskFailed)
    assert os.strerror(code) in str(ended.error)
    result = load(tmp_path / "out")
    assert not result.complete
    for name in result.tables():
        assert result.arrow(name).num_rows > 0
    assert run(tmp_path / "out").status == "finished"
    assert tree(tmp_path / "out") == ["ends.parquet", "figures.parquet", "manifest.json", "ticks.parquet"]


def test_a_finished_result_survives_every_write_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shoal.sim.records.ROWS_A_PART", 20)
    first = run(tmp_path / "out").result.digest
    for after in range(1, 7):
        with monkeypatch.context() as patch:
            patch.setattr(os, "replace", refusing(after, errno.ENOSPC))
            run(tmp_path / "out", seed=8)
        assert load(tmp_path / "out").digest == first
    assert run(tmp_path / "out", seed=8).result.digest != first


def test_parts_are_written_while_the_run_lasts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shoal.sim.records.ROWS_A_PART", 20)
    monkeypatch.setattr("shoal.sim.records._PARTS_A_GROUP", 1)
    whole = run().result.digest
    ended = run(tmp_path / "out")
    assert ended.result.digest == whole
    assert pq.ParquetFile(tmp_path / "out" / "ticks.parquet").num_row_groups == 3
    assert "parts" not in tree(tmp_path / "out")


def test_a_derived_table_may_not_hide_a_recorded_one(monkeypatch: pytest.MonkeyPatch, tiny: type[Study]) -> None:
    def measure(self: Study, world: World, tables: Mapping[str, pa.Table]) -> Mapping[str, pa.Table]:
        return {"ticks": tables["ticks"]}

    monkeypatch.setattr(tiny, "measure", measure)
    ended = run()
    assert ended.status == "failed"
    assert "measures tables that were recorded: ticks" in str(ended.error)


def test_the_report_is_entered_into_the_manifest(tmp_path: Path) -> None:
    result = run(tmp_path / "out").result
    path = add_report(result)
    assert path == tmp_path / "out" / "report.html"
    assert "report.html" in load(tmp_path / "out").manifest["outputs"]
    with pytest.raises(ValueError, match="a result in memory has no folder"):
        add_report(run().result)


def test_a_report_that_cannot_be_written_leaves_the_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(tmp_path / "out").result
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", refusing(0, errno.ENOSPC))
        with pytest.raises(DiskFailed, match="No space left"):
            add_report(result)
    assert load(tmp_path / "out").complete


def test_records_without_rows_are_fine(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Records().digest() == Records().digest()
    assert run(ticks_before_fault=0, fault="raise").result.manifest["outputs"] == {}
