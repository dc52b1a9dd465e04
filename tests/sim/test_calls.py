"""Requests and receipts are plain values."""

from __future__ import annotations

from typing import Any

import pytest
from tests.sim.stand import COIN

from shoal.sim.calls import NOTHING, AllOf, Bundle, Call, Outcome, OutputOf, Receipt, Transaction


@pytest.mark.parametrize(
    "value",
    [Transaction("alice", ()), Bundle((Transaction("alice", ()),)), Outcome(), Call("till", "close"), OutputOf(0)],
)
def test_a_request_cannot_be_changed(value: Any) -> None:
    with pytest.raises((AttributeError, TypeError)):
        value.sender = "mallory"
    assert value == value
    assert not hasattr(value, "__dict__")


def test_defaults_cannot_be_written_to() -> None:
    with pytest.raises(TypeError):
        NOTHING["amount"] = 1  # type: ignore[index]
    assert Call("till", "close").arguments == {}


def test_a_receipt_gives_its_last_outcome() -> None:
    assert Receipt(5, (Outcome(1), Outcome(2))).outcome.output == 2
    with pytest.raises(IndexError):
        Receipt(5).outcome  # noqa: B018 - asking is what fails


def test_placeholders_differ_from_what_they_stand_for() -> None:
    assert OutputOf(0) != OutputOf(1)
    assert AllOf(COIN).asset == COIN
