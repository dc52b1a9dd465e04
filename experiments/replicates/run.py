"""Runs replicates: every world into its folder, finished ones left alone, then the figures and what they say."""

from __future__ import annotations

import pickle
import shutil
import signal
import threading
import weakref
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from tempfile import mkdtemp
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

from shoal.experiments.errors import OptionError, Place
from shoal.experiments.interruption import Interruption
from shoal.experiments.manifest import read_manifest
from shoal.experiments.plan import BASE
from shoal.experiments.progress import Progress, Silence
from shoal.experiments.replicates.crew import Crew, Died
from shoal.experiments.replicates.folder import FIGURES, SUMMARY, ReplicatesFolder
from shoal.experiments.replicates.replicates import Replicates
from shoal.experiments.replicates.summary import Taken, estimates, figure_table, manifest_entries, summary_table
from shoal.experiments.replicates.there import is_there
from shoal.experiments.replicates.work import FINISHED, INTERRUPTED, Answer, FigureJob, Job, WorldJob, work
from shoal.experiments.runner import DiskFailed, build_world
from shoal.experiments.store import REPORT

if TYPE_CHECKING:
    from shoal.experiments.replicates.replication import Replicate, Replication

_TEMPORARY: Final = "shoal-replicates-"


def run_replicates(
    replication: Replication,
    *,
    out: Path | str | None = None,
    processes: int = 1,
    progress: Progress | None = None,
    stall_seconds: float | None = None,
) -> Replicates:
    """Run every world that is not there yet, and sum up.

    A world that fails stops no other; Ctrl-C ends the worlds that run and keeps those that finished. Both stand in the
    manifest, and the same call goes on from there. Results do not depend on the number of processes.

    Args:
        replication: what to run.
        out: the folder; None is a temporary one that vanishes with what is returned.
        processes: how many worlds run at the same time.
        progress: hears how far all of it is.
        stall_seconds: limit of each world's watchdog; None for none.

    Raises:
        InputError: the folder cannot be used, or a world cannot be built; nothing was written.
        DiskFailed: what the worlds say together cannot be written.
    """
    if out is not None:
        return _run_in(Path(out), replication, processes, progress, stall_seconds)
    vanishing = mkdtemp(prefix=_TEMPORARY)
    try:
        found = _run_in(Path(vanishing) / "out", replication, processes, progress, stall_seconds)
    except BaseException:
        shutil.rmtree(vanishing, ignore_errors=True)
        raise
    weakref.finalize(found, shutil.rmtree, vanishing, ignore_errors=True)
    return found


def _run_in(
    out: Path, replication: Replication, processes: int, progress: Progress | None, stall_seconds: float | None
) -> Replicates:
    folder = ReplicatesFolder.claim(out, replication)
    _probe(replication, processes)
    campaign = _Campaign(replication, folder.folder, processes, progress or Silence(), stall_seconds)
    manifest = replication.manifest()
    folder.begin(manifest)
    try:
        campaign.run()
        return _conclude(campaign, folder, manifest)
    except OSError as error:
        raise DiskFailed(error.strerror or str(error)) from error
    finally:
        folder.release()


def _probe(replication: Replication, processes: int) -> None:
    """What every world would be refused for is refused before anything is written."""
    from shoal.sim.records import Records

    for plan in next(replication.replicates).plans.values():
        build_world(plan, Records())
    if processes > 1:
        try:
            ForkingPickler.dumps(replication.worlds)
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise OptionError(
                Place("option processes"),
                f"the study cannot be sent to another process ({error})",
                "Define it in a module that can be imported, or take one process.",
            ) from error


@dataclass(slots=True)
class _Campaign:
    """What is done and what is left while replicates run."""

    replication: Replication
    folder: Path
    processes: int
    progress: Progress
    stall_seconds: float | None
    interruption: Interruption = field(default_factory=Interruption)
    results: dict[str, Answer] = field(default_factory=dict)
    figures: dict[str, Answer] = field(default_factory=dict)
    interrupted: bool = False
    _passed: dict[str, tuple[int, int]] = field(default_factory=dict)

    def run(self) -> None:
        """Do all jobs, or as many as there is time for."""
        crew = self._crew()
        replicates = {each.folder: each for each in self.replication.replicates}
        owners = {each.place(world): each for each in replicates.values() for world in each.plans}
        left = self._submit_worlds(crew, replicates)
        prices = self.replication.plan.prices
        self.progress.begin(0, max(1, left * (prices.end_ns - prices.start_ns)))
        try:
            with _terminating(), closing(crew.answers()) as answers:
                for job, answer in answers:
                    self._note(job, answer)
                    if isinstance(job, WorldJob):
                        self._submit_figures(crew, owners[job.where])
                    if self.interruption.asked or (isinstance(answer, Answer) and answer.status == INTERRUPTED):
                        self.interrupted = True
                        break
        except KeyboardInterrupt:
            self.interrupted = True
        finally:
            self.progress.end()

    def _crew(self) -> Crew[Job, Answer]:
        # In this process Ctrl-C is heard by the world that runs, and its rows are kept.
        does = partial(work, interruption=self.interruption) if self.processes == 1 else work
        return Crew(does, processes=self.processes, heard=self._heard)

    def _submit_worlds(self, crew: Crew[Job, Answer], replicates: dict[str, Replicate]) -> int:
        left = 0
        for replicate in replicates.values():
            for world, plan in replicate.plans.items():
                where = replicate.place(world)
                # Drawing a report takes a second and some megabytes: of a hundred worlds nobody looks at most.
                report = world == BASE
                drawn = not report or (self.folder / where / REPORT).is_file()
                if drawn and is_there(self.folder / where, plan):
                    self.results[where] = Answer(FINISHED)
                else:
                    crew.submit(WorldJob(where, plan, self.folder / where, report, self.stall_seconds))
                    left += 1
            self._submit_figures(crew, replicate)
        return left

    def _submit_figures(self, crew: Crew[Job, Answer], replicate: Replicate) -> None:
        """Figures are taken as soon as all worlds of a replicate are there, and not if one failed."""
        folders = {world: replicate.place(world) for world in replicate.plans}
        if all(_good(self.results.get(where)) for where in folders.values()):
            paths = {world: self.folder / where for world, where in folders.items()}
            crew.submit(FigureJob(replicate.folder, replicate.plans[BASE].study, paths), first=True)

    def _note(self, job: Job, answer: Answer | Died) -> None:
        told = Answer("failed", str(answer)) if isinstance(answer, Died) else answer
        if isinstance(job, WorldJob):
            self.results[job.where] = told
        else:
            self.figures[job.where] = told

    def _heard(self, job: Job, message: object) -> None:
        if isinstance(job, WorldJob) and isinstance(message, tuple):
            self._passed[job.where] = message
            passed_ns = sum(each[0] for each in self._passed.values())
            self.progress.advance(passed_ns, sum(each[1] for each in self._passed.values()))

    def taken(self) -> list[Taken]:
        """The figures of every replicate that has them, in order."""
        return [
            Taken(each.number, each.path, each.seed, self.figures[each.folder].figures)
            for each in self.replication.replicates
            if _good(self.figures.get(each.folder))
        ]

    def failures(self) -> list[dict[str, str]]:
        """Where something failed, and why, in order."""
        found = []
        for replicate in self.replication.replicates:
            for where in (*map(replicate.place, replicate.plans), replicate.folder):
                answer = self.results.get(where) or self.figures.get(where)
                if answer is not None and answer.reason and answer.status != INTERRUPTED:
                    found.append({"where": where, "reason": answer.reason})
        return found


def _good(answer: Answer | None) -> bool:
    return answer is not None and answer.status == FINISHED and not answer.reason


def _conclude(campaign: _Campaign, folder: ReplicatesFolder, manifest: dict[str, Any]) -> Replicates:
    taken = campaign.taken()
    found = estimates(taken, level=campaign.replication.level)
    tables = {SUMMARY: summary_table(found), FIGURES: figure_table(taken)}
    failures = campaign.failures()
    status = INTERRUPTED if campaign.interrupted else "failed" if failures else "finished"
    outputs: dict[str, dict[str, Any]] = {}
    for name, table in tables.items():
        outputs |= folder.add(name, table)
    manifest |= {
        "status": status,
        "complete": status == "finished",
        "results": _results(campaign),
        "failures": failures,
        "estimates": manifest_entries(found),
        "outputs": outputs,
    }
    replicates = Replicates(manifest, tables, folder.folder)
    replicates.add_report()
    return replicates


def _results(campaign: _Campaign) -> dict[str, dict[str, str]]:
    found = {}
    for replicate in campaign.replication.replicates:
        for world in replicate.plans:
            where = replicate.place(world)
            answer = campaign.results.get(where)
            status = "not run" if answer is None else answer.status
            digest = str(read_manifest(campaign.folder / where).get("digest", "")) if status == FINISHED else ""
            found[where] = {"status": status, "digest": digest}
    return found


@contextmanager
def _terminating() -> Iterator[None]:
    """Let SIGTERM end the block as Ctrl-C does; outside the main thread nothing changes."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def heard(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, heard)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
