"""How far a run is: in simulated time, with events a second and the time left."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Protocol, TextIO

if TYPE_CHECKING:
    from rich.console import Console

LINE_SECONDS: Final = 10.0


class Progress(Protocol):
    """Hears how far a run is."""

    def begin(self, start_ns: int, end_ns: int) -> None:
        """The run starts."""

    def advance(self, now_ns: int, events: int) -> None:
        """Simulated time and events so far."""

    def end(self) -> None:
        """The run has ended, in whatever way."""


class Silence:
    """Says nothing."""

    def begin(self, start_ns: int, end_ns: int) -> None:
        """Nothing."""

    def advance(self, now_ns: int, events: int) -> None:
        """Nothing."""

    def end(self) -> None:
        """Nothing."""


class Lines:
    """A plain line every few seconds, for logs.

    Args:
        stream: where to.
        clock: wall seconds that never go back.
        every: seconds between two lines.
    """

    def __init__(
        self, stream: TextIO, *, clock: Callable[[], float] = time.monotonic, every: float = LINE_SECONDS
    ) -> None:
        self._stream = stream
        self._clock = clock
        self._every = every
        self._start_ns = self._end_ns = 0
        self._began = self._said = 0.0

    def begin(self, start_ns: int, end_ns: int) -> None:
        """Start to count."""
        self._start_ns, self._end_ns = start_ns, end_ns
        self._began = self._said = self._clock()

    def advance(self, now_ns: int, events: int) -> None:
        """Say so when it is time again."""
        now = self._clock()
        if now - self._said >= self._every:
            self._said = now
            done = (now_ns - self._start_ns) / (self._end_ns - self._start_ns)
            self._stream.write(describe(done, now_ns - self._start_ns, events, now - self._began) + "\n")
            self._stream.flush()

    def end(self) -> None:
        """Nothing more to say."""


class Bar:
    """A bar on a terminal.

    Args:
        console: Rich's console to draw on.
        clock: wall seconds that never go back.
    """

    def __init__(self, console: Console, *, clock: Callable[[], float] = time.monotonic) -> None:
        from rich import progress

        self._clock = clock
        self._bar = progress.Progress(
            progress.TextColumn("simulating"), progress.BarColumn(), progress.TextColumn("{task.fields[told]}"),
            console=console, transient=True,
        )  # fmt: skip
        self._task: Any = None
        self._start_ns = self._end_ns = 0
        self._began = 0.0

    def begin(self, start_ns: int, end_ns: int) -> None:
        """Draw the empty bar."""
        self._start_ns, self._end_ns = start_ns, end_ns
        self._began = self._clock()
        self._bar.start()
        self._task = self._bar.add_task("", total=1.0, told="")

    def advance(self, now_ns: int, events: int) -> None:
        """Fill the bar as far as simulated time has come."""
        done = (now_ns - self._start_ns) / (self._end_ns - self._start_ns)
        told = describe(done, now_ns - self._start_ns, events, self._clock() - self._began)
        self._bar.update(self._task, completed=done, told=told)

    def end(self) -> None:
        """Take the bar away."""
        self._bar.stop()


def choose(*, quiet: bool, console: Console) -> Progress:
    """A bar on a terminal, lines elsewhere, silence when asked for."""
    if quiet:
        return Silence()
    return Bar(console) if console.is_terminal else Lines(sys.stderr)


def describe(done: float, simulated_ns: int, events: int, wall_seconds: float) -> str:
    """One line on how far a run is.

    >>> describe(0.25, 3_600 * 10**9, 50_000, 10.0)
    '25.0 %  1:00:00 simulated  5,000 events/s  0:00:30 left'
    """
    rate = events / wall_seconds if wall_seconds > 0 else 0.0
    left = clock_text(wall_seconds * (1 - done) / done) if done > 0 else "?"
    simulated = clock_text(simulated_ns / 1e9)
    return f"{100 * done:.1f} %  {simulated} simulated  {rate:,.0f} events/s  {left} left"


def clock_text(seconds: float) -> str:
    """Seconds as hours, minutes and seconds, days in front when there are any.

    >>> clock_text(90061)
    '1 d 1:01:01'
    """
    days, rest = divmod(round(seconds), 86_400)
    text = f"{rest // 3600}:{rest // 60 % 60:02}:{rest % 60:02}"
    return f"{days} d {text}" if days else text
