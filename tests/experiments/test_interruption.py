import os
import signal
import threading

import pytest

from shoal.experiments.interruption import Interruption
from shoal.sim.agent import Agent, Process
from shoal.sim.world import World


class Counter(Agent):
    """Asks for a stop at the third step."""

    def __init__(self, world: World, interruption: Interruption) -> None:
        super().__init__(world, "counter", place="home")
        self.interruption = interruption
        self.steps = 0

    def run(self) -> Process:
        while True:
            yield self.sleep(10)
            self.steps += 1
            if self.steps == 3:
                self.interruption.ask(self.world)
                self.steps += 100


def test_a_world_stops_after_the_current_event_and_could_go_on() -> None:
    world, interruption = World(seed=1), Interruption()
    counter = Counter(world, interruption)
    world.run(until_ns=1_000)
    assert (world.clock.now_ns, counter.steps, interruption.asked) == (30, 103, True)
    world.run(until_ns=1_000)
    assert counter.steps == 103 + 96


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_ask_once_and_interrupt_twice(number: int) -> None:
    world, interruption = World(seed=1), Interruption()
    before = signal.getsignal(number)
    with interruption.listen(world):
        os.kill(os.getpid(), number)
        assert interruption.asked
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)
    assert signal.getsignal(number) is before


def test_nothing_is_installed_outside_the_main_thread() -> None:
    before, found = signal.getsignal(signal.SIGINT), []

    def look() -> None:
        with Interruption().listen(World(seed=1)):
            found.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert found == [before]
