import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.agents.arbitrage import best_size, input_for, optimal_input, output_of

RESERVES = st.floats(1.0, 1e9)


def test_the_published_example() -> None:
    """1000 ETH and 2,000,000 USDC at 0.3 %, ETH at 2100 outside."""
    paid = optimal_input(2e6, 1_000.0, value=2_100.0, kept=0.997)
    got = output_of(paid, 2e6, 1_000.0, kept=0.997)
    assert paid == pytest.approx(46_453.1183, abs=1e-4)
    assert got == pytest.approx(22.63277502, abs=1e-8)
    assert 2_100.0 * got - paid == pytest.approx(1_075.709261, abs=1e-6)


@given(RESERVES, RESERVES, st.floats(0.5, 2.0), st.floats(0.9, 1.0))
def test_no_other_input_earns_more(reserve_in: float, reserve_out: float, gap: float, kept: float) -> None:
    value = gap * reserve_in / reserve_out
    paid = optimal_input(reserve_in, reserve_out, value=value, kept=kept)

    def gain(amount: float) -> float:
        return value * output_of(amount, reserve_in, reserve_out, kept=kept) - amount

    for other in (paid * 0.99, paid * 1.01, paid + 1e-3 * reserve_in, 0.0):
        assert gain(paid) >= gain(other) - 1e-9 * reserve_in
    # Inside the band of the fees nothing is put in.
    assert (paid == 0.0) == (kept * gap <= 1.0 + 1e-15)


@given(RESERVES, RESERVES, st.floats(1e-6, 0.9), st.floats(0.9, 1.0))
def test_input_and_output_are_inverse(reserve_in: float, reserve_out: float, share: float, kept: float) -> None:
    wanted = share * reserve_out
    paid = input_for(wanted, reserve_in, reserve_out, kept=kept)
    assert output_of(paid, reserve_in, reserve_out, kept=kept) == pytest.approx(wanted, rel=1e-9)
    assert input_for(reserve_out, reserve_in, reserve_out, kept=kept) == math.inf


@given(st.floats(0.1, 50.0))
def test_the_search_finds_the_closed_form(value: float) -> None:
    paid = optimal_input(10.0, 20.0, value=value, kept=0.99)
    found = best_size(lambda size: value * output_of(size, 10.0, 20.0, kept=0.99) - size, 100.0)
    # The last bracket is three millionths of the range.
    assert found == pytest.approx(paid, abs=1e-3)
