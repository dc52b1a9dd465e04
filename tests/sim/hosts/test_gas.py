"""Gas is metered against a limit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sim.stand import transaction

from shoal.sim.errors import GasLimitExceeded
from shoal.sim.hosts.gas import INTRINSIC_GAS, GasMeter, tip_wei


@given(st.lists(st.integers(0, 10_000), max_size=20), st.integers(0, 50_000))
def test_what_runs_out_has_used_it_all(spent: list[int], spare: int) -> None:
    limit = INTRINSIC_GAS + spare
    meter, used = GasMeter(limit, "alice"), INTRINSIC_GAS
    for gas in spent:
        if used + gas > limit:
            with pytest.raises(GasLimitExceeded):
                meter.spend(gas)
            used = limit
        else:
            meter.spend(gas)
            used += gas
        assert meter.used == used


@pytest.mark.parametrize(
    ("tip", "cap", "base", "expected"), [(2, 10, 5, 2), (7, 10, 5, 5), (0, 10, 5, 0), (1, 4, 5, -1)]
)
def test_the_tip_is_what_the_cap_leaves(tip: int, cap: int, base: int, expected: int) -> None:
    assert tip_wei(transaction("alice", tip=tip, fee=cap), base) == expected
