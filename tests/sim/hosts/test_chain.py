"""Transactions in blocks: order, gas, nonces, fees, bundles, money that arrives."""

from __future__ import annotations

from typing import Any

import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sim.stand import (
    BLOCK_NS,
    COIN,
    ETHER,
    GWEI,
    SECOND,
    WEI,
    Scripted,
    Till,
    balance,
    chain_world,
    deposit,
    fund,
    put,
    result,
    state_of,
    transaction,
    withdraw,
)

from shoal.sim.calls import AllOf, Bundle, Call, OutputOf
from shoal.sim.errors import Refusal
from shoal.sim.hosts.base_fee import next_base_fee_wei
from shoal.sim.hosts.block_schedule import PoissonBlocks
from shoal.sim.hosts.block_space import BlockSpaceDemand
from shoal.sim.hosts.chain import PROPOSER, Chain
from shoal.sim.hosts.gas import INTRINSIC_GAS, TRANSACTION_GAS_CAP
from shoal.sim.latency import ConstantLatency, LogNormalLatency
from shoal.sim.ordering.first_come import FirstCome
from shoal.sim.world import World

CALL_GAS = 30_000
PLAIN_GAS = INTRINSIC_GAS + CALL_GAS


def rows(world: World, table: str) -> list[dict[str, Any]]:
    world.records.close()
    listed: list[dict[str, Any]] = world.records.tables[table].arrow().to_pylist()
    return listed


def landed(world: World) -> list[tuple[int, int, str, str]]:
    """(block, position, sender, result) of what is in blocks."""
    return [
        (row["block"], row["position"], row["sender"], row["result"])
        for row in rows(world, "transactions")
        if row["block"] >= 0
    ]


def run_blocks(world: World, count: int = 1, blocks_ns: int = BLOCK_NS) -> None:
    """Let so many blocks pass, and their news arrive."""
    world.run(until_ns=world.clock.now_ns // blocks_ns * blocks_ns + count * blocks_ns + SECOND)


# --- blocks, order and fees -------------------------------------------------------------------------------------------


def test_a_transaction_waits_for_the_block_and_the_receipt_travels_back() -> None:
    world, _, till = chain_world(latency=ConstantLatency(100))
    fund(world, "alice")

    def script(agent: Scripted) -> Any:
        receipt = yield agent.transact("chain", deposit(7), max_fee_wei=2 * GWEI, max_tip_wei=GWEI // 2)
        agent.log.append((agent.now_ns, receipt))

    alice = Scripted(world, "alice", script)
    world.run(until_ns=2 * BLOCK_NS)
    [(time_ns, receipt)] = alice.log
    assert time_ns == BLOCK_NS + 100
    assert (receipt.time_ns, receipt.block, receipt.position, receipt.number) == (BLOCK_NS, 1, 0, 1)
    assert receipt.gas_used == PLAIN_GAS
    assert receipt.fee_wei == PLAIN_GAS * (GWEI + GWEI // 2)
    assert receipt.burnt_wei == PLAIN_GAS * GWEI
    assert receipt.outcome.output == till.held["alice"] == 7


def test_constant_blocks_come_every_interval_even_empty() -> None:
    world, chain, _ = chain_world()
    world.run(until_ns=10 * BLOCK_NS + 1)
    assert [row["time_ns"] for row in rows(world, "blocks")] == [number * BLOCK_NS for number in range(1, 11)]
    assert chain.number == 10


def test_poisson_blocks_do_not_depend_on_what_is_in_them() -> None:
    times = []
    for busy in (False, True):
        world, chain, _ = chain_world(schedule=PoissonBlocks(BLOCK_NS))
        fund(world, "alice")
        if busy:
            for _ in range(5):
                put(chain, transaction("alice", deposit(1)))
        world.run(until_ns=50 * BLOCK_NS)
        times.append([row["time_ns"] for row in rows(world, "blocks")])
    assert times[0] == times[1]
    assert len(set(times[0])) == len(times[0])


def test_by_effective_tip_ties_by_arrival() -> None:
    world, chain, _ = chain_world(latency=ConstantLatency(5))
    names = ["low", "tie1", "capped", "high", "tie2"]
    fund(world, *names)
    put(chain, transaction("low", deposit(1), tip=1))
    put(chain, transaction("tie1", deposit(1), tip=GWEI))
    # A high tip under a low cap pays only what the cap leaves above the base fee.
    put(chain, transaction("capped", deposit(1), tip=GWEI, fee=GWEI + 7))
    put(chain, transaction("high", deposit(1), tip=2 * GWEI))
    put(chain, transaction("tie2", deposit(1), tip=GWEI))
    run_blocks(world)
    assert [sender for _, _, sender, _ in landed(world)] == ["high", "tie1", "tie2", "capped", "low"]
    assert [position for _, position, _, _ in landed(world)] == list(range(5))


def test_first_come_first_served() -> None:
    world, chain, _ = chain_world(ordering=FirstCome(), latency=ConstantLatency(5))
    fund(world, "low", "high")
    put(chain, transaction("low", deposit(1), tip=1))
    put(chain, transaction("high", deposit(1), tip=GWEI))
    run_blocks(world)
    assert [sender for _, _, sender, _ in landed(world)] == ["low", "high"]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 30)), min_size=1, max_size=12))
@settings(max_examples=25)
def test_any_set_of_strangers_lands_by_tip_then_arrival(offers: list[tuple[int, int]]) -> None:
    world, chain, _ = chain_world(latency=LogNormalLatency(1_000_000, 2.0))
    names = [f"agent {number}" for number in range(len(offers))]
    fund(world, *names)
    for name, (tip, _) in zip(names, offers, strict=True):
        put(chain, transaction(name, deposit(1), tip=tip * GWEI))
    run_blocks(world)
    listed = [row for row in rows(world, "transactions") if row["block"] == 1]
    assert len(listed) == len(names)
    keys = [(-row["tip_wei"], row["arrival_ns"]) for row in listed]
    assert keys == sorted(keys)


def test_the_block_holds_what_fits_and_the_rest_waits() -> None:
    world, chain, _ = chain_world(gas_limit=3 * PLAIN_GAS)
    names = [f"agent {number}" for number in range(5)]
    fund(world, *names)
    answers = [put(chain, transaction(name, deposit(1))) for name in names]
    run_blocks(world)
    assert [result(answer) for answer in answers] == ["ok", "ok", "ok", None, None]
    assert rows(world, "blocks")[0]["left_waiting"] == 2
    run_blocks(world)
    assert [result(answer) for answer in answers] == ["ok"] * 5


@pytest.mark.parametrize("limit", [60_000_000, 2 * PLAIN_GAS])
def test_the_base_fee_moves_with_gas_used_and_is_burnt_and_counted(limit: int) -> None:
    world, chain, _ = chain_world(gas_limit=limit)
    fund(world, "alice", "bob")
    before = world.ledger.burned(WEI)
    for name in ("alice", "bob"):
        put(chain, transaction(name, deposit(1), tip=3))
    run_blocks(world)
    [block] = rows(world, "blocks")
    used = 2 * PLAIN_GAS
    assert (block["gas_used"], block["base_fee_wei"]) == (used, GWEI)
    assert chain.base_fee_wei == next_base_fee_wei(GWEI, used, limit)
    assert world.ledger.burned(WEI) - before == block["burnt_raw"] == used * GWEI
    assert balance(world, PROPOSER, asset=WEI) == block["tips_raw"] == used * 3
    assert set(world.conservation().values()) == {0}
    paid = 2 * 10 * ETHER - balance(world, "alice", asset=WEI) - balance(world, "bob", asset=WEI)
    assert paid == used * (GWEI + 3)


# --- refusals, gas ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("calls", "code", "gas"),
    [
        ((Call("till", "spoil"),), "InvariantViolated", PLAIN_GAS),
        ((deposit(5), Call("till", "spoil")), "InvariantViolated", PLAIN_GAS + CALL_GAS),
        ((deposit(5), withdraw(6)), "SlippageExceeded", PLAIN_GAS + CALL_GAS),
        ((deposit(5), deposit(OutputOf(1))), "BadArguments", PLAIN_GAS + CALL_GAS),
        ((deposit(OutputOf(0)),), "BadArguments", PLAIN_GAS),
        ((deposit(5), Call("nowhere", "deposit")), "UnknownVenue", PLAIN_GAS),
        ((deposit(5), Call("till", "nothing")), "UnknownVerb", PLAIN_GAS),
        ((deposit("\ud800"),), "BadArguments", PLAIN_GAS),
        ((deposit(10**5_000),), "BadArguments", PLAIN_GAS),
        ((Call("till", "flash", {"amount": 10}, (withdraw(1),)),), "InsufficientFunds", PLAIN_GAS),
        ((deposit(9), Call("till", "flash", {"amount": 9}, (withdraw(10),))), "SlippageExceeded", PLAIN_GAS + 60_000),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_refused_transaction_pays_gas_and_leaves_no_other_trace(calls: tuple[Call, ...], code: str, gas: int) -> None:
    world, chain, till = chain_world()
    fund(world, "alice")
    coins = balance(world, "alice")
    state = till.state_bytes()
    answer = put(chain, transaction("alice", *calls, tip=3))
    run_blocks(world)
    assert result(answer) == code
    assert (balance(world, "alice"), till.state_bytes()) == (coins, state)
    assert 10 * ETHER - balance(world, "alice", asset=WEI) == gas * (GWEI + 3)
    assert balance(world, PROPOSER, asset=WEI) == gas * 3
    assert chain.nonce("alice") == 1
    [row] = rows(world, "transactions")
    assert (row["result"], row["gas_used"], row["fee_raw"]) == (code, gas, gas * (GWEI + 3))
    assert set(world.conservation().values()) == {0}
    assert {row["result"] for row in rows(world, "orders")} == {code}


def test_a_refused_transaction_does_not_touch_its_neighbours() -> None:
    world, chain, till = chain_world()
    fund(world, "alice", "bob", "carol")
    for name, call in (("alice", deposit(3)), ("bob", Call("till", "spoil")), ("carol", deposit(4))):
        put(chain, transaction(name, call))
    run_blocks(world)
    assert till.held == {"alice": 3, "carol": 4}
    assert [entry[2:] for entry in landed(world)] == [
        ("alice", "ok"),
        ("bob", "InvariantViolated"),
        ("carol", "ok"),
    ]


def test_running_out_of_gas_uses_it_all() -> None:
    world, chain, till = chain_world()
    fund(world, "alice")
    answer = put(chain, transaction("alice", deposit(1), deposit(1), gas_limit=PLAIN_GAS + 10, tip=0))
    run_blocks(world)
    assert result(answer) == "GasLimitExceeded"
    assert till.total == 0
    assert 10 * ETHER - balance(world, "alice", asset=WEI) == (PLAIN_GAS + 10) * GWEI


def test_what_is_left_of_the_limit_comes_back() -> None:
    world, chain, _ = chain_world()
    fund(world, "alice")
    put(chain, transaction("alice", deposit(1), gas_limit=1_000_000, tip=0))
    run_blocks(world)
    assert 10 * ETHER - balance(world, "alice", asset=WEI) == PLAIN_GAS * GWEI


def test_the_limit_is_reserved_up_front() -> None:
    world, chain, _ = chain_world()
    world.endow("alice", "chain", WEI, 100_000 * 5 * GWEI)
    # The native money itself is what the till holds: all that is left after the reservation goes in.
    chain.add(Till("wei till", WEI))
    put(
        chain,
        transaction("alice", Call("wei till", "deposit", {"amount": AllOf(WEI)}), gas_limit=100_000, fee=5 * GWEI),
    )
    run_blocks(world)
    assert balance(world, "wei till", asset=WEI) == 100_000 * 5 * GWEI - 100_000 * 2 * GWEI


def test_who_cannot_cover_limit_times_cap_is_refused_or_waits() -> None:
    world, chain, _ = chain_world()
    world.endow("alice", "chain", WEI, PLAIN_GAS * 100 * GWEI - 1)
    world.endow("alice", "chain", COIN, 10)
    poor = put(chain, transaction("alice", deposit(1)))
    run_blocks(world)
    assert result(poor) == "InsufficientFunds"
    assert landed(world) == []
    # Enough on arrival, but no longer when the block is built: it waits and is not included.
    world.endow("alice", "chain", WEI, 1)
    first = put(chain, transaction("alice", deposit(1), tip=5))
    second = put(chain, transaction("alice", deposit(1), tip=5))
    run_blocks(world)
    assert (result(first), result(second)) == ("ok", None)
    world.endow("alice", "chain", WEI, ETHER)
    run_blocks(world)
    assert result(second) == "ok"


def test_below_the_base_fee_it_waits() -> None:
    world, chain, _ = chain_world(base_fee_wei=10 * GWEI)
    fund(world, "alice")
    answer = put(chain, transaction("alice", deposit(1), fee=9 * GWEI, tip=0))
    run_blocks(world)
    assert result(answer) is None
    run_blocks(world)
    assert chain.base_fee_wei < 9 * GWEI
    assert result(answer) == "ok"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"gas_limit": TRANSACTION_GAS_CAP}, "ok"),
        ({"gas_limit": TRANSACTION_GAS_CAP + 1}, "GasLimitExceeded"),
        ({"gas_limit": INTRINSIC_GAS - 1}, "GasLimitExceeded"),
        ({"gas_limit": "much"}, "BadArguments"),
        ({"gas_limit": True}, "BadArguments"),
        ({"gas_limit": 1e5}, "BadArguments"),
        ({"fee": GWEI, "tip": 2 * GWEI}, "FeeCapTooLow"),
        ({"tip": -1}, "BadArguments"),
        ({"tip": 0.5}, "BadArguments"),
        ({"fee": 2**63}, "BadArguments"),
        ({"fee": float("nan")}, "BadArguments"),
        pytest.param({"fee": 10**5_000}, "BadArguments", id="huge"),
        ({"nonce": "0"}, "BadArguments"),
        ({"nonce": -1}, "BadArguments"),
        ({"nonce": 0.0}, "BadArguments"),
        ({"nonce": True}, "BadArguments"),
        ({"deadline_ns": 1.5}, "BadArguments"),
        ({"deadline_ns": "now"}, "BadArguments"),
        ({"payment_wei": -1}, "BadArguments"),
        ({"payment_wei": None}, "BadArguments"),
        ({"payment_wei": 0.5}, "BadArguments"),
    ],
    ids=str,
)
def test_the_pool_admits_only_sense(fields: dict[str, Any], code: str) -> None:
    world, chain, _ = chain_world()
    fund(world, "alice")
    before = state_of(world)
    answer = put(chain, transaction("alice", deposit(1), **fields))
    run_blocks(world)
    assert result(answer) == code
    if code != "ok":
        assert state_of(world) == before
        assert landed(world) == []
        assert [row["result"] for row in rows(world, "transactions")] == [code]


def test_calls_that_declare_more_than_the_cap_are_refused() -> None:
    world, chain, _ = chain_world()
    fund(world, "alice")
    answer = put(chain, transaction("alice", *[Call("till", "heavy")] * 4))
    run_blocks(world)
    assert result(answer) == "GasLimitExceeded"


@pytest.mark.parametrize(("late_ns", "code"), [(0, "ok"), (-1, "Expired")])
def test_after_its_deadline_it_refuses_itself_and_pays(late_ns: int, code: str) -> None:
    world, chain, till = chain_world()
    fund(world, "alice")
    answer = put(chain, transaction("alice", deposit(1), deadline_ns=BLOCK_NS + late_ns, tip=0))
    run_blocks(world)
    assert result(answer) == code
    assert till.total == (1 if code == "ok" else 0)
    assert (balance(world, "alice", asset=WEI) < 10 * ETHER) is True


# --- nonces -----------------------------------------------------------------------------------------------------------


def test_nonces_are_kept_in_order_and_a_gap_waits() -> None:
    world, chain, _ = chain_world()
    fund(world, "alice")
    third = put(chain, transaction("alice", deposit(3), nonce=2, tip=9 * GWEI))
    first = put(chain, transaction("alice", deposit(1), nonce=0, tip=1))
    run_blocks(world)
    assert (result(first), result(third)) == ("ok", None)
    second = put(chain, transaction("alice", deposit(2), nonce=1, tip=1))
    run_blocks(world)
    assert [result(answer) for answer in (first, second, third)] == ["ok"] * 3
    assert [answer.value.outcome.output for answer in (first, second, third)] == [1, 3, 6]
    assert chain.nonce("alice") == 3


def test_a_used_nonce_is_refused() -> None:
    world, chain, _ = chain_world()
    fund(world, "alice")
    put(chain, transaction("alice", deposit(1), nonce=0))
    run_blocks(world)
    late = put(chain, transaction("alice", deposit(1), nonce=0))
    run_blocks(world)
    assert result(late) == "NonceTooLow"


def test_a_replacement_takes_the_place_and_the_sender_hears_of_it() -> None:
    world, chain, till = chain_world()
    fund(world, "alice")
    old = put(chain, transaction("alice", deposit(1), nonce=0, tip=10, fee=10 * GWEI))
    world.run(until_ns=SECOND)
    cheap = put(chain, transaction("alice", deposit(2), nonce=0, tip=11, fee=10 * GWEI))
    new = put(chain, transaction("alice", deposit(3), nonce=0, tip=11, fee=11 * GWEI))
    run_blocks(world)
    assert [result(answer) for answer in (old, cheap, new)] == ["DroppedFromPool", "ReplacementUnderpriced", "ok"]
    assert till.held == {"alice": 3}


def test_of_two_with_one_nonce_public_and_private_one_lands() -> None:
    world, chain, till = chain_world()
    fund(world, "alice")
    private = put(chain, transaction("alice", deposit(1), nonce=0, tip=GWEI), builder="builder")
    public = put(chain, transaction("alice", deposit(2), nonce=0, tip=1))
    run_blocks(world, 2)
    assert {result(private), result(public)} == {"ok", "NonceTooLow"}
    assert till.held == {"alice": 1}


def test_with_and_without_nonce_the_overtaken_one_is_told_so() -> None:
    world, chain, _ = chain_world()
    fund(world, "alice")
    free = put(chain, transaction("alice", deposit(1), tip=GWEI))
    numbered = put(chain, transaction("alice", deposit(2), nonce=0, tip=1))
    run_blocks(world)
    assert (result(free), result(numbered)) == ("ok", "NonceTooLow")


def test_without_nonces_a_senders_order_of_arrival_holds_whatever_the_tips() -> None:
    world, chain, _ = chain_world(latency=ConstantLatency(5))
    fund(world, "alice")
    answers = [put(chain, transaction("alice", deposit(1), tip=tip)) for tip in (1, GWEI, 5)]
    run_blocks(world)
    assert [answer.value.position for answer in answers] == [0, 1, 2]


# --- private flow, builders, bundles ----------------------------------------------------------------------------------


def test_private_transactions_land_only_in_their_builders_blocks() -> None:
    world, chain, _ = chain_world(builders={"anna": 0.7, "ben": 0.3})
    fund(world, "alice")
    answers = []
    for _ in range(30):
        answers.append(put(chain, transaction("alice", deposit(1)), builder="ben"))
        run_blocks(world)
    blocks = {row["number"]: row["builder"] for row in rows(world, "blocks")}
    included = [answer.value.block for answer in answers if answer.triggered]
    assert included
    assert {blocks[number] for number in included} == {"ben"}
    assert {row["visibility"] for row in rows(world, "transactions")} == {"ben"}


def test_builders_build_by_their_shares() -> None:
    world, _, _ = chain_world(builders={"anna": 3.0, "ben": 1.0})
    world.run(until_ns=4_000 * BLOCK_NS + 1)
    anna = sum(row["builder"] == "anna" for row in rows(world, "blocks"))
    assert abs(anna - 3_000) / (4_000 * 0.75 * 0.25) ** 0.5 < 4


@pytest.mark.parametrize("builders", [{"anna": -1.0, "ben": 2.0}, {"anna": 0.0}, {"anna": float("nan")}])
def test_shares_of_builders_are_positive(builders: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="share"):
        chain_world(builders=builders)


def test_a_payment_goes_to_the_builder_if_the_rest_succeeds() -> None:
    world, chain, _ = chain_world()
    fund(world, "alice", "bob")
    put(chain, transaction("alice", deposit(1), payment_wei=77))
    put(chain, transaction("bob", Call("till", "spoil"), payment_wei=500))
    run_blocks(world)
    assert balance(world, "builder", asset=WEI) == 77


@pytest.mark.parametrize(("private", "codes"), [(True, "WouldRevert"), (False, "InvariantViolated")])
def test_revert_protection_is_for_private_transactions(private: bool, codes: str) -> None:
    world, chain, _ = chain_world()
    fund(world, "alice")
    before = state_of(world)
    answer = put(
        chain,
        transaction("alice", Call("till", "spoil"), drop_if_reverts=True),
        builder="builder" if private else None,
    )
    run_blocks(world)
    assert result(answer) == codes
    assert (state_of(world) == before) is private
    assert chain.included == (0 if private else 1)


def test_a_bundle_lands_together_in_order_and_next_to_each_other() -> None:
    world, chain, _ = chain_world(latency=ConstantLatency(5))
    fund(world, "alice", "carol", "dave")
    put(chain, transaction("carol", deposit(1), tip=2 * GWEI))
    bundle = Bundle((transaction("alice", deposit(1), tip=0), transaction("alice", deposit(1), tip=3 * GWEI)))
    answer = put(chain, bundle, builder="builder")
    put(chain, transaction("dave", deposit(1), tip=GWEI))
    run_blocks(world)
    assert [sender for _, _, sender, _ in landed(world)] == ["carol", "alice", "alice", "dave"]
    assert [outcome.output for outcome in answer.value.outcomes] == [1, 2]
    assert answer.value.fee_wei == PLAIN_GAS * (2 * GWEI + 3 * GWEI)


def test_a_bundle_carries_a_public_transaction_of_somebody_else_once() -> None:
    world, chain, _ = chain_world(latency=ConstantLatency(5))
    fund(world, "alice", "bob")
    victim = put(chain, transaction("bob", deposit(7), tip=GWEI))
    world.run(until_ns=6)
    [seen] = chain.pending("chain")
    around = [transaction("alice", deposit(1), tip=3 * GWEI) for _ in range(2)]
    answer = put(chain, Bundle((around[0], seen.transaction, around[1])), builder="builder")
    run_blocks(world)
    assert [(sender, position) for _, position, sender, _ in landed(world)] == [("alice", 0), ("bob", 1), ("alice", 2)]
    assert [outcome.output for outcome in answer.value.outcomes] == [1, 2]
    assert [outcome.output for outcome in victim.value.outcomes] == [7]
    assert len(chain.pool) == 0


def test_a_bundle_whose_foreign_transaction_has_landed_already_is_left_out() -> None:
    world, chain, _ = chain_world(latency=ConstantLatency(5))
    fund(world, "alice", "bob")
    put(chain, transaction("bob", deposit(7), tip=9 * GWEI))
    world.run(until_ns=6)
    [seen] = chain.pending("chain")
    answer = put(chain, Bundle((transaction("alice", deposit(1)), seen.transaction)), builder="builder")
    run_blocks(world)
    assert [sender for _, _, sender, _ in landed(world)] == ["bob"]
    assert result(answer) == "WouldRevert"
    world.records.close()
    rows = world.records.tables["transactions"].arrow().to_pylist()
    assert [(row["sender"], row["result"]) for row in rows] == [("bob", "ok"), ("alice", "WouldRevert")]


@pytest.mark.parametrize("private", [False, True])
def test_nobody_signs_for_others(private: bool) -> None:
    world, chain, _ = chain_world()
    fund(world, "alice", "bob")
    before = state_of(world)
    foreign = transaction("bob", deposit(1))
    own = (transaction("alice", deposit(1)),) if not private else ()
    answer = simpy.Event(world.clock)
    chain.submit(Bundle((*own, foreign)), place="site", answer=answer, builder="builder", sender="alice")
    run_blocks(world)
    assert result(answer) == "NotPublic"
    assert state_of(world) == before


@pytest.mark.parametrize("spoiled", [0, 1])
def test_a_bundle_lands_altogether_or_not_at_all(spoiled: int) -> None:
    world, chain, _ = chain_world()
    fund(world, "alice", "bob", "carol")
    before = state_of(world)
    calls = [deposit(1), deposit(1)]
    calls[spoiled] = Call("till", "spoil")
    bundle = Bundle((transaction("alice", calls[0]), transaction("alice", calls[1])))
    answer = put(chain, bundle, builder="builder")
    run_blocks(world)
    assert result(answer) == "WouldRevert"
    assert state_of(world) == before
    [block] = rows(world, "blocks")
    assert (block["gas_used"], block["burnt_raw"], block["tips_raw"], block["transactions"]) == (0, 0, 0, 0)
    put(chain, transaction("carol", deposit(1)))
    run_blocks(world)
    assert [row["number"] for row in rows(world, "transactions") if row["block"] == 2] == [1]


def test_a_bundle_for_a_block_waits_for_it_and_is_dropped_after() -> None:
    world, chain, _ = chain_world(builders={"anna": 1.0, "ben": 1e-12})
    fund(world, "alice", "bob")
    answer = put(chain, Bundle((transaction("alice", deposit(1)),), block=3), builder="anna")
    missed = put(chain, Bundle((transaction("bob", deposit(1)),), block=3), builder="ben")
    run_blocks(world, 2)
    assert (result(answer), result(missed)) == (None, None)
    run_blocks(world)
    assert result(answer) == "ok"
    assert answer.value.block == 3
    assert result(missed) is None
    run_blocks(world)
    assert result(missed) == "DroppedFromPool"
    assert len(chain.pool) == 0


@pytest.mark.parametrize("nonce", [1, 5])
def test_a_bundle_with_a_nonce_gap_is_left_out(nonce: int) -> None:
    world, chain, _ = chain_world()
    fund(world, "alice")
    before = state_of(world)
    answer = put(chain, Bundle((transaction("alice", deposit(1), nonce=nonce),)), builder="builder")
    run_blocks(world)
    assert result(answer) == "WouldRevert"
    assert state_of(world) == before


@pytest.mark.parametrize("field", ["block", "last_block"])
@pytest.mark.parametrize("value", ["3", 1.5, -1, True])
def test_a_bundles_block_is_a_whole_number(field: str, value: Any) -> None:
    world, chain, _ = chain_world()
    fund(world, "alice")
    answer = put(chain, Bundle((transaction("alice", deposit(1)),), **{field: value}), builder="builder")
    run_blocks(world)
    assert result(answer) == "BadArguments"


def test_what_cannot_be_sent_is_a_mistake_of_the_sender() -> None:
    _, chain, _ = chain_world()
    with pytest.raises(ValueError, match="no builder"):
        put(chain, transaction("alice"), builder="nobody")
    with pytest.raises(ValueError, match="bundle"):
        put(chain, Bundle(()), builder="builder")
    with pytest.raises(ValueError, match="bundle"):
        put(chain, Bundle((transaction("alice"),)))


# --- calls within a transaction ---------------------------------------------------------------------------------------


def test_outputs_of_earlier_calls_and_all_of_an_asset() -> None:
    world, chain, till = chain_world()
    fund(world, "alice", coins=50)
    answer = put(
        chain, transaction("alice", deposit(AllOf(COIN)), withdraw(OutputOf(0)), deposit(10), withdraw(OutputOf(2)))
    )
    run_blocks(world)
    assert [outcome.output for outcome in answer.value.outcomes] == [50, 50, 10, 10]
    assert till.total == 0
    assert balance(world, "alice") == 50


def test_inner_calls_run_within_and_are_recorded() -> None:
    world, chain, till = chain_world()
    fund(world, "alice", coins=50)
    world.endow("till", "chain", COIN, 100)
    inner = (deposit(120), withdraw(OutputOf(0)))
    answer = put(chain, transaction("alice", Call("till", "flash", {"amount": 100}, inner)))
    run_blocks(world)
    assert answer.value.outcome.output == 120
    assert answer.value.gas_used == PLAIN_GAS + 2 * CALL_GAS
    assert (till.total, balance(world, "alice")) == (0, 50)
    assert sorted(row["verb"] for row in rows(world, "orders")) == ["deposit", "flash", "withdraw"]


def test_fills_of_inner_calls_are_recorded_and_told() -> None:
    world, chain, _ = chain_world()
    fund(world, "alice")
    world.endow("till", "chain", COIN, 100)
    statement = chain.statement("alice")
    put(chain, transaction("alice", Call("till", "flash", {"amount": 10}, (Call("till", "buy", {"amount": 5}),))))
    run_blocks(world)
    assert [row["base_raw"] for row in rows(world, "fills")] == [5]
    told = statement.read("chain")
    assert told is not None
    assert [fill.base_amount for _, fill in told.item.fills] == [5]


def test_a_venue_that_forgives_an_inner_refusal_keeps_nothing_of_it() -> None:
    world, chain, till = chain_world()
    fund(world, "alice")
    state = till.state_bytes()
    inner = (deposit(5), Call("till", "buy", {"amount": 1}), Call("till", "spoil"))
    answer = put(chain, transaction("alice", Call("till", "forgiving", {}, inner)))
    run_blocks(world)
    assert answer.value.outcome.output == -1
    assert till.state_bytes() == state
    assert balance(world, "alice") == 1_000
    assert [row["verb"] for row in rows(world, "orders")] == ["forgiving"]
    assert rows(world, "fills") == []


# --- the pool as others see it ----------------------------------------------------------------------------------------


def test_the_pool_is_seen_one_latency_late_and_nothing_leaves_it_early() -> None:
    late = 3 * SECOND
    world, chain, _ = chain_world(latency=ConstantLatency(late))
    fund(world, "alice", "bob")
    put(chain, transaction("alice", deposit(1)))
    put(chain, transaction("bob", deposit(1)), builder="builder")
    seen: dict[int, tuple[int, int]] = {}

    def look(world: World) -> None:
        seen[world.clock.now_ns] = (len(chain.pending("site")), len(chain.pending("chain")))

    for time_ns in (late, 2 * late - 1, 2 * late, BLOCK_NS, BLOCK_NS + late - 1, BLOCK_NS + late):
        world.at(time_ns, look)
    world.run(until_ns=2 * BLOCK_NS)
    assert seen == {
        late: (0, 1),
        2 * late - 1: (0, 1),
        2 * late: (1, 1),
        BLOCK_NS: (1, 0),
        BLOCK_NS + late - 1: (1, 0),
        BLOCK_NS + late: (0, 0),
    }


@given(st.integers(0, 200))
@settings(max_examples=15)
def test_under_random_latency_what_was_seen_stays_seen_until_its_block_is_heard_of(seed: int) -> None:
    world, chain, _ = chain_world(seed=seed, latency=LogNormalLatency(2 * SECOND, 1.0), pool_lifetime_ns=30 * SECOND)
    names = [f"agent {number}" for number in range(8)]
    fund(world, *names)
    for number, name in enumerate(names):
        world.at(
            number * 3 * SECOND + 1,
            lambda world, name=name: put(chain, transaction(name, deposit(1), tip=0)),  # type: ignore[misc]
        )
    seen: set[int] = set()
    gone: set[int] = set()
    for time_ns in range(SECOND, 90 * SECOND, SECOND // 2):
        world.run(until_ns=time_ns)
        now = [one.sequence for one in chain.pending("site")]
        assert now == sorted(now)
        assert not gone & set(now)
        heard = chain.news.read("site")
        for left in seen - set(now):
            gone.add(left)
            assert heard is not None
        seen |= set(now)
    assert gone == seen


def test_a_replaced_transaction_is_seen_until_the_replacement_is() -> None:
    late = SECOND
    world, chain, _ = chain_world(latency=ConstantLatency(late))
    fund(world, "alice")
    put(chain, transaction("alice", deposit(1), nonce=0, tip=10, fee=10 * GWEI))
    world.run(until_ns=3 * late)
    put(chain, transaction("alice", deposit(2), nonce=0, tip=20, fee=20 * GWEI))
    world.run(until_ns=5 * late - 1)
    assert [one.transaction.max_tip_wei for one in chain.pending("site")] == [10]
    world.run(until_ns=5 * late)
    assert [one.transaction.max_tip_wei for one in chain.pending("site")] == [20]


def test_the_pool_keeps_nothing_for_ever() -> None:
    world, chain, _ = chain_world(base_fee_wei=10 * GWEI, gas_limit=2 * PLAIN_GAS, pool_lifetime_ns=100 * SECOND)
    fund(world, "alice", "bob")
    answer = put(chain, transaction("alice", deposit(1), fee=1, tip=0))
    run_blocks(world, 9)
    assert result(answer) == "DroppedFromPool"
    assert len(chain.pool) == 0
    assert chain.pending("chain") == []


# --- background demand ------------------------------------------------------------------------------------------------


def demand(volatility: float, **changes: Any) -> BlockSpaceDemand:
    fields: dict[str, Any] = {
        "reference_fee_wei": GWEI,
        "elasticity": 1.0,
        "mean_tip_wei": float(GWEI),
        "volatility": lambda now_ns: volatility,
        "reference_volatility": 1.0,
        "volatility_exponent": 1.0,
        "noise": 0.0,
    }
    return BlockSpaceDemand(**fields | changes)


@pytest.mark.parametrize(("volatility", "direction"), [(0.5, -1), (1.0, 0), (2.0, 1)])
def test_background_demand_moves_the_base_fee(volatility: float, direction: int) -> None:
    world, chain, _ = chain_world(demand=demand(volatility))
    run_blocks(world)
    [block] = rows(world, "blocks")
    assert block["background_gas"] == block["gas_used"] == int(30_000_000 * volatility)
    assert (chain.base_fee_wei > GWEI) - (chain.base_fee_wei < GWEI) == direction


def test_the_base_fee_settles_where_demand_meets_the_target() -> None:
    world, chain, _ = chain_world(demand=demand(3.0))
    run_blocks(world, 200)
    assert abs(chain.base_fee_wei / (3 * GWEI) - 1) < 0.01


def test_background_demand_displaces_low_tips_first() -> None:
    world, chain, _ = chain_world(demand=demand(4.0))
    fund(world, "low", "high")
    low = put(chain, transaction("low", deposit(1), tip=1))
    high = put(chain, transaction("high", deposit(1), tip=5 * GWEI))
    run_blocks(world)
    assert (result(low), result(high)) == (None, "ok")
    [block] = rows(world, "blocks")
    assert block["gas_used"] == 60_000_000
    run_blocks(world, 40)
    assert result(low) == "ok"


# --- traffic ----------------------------------------------------------------------------------------------------------

verbs = st.sampled_from([deposit, withdraw])
acts = st.tuples(
    st.sampled_from(["alice", "bob"]),
    st.lists(st.tuples(verbs, st.integers(0, 9)), min_size=1, max_size=3),
    st.integers(0, 3),
    st.sampled_from([None, "builder"]),
    st.booleans(),
)


@given(st.lists(acts, max_size=15))
@settings(max_examples=40)
def test_any_traffic_conserves_and_adds_up(script: list[Any]) -> None:
    world, chain, till = chain_world(gas_limit=300_000, latency=LogNormalLatency(SECOND, 1.0))
    fund(world, "alice", "bob", coins=20)
    answers = []
    for sender, calls, tip, builder, protect in script:
        what = transaction(sender, *[verb(amount) for verb, amount in calls], tip=tip, drop_if_reverts=protect)
        answers.append((sender, calls, put(chain, what, builder=builder)))
    for _ in range(25):
        run_blocks(world)
        assert set(world.conservation().values()) <= {0}
    held = {"alice": 0, "bob": 0}
    for sender, calls, answer in answers:
        assert answer.triggered
        if not isinstance(answer.value, Refusal):
            held[sender] += sum(amount if verb is deposit else -amount for verb, amount in calls)
    for sender, amount in held.items():
        assert till.held.get(sender, 0) == amount
        assert balance(world, sender) == 20 - amount
    blocks = rows(world, "blocks")
    spent = 20 * ETHER - balance(world, "alice", asset=WEI) - balance(world, "bob", asset=WEI)
    assert spent == sum(block["burnt_raw"] + block["tips_raw"] for block in blocks)
    assert world.ledger.burned(WEI) == sum(block["burnt_raw"] for block in blocks)
    assert balance(world, "chain gas", asset=WEI) == 0


@pytest.mark.parametrize(
    "options", [{"base_fee_wei": -1}, {"base_fee_wei": 1.5}, {"gas_limit": 1_000}, {"gas_limit": 6e7}]
)
def test_a_chain_is_built_of_sense(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="chain"):
        chain_world(**options)


def test_a_mistake_in_a_venue_is_raised_and_money_is_still_conserved() -> None:
    world, chain, till = chain_world()
    fund(world, "alice", "bob")
    put(chain, transaction("bob", deposit(1), tip=2 * GWEI))
    put(chain, transaction("alice", Call("till", "crash")))
    with pytest.raises(ZeroDivisionError):
        run_blocks(world)
    assert set(world.conservation().values()) == {0}
    assert balance(world, "chain gas", asset=WEI) == 0
    assert till.held.get("nobody") is None


def test_a_venue_that_cannot_be_undone_does_not_live_on_a_chain() -> None:
    class Blunt(Till):
        undoable = False

    world, chain, _ = chain_world()
    with pytest.raises(ValueError, match="blunt: a Blunt cannot be undone and lives on exchanges only"):
        chain.add(Blunt("blunt"))
    assert "blunt" not in world.venues


def test_chains_do_not_share_nonces_or_pools() -> None:
    world, chain, _ = chain_world()
    second = Chain(world, "rollup", native=WEI, schedule=chain.schedule, base_fee_wei=GWEI)
    second.add(Till("other till"))
    fund(world, "alice")
    fund(world, "alice", host="rollup")
    put(chain, transaction("alice", deposit(1)))
    run_blocks(world)
    assert (chain.nonce("alice"), second.nonce("alice")) == (1, 0)
    put(second, transaction("alice", deposit(1, "other till"), nonce=0))
    run_blocks(world)
    assert second.nonce("alice") == 1
