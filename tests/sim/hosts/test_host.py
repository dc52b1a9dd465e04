"""What exchanges and chains share: names, records of nonsense, transfers."""

from __future__ import annotations

from typing import Any

import pytest
from tests.sim.stand import COIN, Scripted, Till, act, deposit, exchange_world

from shoal.sim.calls import AllOf, Call, OutputOf
from shoal.sim.hosts.exchange import Exchange
from shoal.sim.world import World


@pytest.mark.parametrize("name", ["", "transit", 5, None])
def test_a_hosts_name_is_text_and_not_the_transit_account(name: Any) -> None:
    with pytest.raises(ValueError, match="name"):
        Exchange(World(seed=1), name)


def test_one_name_one_thing() -> None:
    world, exchange, _ = exchange_world()
    Scripted(world, "alice")
    for name in ("alice", "till", "exchange"):
        with pytest.raises(ValueError, match="exists"):
            exchange.add(Till(name))
        with pytest.raises(ValueError, match="exists"):
            Exchange(world, name)
        with pytest.raises(ValueError, match="exists"):
            Scripted(world, name)


@pytest.mark.parametrize(
    "call",
    [
        Call("till", "nothing \ud800"),
        Call("till", "x" * 100_000),
        deposit("\x00\n\t"),
        deposit("é" * 10_000),
        deposit(float("inf")),
        pytest.param(deposit([10**5_000]), id="huge"),
    ],
    ids=lambda call: "",
)
def test_nonsense_is_recorded_and_the_tables_can_be_written(call: Call) -> None:
    world, exchange, _ = exchange_world()
    world.endow("alice", "exchange", COIN, 10)
    Scripted(world, "alice", lambda agent: act(agent.send, call))
    world.run(until_ns=10**9)
    assert exchange.refused == 1
    world.records.close()
    assert world.records.tables["orders"].count == 1


class Rude:
    """An argument that does not let itself be written."""

    def __repr__(self) -> str:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (object(), "<class 'object'>"),
        (Rude(), "<class 'tests.sim.hosts.test_host.Rude'>"),
        ({"b", "a"}, "<class 'set'>"),
        ([object()], "<class 'list'>"),
        (AllOf(object()), "<class 'shoal.sim.calls.AllOf'>"),  # type: ignore[arg-type]
        (AllOf(COIN), "AllOf(asset=Asset(symbol='COIN', decimals=6))"),
        (OutputOf(3), "OutputOf(call=3)"),
        (-7, "-7"),
        (10**5_000, "<int>"),
    ],
    ids=lambda value: "",
)
def test_nonsense_is_recorded_as_the_same_text_in_every_run(value: Any, written: str) -> None:
    world, exchange, _ = exchange_world()
    Scripted(world, "alice", lambda agent: act(agent.send, deposit(value)))
    world.run(until_ns=10**9)
    world.records.close()
    assert world.records.tables["orders"].arrow()["arguments"].to_pylist() == [f"{{'amount': {written}}}"]
    assert exchange.refused == 1


def test_calls_are_counted_over_all_hosts() -> None:
    world, _, _ = exchange_world()
    second = Exchange(world, "second")
    second.add(Till("second till"))
    world.endow("alice", "exchange", COIN, 10)
    Scripted(world, "alice", lambda agent: act(agent.send, deposit(1)))
    Scripted(world, "bob", lambda agent: act(agent.send, deposit(1, "second till")))
    world.run(until_ns=10**9)
    assert world.calls == 2
