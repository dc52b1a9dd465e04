"""A run: one clock, sound whatever fails, and the same again from the same seed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.sim.stand import COIN, GWEI, SECOND, WEI, Scripted, Till, deposit, exchange_world, withdraw

from shoal.sim import clock as clock_module
from shoal.sim import records as records_module
from shoal.sim.custody import Custody, Way
from shoal.sim.errors import ClockStuck, Refusal
from shoal.sim.hosts.block_schedule import PoissonBlocks
from shoal.sim.hosts.block_space import BlockSpaceDemand
from shoal.sim.hosts.chain import Chain
from shoal.sim.hosts.exchange import Exchange
from shoal.sim.latency import LogNormalLatency
from shoal.sim.records import Records
from shoal.sim.units import Asset
from shoal.sim.world import World

HOUR = 3600 * SECOND


def trade(agent: Scripted) -> Any:
    """Moves money in and out on both hosts at random times, and tells nobody."""
    when, what = agent.draws("when"), agent.draws("what")
    while True:
        yield agent.sleep(when.wait_ns(20 * SECOND))
        amount = 1 + int(what.next() * 20)
        kind = what.pick((3.0, 2.0, 2.0, 1.0, 1.0))
        try:
            if kind == 0:
                yield agent.send(deposit(amount))
            elif kind == 1:
                agent.post(withdraw(amount))
            elif kind == 2:
                call = deposit(amount, "vault") if amount < 15 else withdraw(amount, "vault")
                yield agent.transact("chain", call, max_fee_wei=30 * GWEI, max_tip_wei=int(what.next() * GWEI))
            elif kind == 3:
                yield agent.send(agent.withdraw("exchange", COIN, amount, to="chain"))
            else:
                yield agent.changed("chain") | agent.sleep(SECOND)
        except Refusal as refusal:
            agent.log.append(refusal.code)


def busy(seed: int = 7, records: Records | None = None, agents: int = 12) -> World:
    """A world with everything in it."""
    world = World(
        seed=seed, start_ns=1_600_000_000 * SECOND, latency=LogNormalLatency(50_000_000, 0.8), records=records
    )
    exchange = Exchange(world, "exchange", service_ns=1_000)
    exchange.add(Till("till"))
    exchange.add(Custody("exchange", {("chain", COIN): Way(2, 60 * SECOND)}))
    demand = BlockSpaceDemand(GWEI, 1.0, GWEI / 2, lambda now_ns: 1.0, 1.0, 1.0, 0.5)
    chain = Chain(
        world,
        "chain",
        native=WEI,
        schedule=PoissonBlocks(12 * SECOND),
        base_fee_wei=GWEI,
        demand=demand,
        builders={"anna": 2.0, "ben": 1.0},
    )
    chain.add(Till("vault"))
    for number in range(agents):
        name = f"agent {number}"
        Scripted(world, name, trade)
        for host in ("exchange", "chain"):
            world.endow(name, host, COIN, 100)
        world.endow(name, "chain", WEI, 10**18)
        exchange.statement(name)
    return world


def run(world: World, span_ns: int = HOUR) -> str:
    world.run(until_ns=world.clock.now_ns + span_ns)
    return world.records.digest()


def test_twice_the_same_seed_twice_the_same_digest() -> None:
    first, second = busy(), busy()
    assert run(first) == run(second)
    assert first.clock.events == second.clock.events
    assert first.ledger.state_bytes() == second.ledger.state_bytes()
    assert first.calls > 500


def test_another_seed_another_digest() -> None:
    assert run(busy(7)) != run(busy(8))


def test_in_pieces_it_is_the_same_run() -> None:
    whole, parted = busy(), busy()
    run(whole)
    for _ in range(6):
        run(parted, HOUR // 6)
    assert whole.records.digest() == parted.records.digest()


@pytest.mark.parametrize("rows", [1, 7, 100])
def test_the_size_of_the_parts_does_not_matter(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = run(busy(), HOUR // 2)
    monkeypatch.setattr(records_module, "ROWS_A_PART", rows)
    assert run(busy(), HOUR // 2) == expected


def test_a_folder_or_memory_does_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = run(busy())
    monkeypatch.setattr(records_module, "ROWS_A_PART", 50)
    assert run(busy(records=Records(tmp_path))) == expected
    assert len(list(tmp_path.iterdir())) > 10


def test_hash_seed_and_time_zone_do_not_matter(root: Path) -> None:
    program = "from tests.sim.test_world import *; w = busy(); print(run(w, HOUR // 4), w.clock.events)"
    said = set()
    for hash_seed, zone in (("1", "Asia/Kathmandu"), ("4711", "America/St_Johns")):
        environment = os.environ | {"PYTHONHASHSEED": hash_seed, "TZ": zone, "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=root, env=environment, capture_output=True, text=True, check=True
        )
        said.add(done.stdout)
    assert len(said) == 1
    world = busy()
    assert said == {f"{run(world, HOUR // 4)} {world.clock.events}\n"}


def test_one_agent_more_that_does_nothing_moves_nobody() -> None:
    digests = []
    for more in (False, True):
        world = busy()
        if more:
            Scripted(world, "quiet")
        digests.append(run(world, HOUR // 4))
    assert digests[0] == digests[1]


def test_money_is_conserved_at_every_moment() -> None:
    world = busy()
    for _ in range(60):
        world.run(until_ns=world.clock.now_ns + HOUR // 60)
        assert set(world.conservation().values()) == {0}
        assert world.journal.mark() == 0


def test_what_is_recorded_adds_up() -> None:
    world = busy()
    run(world)
    tables = {name: table.arrow().to_pylist() for name, table in world.records.tables.items()}
    assert world.calls == len(tables["orders"]) + sum(
        row["calls"] for row in tables["transactions"] if row["block"] < 0
    )
    assert world.transactions == len(tables["transactions"])
    assert world.fills == len(tables["fills"])
    for rows in tables.values():
        times = [row["time_ns"] for row in rows]
        assert times == sorted(times)


def test_an_agent_that_never_lets_time_pass_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock_module, "EVENTS_PER_INSTANT", 200)
    world, _, _ = exchange_world()
    world.endow("bob", "exchange", COIN, 10)

    def zeno(agent: Scripted) -> Any:
        yield agent.sleep(5)
        while True:
            yield agent.world.clock.wake(agent.now_ns, 6)

    Scripted(world, "bob")
    Scripted(world, "zeno", zeno)
    with pytest.raises(ClockStuck) as caught:
        world.run(until_ns=1_000)
    assert (caught.value.agent, caught.value.time_ns) == ("zeno", 5)
    assert world.failure is caught.value
    world.records.close()


@pytest.mark.parametrize("until_ns", [0, -1, 5.0, 1e9, True, None, "5", float("inf")])
def test_a_run_ends_at_a_whole_time_to_come(until_ns: Any) -> None:
    world = World(seed=1)
    with pytest.raises(ValueError, match=r"(?i)until|nanoseconds"):
        world.run(until_ns=until_ns)
    assert world.clock.now_ns == 0
    assert type(world.clock.now_ns) is int


def test_a_run_stops_just_before_its_end() -> None:
    world, heard = World(seed=1), []
    for time_ns in (9, 10, 11):
        world.at(time_ns, lambda world: heard.append(world.clock.now_ns))
    world.run(until_ns=10)
    assert heard == [9]
    world.run(until_ns=12)
    assert heard == [9, 10, 11]


def test_assets_keep_their_decimals() -> None:
    world = World(seed=1)
    assert world.asset("BTC", 8) == world.asset("BTC", 8)
    with pytest.raises(ValueError, match="BTC is known with 8 decimals"):
        world.asset("BTC", 18)
    exchange = Exchange(world, "exchange")
    with pytest.raises(ValueError, match="BTC is known with 8 decimals"):
        exchange.add(Till("till", Asset("BTC", 6)))
    with pytest.raises(ValueError, match="BTC is known with 8 decimals"):
        world.endow("alice", "exchange", Asset("BTC", 6), 1)


@pytest.mark.parametrize("amount", [-1, 1.0, True, "1"])
def test_an_endowment_is_whole_and_somewhere(amount: Any) -> None:
    world, _, _ = exchange_world()
    with pytest.raises(ValueError, match="whole number"):
        world.endow("alice", "exchange", COIN, amount)
    with pytest.raises(ValueError, match="no host"):
        world.endow("alice", "nowhere", COIN, 1)
    assert world.ledger.balance(COIN, world.venues["till"].account) == 0
    assert set(world.conservation().values()) <= {0}


@pytest.mark.parametrize("name", ["", "transit", "a\nb", "\ud800", 5, None])
def test_a_name_is_printable_text(name: Any) -> None:
    world, exchange, _ = exchange_world()
    with pytest.raises(ValueError, match="name"):
        Scripted(world, name)
    with pytest.raises(ValueError, match="name"):
        exchange.add(Till(name))
    with pytest.raises(ValueError, match="name"):
        Exchange(world, name)


@pytest.mark.parametrize("name", ["proposer", "burnt gas", "chain gas", "anna", "ben", "till.fees", "vault.locked"])
def test_a_name_that_owns_accounts_already_is_reserved(name: str) -> None:
    world = busy(agents=0)
    with pytest.raises(ValueError, match="reserved"):
        Scripted(world, name)
    with pytest.raises(ValueError, match="reserved"):
        world.hosts["exchange"].add(Till(name))


@pytest.mark.parametrize("name", ["proposer", "second gas", "builder"])
def test_a_chain_does_not_take_an_agents_name(name: str) -> None:
    world, _, _ = exchange_world()
    Scripted(world, name)
    with pytest.raises(ValueError, match=f"the name '{name}' is taken, and it must own an account of chain second"):
        Chain(world, "second", native=WEI, schedule=PoissonBlocks(SECOND), base_fee_wei=0)


def test_a_venue_does_not_take_the_name_before_the_dot() -> None:
    world, exchange, _ = exchange_world()
    Scripted(world, "box.fees")
    with pytest.raises(ValueError, match=r"box would own 'box\.fees'"):
        exchange.add(Till("box"))


def test_two_chains_share_the_names_of_proposer_and_builder() -> None:
    world, _, _ = exchange_world()
    for name in ("first", "second"):
        Chain(world, name, native=WEI, schedule=PoissonBlocks(SECOND), base_fee_wei=0)
    assert set(world.hosts) == {"exchange", "first", "second"}


def test_a_world_that_was_refused_an_agent_goes_on_without_it() -> None:
    world, _, _ = exchange_world()
    Scripted(world, "alice")
    with pytest.raises(ValueError, match="exists"):
        Scripted(world, "alice")
    assert len(world.population.agents) == len(world.agents) == 1
    world.run(until_ns=10)
