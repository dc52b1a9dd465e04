"""Runs a plan: builds the world, lets time pass, keeps what was recorded, whatever happens."""

from __future__ import annotations

import errno
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from shoal.experiments.errors import InputError, OptionError, Place
from shoal.experiments.manifest import counts, first_manifest, hash_file, labels, write_manifest
from shoal.experiments.progress import Progress, Silence
from shoal.experiments.reader import FileTables
from shoal.experiments.result import Result
from shoal.experiments.store import REPORT, Store
from shoal.experiments.watchdog import Stall, failure_of
from shoal.sim.errors import RunError
from shoal.sim.records import Records, Table

if TYPE_CHECKING:
    from shoal.experiments.interruption import Interruption
    from shoal.experiments.plan import Plan
    from shoal.experiments.watchdog import Watchdog
    from shoal.sim.world import World

# Fixed, not chosen by wall time: where a run is cut must not depend on the machine.
SLICES: Final = 200
_DISK_ERRORS: Final = {
    getattr(errno, name) for name in ("ENOSPC", "EDQUOT", "EIO", "EROFS", "EFBIG") if hasattr(errno, name)
}


class DiskFailed(RunError):
    """The disk refused a write while the run lasted.

    Args:
        reason: what the system said.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"the results could not be written: {self.reason}. Make room or choose another folder, and run it again."


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended.

    Args:
        status: "finished", "interrupted" or "failed".
        result: what was recorded until then.
        error: why it failed.
    """

    status: str
    result: Result
    error: BaseException | None = None


class MemoryTables(Mapping[str, pa.Table]):
    """The tables of records that stayed in memory, and those derived from them."""

    def __init__(self, records: Records) -> None:
        self._recorded = records.tables
        self.derived: dict[str, pa.Table] = {}

    def __getitem__(self, name: str) -> pa.Table:
        """A table, all closed rows.

        Raises:
            KeyError: no such table.
        """
        recorded: Table | None = self._recorded.get(name)
        return self.derived[name] if recorded is None else recorded.arrow()

    def __iter__(self) -> Iterator[str]:
        return iter(sorted({*self._recorded, *self.derived}))

    def __len__(self) -> int:
        return len(self._recorded) + len(self.derived)


def run_plan(
    plan: Plan,
    *,
    out: Path | str | None = None,
    progress: Progress | None = None,
    interruption: Interruption | None = None,
    watchdog: Watchdog | None = None,
) -> Ended:
    """Run a plan in memory, or into a folder when there is one.

    Args:
        plan: what to run.
        out: the folder for the results.
        progress: hears how far the run is.
        interruption: may stop it.
        watchdog: may end it when nothing moves.

    Raises:
        InputError: the folder cannot be used, or the study cannot be built; nothing was written.
    """
    store = None if out is None else Store.claim(out, study=plan.name)
    records = Records(folder=None if store is None else store.parts)
    world = build_world(plan, records)
    manifest = first_manifest(plan) | {"labels": labels(world)}
    if store is not None:
        store.begin(manifest)
    began = time.monotonic()
    status, error = _pass_time(plan, world, progress or Silence(), interruption, watchdog)
    manifest |= counts(world, start_ns=plan.prices.start_ns, wall_seconds=time.monotonic() - began)
    return _keep(plan, world, store, manifest, status, error)


def build_world(plan: Plan, records: Records) -> World:
    """The world of a plan, ready to run.

    Raises:
        InputError: the study cannot be built with these parameters and prices.
    """
    try:
        return plan.study.build(seed=plan.seed, prices=plan.prices, records=records)
    except InputError:
        raise
    except (ValueError, LookupError, ArithmeticError) as error:
        raise OptionError(
            Place(f"study {plan.name}"),
            f"it cannot be built with these parameters and prices ({error})",
            "Change them; `shoal show` lists what they mean.",
        ) from error


def _pass_time(
    plan: Plan, world: World, progress: Progress, interruption: Interruption | None, watchdog: Watchdog | None
) -> tuple[str, BaseException | None]:
    from shoal.sim.world import rare_collections

    start, end = plan.prices.start_ns, plan.prices.end_ns
    progress.begin(start, end)
    try:
        with ExitStack() as stack:
            stack.enter_context(rare_collections())
            if interruption is not None:
                stack.enter_context(interruption.listen(world))
            if watchdog is not None:
                stack.enter_context(watchdog.watch(world))
            for until in _slices(start, end):
                world.run(until_ns=until)
                progress.advance(world.clock.now_ns, world.clock.events)
                if interruption is not None and interruption.asked:
                    return "interrupted", None
            plan.study.finish(world, plan.prices)
        return "finished", None
    except KeyboardInterrupt as error:
        return "interrupted", error
    except Stall as stall:
        return "failed", stall.stalled
    except BaseException as error:
        # An agent may raise anything.
        return "failed", _disk_failure(error) or error
    finally:
        progress.end()


def _slices(start_ns: int, end_ns: int) -> Iterator[int]:
    before = start_ns
    for number in range(1, SLICES + 1):
        until = start_ns + (end_ns - start_ns) * number // SLICES
        if until > before:
            before = until
            yield until


def _disk_failure(error: BaseException | None) -> DiskFailed | None:
    """The write that failed, wherever in the chain of causes it stands.

    Other errors of the system are whoever's who asked for it: an agent may have opened a file that is not there.
    """
    while error is not None:
        if isinstance(error, OSError) and error.errno in _DISK_ERRORS:
            return DiskFailed(error.strerror or str(error))
        error = error.__cause__
    return None


def _keep(
    plan: Plan,
    world: World,
    store: Store | None,
    manifest: dict[str, Any],
    status: str,
    error: BaseException | None,
) -> Ended:
    tables = MemoryTables(world.records)
    try:
        if status != "finished":
            _finish_early(plan, world)
        manifest["digest"] = world.records.digest()
        derived = _measure(plan, world, tables) if status == "finished" else {}
    except Exception as late:
        # A run that ended early may leave a row that fits no column: keep what is closed, and the first error.
        status, error, derived = "failed", error or _disk_failure(late) or late, {}
    manifest["status"], manifest["complete"] = status, status == "finished"
    if error is not None:
        manifest["failure"] = _failure(error, world)
    if store is None:
        tables.derived = derived
        return Ended(status, Result(manifest, tables, None), error)
    try:
        return _store(world, store, manifest, derived, status, error)
    except OSError as full:
        failed = DiskFailed(full.strerror or str(full))
        _leave(store, manifest | {"status": "failed", "complete": False, "failure": _failure(failed, world)})
        return Ended("failed", Result(manifest | {"status": "failed", "complete": False}, tables, store.work), failed)


def _finish_early(plan: Plan, world: World) -> None:
    """The closing rows of a run that was stopped; an unsound world may not be able to give them."""
    try:
        plan.study.finish(world, plan.prices)
    except RunError:
        raise
    except Exception:
        world.records.close()


def _measure(plan: Plan, world: World, tables: MemoryTables) -> dict[str, pa.Table]:
    derived = dict(plan.study.measure(world, tables))
    twice = sorted(set(derived).intersection(tables))
    if twice:
        raise ValueError(f"the study {plan.name} measures tables that were recorded: {', '.join(twice)}")
    return derived


def _store(
    world: World,
    store: Store,
    manifest: dict[str, Any],
    derived: Mapping[str, pa.Table],
    status: str,
    error: BaseException | None,
) -> Ended:
    outputs = store.join(world.records)
    for name, table in derived.items():
        outputs |= store.add(name, table)
    manifest["outputs"] = outputs
    folder = store.finish(manifest) if status == "finished" else store.stop(manifest)
    names = [name.removesuffix(".parquet") for name in sorted(outputs)]
    files = FileTables({name: (folder / f"{name}.parquet",) for name in names})
    return Ended(status, Result(manifest, files, folder), error)


def _leave(store: Store, manifest: dict[str, Any]) -> None:
    """Say in the manifest what happened, if the disk lets us; else the first manifest says that it is incomplete."""
    try:
        store.stop(manifest | {"outputs": {}})
    except OSError:
        return


def _failure(error: BaseException, world: World) -> dict[str, Any]:
    import traceback

    if isinstance(error, RunError):
        return failure_of(error)
    if isinstance(error, KeyboardInterrupt):
        return {"kind": "KeyboardInterrupt", "reason": "stopped at once by a second Ctrl-C", "agent": None}
    return {
        "kind": type(error).__name__,
        "reason": str(error),
        "agent": None,
        "time_ns": world.clock.now_ns,
        "traceback": "".join(traceback.format_exception(error)),
    }


def add_report(result: Result) -> Path:
    """Render the report of a result in its folder and enter it into the manifest.

    Raises:
        ValueError: the result lies in no folder.
        DiskFailed: the report cannot be written; the tables and their manifest stay as they are.
    """
    if result.folder is None:
        raise ValueError("a result in memory has no folder for its report: result.report(path)")
    path = result.folder / REPORT
    try:
        result.report(path)
        result.manifest["outputs"] = {**result.manifest["outputs"], REPORT: {"sha256": hash_file(path)}}
        write_manifest(result.folder, result.manifest)
    except OSError as error:
        raise DiskFailed(error.strerror or str(error)) from error
    return path
