import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.agents.anticipation import affordable, best_ahead, gain_ahead, largest
from shoal.agents.sandwich import Reserves, Swap, sandwiched
from shoal.sim.units import Asset
from shoal.venues.amm.constant_product_view import ConstantProductView

ETH, USDC = Asset("ETH", 18), Asset("USDC", 6)


def pool(fee_ppm: int = 3_000) -> ConstantProductView:
    return ConstantProductView(ETH, USDC, ETH.amount(1_000), USDC.amount(2_000_000), fee_ppm, 10**18, 0, 0, 0)


@pytest.mark.parametrize("fee_ppm", [0, 500, 3_000])
@pytest.mark.parametrize("others", [20.0, 50.0])
def test_of_a_pool_it_is_the_profit_of_a_sandwich(fee_ppm: int, others: float) -> None:
    """Selling 5 ahead of others and buying it back: what is left over is the sandwich's profit in base."""
    view, reserves = pool(fee_ppm), Reserves(ETH.amount(1_000), USDC.amount(2_000_000), fee_ppm)
    attack = sandwiched(reserves, Swap(ETH.floor(others), 0), ETH.amount(5))
    gain = gain_ahead(view, side=-1, own=5.0, others=others)
    assert attack is not None
    assert gain is not None
    price = attack.after.out_of / USDC.unit / (attack.after.into / ETH.unit)
    # Fees on a curve between bid and ask, instead of in the pool: a hundredth.
    assert gain == pytest.approx(ETH.tokens(attack.profit) * price, rel=0.02)


@given(st.sampled_from([+1, -1]), st.floats(0.01, 300.0), st.floats(0.01, 300.0), st.sampled_from([0, 500, 3_000]))
def test_no_other_size_earns_more(side: int, others: float, own: float, fee_ppm: int) -> None:
    view = pool(fee_ppm)
    size, gain = best_ahead(view, side=side, others=others, most=300.0)
    other = gain_ahead(view, side=side, own=own, others=others)
    assert other is not None
    assert other <= gain + 1e-6 * abs(gain) + 1e-9
    assert 0.0 <= size <= 300.0
    assert (size > 0.0) == (gain > 0.0)


def test_without_others_fees_eat_everything() -> None:
    assert gain_ahead(pool(), side=+1, own=1.0, others=0.0) == pytest.approx(-12.0, rel=0.02)
    for side in (+1, -1):
        assert best_ahead(pool(), side=side, others=2.0, most=10.0) == (0.0, 0.0)
        assert best_ahead(pool(), side=side, others=0.0, most=10.0) == (0.0, 0.0)
        assert best_ahead(pool(), side=side, others=100.0, most=0.0) == (0.0, 0.0)
        assert best_ahead(pool(), side=side, others=100.0, most=math.nan) == (0.0, 0.0)


def test_beyond_what_the_venue_shows_nothing_is_known() -> None:
    assert gain_ahead(pool(), side=+1, own=600.0, others=600.0) is None
    size, gain = best_ahead(pool(), side=+1, others=600.0, most=500.0)
    assert 0.0 < size < 400.0
    assert gain > 0.0
    empty = ConstantProductView(ETH, USDC, 0, 0, 3_000, 0, 0, 0, 0)
    assert gain_ahead(empty, side=+1, own=1.0, others=1.0) is None
    assert best_ahead(empty, side=-1, others=1.0, most=1.0) == (0.0, 0.0)


@pytest.mark.parametrize("side", [+1, -1])
def test_the_others_limit_bounds_the_size(side: int) -> None:
    view, others = pool(), 20.0
    alone = view.quote_tokens(side, others)
    assert alone is not None
    limit_price = alone / others * (1 + side * 0.01)
    size, gain = best_ahead(view, side=side, others=others, most=500.0, limit_price=limit_price)
    assert 0.0 < size < best_ahead(view, side=side, others=others, most=500.0)[0]
    assert gain > 0.0
    both, first = view.quote_tokens(side, size + others), view.quote_tokens(side, size)
    assert both is not None
    assert first is not None
    assert (both - first) / others == pytest.approx(limit_price, rel=1e-9)
    assert best_ahead(view, side=side, others=others, most=2.0, limit_price=limit_price)[0] == 2.0
    tight = alone / others * (1 - side * 0.001)
    assert best_ahead(view, side=side, others=others, most=500.0, limit_price=tight) == (0.0, 0.0)


def test_money_buys_what_it_pays_for() -> None:
    view = pool()
    size = affordable(view, quote_tokens=50_000.0)
    assert view.quote_tokens(+1, size) == pytest.approx(50_000.0, rel=1e-9)
    assert affordable(view, quote_tokens=0.0) == 0.0
    empty = ConstantProductView(ETH, USDC, 0, 0, 3_000, 0, 0, 0, 0)
    assert affordable(empty, quote_tokens=1.0) == 0.0
    assert largest(lambda size: False, 10.0) == 0.0
    assert largest(lambda size: True, 10.0) == 10.0
