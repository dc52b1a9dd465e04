"""What a venue accepts as a call, and how it refuses the rest."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sim.stand import COIN, Till

from shoal.sim.calls import Call, Outcome
from shoal.sim.errors import BadArguments, UnknownVerb
from shoal.sim.journal import Journal
from shoal.sim.ledger import Ledger
from shoal.sim.units import Account
from shoal.sim.venue import Context, whole


def context(sender: str = "alice", now_ns: int = 5_999_999_999) -> Context:
    def no(calls: tuple[Call, ...]) -> tuple[Outcome, ...]:
        raise BadArguments("here", len(calls), "none")

    return Context(Ledger(Journal()), "chain", sender, now_ns, no)


def test_a_call_reaches_its_method_by_verb() -> None:
    till, at = Till("till"), context()
    till.place("chain")
    at.ledger.mint(COIN, Account("alice", "chain"), 5)
    assert till.execute(Call("till", "deposit", {"amount": 3}), at).output == 3
    assert at.ledger.balance(COIN, till.account) == 3
    assert till.account == Account("till", "chain")


@pytest.mark.parametrize("verb", ["", "Deposit", "execute", "quote", "__init__", "_smear", "state_bytes", "place"])
def test_only_listed_verbs_can_be_called(verb: str) -> None:
    with pytest.raises(UnknownVerb, match=r"till\..*: no such verb: needed .*deposit"):
        Till("till").execute(Call("till", verb), context())


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"amount": 1, "more": 2},
        {"amont": 1},
        {"self": 1, "amount": 1},
        {"context": None, "amount": 1},
        {1: 1},
        {1: 1, "amount": 2},
        {None: 1, "amount": 2},
        {"amount": 1, "inner": ()},
    ],
)
def test_arguments_are_the_ones_the_verb_takes(arguments: dict[Any, Any]) -> None:
    with pytest.raises(BadArguments):
        Till("till").execute(Call("till", "deposit", arguments), context())


def test_inner_calls_go_only_where_a_verb_takes_them() -> None:
    inner = (Call("till", "deposit", {"amount": 1}),)
    with pytest.raises(BadArguments, match="inner calls"):
        Till("till").execute(Call("till", "deposit", {"amount": 1}, inner), context())


def test_a_context_tells_whole_seconds() -> None:
    assert context().now_s == 5
    assert context().sender_account == Account("alice", "chain")


@given(st.integers(0, 2**256 - 1))
def test_whole_numbers_within_bounds_pass(value: int) -> None:
    assert whole(value, "alice", "amount") == value


@pytest.mark.parametrize(
    "value",
    [True, 1.0, float("nan"), float("inf"), "1", None, -1, 2**256, pytest.param(10**5_000, id="huge"), [], b"1"],
)
def test_everything_else_is_refused_in_few_words(value: Any) -> None:
    with pytest.raises(BadArguments) as caught:
        whole(value, "alice at till", "amount")
    assert "amount=" in str(caught.value)
    assert len(str(caught.value)) < 400


def test_bounds_are_inclusive() -> None:
    assert [whole(value, "alice", "tick", minimum=-2, maximum=2) for value in (-2, 2)] == [-2, 2]
    for value in (-3, 3):
        with pytest.raises(BadArguments, match="from -2 to 2"):
            whole(value, "alice", "tick", minimum=-2, maximum=2)
