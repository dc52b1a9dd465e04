"""The grid of prices and quantities is exact."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.sim.units import Asset
from shoal.venues.book.grid import Grid

BTC, USDC = Asset("BTC", 8), Asset("USDC", 6)
GRID = Grid(BTC, USDC, "0.01", "0.0001")


def test_one_lot_at_one_tick_is_whole() -> None:
    assert (GRID.tick, GRID.lot, GRID.notional_unit) == (10_000, 10_000, 1)
    # 12.3456 BTC at 61,234.56 USDC.
    assert GRID.notional(6_123_456, 123_456) == 6_123_456 * 123_456


@pytest.mark.parametrize(
    ("tick", "lot", "message"),
    [
        ("0.01", "0.00001", "make the tick or the lot 10 times as large"),
        ("0.000003", "0.0001", "make the tick or the lot 10000 times as large"),
        ("0.0000001", "1", "finer than 6 decimals"),
        ("0", "1", "must both be above 0"),
        ("0.01", "0", "must both be above 0"),
        ("-1", "1", "plain decimal number"),
        ("nan", "1", "plain decimal number"),
        (0.01, "1", "decimal"),
    ],
)
def test_grids_that_would_round_are_refused_with_a_remedy(tick: str, lot: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Grid(BTC, USDC, tick, lot)


def test_a_pair_needs_two_assets() -> None:
    with pytest.raises(ValueError, match="two assets"):
        Grid(BTC, BTC, "1", "1")


@given(st.floats(0.0, 1e9), st.floats(0.0, 1e6))
def test_rounding_goes_the_way_the_name_says(price: float, tokens: float) -> None:
    below, above, quantity = GRID.price_below(price), GRID.price_above(price), GRID.quantity_below(tokens)
    assert below % GRID.tick == above % GRID.tick == quantity % GRID.lot == 0
    assert below <= price * USDC.unit <= above
    assert above - below in (0, GRID.tick)
    assert quantity <= tokens * BTC.unit < quantity + GRID.lot


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_no_number_is_refused(number: float) -> None:
    for convert in (GRID.price_below, GRID.price_above, GRID.quantity_below):
        with pytest.raises(ValueError, match="not a finite number"):
            convert(number)
