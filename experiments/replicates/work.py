"""The two jobs of replication: run one world into its folder, and take the figures of one replicate from its worlds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from shoal.experiments.errors import InputError
from shoal.experiments.figure import Figure
from shoal.experiments.plan import BASE, Plan
from shoal.experiments.reader import load_result
from shoal.experiments.replicates.there import is_there, unsound
from shoal.experiments.runner import add_report, run_plan
from shoal.experiments.study import Study
from shoal.experiments.watchdog import Watchdog
from shoal.sim.errors import RunError

if TYPE_CHECKING:
    from shoal.experiments.interruption import Interruption
    from shoal.experiments.replicates.crew import Tell
    from shoal.experiments.result import Result

FINISHED: Final = "finished"
INTERRUPTED: Final = "interrupted"


@dataclass(frozen=True, slots=True)
class WorldJob:
    """Run one world.

    Args:
        where: its folder relative to that of the whole.
        plan: what to run.
        folder: where the result goes.
        report: whether its report is drawn, too.
        stall_seconds: limit of the watchdog; None for none.
    """

    where: str
    plan: Plan
    folder: Path
    report: bool = False
    stall_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class FigureJob:
    """Take the figures of one replicate.

    Args:
        where: the replicate's folder relative to that of the whole.
        study: of the base world.
        folders: of the worlds, by name.
    """

    where: str
    study: Study
    folders: Mapping[str, Path]


@dataclass(frozen=True, slots=True)
class Answer:
    """How a job ended.

    Args:
        status: "finished", "interrupted" or "failed".
        reason: why it failed.
        figures: of a replicate.
    """

    status: str
    reason: str = ""
    figures: tuple[Figure, ...] = ()


type Job = WorldJob | FigureJob


def work(job: Job, tell: Tell, interruption: Interruption | None = None) -> Answer:
    """Do a job; whatever goes wrong is an answer, too. Of a world that is there already at most the report is made."""
    try:
        return _run(job, tell, interruption) if isinstance(job, WorldJob) else Answer(FINISHED, figures=_take(job))
    except (InputError, RunError) as error:
        return Answer("failed", str(error))
    except Exception as error:
        # A study's own code may raise anything, and the other replicates go on.
        return Answer("failed", f"{type(error).__name__}: {error}")


def _run(job: WorldJob, tell: Tell, interruption: Interruption | None) -> Answer:
    if is_there(job.folder, job.plan):
        if job.report:
            add_report(load_result(job.folder))
        return Answer(FINISHED)
    watchdog = None if job.stall_seconds is None else Watchdog(job.stall_seconds)
    ended = run_plan(job.plan, out=job.folder, progress=Telling(tell), interruption=interruption, watchdog=watchdog)
    if ended.status != FINISHED:
        failure = ended.result.manifest.get("failure") or {}
        return Answer(ended.status, str(failure.get("reason") or ended.error or ""))
    if job.report:
        add_report(ended.result)
    return Answer(FINISHED, unsound(ended.result.manifest))


def _take(job: FigureJob) -> tuple[Figure, ...]:
    worlds = {name: load_result(folder) for name, folder in job.folders.items()}
    found = tuple(job.study.figures(worlds)) if _has_figures(job.study) else key_figures(worlds[BASE])
    names = [(each.name, each.unit, each.world) for each in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"the study gives the figure {twice[0][0]!r} twice")
    return found


def key_figures(result: Result) -> tuple[Figure, ...]:
    """The key figures of a result: what replicates of a study without figures of its own are about."""
    rows = result.summary()
    found: dict[str, Figure] = {}
    for topic, subject, figure, value, unit in rows.itertuples(index=False):
        name = ", ".join(str(part) for part in (topic, subject, figure) if part)
        if topic != "conservation" and not isinstance(value, str) and name not in found:
            found[name] = Figure(name, str(unit), float(value))
    return tuple(found.values())


def _has_figures(study: Study) -> bool:
    return type(study).figures is not Study.figures


class Telling:
    """Progress of a world that is told elsewhere.

    Args:
        tell: gets simulated nanoseconds and events so far.
    """

    def __init__(self, tell: Callable[[object], None]) -> None:
        self._tell = tell
        self._start_ns = 0

    def begin(self, start_ns: int, end_ns: int) -> None:
        """The world starts."""
        self._start_ns = start_ns

    def advance(self, now_ns: int, events: int) -> None:
        """Tell it."""
        self._tell((now_ns - self._start_ns, events))

    def end(self) -> None:
        """Nothing more to tell."""
