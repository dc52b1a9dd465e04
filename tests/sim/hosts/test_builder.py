"""What a builder takes: by rank, beside the background, never more than fits."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sim.stand import BLOCK_NS, GWEI, SECOND, chain_world, deposit, fund, put, transaction

from shoal.sim.calls import Bundle, Call

sizes = st.lists(st.tuples(st.integers(21_000, 120_000), st.integers(0, 9)), min_size=1, max_size=10)


@given(sizes)
@settings(max_examples=40)
def test_limits_fit_and_a_smaller_one_may_fill_the_gap(wanted: list[tuple[int, int]]) -> None:
    limit = 200_000
    world, chain, _ = chain_world(gas_limit=limit)
    names = [f"agent {number}" for number in range(len(wanted))]
    fund(world, *names)
    for name, (gas, tip) in zip(names, wanted, strict=True):
        put(chain, transaction(name, Call("till", "stamp"), gas_limit=gas, tip=tip * GWEI))
    world.run(until_ns=BLOCK_NS + SECOND)
    taken, used, expected = [one.transaction.sender for one in chain._last.landed], 0, []
    for tip, number in sorted((-tip, number) for number, (_, tip) in enumerate(wanted)):
        gas = wanted[number][0]
        if used + gas <= limit:
            expected.append(names[number])
            used += min(gas, 51_000)
        assert tip <= 0
    assert taken == expected
    assert chain._last.block.gas_used <= limit


def test_a_bundle_is_ranked_by_what_it_pays_altogether() -> None:
    world, chain, _ = chain_world()
    fund(world, "alice", "bob", "carol")
    put(chain, transaction("carol", deposit(1), tip=GWEI))
    what: Any = Bundle(
        (
            transaction("alice", deposit(1), tip=0),
            transaction("alice", deposit(1), tip=0, payment_wei=51_000 * 4 * GWEI),
        )
    )
    put(chain, what, builder="builder")
    world.run(until_ns=BLOCK_NS + SECOND)
    assert [one.transaction.sender for one in chain._last.landed] == ["alice", "alice", "carol"]


def test_a_bundle_too_large_waits_and_single_ones_pass() -> None:
    world, chain, _ = chain_world(gas_limit=120_000)
    fund(world, "alice", "bob", "carol")
    put(
        chain,
        Bundle(tuple(transaction(name, deposit(1), deposit(1), tip=GWEI) for name in ("alice", "alice"))),
        builder="builder",
    )
    put(chain, transaction("carol", deposit(1), tip=1))
    world.run(until_ns=BLOCK_NS + SECOND)
    assert [one.transaction.sender for one in chain._last.landed] == ["carol"]
    assert len(chain.pool) == 1
