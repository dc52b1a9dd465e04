"""What exchanges and chains share: names, records of nonsense, transfers."""

from __future__ import annotations

from typing import Any

import pytest
from tests.sim.stand import COIN, Scripted, Till, act, deposit, exchange_world

from shoal.sim.calls import Call
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


def test_calls_are_counted_over_all_hosts() -> None:
    world, _, _ = exchange_world()
    second = Exchange(world, "second")
    second.add(Till("second till"))
    world.endow("alice", "exchange", COIN, 10)
    Scripted(world, "alice", lambda agent: act(agent.send, deposit(1)))
    Scripted(world, "bob", lambda agent: act(agent.send, deposit(1, "second till")))
    world.run(until_ns=10**9)
    assert world.calls == 2
