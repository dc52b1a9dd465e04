"""An agent acts through calls, knows what feeds told it, and fails under its own name."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sim.stand import COIN, GWEI, SECOND, Scripted, chain_world, deposit, exchange_world, fund

from shoal.sim.agent import Agent
from shoal.sim.calls import Bundle, Call, Transaction
from shoal.sim.errors import AgentFailed
from shoal.sim.latency import ConstantLatency
from shoal.sim.world import World


def failure(script: Any, *, until_ns: int = 10**9) -> tuple[World, AgentFailed]:
    """Run a script that fails; the world and the failure."""
    world, _, _ = exchange_world(latency=ConstantLatency(10))
    world.endow("alice", "exchange", COIN, 100)
    Scripted(world, "alice", script)
    with pytest.raises(AgentFailed) as caught:
        world.run(until_ns=until_ns)
    assert world.failure is caught.value
    return world, caught.value


def test_an_agent_that_raises_is_named_with_time_and_traceback() -> None:
    def script(agent: Scripted) -> Any:
        yield agent.send(deposit(5))
        yield agent.sleep(7)
        agent.log[1_000] = "oops"

    world, failed = failure(script)
    assert (failed.agent, failed.time_ns) == ("alice", 27)
    assert failed.reason == "IndexError: list assignment index out of range"
    assert 'agent.log[1_000] = "oops"' in failed.traceback
    assert set(world.conservation().values()) == {0}
    assert world.journal.mark() == 0
    world.records.close()
    assert world.records.tables["orders"].count == 1


def test_an_uncaught_refusal_is_a_failure_of_the_agent() -> None:
    _, failed = failure(lambda agent: iter_send(agent, deposit(1_000)))
    assert failed.reason.startswith("InsufficientFunds: alice on exchange: insufficient funds: had 100")
    assert failed.time_ns == 20


def iter_event(event: Any) -> Any:
    yield event


def iter_send(agent: Scripted, call: Call) -> Any:
    yield agent.send(call)


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda agent: agent.read("tyll"), "ValueError: alice: there is no feed 'tyll'; there are till"),
        (lambda agent: agent.changed("tyll"), "ValueError: alice: there is no feed 'tyll'; there are till"),
        (lambda agent: agent.statement("exchang"), "ValueError: alice: there is no host 'exchang'; there are exchange"),
    ],
    ids=["read", "changed", "statement"],
)
def test_an_unknown_feed_or_host_is_a_readable_mistake(ask: Any, said: str) -> None:
    _, failed = failure(lambda agent: iter_event(ask(agent)))
    assert failed.reason == said


@pytest.mark.parametrize("code", [0, 1, "bye", None])
def test_sys_exit_does_not_end_the_program_silently(code: Any) -> None:
    def script(agent: Scripted) -> Any:
        yield agent.sleep(5)
        raise SystemExit(code)

    _, failed = failure(script)
    assert failed.reason == f"SystemExit: {code}"


def test_ctrl_c_goes_through() -> None:
    world, _, _ = exchange_world()

    def script(agent: Scripted) -> Any:
        yield agent.sleep(5)
        raise KeyboardInterrupt

    Scripted(world, "alice", script)
    with pytest.raises(KeyboardInterrupt):
        world.run(until_ns=100)
    world.records.close()
    assert set(world.conservation().values()) <= {0}


@pytest.mark.parametrize("nonsense", [None, 5, "sleep", 1.5, [], deposit(1), object], ids=repr)
def test_yielding_what_is_no_event_is_a_failure_of_the_agent(nonsense: Any) -> None:
    def script(agent: Scripted) -> Any:
        yield agent.sleep(5)
        yield nonsense

    world, failed = failure(script)
    assert (failed.agent, failed.time_ns) == ("alice", 5)
    assert "Invalid yield value" in failed.reason
    assert "test_agent.py" in failed.reason + failed.traceback
    assert set(world.conservation().values()) == {0}


class Plain(Agent):
    """Its ``run`` is no generator."""

    def run(self) -> Any:
        return None


class Unfinished(Agent):
    """It has no ``run``."""


def test_a_run_that_is_no_generator_is_refused_at_start() -> None:
    world, _, _ = exchange_world()
    Plain(world, "alice", place="site")
    with pytest.raises(ValueError, match="Plain"):
        world.run(until_ns=10)
    assert world.clock.now_ns == 0


def test_an_agent_without_a_run_cannot_be_made() -> None:
    world, _, _ = exchange_world()
    with pytest.raises(TypeError, match="Unfinished"):
        Unfinished(world, "alice", place="site")  # type: ignore[abstract]
    assert not world.agents


@pytest.mark.parametrize("duration", [0, -1, 1.0, 0.5, True, None, "1", float("nan")])
def test_time_is_slept_in_whole_nanoseconds(duration: Any) -> None:
    world, _, _ = exchange_world()
    agent = Scripted(world, "alice")
    with pytest.raises(ValueError, match=r"alice: sleep needs whole nanoseconds >= 1"):
        agent.sleep(duration)
    with pytest.raises(ValueError, match="alice"):
        agent.sleep_until(agent.now_ns)


def test_sleeping_until_a_time() -> None:
    world, _, _ = exchange_world()

    def script(agent: Scripted) -> Any:
        yield agent.sleep_until(77)
        agent.log.append(agent.now_ns)

    agent = Scripted(world, "alice", script)
    world.run(until_ns=100)
    assert agent.log == [77]


@pytest.mark.parametrize(
    "call",
    [
        None,
        "deposit",
        ("till", "deposit", {}, ()),
        Call("till", "deposit", [("amount", 1)]),  # type: ignore[arg-type]
        Call("till", "deposit", None),  # type: ignore[arg-type]
        Call(["till"], "deposit"),  # type: ignore[arg-type]
        Call("till", ["deposit"]),  # type: ignore[arg-type]
        Call("till", None),  # type: ignore[arg-type]
        Call("till", "flash", {"amount": 1}, None),  # type: ignore[arg-type]
        Call("till", "flash", {"amount": 1}, [deposit(1)]),  # type: ignore[arg-type]
        Call("till", "flash", {"amount": 1}, ("deposit",)),  # type: ignore[arg-type]
        Call("till", "flash", {"amount": 1}, (Call("till", "flash", {}, (None,)),)),  # type: ignore[arg-type]
        Call("nowhere", "deposit"),
    ],
    ids=str,
)
@pytest.mark.parametrize("verb", ["send", "post"])
def test_what_is_no_call_to_an_exchange_is_a_mistake_of_the_agent(verb: str, call: Any) -> None:
    def script(agent: Scripted) -> Any:
        yield agent.sleep(1)
        getattr(agent, verb)(call)

    _, failed = failure(script)
    assert failed.reason.startswith("ValueError: alice")


@pytest.mark.parametrize("call", [None, Call("till", None), ("till",)], ids=str)  # type: ignore[arg-type]
def test_what_is_no_transaction_is_a_mistake_of_the_agent(call: Any) -> None:
    world, _, _ = chain_world()
    agent = Scripted(world, "alice")
    with pytest.raises(ValueError, match="alice"):
        agent.transact("chain", call, max_fee_wei=GWEI, max_tip_wei=0)
    for what in ((call,), (Transaction("alice", (call,)),), (Transaction(None, ()),)):  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="alice"):
            agent.send_bundle("chain", Bundle(what), builder="builder")
    for host in ("exchange", "nowhere"):
        with pytest.raises(ValueError, match="no chain"):
            agent.transact(host, deposit(1), max_fee_wei=GWEI, max_tip_wei=0)
    with pytest.raises(ValueError, match="no venue on an exchange"):
        agent.send(deposit(1))


def test_its_place_decides_what_it_knows_and_when() -> None:
    world, exchange, _ = exchange_world(latency=ConstantLatency(100))
    world.network.link("near", "exchange", ConstantLatency(1))
    world.endow("bob", "exchange", COIN, 10)
    heard: list[tuple[str, int]] = []

    def listen(agent: Scripted) -> Any:
        yield agent.sleep(500)
        news = yield agent.changed("till")
        heard.append((agent.name, agent.now_ns))
        assert news.item == 1

    for name, place in (("far", "site"), ("close", "near"), ("inside", "exchange")):
        Scripted(world, name, listen, place=place)
    world.at(1_000, lambda world: exchange.submit(deposit(1), sender="bob", place="near", answer=None))
    world.run(until_ns=10_000)
    assert sorted(heard, key=lambda entry: entry[1]) == [("inside", 1_001), ("close", 1_002), ("far", 1_101)]


@given(st.integers(0, 2**64 - 1), st.text(max_size=5))
def test_its_draws_are_its_own(seed: int, purpose: str) -> None:
    world = World(seed=seed)
    alice, bob = Scripted(world, "alice"), Scripted(world, "bob")
    assert alice.draws(purpose).uniform(0) == World(seed=seed).draws.stream("alice", purpose).uniform(0)
    assert alice.draws(purpose).uniform(0) != bob.draws(purpose).uniform(0)


def test_the_population_selects_and_groups() -> None:
    world = World(seed=1)
    for number in range(6):
        Scripted(world, f"agent {number}", place="even" if number % 2 == 0 else "odd")
    agents = world.population.agents
    assert len(agents.select(lambda agent: agent.place == "odd")) == 3
    assert {place: len(group) for place, group in agents.groupby("place")} == {"even": 3, "odd": 3}


def test_an_agent_may_end_and_others_go_on() -> None:
    world, exchange, _ = exchange_world()
    world.endow("bob", "exchange", COIN, 10)
    Scripted(world, "alice")

    def script(agent: Scripted) -> Any:
        for _ in range(5):
            yield agent.send(deposit(1))

    Scripted(world, "bob", script)
    world.run(until_ns=SECOND)
    assert exchange.executed == 5


def test_agents_start_in_the_order_they_were_made_and_late_ones_join() -> None:
    world, _, _ = exchange_world()
    heard: list[tuple[str, int]] = []

    def script(agent: Scripted) -> Any:
        heard.append((agent.name, agent.now_ns))
        yield agent.sleep(1)

    for name in ("zoe", "alice", "mia"):
        Scripted(world, name, script)
    world.run(until_ns=50)
    Scripted(world, "late", script)
    world.run(until_ns=100)
    assert heard == [("zoe", 0), ("alice", 0), ("mia", 0), ("late", 50)]


def test_a_transaction_privately_to_a_builder() -> None:
    world, chain, till = chain_world(builders={"anna": 1.0})
    fund(world, "alice")
    Scripted(
        world,
        "alice",
        lambda agent: iter_event(
            agent.transact("chain", deposit(2), max_fee_wei=9 * GWEI, max_tip_wei=0, builder="anna")
        ),
    )
    world.run(until_ns=SECOND)
    assert (len(chain.pool), chain.pending("chain")) == (1, [])
    world.run(until_ns=20 * SECOND)
    assert till.total == 2


def test_what_is_on_its_way_can_no_longer_be_changed() -> None:
    world, _, till = exchange_world(latency=ConstantLatency(10))
    world.endow("alice", "exchange", COIN, 100)
    arguments = {"amount": 5}

    def script(agent: Scripted) -> Any:
        answer = agent.send(Call("till", "deposit", arguments))
        arguments["amount"] = 50
        yield answer

    Scripted(world, "alice", script)
    world.run(until_ns=100)
    assert till.total == 5
