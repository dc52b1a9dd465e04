"""Fees of a resting order add up to exactly what was escrowed for them."""

from hypothesis import given
from hypothesis import strategies as st

from shoal.ext.book import BUY, SELL
from shoal.sim.units import PPM, Account, Asset
from shoal.venues.book.grid import Grid
from shoal.venues.book.resting import Resting, fee_of

GRID = Grid(Asset("BTC", 8), Asset("USDC", 6), "1", "0.01")
OWNER = Account("alice", "exchange")


@given(st.lists(st.integers(1, 50), min_size=1, max_size=20), st.integers(1, 10**9), st.integers(0, PPM))
def test_fills_use_up_the_escrow_exactly(fills: list[int], lot_cost: int, ppm: int) -> None:
    order = Resting(OWNER, BUY, lot_cost, sum(fills))
    _, escrow = order.reserved(GRID, ppm)
    for lots in fills:
        escrow -= lots * lot_cost + order.fee(lots, ppm)
        order.filled += lots
        assert order.reserved(GRID, ppm) == (GRID.quote, escrow)
    assert escrow == 0


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=20), st.integers(0, PPM))
def test_the_takers_fee_always_covers_the_rebates(costs: list[int], ppm: int) -> None:
    rebates = [Resting(OWNER, SELL, cost, 1).fee(1, -ppm) for cost in costs]
    assert all(rebate <= 0 for rebate in rebates)
    assert fee_of(sum(costs), ppm) + sum(rebates) >= 0


def test_fees_round_up_and_rebates_towards_zero() -> None:
    assert [fee_of(1_000_001, 100), fee_of(1_000_001, -100), fee_of(1, 0)] == [101, -100, 0]


def test_a_rebate_is_rounded_at_each_fill() -> None:
    order = Resting(OWNER, SELL, 1, 3)
    fees = []
    for lots in (1, 1, 1):
        fees.append(order.fee(lots, -500_000))
        order.filled += lots
    assert fees == [0, 0, 0]


def test_a_seller_escrows_base() -> None:
    assert Resting(OWNER, SELL, 7, 5, filled=2).reserved(GRID, 500) == (GRID.base, 3 * GRID.lot)
