"""An exchange executes calls in the order of arrival, or refuses them without a trace."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sim.stand import COIN, Scripted, Till, act, balance, deposit, exchange_world, state_of, withdraw

from shoal.sim.calls import AllOf, Call, OutputOf
from shoal.sim.errors import BadArguments, InsufficientFunds, InvariantViolated, Refusal, ShoalError
from shoal.sim.hosts.exchange import Exchange
from shoal.sim.latency import ConstantLatency, LogNormalLatency
from shoal.sim.world import World


def rich(world: World, *names: str) -> None:
    for name in names:
        world.endow(name, "exchange", COIN, 1_000)


def orders(world: World) -> list[dict[str, Any]]:
    world.records.close()
    rows: list[dict[str, Any]] = world.records.tables["orders"].arrow().to_pylist()
    return rows


def test_a_receipt_comes_back_after_both_latencies_and_the_service_time() -> None:
    world, _, _ = exchange_world(service_ns=5, latency=ConstantLatency(100))

    def script(agent: Scripted) -> Any:
        receipt = yield agent.send(deposit(7))
        agent.log.append((agent.now_ns, receipt.time_ns, receipt.outcome.output))

    alice = Scripted(world, "alice", script)
    rich(world, "alice")
    world.run(until_ns=1_000)
    assert alice.log == [(205, 105, 7)]
    assert orders(world)[0]["sent_ns"] == 0


@given(st.lists(st.integers(0, 60), min_size=1, max_size=15), st.integers(0, 30))
@settings(max_examples=40)
def test_first_in_first_out_with_a_service_time(sends: list[int], service_ns: int) -> None:
    world, exchange, _ = exchange_world(service_ns=service_ns, latency=LogNormalLatency(20, 1.5))
    names = [f"agent {number}" for number in range(len(sends))]

    def script(at_ns: int) -> Any:
        def run(agent: Scripted) -> Any:
            yield agent.sleep(at_ns + 1)
            agent.post(deposit(1))

        return run

    for name, at_ns in zip(names, sends, strict=True):
        Scripted(world, name, script(at_ns))
    rich(world, *names)
    arrive = {
        name: at_ns + 1 + world.network.delay_of("site", "exchange", name, 0)
        for name, at_ns in zip(names, sends, strict=True)
    }
    world.run(until_ns=10**9)
    rows = orders(world)
    assert len(rows) == exchange.executed == len(sends)
    order = [row["sender"] for row in rows]
    assert [arrive[name] for name in order] == sorted(arrive.values())
    free_ns = 0
    for row in rows:
        free_ns = max(free_ns, arrive[row["sender"]]) + service_ns
        assert row["time_ns"] == free_ns


def test_calls_that_arrive_at_one_instant_execute_as_they_were_sent() -> None:
    world, _, _ = exchange_world(service_ns=3, latency=ConstantLatency(10))
    for name in ("zoe", "alice", "mia"):
        Scripted(world, name, lambda agent: act(agent.post, deposit(1)))
    rich(world, "zoe", "alice", "mia")
    world.run(until_ns=1_000)
    assert [(row["sender"], row["time_ns"]) for row in orders(world)] == [("zoe", 13), ("alice", 16), ("mia", 19)]


@pytest.mark.parametrize(
    "call",
    [
        Call("till", "spoil"),
        Call("till", "nothing"),
        deposit(10**9),
        deposit(0),
        deposit(-1),
        deposit(1.5),
        deposit(float("nan")),
        deposit(True),
        deposit("1"),
        deposit(None),
        deposit(OutputOf(0)),
        deposit(OutputOf("x")),  # type: ignore[arg-type]
        deposit(OutputOf(0.5)),  # type: ignore[arg-type]
        deposit(AllOf("COIN")),  # type: ignore[arg-type]
        deposit(AllOf([1])),  # type: ignore[arg-type]
        pytest.param(deposit(10**5_000), id="huge"),
        deposit("\ud800"),
        Call("till", "deposit"),
        Call("till", "deposit", {"amount": 1, "more": 1}),
        Call("till", "deposit", {1: 1, "amount": 2}),
        Call("till", "deposit", {"amount": 1}, (deposit(1),)),
        Call("till", "flash", {"amount": 0}, (deposit(1),)),
        Call("till", "flash", {"amount": 1_000}),
    ],
)
def test_a_refused_call_leaves_everything_byte_for_byte(call: Call) -> None:
    world, exchange, till = exchange_world()
    rich(world, "alice")

    def script(agent: Scripted) -> Any:
        yield agent.send(deposit(10))
        agent.log.append(state_of(world))
        with pytest.raises(Refusal) as caught:
            yield agent.send(call)
        agent.log += [caught.value, state_of(world)]
        agent.post(call)
        yield agent.sleep(10**9)
        agent.log.append(state_of(world))

    alice = Scripted(world, "alice", script)
    world.run(until_ns=10**10)
    before, refusal, after, later = alice.log
    assert before == after == later
    assert (exchange.executed, exchange.refused) == (1, 2)
    assert [row["result"] for row in orders(world)] == ["ok", refusal.code, refusal.code]
    assert set(world.conservation().values()) == {0}
    assert world.journal.mark() == 0
    assert till.total == 10


def test_a_refusal_arrives_at_the_yield_and_the_agent_goes_on() -> None:
    world, _, _ = exchange_world(latency=ConstantLatency(10))

    def script(agent: Scripted) -> Any:
        try:
            yield agent.send(deposit(5))
        except InsufficientFunds as refusal:
            agent.log.append((agent.now_ns, refusal.had, refusal.needed, refusal.who))
        yield agent.sleep(1)
        agent.log.append("goes on")

    alice = Scripted(world, "alice", script)
    world.run(until_ns=1_000)
    assert alice.log == [(20, 0, 5, "alice on exchange"), "goes on"]


@pytest.mark.parametrize("wait", ["post", "send and forget", "give up"])
def test_a_refusal_nobody_waits_for_is_recorded_not_raised(wait: str) -> None:
    world, exchange, _ = exchange_world(latency=ConstantLatency(10))

    def script(agent: Scripted) -> Any:
        if wait == "post":
            agent.post(deposit(5))
        elif wait == "send and forget":
            agent.send(deposit(5))
        else:
            yield agent.send(deposit(5)) | agent.sleep(15)
        yield agent.sleep(100)
        agent.log.append("alive")

    alice = Scripted(world, "alice", script)
    world.run(until_ns=1_000)
    assert alice.log == ["alive"]
    assert exchange.refused == 1
    assert [row["result"] for row in orders(world)] == ["InsufficientFunds"]


def test_a_mistake_in_a_venue_is_raised_and_leaves_no_trace() -> None:
    world, _, _ = exchange_world()
    rich(world, "alice")
    before = state_of(world)
    Scripted(world, "alice", lambda agent: act(agent.send, Call("till", "crash")))
    with pytest.raises(ZeroDivisionError):
        world.run(until_ns=10**9)
    assert state_of(world) == before
    assert set(world.conservation().values()) == {0}


def test_all_of_an_asset() -> None:
    world, _, till = exchange_world()
    rich(world, "alice")
    Scripted(world, "alice", lambda agent: act(agent.send, deposit(AllOf(COIN))))
    world.run(until_ns=10**9)
    assert till.held == {"alice": 1_000}
    assert balance(world, "alice", "exchange") == 0


def test_statements_tell_of_own_balances_and_fills_one_latency_late() -> None:
    world, exchange, _ = exchange_world(latency=ConstantLatency(10))
    rich(world, "alice", "till")

    def script(agent: Scripted) -> Any:
        own = agent.statement("exchange")
        assert own.read(agent.place) is None
        news = yield own.changed(agent.place)
        agent.log.append((agent.now_ns, news.item.balances[COIN], news.item.fills))
        agent.post(Call("till", "buy", {"amount": 40}))
        news = yield own.changed(agent.place)
        agent.log.append((agent.now_ns, news.item.balances[COIN], [fill.base_amount for _, fill in news.item.fills]))

    alice = Scripted(world, "alice", script)
    maker = exchange.statement("till")
    world.run(until_ns=1_000)
    assert alice.log == [(10, 1_000, ()), (30, 1_040, [40])]
    told = maker.read("exchange")
    assert told is not None
    assert told.item.balances[COIN] == 960
    assert [venue for venue, _ in told.item.fills] == ["till"]


def test_nobody_elses_statement_moves() -> None:
    world, exchange, _ = exchange_world()
    rich(world, "alice", "bob")
    exchange.statement("bob")
    Scripted(world, "alice", lambda agent: act(agent.send, deposit(5)))
    world.run(until_ns=10**9)
    assert len(exchange.statement("bob").arrived("exchange", 0)) == 1


def test_the_venues_feed_shows_each_executed_call() -> None:
    world, _, _ = exchange_world(latency=ConstantLatency(10))
    rich(world, "alice")

    def script(agent: Scripted) -> Any:
        agent.log.append(agent.read("till"))
        yield agent.send(deposit(5))
        agent.log.append(agent.read("till"))

    alice = Scripted(world, "alice", script)
    world.run(until_ns=1_000)
    assert alice.log[0] is None
    assert alice.log[1] == (10, 5)


@pytest.mark.parametrize("service_ns", [-1, 1.0, True, None, "1"])
def test_a_service_time_is_whole(service_ns: Any) -> None:
    with pytest.raises(ValueError, match="service time"):
        Exchange(World(seed=1), "exchange", service_ns=service_ns)


def test_names_are_unique() -> None:
    world, exchange, _ = exchange_world()
    with pytest.raises(ValueError, match="exists"):
        Exchange(world, "exchange")
    with pytest.raises(ValueError, match="exists"):
        exchange.add(Till("till"))


def test_an_exchange_has_no_flash_loans() -> None:
    world, _, _ = exchange_world()
    rich(world, "alice", "till")

    def script(agent: Scripted) -> Any:
        with pytest.raises(BadArguments, match="no flash loans"):
            yield agent.send(Call("till", "flash", {"amount": 5}, (deposit(5),)))
        with pytest.raises(InvariantViolated):
            yield agent.send(Call("till", "spoil"))
        agent.log.append("done")

    alice = Scripted(world, "alice", script)
    world.run(until_ns=10**9)
    assert alice.log == ["done"]


amounts = st.integers(-2, 12)
acts = st.tuples(st.sampled_from(["alice", "bob"]), st.sampled_from([deposit, withdraw]), amounts)


@given(st.lists(acts, max_size=25))
@settings(max_examples=40)
def test_any_traffic_conserves_and_equals_a_plain_model(script: list[Any]) -> None:
    world, exchange, till = exchange_world(latency=LogNormalLatency(10, 1.0))
    for name in ("alice", "bob"):
        world.endow(name, "exchange", COIN, 20)

    def live(name: str) -> Any:
        def run(agent: Scripted) -> Any:
            for who, verb, amount in script:
                if who == name:
                    try:
                        receipt = yield agent.send(verb(amount))
                        agent.log.append((verb is deposit, amount, receipt.outcome.output))
                    except ShoalError as refusal:
                        agent.log.append(refusal)

        return run

    agents = [Scripted(world, name, live(name)) for name in ("alice", "bob")]
    world.run(until_ns=10**9)
    for agent in agents:
        held = sum((entry[1] if entry[0] else -entry[1]) for entry in agent.log if not isinstance(entry, ShoalError))
        assert till.held.get(agent.name, 0) == held
        assert balance(world, agent.name, "exchange") == 20 - held
    assert exchange.executed + exchange.refused == len(script)
    assert set(world.conservation().values()) <= {0}


def test_conflated_feeds_show_the_state_an_interval_after_a_change() -> None:
    world = World(seed=1, latency=ConstantLatency(10))
    exchange = Exchange(world, "exchange", feed_interval_ns=100)
    exchange.add(Till("till"))
    rich(world, "alice")

    def script(agent: Scripted) -> Any:
        for _ in range(3):
            agent.post(deposit(1))
            yield agent.sleep(30)

    def listen(agent: Scripted) -> Any:
        yield agent.changed("till")
        while True:
            news = yield agent.changed("till")
            agent.log.append((agent.now_ns, news.item))

    Scripted(world, "alice", script)
    ear = Scripted(world, "ear", listen)
    own = exchange.statement("alice")
    world.run(until_ns=1_000)
    # Executed at 10, 40 and 70; shown once at 110 and heard at 120.
    assert ear.log == [(120, 3)]
    assert len(own.arrived("exchange", 0)) == 2
    told = own.read("exchange")
    assert told is not None
    assert told.item.balances[COIN] == 997


def test_who_watches_a_sender_hears_of_its_executed_calls_at_that_instant() -> None:
    world, exchange, _ = exchange_world(service_ns=5, latency=ConstantLatency(100))
    rich(world, "alice", "bob")
    heard: list[tuple[int, int]] = []
    exchange.watch("alice", lambda receipt: heard.append((world.clock.now_ns, receipt.outcome.output)))
    for name, amount in (("alice", 7), ("bob", 8), ("alice", 5_000)):
        exchange.submit(deposit(amount), sender=name, place="site", answer=None)
    world.run(until_ns=1_000)
    assert heard == [(105, 7)]
