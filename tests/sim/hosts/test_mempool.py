"""What waits for a block: nonces in order, replacement by a bump on both caps, nothing kept for ever."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sim.stand import transaction

from shoal.sim.calls import Bundle
from shoal.sim.errors import DroppedFromPool, NonceTooLow, ReplacementUnderpriced
from shoal.sim.hosts.mempool import Mempool, Pending

LIFETIME = 1_000


def waiting(
    sender: str = "alice", *, sequence: int = 1, arrival_ns: int = 0, builder: str | None = None, **fields: Any
) -> Pending:
    return Pending((transaction(sender, **fields),), None, sequence, arrival_ns, 0, "site", builder, None)


def bundle(block: int | None = None, last_block: int | None = None, *, sequence: int = 1) -> Pending:
    what = Bundle((transaction("alice"),), block, last_block)
    return Pending(what.transactions, what, sequence, 0, 0, "site", "builder", None)


def nobody(sender: str) -> int:
    return 0


def test_by_nonce_and_by_arrival_where_there_is_none() -> None:
    pool = Mempool(LIFETIME)
    second, first = waiting(nonce=1), waiting(nonce=0)
    free, later = waiting(sequence=3), waiting(sequence=4)
    for one in (second, first, free, later):
        assert pool.admit(one, 0) is None
    assert pool.heads("alice", 0, "builder") == [first, free]
    assert pool.heads("alice", 1, "builder") == [second, free]
    assert pool.heads("alice", 2, "builder") == [free]
    assert pool.heads("bob", 0, "builder") == []
    assert len(pool) == 4
    pool.remove(free, 5)
    assert pool.heads("alice", 2, "builder") == [later]


def test_private_transactions_are_for_their_builder_only() -> None:
    pool = Mempool(LIFETIME)
    private, public = waiting(builder="carol"), waiting(sequence=2)
    pool.admit(private, 0)
    pool.admit(public, 0)
    assert pool.heads("alice", 0, "dave") == [public]
    assert pool.heads("alice", 0, "carol") == [private]
    assert [seen.sequence for seen in pool.public(10, 10)] == [2]


def test_a_used_nonce_is_refused_and_leaves_nothing() -> None:
    pool = Mempool(LIFETIME)
    with pytest.raises(NonceTooLow):
        pool.admit(waiting(nonce=2), 3)
    assert (len(pool), pool.senders()) == (0, [])


@pytest.mark.parametrize(
    ("old", "new", "replaces"),
    [
        ((100, 10), (110, 11), True),
        ((100, 10), (109, 11), False),
        ((100, 10), (110, 10), False),
        ((100, 10), (200, 10), False),
        ((15, 15), (16, 16), True),
        ((5, 5), (5, 5), False),
        ((5, 5), (6, 6), True),
        ((5, 0), (6, 0), False),
        ((5, 0), (6, 1), True),
    ],
)
def test_replacement_takes_a_tenth_more_on_both_caps(
    old: tuple[int, int], new: tuple[int, int], replaces: bool
) -> None:
    pool = Mempool(LIFETIME)
    first = waiting(nonce=0, fee=old[0], tip=old[1])
    second = waiting(nonce=0, fee=new[0], tip=new[1], sequence=2)
    pool.admit(first, 0)
    if replaces:
        assert pool.admit(second, 0) is first
        assert pool.heads("alice", 0, "builder") == [second]
    else:
        with pytest.raises(ReplacementUnderpriced):
            pool.admit(second, 0)
        assert pool.heads("alice", 0, "builder") == [first]
    assert len(pool) == 1


def test_a_replacement_is_no_live_removal() -> None:
    pool = Mempool(LIFETIME)
    pool.admit(waiting(nonce=0), 0)
    pool.admit(waiting(nonce=0, fee=10**12, tip=10**10, sequence=2, arrival_ns=500), 0)
    assert [seen.sequence for seen in pool.public(1, 499)] == [1]
    assert [seen.sequence for seen in pool.public(2, 500)] == [2]


@given(st.integers(1, 10**12), st.integers(0, 10**12))
def test_whoever_replaces_pays_more(fee: int, tip: int) -> None:
    pool = Mempool(LIFETIME)
    tip = min(tip, fee)
    pool.admit(waiting(nonce=0, fee=fee, tip=tip), 0)
    with pytest.raises(ReplacementUnderpriced):
        pool.admit(waiting(nonce=0, fee=fee, tip=tip), 0)
    pool.admit(waiting(nonce=0, fee=fee * 11 // 10 + 1, tip=tip * 11 // 10 + 1), 0)
    assert len(pool) == 1


def test_what_waited_too_long_is_dropped() -> None:
    pool = Mempool(LIFETIME)
    one = waiting()
    pool.admit(one, 0)
    assert pool.expired(LIFETIME, 1, nobody) == []
    [(gone, refusal)] = pool.expired(LIFETIME + 1, 1, nobody)
    assert gone is one
    assert isinstance(refusal, DroppedFromPool)


def test_what_was_overtaken_is_dropped() -> None:
    pool = Mempool(LIFETIME)
    one = waiting(nonce=0)
    pool.admit(one, 0)
    [(gone, refusal)] = pool.expired(1, 1, lambda sender: 1)
    assert gone is one
    assert isinstance(refusal, NonceTooLow)


@pytest.mark.parametrize(
    ("block", "last_block", "dropped_at"), [(3, None, 4), (3, 9, 4), (None, 5, 6), (None, None, None)]
)
def test_a_bundle_is_dropped_after_its_block(block: int | None, last_block: int | None, dropped_at: int | None) -> None:
    pool = Mempool(LIFETIME)
    pool.admit(bundle(block, last_block), 0)
    dropped = [number for number in range(1, 10) if pool.expired(1, number, nobody)]
    assert dropped == ([] if dropped_at is None else list(range(dropped_at, 10)))


def test_what_left_is_forgotten_after_a_while() -> None:
    pool, hour = Mempool(LIFETIME), 3600 * 10**9
    for number in range(1_000):
        one = waiting(sequence=number, arrival_ns=number * hour)
        pool.admit(one, 0)
        pool.remove(one, number * hour + 1)
        pool.expired(number * hour + 1, number, nobody)
    assert len(pool._left) <= 2
    assert list(pool) == []
