"""Every error can be rebuilt from its args, says what happened, and keeps its kind."""

from __future__ import annotations

import inspect

import pytest

from shoal.sim import errors
from shoal.sim.errors import AgentFailed, ClockStuck, Refusal, RunError, ShoalError

EVERY = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, ShoalError)]
REFUSALS = [kind for kind in EVERY if issubclass(kind, Refusal)]


@pytest.mark.parametrize("kind", REFUSALS)
def test_a_refusal_survives_simpys_copy(kind: type[Refusal]) -> None:
    error = kind("alice on chain", 5, 7, "BTC base units")
    copy = type(error)(*error.args)
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)
    assert copy.code == kind.__name__


@pytest.mark.parametrize("kind", REFUSALS)
def test_a_refusal_says_who_had_what_and_needed_what(kind: type[Refusal]) -> None:
    text = str(kind("alice on chain", 5, 7, "BTC base units"))
    assert text == f"alice on chain: {kind.happened}: had 5 BTC base units, needed 7 BTC base units"
    assert str(kind("alice")) == f"alice: {kind.happened}"


def test_every_kind_of_refusal_says_something_of_its_own() -> None:
    assert len({kind.happened for kind in REFUSALS}) == len(REFUSALS)


@pytest.mark.parametrize(
    "error", [AgentFailed("alice", 5, "ValueError: no", "Traceback ..."), ClockStuck(5, 100_001, "alice")]
)
def test_a_failure_of_a_run_survives_simpys_copy(error: RunError) -> None:
    copy = type(error)(*error.args)
    assert (str(copy), vars(copy)) == (str(error), vars(error))
    assert "alice" in str(copy)
    assert "5 ns" in str(copy)


def test_refusals_and_failures_of_a_run_are_apart() -> None:
    assert not any(issubclass(kind, RunError) for kind in REFUSALS)
    assert all(issubclass(kind, ShoalError) for kind in EVERY)
