"""Parts of one swap's shortfall: each is what its name says, and they sum exactly whatever goes in."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.experiments.measures.shortfall import (
    EXECUTED,
    Audit,
    Trade,
    executed_parts,
    stages,
    unfilled_part,
)

ETHER, DOLLAR = 10**18, 10**6
AMOUNTS = st.integers(1, 10**30)
PRICES = st.floats(1e-12, 1e12)
TRADES = st.builds(Trade, st.sampled_from([-1, 1]), AMOUNTS, st.integers(0, 10**30), PRICES,
                   st.sampled_from([1, 10**8, ETHER]), st.just(DOLLAR))  # fmt: skip
AUDITS = st.builds(
    Audit,
    st.one_of(PRICES, st.sampled_from([math.nan, math.inf, 0.0, -1.0])),
    st.integers(0, 10**30),
    st.integers(0, 10**30),
    st.integers(0, 10**30),
)


def sale(amount_out: int) -> Trade:
    """10 ETH decided at 2,000."""
    return Trade(-1, 10 * ETHER, amount_out, 2_000.0, ETHER, DOLLAR)


def purchase(amount_out: int) -> Trade:
    """20,000 dollars of ETH decided at 2,000."""
    return Trade(+1, 20_000 * DOLLAR, amount_out, 2_000.0, ETHER, DOLLAR)


def named(trade: Trade, audit: Audit | None) -> dict[str, float]:
    return {name: cost / DOLLAR for name, cost in zip(EXECUTED, executed_parts(trade, audit), strict=True)}


@given(TRADES, st.one_of(st.none(), AUDITS))
def test_parts_sum_exactly_whatever_the_inputs(trade: Trade, audit: Audit | None) -> None:
    parts, values = executed_parts(trade, audit), stages(trade, audit)
    assert all(type(part) is int for part in parts)
    assert sum(parts) == values[0] - values[-1]
    # Whatever the audit says, the first and the last value are what was decided and what happened.
    alone = stages(trade, None)
    assert (values[0], values[-1]) == (alone[0], alone[-1])


def test_a_sale_by_hand() -> None:
    """The mid fell by 10 a token; fee 0.03 ETH; then 19,700, 19,650 and 19,600 dollars."""
    audit = Audit(1_990.0, 3 * ETHER // 100, 19_700 * DOLLAR, 19_650 * DOLLAR)
    found = named(sale(19_600 * DOLLAR), audit)
    assert found == {"delay": 100.0, "fee": 59.7, "impact": 140.3, "ordering": 50.0, "adversary": 50.0}


def test_a_purchase_by_hand() -> None:
    """The mid rose to 2,500: 8 ETH instead of 10; a fee of 1 %; then 7.9, 7.8 and 7.7 ETH."""
    audit = Audit(2_500.0, 200 * DOLLAR, 79 * ETHER // 10, 78 * ETHER // 10)
    found = named(purchase(77 * ETHER // 10), audit)
    assert found == {"delay": 4_000.0, "fee": 160.0, "impact": 40.0, "ordering": 200.0, "adversary": 200.0}


def test_what_moved_in_favour_is_a_gain() -> None:
    audit = Audit(2_010.0, 0, 20_100 * DOLLAR, 20_150 * DOLLAR)
    assert named(sale(20_150 * DOLLAR), audit)["delay"] == -100.0
    assert named(sale(20_150 * DOLLAR), audit)["ordering"] == -50.0


def test_without_an_audit_all_is_impact() -> None:
    parts = named(sale(19_000 * DOLLAR), None)
    assert parts == {"delay": 0.0, "fee": 0.0, "impact": 1_000.0, "ordering": 0.0, "adversary": 0.0}


@pytest.mark.parametrize("arrival", [math.nan, math.inf, 0.0])
def test_without_a_mid_at_arrival_there_is_no_delay(arrival: float) -> None:
    parts = named(sale(19_000 * DOLLAR), Audit(arrival, 0, 19_000 * DOLLAR, 19_000 * DOLLAR))
    assert (parts["delay"], parts["impact"]) == (0.0, 1_000.0)


@pytest.mark.parametrize(("later", "sold", "bought"), [(1_900.0, 1_000.0, -1_000.0), (2_200.0, -2_000.0, 2_000.0)])
def test_what_stayed_unfilled_costs_what_the_mid_moved(later: float, sold: float, bought: float) -> None:
    assert unfilled_part(sale(0), later) == sold * DOLLAR
    assert unfilled_part(purchase(0), later) == bought * DOLLAR


def test_what_is_not_known_later_costs_nothing() -> None:
    assert unfilled_part(sale(0), math.nan) == 0
