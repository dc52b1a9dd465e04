"""Money moves between hosts with a fee and a delay, and is always somewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sim.stand import BLOCK_NS, CASH, COIN, GWEI, SECOND, WEI, Scripted, balance, chain_world, fund, state_of
from tests.venues.laws import VenueLaws, make_chain, make_exchange
from tests.venues.laws import fund as fund_senders

from shoal.sim.agent import Agent
from shoal.sim.calls import Call
from shoal.sim.custody import Custody, Way
from shoal.sim.errors import BadArguments, Refusal
from shoal.sim.hosts.chain import Chain
from shoal.sim.hosts.exchange import Exchange
from shoal.sim.latency import ConstantLatency
from shoal.sim.world import World

FEE = 3
HOUR = 3600 * SECOND


class CustodyLaws(VenueLaws):
    """Two assets, one way out each; money is on its way for longer than most histories last."""

    trading: ClassVar[bool] = False

    def build(self, host: Chain | Exchange) -> tuple[World, Custody]:
        world = host.world
        Exchange(world, "abroad")
        custody = Custody(host.name, {("abroad", COIN): Way(FEE, 100 * SECOND), ("abroad", CASH): Way(0, 1)})
        host.add(custody)
        fund_senders(host, (COIN, CASH), tokens=1)
        # Off the blocks' own instants.
        world.run(until_ns=world.clock.now_ns + 5)
        return world, custody

    def operations(self) -> st.SearchStrategy[Call]:
        name = self.make()[1].name
        amounts = st.sampled_from((-1, 0, 1, FEE, FEE + 1, 50, 10**6, 10**6 + 1, 2**256, 1.0, "7"))
        targets = st.sampled_from(("abroad", "abroad", "exchange", "chain", "transit", "", 7))
        arguments = {"asset": st.sampled_from((COIN, CASH, WEI, "COIN")), "amount": amounts, "to": targets}
        return st.fixed_dictionaries(arguments).map(lambda given: Call(name, "withdraw", given))

    def good_calls(self, world: World, venue: Any) -> Mapping[str, Call]:
        return {"withdraw": Call(venue.name, "withdraw", {"asset": COIN, "amount": 50, "to": "abroad"})}


class TestCustodyOfAnExchange(CustodyLaws):
    def make(self) -> tuple[World, Custody]:
        return self.build(make_exchange())


class TestCustodyOfAChain(CustodyLaws):
    def make(self) -> tuple[World, Custody]:
        return self.build(make_chain())


def three_hosts(seed: int = 1) -> tuple[World, Chain, Exchange, Exchange]:
    world, chain, _ = chain_world(seed=seed, latency=ConstantLatency(SECOND))
    first, second = Exchange(world, "first"), Exchange(world, "second")
    way = Way(FEE, 100 * SECOND)
    for host in (chain, first, second):
        others = [other for other in ("chain", "first", "second") if other != host.name]
        host.add(Custody(host.name, {(other, COIN): way for other in others}))
    return world, chain, first, second


def moves(world: World) -> list[dict[str, Any]]:
    world.records.close()
    listed: list[dict[str, Any]] = world.records.tables["transfers"].arrow().to_pylist()
    return listed


def test_from_exchange_to_exchange() -> None:
    world, _, _, second = three_hosts()
    world.endow("alice", "first", COIN, 100)
    statement = second.statement("alice")

    def script(agent: Scripted) -> Any:
        receipt = yield agent.send(agent.withdraw("first", COIN, 40, to="second"))
        agent.log.append((receipt.time_ns, receipt.outcome.output))

    alice = Scripted(world, "alice", script)
    world.run(until_ns=101 * SECOND)
    assert alice.log == [(SECOND, 37)]
    held = {place: balance(world, "alice", place) for place in ("first", "transit", "second")}
    assert held == {"first": 60, "transit": 37, "second": 0}
    assert balance(world, "first custody", "first") == FEE
    assert set(world.conservation().values()) == {0}
    world.run(until_ns=101 * SECOND + 1)
    held = {place: balance(world, "alice", place) for place in ("first", "transit", "second")}
    assert held == {"first": 60, "transit": 0, "second": 37}
    told = statement.read("second")
    assert told is not None
    assert told.item.balances[COIN] == 37
    assert [
        (row["time_ns"] // SECOND, row["stage"], row["source"], row["target"], row["raw"]) for row in moves(world)
    ] == [
        (1, "departed", "first", "second", 37),
        (101, "arrived", "transit", "second", 37),
    ]


def test_to_a_chain_it_is_credited_at_the_top_of_the_next_block() -> None:
    world, chain, _, _ = three_hosts()
    world.endow("alice", "first", COIN, 100)
    fund(world, "alice", coins=0)

    def late(agent: Scripted) -> Any:
        yield agent.send(agent.withdraw("first", COIN, 40, to="chain"))
        yield agent.sleep_until(105 * SECOND)
        agent.log.append((balance(world, "alice", "transit"), balance(world, "alice")))
        receipt = yield agent.transact(
            "chain", Call("till", "deposit", {"amount": 37}), max_fee_wei=9 * GWEI, max_tip_wei=0
        )
        agent.log.append((receipt.block, receipt.time_ns))

    alice = Scripted(world, "alice", late)
    world.run(until_ns=120 * SECOND)
    # Arrived at 101 s; the blocks are at 96 s and 108 s.
    assert alice.log == [(37, 0), (9, 108 * SECOND)]
    assert [row["time_ns"] for row in moves(world) if row["stage"] == "arrived"] == [108 * SECOND]
    assert chain.number == 9


def test_from_a_chain_it_costs_gas_too() -> None:
    world, _, _, _ = three_hosts()
    fund(world, "alice", coins=50)

    def script(agent: Scripted) -> Any:
        call = agent.withdraw("chain", COIN, 50, to="first")
        receipt = yield agent.transact("chain", call, max_fee_wei=9 * GWEI, max_tip_wei=0)
        agent.log.append(receipt.gas_used)

    alice = Scripted(world, "alice", script)
    world.run(until_ns=HOUR)
    assert alice.log == [71_000]
    assert (balance(world, "alice"), balance(world, "alice", "first")) == (0, 47)
    assert set(world.conservation().values()) == {0}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"asset": COIN, "amount": 3, "to": "second"}, "InsufficientInput"),
        ({"asset": COIN, "amount": 0, "to": "second"}, "InsufficientInput"),
        ({"asset": COIN, "amount": -5, "to": "second"}, "BadArguments"),
        ({"asset": COIN, "amount": 5.0, "to": "second"}, "BadArguments"),
        ({"asset": COIN, "amount": True, "to": "second"}, "BadArguments"),
        ({"asset": COIN, "amount": 101, "to": "second"}, "InsufficientFunds"),
        ({"asset": CASH, "amount": 50, "to": "second"}, "BadArguments"),
        ({"asset": COIN, "amount": 50, "to": "first"}, "BadArguments"),
        ({"asset": COIN, "amount": 50, "to": "nowhere"}, "BadArguments"),
        ({"asset": COIN, "amount": 50, "to": ["second"]}, "BadArguments"),
        ({"asset": ("COIN", 6), "amount": 50, "to": "second"}, "BadArguments"),
        ({"asset": "COIN", "amount": 50, "to": "second"}, "BadArguments"),
        ({"asset": COIN, "amount": 50}, "BadArguments"),
    ],
)
def test_a_refused_withdrawal_leaves_everything_as_it_was(arguments: dict[str, Any], code: str) -> None:
    world, _, _, _ = three_hosts()
    world.endow("alice", "first", COIN, 100)
    before = state_of(world)

    def script(agent: Scripted) -> Any:
        try:
            yield agent.send(Call("first custody", "withdraw", arguments))
        except Refusal as refusal:
            agent.log.append(refusal.code)

    alice = Scripted(world, "alice", script)
    world.run(until_ns=HOUR)
    assert alice.log == [code]
    assert state_of(world) == before
    assert moves(world) == []


@pytest.mark.parametrize(("fee", "delay"), [(-1, 1), (1.0, 1), (True, 1), (0, 0), (0, -1), (0, 1.0)])
def test_terms_make_sense(fee: Any, delay: Any) -> None:
    with pytest.raises(ValueError, match="way"):
        Way(fee, delay)


@given(st.integers(0, 200))
def test_a_quote_is_what_would_arrive_or_the_same_refusal(amount: int) -> None:
    world, _, first, _ = three_hosts()
    world.endow("alice", "first", COIN, 1_000)
    custody = first.venues["first custody"]
    call = Call("first custody", "withdraw", {"asset": COIN, "amount": amount, "to": "second"})
    before = state_of(world)
    quoted: list[Any] = []
    try:
        quoted.append(custody.quote(call, now_ns=0).output)
    except Refusal as refusal:
        quoted.append(refusal.code)
    assert state_of(world) == before

    def script(agent: Scripted) -> Any:
        try:
            receipt = yield agent.send(call)
            agent.log.append(receipt.outcome.output)
        except Refusal as refusal:
            agent.log.append(refusal.code)

    alice = Scripted(world, "alice", script)
    world.run(until_ns=10 * SECOND)
    assert quoted == alice.log


def test_it_publishes_its_terms() -> None:
    _, _, first, _ = three_hosts()
    custody = first.venues["first custody"]
    assert custody.published(0) == (
        ("chain", "COIN", Way(FEE, 100 * SECOND)),
        ("second", "COIN", Way(FEE, 100 * SECOND)),
    )
    assert custody.assets == (COIN,)
    assert custody.state_bytes() == b""
    with pytest.raises(BadArguments, match="COIN to chain"):
        custody.quote(Call("first custody", "withdraw", {"asset": COIN, "amount": 9, "to": "moon"}), now_ns=0)


def test_a_way_to_a_host_that_is_not_there_is_refused_before_the_run() -> None:
    world = World(seed=1)
    exchange = Exchange(world, "first")
    exchange.add(Custody("first", {("nowhere", COIN): Way(FEE, 1)}))
    with pytest.raises(ValueError, match="nowhere"):
        world.run(until_ns=1)


journeys = st.lists(
    st.tuples(
        st.sampled_from(["alice", "bob"]),
        st.sampled_from(["first", "second"]),
        st.sampled_from(["first", "second", "chain"]),
        st.integers(0, 60),
        st.integers(1, 200),
    ),
    max_size=12,
)


@given(journeys)
@settings(max_examples=30)
def test_any_traffic_conserves_at_every_moment(script: list[tuple[str, str, str, int, int]]) -> None:
    world, _, _, _ = three_hosts()
    for name in ("alice", "bob"):
        for host in ("first", "second", "chain"):
            world.endow(name, host, COIN, 50)
        world.endow(name, "chain", WEI, 10**18)

    def live(name: str) -> Any:
        def run(agent: Scripted) -> Any:
            for who, source, target, amount, pause_s in script:
                if who == name:
                    agent.post(agent.withdraw(source, COIN, amount, to=target))
                    yield agent.sleep(pause_s * SECOND)

        return run

    agents: list[Agent] = [Scripted(world, name, live(name)) for name in ("alice", "bob")]
    for time_ns in range(50 * SECOND, 3_000 * SECOND, 500 * SECOND):
        world.run(until_ns=time_ns)
        assert set(world.conservation().values()) == {0}
    world.run(until_ns=3_000 * SECOND + BLOCK_NS)
    assert [balance(world, agent.name, "transit") for agent in agents] == [0, 0]
    fees = sum(balance(world, f"{host} custody", host) for host in ("first", "second", "chain"))
    held = sum(balance(world, agent.name, host) for agent in agents for host in ("first", "second", "chain"))
    assert held + fees == 300
    done = [row for row in moves(world) if row["stage"] == "departed"]
    assert fees == FEE * len(done)
    assert len(moves(world)) == 2 * len(done)
