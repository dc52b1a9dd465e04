"""What would happen, and what would have happened: simulating, and executing the last block again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sim.stand import (
    BLOCK_NS,
    COIN,
    GWEI,
    SECOND,
    Till,
    balance,
    chain_world,
    deposit,
    fund,
    put,
    state_of,
    transaction,
    withdraw,
)

from shoal.sim.calls import Bundle, Call, Outcome, OutputOf, Receipt, Transaction
from shoal.sim.custody import Custody, Way
from shoal.sim.hosts.exchange import Exchange
from shoal.sim.journal import Journal
from shoal.sim.units import Account
from shoal.sim.venue import Context
from shoal.sim.world import World

SENDERS = ("alice", "bob", "carol")
calls = st.lists(
    st.one_of(
        st.integers(0, 15).map(deposit),
        st.integers(0, 15).map(withdraw),
        st.sampled_from([Call("till", "spoil"), Call("till", "close"), Call("till", "stamp"), deposit(OutputOf(0))]),
        st.integers(0, 9).map(lambda amount: Call("till", "flash", {"amount": amount}, (deposit(2), withdraw(1)))),
        st.integers(0, 9).map(lambda amount: Call("till", "forgiving", {}, (deposit(amount), withdraw(4)))),
    ),
    min_size=1,
    max_size=3,
)
sends = st.lists(st.tuples(st.sampled_from(SENDERS), calls, st.integers(0, 3)), min_size=1, max_size=8)


def plain(receipt: Receipt) -> tuple[Any, ...]:
    """A receipt by value; where and when it landed apart."""
    refusal = receipt.refusal
    return (
        receipt.outcomes,
        None if refusal is None else (refusal.code, *refusal.args),
        receipt.gas_used,
        receipt.fee_wei,
        receipt.burnt_wei,
        receipt.inner,
    )


def receipt_of(answer: Any) -> tuple[Any, ...]:
    """What the sender learnt."""
    if isinstance(answer.value, Receipt):
        return plain(answer.value)
    return ("refused", answer.value.code, *answer.value.args)


def built(script: list[Any]) -> tuple[World, Any, Till, list[Transaction]]:
    world, chain, till = chain_world()
    fund(world, *SENDERS, coins=30)
    put(chain, transaction("alice", deposit(5)))
    put(chain, transaction("bob", deposit(5)))
    world.run(until_ns=BLOCK_NS + SECOND)
    transactions = [transaction(sender, *list(what), tip=tip * GWEI) for sender, what, tip in script]
    return world, chain, till, transactions


@given(sends)
@settings(max_examples=60)
def test_simulating_changes_nothing_byte_for_byte(script: list[Any]) -> None:
    world, chain, _, transactions = built(script)
    before, events, counts = state_of(world), world.clock.events, (chain.executed, chain.refused, world.fills)
    first = chain.simulate(transactions)
    assert state_of(world) == before
    assert world.journal.mark() == 0
    assert (world.clock.events, (chain.executed, chain.refused, world.fills)) == (events, counts)
    assert [plain(one) for one in chain.simulate(transactions)] == [plain(one) for one in first]
    assert set(world.conservation().values()) == {0}


@given(sends)
@settings(max_examples=60)
def test_the_next_block_does_what_was_simulated(script: list[Any]) -> None:
    world, chain, _, transactions = built([one for one in script if Call("till", "stamp") not in one[1]])
    # The block takes tips first, and each sender's in the order of arrival: simulate in that order.
    answers = [put(chain, one) for one in transactions]
    world.run(until_ns=2 * BLOCK_NS - 1)
    heads = {sender: [k for k, one in enumerate(transactions) if one.sender == sender] for sender in SENDERS}
    order: list[int] = []
    while any(heads.values()):
        best = min((-transactions[line[0]].max_tip_wei, line[0]) for line in heads.values() if line)
        order.append(best[1])
        heads[transactions[best[1]].sender].pop(0)
    expected = chain.simulate([transactions[k] for k in order])
    world.run(until_ns=2 * BLOCK_NS + SECOND)
    got = [answers[k].value for k in order]
    for position, (answer, promise) in enumerate(zip(got, expected, strict=True)):
        if promise.refusal is None:
            assert plain(answer) == plain(promise)
            assert (answer.block, answer.position) == (2, position)
        else:
            assert (answer.code, answer.args) == (promise.refusal.code, promise.refusal.args)


def test_simulating_tells_who_could_not_pay() -> None:
    world, chain, _ = chain_world()
    fund(world, "alice", ether=0)
    [receipt] = chain.simulate([transaction("alice", deposit(1))])
    assert receipt.refusal is not None
    assert receipt.refusal.code == "InsufficientFunds"
    fund(world, "bob")
    [cheap] = chain.simulate([transaction("bob", deposit(1), fee=GWEI - 1, tip=0)])
    assert cheap.refusal is not None
    assert cheap.refusal.code == "FeeCapTooLow"


def test_a_mistake_in_a_venue_leaves_no_trace_of_a_simulation() -> None:
    world, chain, _ = chain_world()
    fund(world, "alice")
    before = state_of(world)
    with pytest.raises(ZeroDivisionError):
        chain.simulate([transaction("alice", deposit(1)), transaction("alice", Call("till", "crash"))])
    assert state_of(world) == before
    assert world.journal.mark() == 0


def test_the_cost_of_simulating_follows_what_was_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    longest = []
    undo = Journal.undo

    def counting(self: Journal, mark: int) -> None:
        longest.append(self.mark() - mark)
        undo(self, mark)

    monkeypatch.setattr(Journal, "undo", counting)
    for size in (10, 3_000):
        world, chain, till = chain_world()
        fund(world, "alice", *[f"agent {number}" for number in range(size)])
        till.held.update({f"agent {number}": 1 for number in range(size)})
        chain.simulate([transaction("alice", deposit(1))])
    assert len(set(longest)) == 1
    assert longest[0] < 30


@given(sends, st.integers(0, 2**8 - 1))
@settings(max_examples=60)
def test_leaving_nothing_out_reproduces_the_receipts(script: list[Any], mask: int) -> None:
    world, chain, _, transactions = built(script)
    answers = [put(chain, one) for one in transactions]
    world.run(until_ns=2 * BLOCK_NS + SECOND)
    before = state_of(world)
    again = chain.replay_last_block()
    assert state_of(world) == before
    refused = {}
    for one in chain._last.landed:
        refused[one.receipt.number] = one.receipt
    assert {number: plain(one) for number, one in again.items()} == {n: plain(one) for n, one in refused.items()}
    for answer in answers:
        if isinstance(answer.value, Receipt):
            same = again[answer.value.number]
            assert (same.block, same.position, same.time_ns) == (2, answer.value.position, 2 * BLOCK_NS)
    # And again after leaving some out: the log is still good.
    chain.replay_last_block(without=[number for number in again if mask >> (number % 8) & 1])
    assert state_of(world) == before
    assert {n: plain(one) for n, one in chain.replay_last_block().items()} == {n: plain(o) for n, o in again.items()}
    assert world.journal.mark() == 0


@given(sends, st.sampled_from(SENDERS))
@settings(max_examples=60)
def test_leaving_one_sender_out_equals_a_world_where_it_never_sent(script: list[Any], absent: str) -> None:
    results = []
    for skipped in (None, absent):
        world, chain, _, transactions = built(script)
        kept = [one for one in transactions if one.sender != skipped]
        answers = {k: put(chain, one) for k, one in enumerate(transactions) if one in kept}
        world.run(until_ns=2 * BLOCK_NS + SECOND)
        if skipped is None:
            numbers = {one.receipt.number for one in chain._last.landed if one.transaction.sender == absent}
            replayed = chain.replay_last_block(without=numbers)
            order = [one for one in chain._last.landed if one.receipt.number in replayed]
            results.append([plain(replayed[one.receipt.number]) for one in order])
        else:
            assert len(answers) == len(kept)
            results.append([plain(one.receipt) for one in chain._last.landed])
    assert results[0] == results[1]


def test_the_victim_without_its_attacker() -> None:
    world, chain, _ = chain_world()
    fund(world, "victim", "attacker")
    world.endow("till", "chain", COIN, 10)
    attack = transaction("attacker", Call("till", "buy", {"amount": 8}))
    harm = transaction("victim", Call("till", "buy", {"amount": 5}), tip=1)
    front = put(chain, attack)
    hurt = put(chain, harm)
    world.run(until_ns=BLOCK_NS + SECOND)
    assert hurt.value.code == "InsufficientFunds"
    before = state_of(world)
    receipts = chain.replay_last_block(without=[front.value.number])
    [spared] = receipts.values()
    assert spared.refusal is None
    assert spared.outcome.output == 5
    assert state_of(world) == before


def test_a_bundle_can_be_replayed_without_some_of_it() -> None:
    world, chain, _ = chain_world()
    fund(world, "victim", "attacker")
    world.endow("till", "chain", COIN, 10)
    bundle = Bundle(
        (
            transaction("attacker", Call("till", "buy", {"amount": 3}), tip=9 * GWEI),
            transaction("victim", Call("till", "buy", {"amount": 5}), gas_limit=51_000),
        )
    )
    put(chain, bundle.transactions[1])
    put(chain, bundle, builder="builder")
    world.run(until_ns=BLOCK_NS + SECOND)
    assert [list(chain.replay_last_block(without=[left_out])) for left_out in (1, 2)] == [[2], [1]]


def test_money_that_came_with_the_block_is_there_in_the_replay() -> None:
    world, chain, _ = chain_world()
    exchange = Exchange(world, "exchange")
    exchange.add(Custody("exchange", {("chain", COIN): Way(1, SECOND)}))
    world.endow("alice", "exchange", COIN, 500)
    fund(world, "alice", coins=0)
    world.run(until_ns=SECOND)
    out = Call("exchange custody", "withdraw", {"asset": COIN, "amount": 101, "to": "chain"})
    exchange.submit(out, sender="alice", place="site", answer=None)
    put(chain, transaction("alice", deposit(100)))
    world.run(until_ns=BLOCK_NS + SECOND)
    # More money of the same owner is in transit by the time of the replay.
    exchange.submit(out, sender="alice", place="site", answer=None)
    world.run(until_ns=BLOCK_NS + SECOND + 10**7)
    assert balance(world, "alice", "transit") == 100
    before = state_of(world)
    receipts = chain.replay_last_block()
    assert [one.refusal for one in receipts.values()] == [None]
    assert state_of(world) == before
    world.run(until_ns=2 * BLOCK_NS + SECOND)
    assert balance(world, "alice") == 100
    assert set(world.conservation().values()) == {0}


def test_before_the_first_block_there_is_nothing_to_replay() -> None:
    _, chain, _ = chain_world()
    assert chain.replay_last_block() == {}


def test_a_mistake_in_a_venue_leaves_no_trace_of_a_replay(monkeypatch: pytest.MonkeyPatch) -> None:
    world, chain, _ = chain_world()
    fund(world, "alice")
    put(chain, transaction("alice", deposit(1)))
    world.run(until_ns=BLOCK_NS + SECOND)
    before = state_of(world)
    with monkeypatch.context() as patch:
        patch.setattr(Till, "verbs", {"deposit": "crash"})
        patch.setattr(Till, "crash", lambda self, context, *, amount: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            chain.replay_last_block()
    assert state_of(world) == before
    assert [one.refusal for one in chain.replay_last_block().values()] == [None]


class Purse(Till):
    """A till that also acts for itself: ``act`` runs the inner calls with its own money."""

    verbs: ClassVar[Mapping[str, str]] = {**Till.verbs, "act": "act"}

    def act(self, context: Context, *, inner: tuple[Call, ...] = ()) -> Outcome:
        """Run the calls on the till's own behalf."""
        return Outcome(output=len(context.run(inner, self.name)))


def test_a_venue_that_acts_for_itself_uses_its_own_money_and_is_recorded_as_the_sender() -> None:
    world, chain, _ = chain_world()
    chain.add(Purse("purse"))
    fund(world, "alice")
    world.endow("purse", "chain", COIN, 30)
    answer = put(chain, transaction("alice", Call("purse", "act", {}, (deposit(20),))))
    world.run(until_ns=BLOCK_NS + SECOND)
    assert [(one.call.verb, one.sender) for one in answer.value.inner] == [("deposit", "purse")]
    assert (balance(world, "alice"), balance(world, "purse"), balance(world, "till")) == (1_000, 10, 20)
    world.records.close()
    rows = world.records.tables["orders"].arrow().to_pylist()
    assert [(row["verb"], row["sender"]) for row in rows] == [("deposit", "purse"), ("act", "alice")]


def test_rewound_the_chain_is_as_at_the_top_of_the_block_and_then_as_before() -> None:
    world, chain, till = chain_world()
    fund(world, "alice")
    put(chain, transaction("alice", deposit(7)))
    world.run(until_ns=BLOCK_NS + SECOND)
    before = state_of(world)
    with chain.rewound():
        assert (till.total, balance(world, "alice")) == (0, 1_000)
        world.ledger.mint(COIN, Account("alice", "chain"), 5)
    assert till.total == 7
    assert state_of(world) == before


def test_who_watches_a_chain_sees_what_landed_in_each_block() -> None:
    world, chain, _ = chain_world()
    fund(world, "alice")
    seen: list[list[int]] = []
    chain.watch(lambda landed: seen.append([one.receipt.number for one in landed]))
    put(chain, transaction("alice", deposit(7)))
    world.run(until_ns=2 * BLOCK_NS + SECOND)
    assert seen == [[1], []]
