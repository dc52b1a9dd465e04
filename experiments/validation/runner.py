"""Running all closed forms: their replications spread over processes, their verdicts in a fixed order."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed

from shoal.experiments.validation.check import Check
from shoal.experiments.validation.closed_form import ClosedForm, Sample
from shoal.experiments.validation.registry import closed_forms

Progress = Callable[[int, int, str], None]
_Job = tuple[int, int]
_Done = tuple[_Job, Sample, float]


def run_all(
    *,
    quick: bool,
    processes: int | None = None,
    progress: Progress | None = None,
    seed: int = 7,
    forms: Sequence[ClosedForm] | None = None,
) -> list[Check]:
    """Run every closed form and judge it; the figures do not depend on the number of processes.

    Args:
        quick: fewer and shorter replications, as each form states.
        processes: how many at once; None uses all processors, 1 stays in this process.
        progress: called with replications done, replications in all, and the form's name.
        seed: from 0 to 2**64 - 1; each replication's own seed is derived from it.
        forms: which closed forms; None is all.

    Raises:
        ValueError: the number of processes is not a whole number above 0.
        RunError: a world failed.
    """
    if processes is None:
        processes = os.cpu_count() or 1
    if type(processes) is not int or processes < 1:
        raise ValueError(f"processes must be a whole number above 0, had {processes!r}")
    chosen = tuple(closed_forms() if forms is None else forms)
    # Round robin, so that the longest forms do not all wait until the end.
    jobs = sorted(
        ((index, number) for index, form in enumerate(chosen) for number in range(form.replications(quick=quick))),
        key=lambda job: (job[1], job[0]),
    )
    samples: dict[_Job, Sample] = {}
    seconds = [0.0] * len(chosen)
    done = _in_process(chosen, jobs, seed) if processes == 1 else _in_pool(chosen, jobs, seed, processes)
    for job, sample, spent in done:
        samples[job] = sample
        seconds[job[0]] += spent
        if progress is not None:
            progress(len(samples), len(jobs), chosen[job[0]].name)
    checks: list[Check] = []
    for index, form in enumerate(chosen):
        own = [samples[index, number] for number in range(form.replications(quick=quick))]
        checks += judge(form, own, seconds[index])
    return checks


def judge(form: ClosedForm, samples: Sequence[Sample], seconds: float) -> list[Check]:
    """The verdicts on one form's figures."""
    return [
        Check(
            name=f"{form.name}: {one.quantity}",
            source=form.source,
            theory=float(one.theory),
            engine=float(one.engine),
            standard_error=float(one.standard_error),
            z=float(one.z),
            passed=bool(one.passed),
            seconds=seconds,
            detail=one.detail,
        )
        for one in form.estimate(samples)
    ]


def _replicate(form: ClosedForm, seed: int, job: _Job) -> _Done:
    began = time.process_time()
    sample = form.replicate(form.seed_of(seed, job[1]))
    return job, sample, time.process_time() - began


def _in_process(forms: Sequence[ClosedForm], jobs: Sequence[_Job], seed: int) -> Iterator[_Done]:
    for job in jobs:
        yield _replicate(forms[job[0]], seed, job)


def _in_pool(forms: Sequence[ClosedForm], jobs: Sequence[_Job], seed: int, processes: int) -> Iterator[_Done]:
    # Spawned processes inherit nothing: what a replication gives depends on its seed alone, on every platform.
    context = multiprocessing.get_context("spawn")
    # Ctrl-C is this process's to handle: the others finish the replication they are at and get no more.
    quiet = (signal.SIGINT, signal.SIG_IGN)
    with ProcessPoolExecutor(processes, mp_context=context, initializer=signal.signal, initargs=quiet) as pool:
        waiting: list[Future[_Done]] = [pool.submit(_replicate, forms[job[0]], seed, job) for job in jobs]
        try:
            for future in as_completed(waiting):
                yield future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
