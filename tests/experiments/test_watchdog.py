import faulthandler
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from shoal.experiments.watchdog import AgentStalled, Stall, Watchdog, failure_of
from shoal.sim.agent import Agent, Process
from shoal.sim.errors import AgentFailed, ClockStuck
from shoal.sim.world import World

TEXT = """
from collections import deque
from itertools import repeat

from shoal.experiments.watchdog import Watchdog
from shoal.sim.agent import Agent
from shoal.sim.world import World

class Busy(Agent):
    def run(self):
        yield self.sleep(5)
        deque(repeat(1, 10**10), maxlen=0)

world = World(seed=1)
Busy(world, "busy", place="home")
with Watchdog(0.1).watch(world):
    world.run(until_ns=100)
"""


class Looper(Agent):
    """Swallows everything it can."""

    def run(self) -> Process:
        yield self.sleep(5)
        while True:
            try:
                sum(range(100))
            except Exception:
                continue


@pytest.fixture(autouse=True)
def _timers() -> Iterator[None]:
    before = signal.getsignal(signal.SIGALRM)
    yield
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def stall() -> AgentStalled:
    world = World(seed=1)
    Looper(world, "looper", place="home")
    with pytest.raises(Stall) as caught, Watchdog(0.05, kill_seconds=600).watch(world):
        world.run(until_ns=100)
    return caught.value.stalled


def test_a_loop_that_catches_every_exception_is_ended() -> None:
    stalled = stall()
    assert (stalled.agent, stalled.time_ns, stalled.seconds) == ("looper", 5, 0.05)
    assert "sum(range(100))" in stalled.traceback
    assert str(stalled).startswith("agent 'looper' stalled at 5 ns: no event ended within 0.05 s.")


def test_the_manifest_says_so() -> None:
    failure = failure_of(stall())
    assert (failure["kind"], failure["agent"], failure["time_ns"]) == ("AgentStalled", "looper", 5)
    assert failure["time"] == "1970-01-01T00:00:00.000000005Z"
    assert failure_of(ClockStuck(7, 3, "x"))["agent"] == "x"
    assert failure_of(AgentFailed("x", 7, "why", "trace"))["traceback"] == "trace"


def test_a_call_into_c_that_does_not_come_back_ends_the_process() -> None:
    done = subprocess.run([sys.executable, "-c", TEXT], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "Timeout" in done.stderr
    assert "in run" in done.stderr


@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
def test_a_limit_is_above_0(seconds: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        Watchdog(seconds)


def test_nothing_is_installed_outside_the_main_thread() -> None:
    found: list[object] = []

    def look() -> None:
        with Watchdog(1.0).watch(World(seed=1)):
            found.append(signal.getitimer(signal.ITIMER_REAL))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert found == [(0.0, 0.0)]


class Alarmed(Agent):
    """Lets the watchdog look a number of times at every step."""

    def __init__(self, world: World, looks: int) -> None:
        super().__init__(world, "alarmed", place="home")
        self.looks = looks

    def run(self) -> Process:
        while True:
            yield self.sleep(1)
            for _ in range(self.looks):
                signal.raise_signal(signal.SIGALRM)


def test_it_is_silent_while_events_come() -> None:
    world = World(seed=1)
    Alarmed(world, looks=2)
    with Watchdog(600).watch(world):
        world.run(until_ns=500)
    assert world.clock.now_ns == 500


def test_it_ends_what_did_not_move_between_three_looks() -> None:
    world = World(seed=1)
    Alarmed(world, looks=3)
    with pytest.raises(Stall) as caught, Watchdog(600).watch(world):
        world.run(until_ns=500)
    assert (caught.value.stalled.agent, caught.value.stalled.time_ns) == ("alarmed", 1)


def test_it_can_be_used_again() -> None:
    world, watchdog = World(seed=1), Watchdog(30.0)
    for until in (10, 20):
        with watchdog.watch(world):
            world.run(until_ns=until)
    faulthandler.cancel_dump_traceback_later()
    assert world.clock.now_ns == 20
