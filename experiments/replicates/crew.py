"""Processes that each do one job at a time; one that dies takes its own job with it and no other."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Final

_PATIENCE_SECONDS: Final = 5.0
type Tell = Callable[[object], None]


@dataclass(frozen=True, slots=True)
class Died:
    """The answer of a process that ended before it gave one.

    Args:
        exit_code: of the process; below 0 the number of the signal that ended it.
    """

    exit_code: int | None

    def __str__(self) -> str:
        if self.exit_code is not None and self.exit_code < 0:
            return f"its process was ended by signal {-self.exit_code}"
        return f"its process ended with exit code {self.exit_code} before it was done"


class Crew[Job, Answer]:
    """Does jobs in processes of their own, or one after the other in this one.

    Processes are spawned, never forked: they share nothing with this one, on any system. Ctrl-C reaches this process
    alone, and processes whose parent is gone end.

    Args:
        work: turns a job into an answer; a function of a module, and it raises nothing. What it tells is heard here.
        processes: how many; 1 works in this process.
        heard: gets what ``work`` tells of a job.
    """

    def __init__(
        self, work: Callable[[Job, Tell], Answer], *, processes: int, heard: Callable[[Job, object], None]
    ) -> None:
        self._work = work
        self._processes = processes
        self._heard = heard
        self._waiting: deque[Job] = deque()
        self._members: list[_Member[Job]] = []

    def submit(self, job: Job, *, first: bool = False) -> None:
        """Put a job in the queue, at its head if it is to be the next one; also while answers are taken."""
        if first:
            self._waiting.appendleft(job)
        else:
            self._waiting.append(job)

    def answers(self) -> Generator[tuple[Job, Answer | Died]]:
        """Work until the queue is empty; answers come as jobs end.

        When the iteration is left early, by Ctrl-C too, processes are ended with the jobs they are at.
        """
        if self._processes == 1:
            yield from self._alone()
            return
        try:
            while self._hand_out():
                yield from self._collect()
        finally:
            self._dismiss()

    def _alone(self) -> Iterator[tuple[Job, Answer | Died]]:
        while self._waiting:
            job = self._waiting.popleft()
            yield job, self._work(job, lambda message, job=job: self._heard(job, message))  # type: ignore[misc]

    def _hand_out(self) -> bool:
        """Give jobs to who is idle; whether anybody works."""
        while self._waiting:
            idle = next((each for each in self._members if each.job is None), None)
            if idle is None:
                if len(self._members) == self._processes:
                    break
                idle = _Member.start(self._work)
                self._members.append(idle)
            idle.job = self._waiting.popleft()
            # A process that is already dead answers with the end of its connection.
            try:
                idle.connection.send(idle.job)
            except BrokenPipeError:
                break
        return any(each.job is not None for each in self._members)

    def _collect(self) -> Iterator[tuple[Job, Answer | Died]]:
        by_connection = {each.connection: each for each in self._members if each.job is not None}
        for ready in wait(list(by_connection)):
            assert isinstance(ready, Connection)
            member = by_connection[ready]
            job = member.job
            assert job is not None
            try:
                final, content = ready.recv()
            except (EOFError, OSError):
                self._members.remove(member)
                yield job, Died(member.end())
                continue
            if not final:
                self._heard(job, content)
                continue
            member.job = None
            yield job, content

    def _dismiss(self) -> None:
        for member in self._members:
            if member.job is not None:
                member.process.terminate()
            member.connection.close()
        for member in self._members:
            member.end()
        self._members.clear()


@dataclass(slots=True)
class _Member[Job]:
    process: BaseProcess
    connection: Connection
    job: Job | None = None

    @classmethod
    def start(cls, work: Callable[..., object]) -> _Member[Job]:
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, work), daemon=True)
        process.start()
        # The end of the connection is only seen here when nobody else holds the other end.
        theirs.close()
        return cls(process, ours)

    def end(self) -> int | None:
        self.connection.close()
        self.process.join(_PATIENCE_SECONDS)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        exit_code = self.process.exitcode
        self.process.close()
        return exit_code


def _serve(connection: Connection, work: Callable[[object, Tell], object]) -> None:
    """What a process does: jobs as they come, until nobody hands out any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    while True:
        try:
            job = connection.recv()
        except EOFError:
            return
        connection.send((True, work(job, lambda message: connection.send((False, message)))))


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        sys.stderr.flush()
        os._exit(1)
