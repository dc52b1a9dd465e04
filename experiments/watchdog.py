"""The command line's watchdog: ends a run in which nothing moves any more, and names who was active."""

from __future__ import annotations

import faulthandler
import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

from shoal.sim.errors import RunError

if TYPE_CHECKING:
    from shoal.sim.world import World

STALL_SECONDS: Final = 60.0
# A run has stalled when so many looks in a row found the same number of events.
_LOOKS: Final = 2


class AgentStalled(RunError):
    """Nothing moved for the limit: an agent computes without end and never yields.

    Args:
        agent: who was active.
        time_ns: simulated time, nanoseconds since the Unix epoch.
        seconds: the limit.
        traceback: where it was.
    """

    def __init__(self, agent: str, time_ns: int, seconds: float, traceback: str = "") -> None:
        super().__init__(agent, time_ns, seconds, traceback)
        self.agent = agent
        self.time_ns = time_ns
        self.seconds = seconds
        self.traceback = traceback

    def __str__(self) -> str:
        return (
            f"agent {self.agent!r} stalled at {self.time_ns} ns: no event ended within {self.seconds:g} s. "
            "It must yield; a longer limit is --stall-seconds."
        )


class Stall(BaseException):
    """Carries an ``AgentStalled`` out of an agent: no ``except Exception`` in its code may keep it."""

    def __init__(self, stalled: AgentStalled) -> None:
        super().__init__(stalled)
        self.stalled = stalled


class Watchdog:
    """Looks at a world in wall time; of use in the main thread, on systems with SIGALRM.

    An endless loop of Python is ended by an exception at the place where it runs. A call into C that does not come
    back cannot be interrupted: then the tracebacks are printed and the process ends, exit code 1.

    Args:
        seconds: the limit of wall time without an event.
        kill_seconds: when the process is ended; None is twice the limit.
    """

    def __init__(self, seconds: float = STALL_SECONDS, *, kill_seconds: float | None = None) -> None:
        if not seconds > 0:
            raise ValueError(f"the limit must be above 0 s, had {seconds!r}")
        self.seconds = seconds
        self._kill_seconds = 2 * seconds if kill_seconds is None else kill_seconds
        self._world: World | None = None
        self._events = -1
        self._looks = 0

    @contextmanager
    def watch(self, world: World) -> Iterator[None]:
        """Watch a world while the block runs, and put back what was there before.

        Raises:
            Stall: nothing moved for the limit; raised wherever the program is at that moment.
        """
        if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "SIGALRM"):
            yield
            return
        self._world, self._events, self._looks = world, -1, 0
        before = signal.signal(signal.SIGALRM, self._look)
        pause = self.seconds / _LOOKS
        signal.setitimer(signal.ITIMER_REAL, pause, pause)
        self._arm()
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
            faulthandler.cancel_dump_traceback_later()
            self._world = None

    def _look(self, number: int, frame: FrameType | None) -> None:
        world = self._world
        if world is None:
            return
        if world.clock.events != self._events:
            self._events, self._looks = world.clock.events, 0
            self._arm()
            return
        self._looks += 1
        if self._looks >= _LOOKS:
            where = "".join(traceback.format_stack(frame))
            raise Stall(AgentStalled(world.active_agent, world.clock.now_ns, self.seconds, where))

    def _arm(self) -> None:
        # The process's own standard error: whatever stands in for sys.stderr may be no file.
        if sys.__stderr__ is not None:
            faulthandler.dump_traceback_later(self._kill_seconds, exit=True, file=sys.__stderr__)


def failure_of(error: RunError) -> dict[str, Any]:
    """What the manifest says of a run that failed."""
    from shoal.experiments.prices.span import as_text

    time_ns = getattr(error, "time_ns", None)
    return {
        "kind": type(error).__name__,
        "reason": str(error),
        "agent": getattr(error, "agent", None),
        "time_ns": time_ns,
        "time": None if time_ns is None else as_text(time_ns),
        "traceback": getattr(error, "traceback", ""),
    }
