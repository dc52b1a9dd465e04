"""The base fee follows EIP-1559."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.sim.hosts.base_fee import next_base_fee_wei

LIMIT = 30_000_000


@pytest.mark.parametrize(
    ("base_fee", "used", "expected"),
    [
        (10**9, LIMIT, 1_125_000_000),
        (10**9, 0, 875_000_000),
        (10**9, LIMIT // 2, 10**9),
        (7, LIMIT // 2 + 1, 8),
        (7, 0, 7),
        (0, LIMIT, 1),
        (0, 0, 0),
    ],
)
def test_examples(base_fee: int, used: int, expected: int) -> None:
    assert next_base_fee_wei(base_fee, used, LIMIT) == expected


@given(st.integers(0, 10**15), st.integers(0, LIMIT))
def test_it_moves_by_an_eighth_at_most_and_the_right_way(base_fee: int, used: int) -> None:
    after = next_base_fee_wei(base_fee, used, LIMIT)
    assert base_fee - base_fee // 8 <= after <= base_fee + max(base_fee // 8, 1)
    if used > LIMIT // 2:
        assert after > base_fee
    else:
        assert after <= base_fee


@given(st.integers(0, 10**15), st.lists(st.integers(0, LIMIT), min_size=2, max_size=2))
def test_more_gas_never_means_a_lower_fee(base_fee: int, used: list[int]) -> None:
    low, high = sorted(used)
    assert next_base_fee_wei(base_fee, low, LIMIT) <= next_base_fee_wei(base_fee, high, LIMIT)
