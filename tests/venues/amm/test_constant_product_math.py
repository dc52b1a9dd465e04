"""The contracts' formulas: figures of their own tests, and what must hold for any numbers."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shoal.sim.errors import InsufficientInput, InsufficientLiquidity, Overflow
from shoal.venues.amm import constant_product_math as exact

reserves = st.integers(1, exact.UINT112_MAXIMUM)
fees_ppm = st.sampled_from((0, 1, 500, 3000, 10_000, 999_999))


@given(st.integers(1, 2**112), reserves, reserves)
def test_3000_ppm_is_997_over_1000(amount: int, reserve_in: int, reserve_out: int) -> None:
    expected = amount * 997 * reserve_out // (reserve_in * 1000 + amount * 997)
    assert exact.amount_out(amount, reserve_in, reserve_out) == expected


@given(reserves, reserves, fees_ppm, st.data())
def test_the_output_is_tight(reserve_in: int, reserve_out: int, fee_ppm: int, data: st.DataObject) -> None:
    amount = data.draw(st.integers(1, exact.UINT112_MAXIMUM))
    out = exact.amount_out(amount, reserve_in, reserve_out, fee_ppm=fee_ppm)
    assert 0 <= out < reserve_out
    for taken, allowed in ((out, True), (out + 1, False)):
        balances = reserve_in + amount, reserve_out - taken
        assert exact.invariant_holds(balances, (amount, 0), (reserve_in, reserve_out), fee_ppm=fee_ppm) is allowed


@given(reserves, reserves, fees_ppm, st.data())
def test_the_input_suffices_and_is_at_most_two_above_the_least(
    reserve_in: int, reserve_out: int, fee_ppm: int, data: st.DataObject
) -> None:
    assume(reserve_out > 1)
    wanted = data.draw(st.integers(1, reserve_out - 1))
    needed = exact.amount_in(wanted, reserve_in, reserve_out, fee_ppm=fee_ppm)
    assume(needed < 2**200)
    assert exact.amount_out(needed, reserve_in, reserve_out, fee_ppm=fee_ppm) >= wanted
    if needed > 2:
        assert exact.amount_out(needed - 2, reserve_in, reserve_out, fee_ppm=fee_ppm) < wanted


def test_nothing_in_nothing_out_nothing_there() -> None:
    with pytest.raises(InsufficientInput):
        exact.amount_out(0, 1, 1)
    with pytest.raises(InsufficientInput):
        exact.amount_in(0, 1, 1)
    with pytest.raises(InsufficientInput):
        exact.equivalent(0, 1, 1)
    for function in (exact.amount_out, exact.amount_in, exact.equivalent):
        with pytest.raises(InsufficientLiquidity):
            function(1, 0, 5)
        with pytest.raises(InsufficientLiquidity):
            function(1, 5, 0)
    with pytest.raises(InsufficientLiquidity):
        exact.amount_in(5, 5, 5)


def test_products_beyond_256_bits_are_refused_as_the_contracts_do() -> None:
    most = (2**256 - 1 - 1000) // 997
    assert exact.amount_out(most, 1, 1) == 0
    with pytest.raises(Overflow):
        exact.amount_out(most + 2, 1, 1)
    with pytest.raises(Overflow):
        exact.amount_in(2**140, 2**116, 2**141)
    with pytest.raises(Overflow):
        exact.equivalent(2**200, 1, 2**56)
    assert exact.equivalent(2**200, 1, 2**56 - 1) == 2**200 * (2**56 - 1)


@given(reserves, reserves)
def test_the_first_liquidity_is_the_root_less_what_is_locked(amount_0: int, amount_1: int) -> None:
    if amount_0 * amount_1 < (exact.MINIMUM_LIQUIDITY + 1) ** 2:
        with pytest.raises(InsufficientInput):
            exact.first_liquidity(amount_0, amount_1)
    else:
        root = exact.first_liquidity(amount_0, amount_1) + exact.MINIMUM_LIQUIDITY
        assert root**2 <= amount_0 * amount_1 < (root + 1) ** 2


@given(st.integers(1001, 2**112), reserves, reserves)
def test_the_protocol_gets_a_sixth_of_the_growth_in_the_root(supply: int, reserve_0: int, reserve_1: int) -> None:
    last = reserve_0 * reserve_1 // 2
    assert exact.protocol_liquidity(supply, reserve_0 * reserve_1, 0) == 0
    assert exact.protocol_liquidity(supply, last, reserve_0 * reserve_1) == 0
    root, last_root = math.isqrt(reserve_0 * reserve_1), math.isqrt(last)
    assume(last_root > 0)
    minted = exact.protocol_liquidity(supply, reserve_0 * reserve_1, last)
    # Its share of the pool is worth at most a sixth of the growth, and one unit more would be worth that at least.
    assert 6 * minted * root <= (supply + minted) * (root - last_root)
    assert 6 * (minted + 1) * root >= (supply + minted + 1) * (root - last_root)


@given(st.integers(0, 2**256 - 1), reserves, reserves, st.integers(0, 2**32 - 1))
def test_accumulators_wrap(cumulative: int, reserve: int, other: int, elapsed_s: int) -> None:
    after = exact.accumulated(cumulative, reserve, other, elapsed_s)
    assert 0 <= after < 2**256
    assert (after - cumulative - (other << 112) // reserve * elapsed_s) % 2**256 == 0
