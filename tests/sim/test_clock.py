"""Whole nanoseconds, an order at one instant, and a limit of events per instant."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.sim import clock as clock_module
from shoal.sim.clock import AGENT, BLOCK, DELIVERY, ORACLE, PRICE, Clock
from shoal.sim.errors import ClockStuck

ORDER = [PRICE, ORACLE, DELIVERY, BLOCK, AGENT]


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(ORDER)), max_size=30))
def test_events_run_by_time_then_kind_then_sequence(script: list[tuple[int, int]]) -> None:
    clock, heard = Clock(10), []
    for number, (delay, kind) in enumerate(script):
        clock.at(10 + delay, kind, lambda event: heard.append(event.value), (10 + delay, kind, number))
    clock.run()
    assert heard == sorted((10 + delay, kind, number) for number, (delay, kind) in enumerate(script))
    assert clock.events == len(script)


def test_a_process_sees_everything_of_its_instant() -> None:
    clock, heard = Clock(0), []

    def live() -> Any:
        yield clock.wake(5, AGENT)
        heard.append("agent")

    clock.process(live())
    for kind in reversed(ORDER[:-1]):
        clock.at(5, kind, lambda event: heard.append(event.value), kind)
    clock.run()
    assert heard == [*ORDER[:-1], "agent"]


def test_what_is_added_at_an_instant_runs_in_it_by_kind() -> None:
    clock, heard = Clock(0), []

    def block(event: Any) -> None:
        heard.append("block")
        clock.at(5, DELIVERY, lambda event: heard.append("delivery"))

    clock.at(5, BLOCK, block)
    clock.at(5, AGENT, lambda event: heard.append("agent"))
    clock.run()
    assert heard == ["block", "delivery", "agent"]


@pytest.mark.parametrize("time_ns", [5.0, "5", None, True, 4, -1, float("nan")])
def test_only_whole_times_from_now_on(time_ns: Any) -> None:
    clock = Clock(5)
    with pytest.raises(ValueError, match="whole nanoseconds"):
        clock.wake(time_ns, AGENT)
    with pytest.raises(ValueError, match="whole nanoseconds"):
        clock.at(time_ns, AGENT, lambda event: None)
    assert clock.peek() == float("inf")


@pytest.mark.parametrize("start_ns", [0.0, 1.5, "0", None, True, -1])
def test_the_start_is_whole_and_not_before_the_epoch(start_ns: Any) -> None:
    with pytest.raises(ValueError, match="nanoseconds"):
        Clock(start_ns)


@pytest.mark.parametrize("delay", [0.5, 1.0, float("nan")])
def test_no_float_reaches_the_clock_through_simpy(delay: float) -> None:
    clock = Clock(0)
    with pytest.raises(ValueError, match="whole nanoseconds"):
        clock.timeout(delay)
    with pytest.raises(ValueError, match="whole nanoseconds"):
        clock.run(until=100.5 if delay != delay else 100.0 + delay)
    assert clock.now_ns == 0


def test_the_time_is_an_int_after_a_run() -> None:
    clock = Clock(1_600_000_000_000_000_000)
    clock.run(until=1_600_000_000_000_000_001)
    assert type(clock.now_ns) is int
    assert clock.now_ns == 1_600_000_000_000_000_001


def test_an_event_carries_its_value() -> None:
    clock, heard = Clock(0), []

    def live() -> Any:
        heard.append((yield clock.wake(3, AGENT, "news")))

    clock.process(live())
    clock.run()
    assert heard == ["news"]


def test_a_stuck_clock_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock_module, "EVENTS_PER_INSTANT", 50)
    clock = Clock(0)

    def again(event: Any) -> None:
        clock.at(7, AGENT, again)

    clock.at(7, AGENT, again)
    with pytest.raises(ClockStuck) as caught:
        clock.run()
    assert (caught.value.time_ns, caught.value.events) == (7, 51)
    assert "let time pass" in str(caught.value)


def test_the_limit_counts_each_instant_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock_module, "EVENTS_PER_INSTANT", 5)
    clock, heard = Clock(0), []
    for number in range(100):
        clock.at(1 + number // 5, AGENT, lambda event: heard.append(event.value), number)
    clock.run()
    assert heard == list(range(100))


def test_the_latest_time_that_records_can_hold_is_fine() -> None:
    clock, heard = Clock(2**63 - 2), []
    clock.at(2**63 - 1, AGENT, lambda event: heard.append(clock.now_ns))
    clock.run()
    assert heard == [2**63 - 1]
