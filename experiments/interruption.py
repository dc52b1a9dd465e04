"""Ctrl-C: once ends the run after the current event and keeps what was recorded, twice stops at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Final

import simpy
from simpy.core import StopSimulation
from simpy.events import EventPriority

if TYPE_CHECKING:
    from shoal.sim.world import World

_SIGNALS: Final = ("SIGINT", "SIGTERM")
_FIRST: Final = EventPriority(0)


class Interruption:
    """Whether somebody asked a run to stop.

    >>> Interruption().asked
    False
    """

    def __init__(self) -> None:
        self.asked = False
        self._world: World | None = None

    @contextmanager
    def listen(self, world: World) -> Iterator[None]:
        """Let Ctrl-C and SIGTERM ask for a stop while the block runs; outside the main thread nothing changes."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        self._world = world
        numbers = [getattr(signal, name) for name in _SIGNALS]
        before = [signal.signal(number, self._heard) for number in numbers]
        try:
            yield
        finally:
            for number, handler in zip(numbers, before, strict=True):
                signal.signal(number, handler)
            self._world = None

    def ask(self, world: World) -> None:
        """Stop a world before its next event, so that no event and no row is cut in two."""
        self.asked = True
        stop = simpy.Event(world.clock)
        stop._ok = True
        stop._value = None
        assert stop.callbacks is not None
        stop.callbacks.append(StopSimulation.callback)
        world.clock.schedule(stop, _FIRST)

    def _heard(self, number: int, frame: FrameType | None) -> None:
        if self.asked or self._world is None:
            raise KeyboardInterrupt
        self.ask(self._world)
