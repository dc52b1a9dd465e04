"""The only clock: SimPy with integer nanoseconds since the Unix epoch, UTC."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappush
from typing import Any, Final

import simpy
from simpy.events import NORMAL, EventPriority

from shoal.sim.errors import ClockStuck

# The order at one instant. SimPy keeps 0 and 1 for itself (a process that starts or ends).
PRICE: Final = 2
ORACLE: Final = 3
DELIVERY: Final = 4
BLOCK: Final = 5
AGENT: Final = 6

EVENTS_PER_INSTANT: Final = 100_000


class Clock(simpy.Environment):
    """SimPy's environment in whole nanoseconds, with an order at one instant and a limit of events per instant.

    >>> clock = Clock(1_000)
    >>> heard = []
    >>> _ = clock.at(1_005, AGENT, lambda event: heard.append("agent"))
    >>> _ = clock.at(1_005, PRICE, lambda event: heard.append("price"))
    >>> clock.run()
    >>> heard, clock.now
    (['price', 'agent'], 1005)
    """

    def __init__(self, start_ns: int) -> None:
        if type(start_ns) is not int or start_ns < 0:
            raise ValueError(f"the clock starts at a whole number of nanoseconds >= 0, not {start_ns!r}")
        super().__init__(start_ns)
        self.events = 0
        self._instant = start_ns
        self._at_instant = 0

    @property
    def now_ns(self) -> int:
        """Nanoseconds since the Unix epoch."""
        return self._now  # type: ignore[return-value]

    def schedule(self, event: simpy.Event, priority: EventPriority = NORMAL, delay: float = 0) -> None:
        """Put an event into the queue; every way of SimPy into it ends here.

        Raises:
            ValueError: the delay is no int.
        """
        if type(delay) is not int:
            raise ValueError(f"cannot wait {delay!r}: time is whole nanoseconds")
        heappush(self._queue, (self._now + delay, priority, next(self._eid), event))

    def wake(self, time_ns: int, priority: int, value: Any = None) -> simpy.Event:
        """An event that succeeds at that time with that value.

        Raises:
            ValueError: the time is no int or lies in the past.
        """
        if type(time_ns) is not int or time_ns < self._now:
            raise ValueError(f"cannot wake at {time_ns!r}: it is {self._now} ns, and time is whole nanoseconds")
        event = simpy.Event(self)
        event._ok = True
        event._value = value
        self.schedule(event, priority, time_ns - self._now)  # type: ignore[arg-type]
        return event

    def at(self, time_ns: int, priority: int, action: Callable[[simpy.Event], None], value: Any = None) -> simpy.Event:
        """Run ``action(event)`` at that time; ``event.value`` is the value given.

        Raises:
            ValueError: the time is no int or lies in the past.
        """
        event = self.wake(time_ns, priority, value)
        callbacks = event.callbacks
        assert callbacks is not None
        callbacks.append(action)
        return event

    def step(self) -> None:
        """Run the next queue entry.

        Raises:
            ClockStuck: the limit of events at one instant was passed.
        """
        super().step()
        self.events += 1
        if self._now != self._instant:
            self._instant = self._now  # type: ignore[assignment]
            self._at_instant = 0
        else:
            self._at_instant += 1
            if self._at_instant > EVENTS_PER_INSTANT:
                raise ClockStuck(self.now_ns, self._at_instant, "")
