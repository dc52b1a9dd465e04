"""Positions: net amounts, values rounded both ways, and what an exchange gave and got."""

from collections.abc import Mapping
from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.sim.units import Asset
from shoal.venues.vault.positions import Positions, exchanged, non_zero, value_down, value_up

BTC, ETH, USDC = Asset("BTC", 8), Asset("ETH", 18), Asset("USDC", 6)
ANSWERS = {BTC: 20_000 * 10**8, ETH: 2_000 * 10**8}


def held(
    on_chain: Mapping[Asset, int],
    *,
    custody: Mapping[Asset, int] | None = None,
    collateral: Mapping[Asset, int] | None = None,
    debts: Mapping[Asset, int] | None = None,
) -> Positions:
    return Positions(USDC, on_chain, custody or {}, collateral or {}, debts or {})


@given(amount=st.integers(0, 10**40), answer=st.integers(1, 10**20))
def test_values_are_the_exact_product_rounded(amount: int, answer: int) -> None:
    for asset in (BTC, ETH, Asset("GALA", 0)):
        exact = Fraction(amount * answer * USDC.unit, asset.unit * 10**8)
        assert value_down(amount, asset, USDC, answer) == floor(exact)
        assert value_up(amount, asset, USDC, answer) == ceil(exact)


def test_everything_counts_once() -> None:
    one = held({BTC: 10**8, USDC: 7}, custody={USDC: 5, ETH: 10**18}, collateral={ETH: 10**18}, debts={ETH: 10**9})
    assert one.risky == (BTC, ETH)
    assert [one.net(asset) for asset in (BTC, ETH, USDC)] == [10**8, 2 * 10**18, 12 - 10**9]
    assert one.nav_down(ANSWERS) == one.nav_up(ANSWERS) == 24_000 * 10**6 + 12 - 10**9
    assert one.custody_up(ANSWERS) == 2_000 * 10**6 + 5
    dust = held({ETH: 1, BTC: 0})
    assert (dust.nav_down(ANSWERS), dust.nav_up(ANSWERS)) == (0, 1)


def test_an_asset_of_which_there_is_any_needs_an_answer() -> None:
    assert held({BTC: 0, USDC: 3}).nav_down({}) == 3
    with pytest.raises(KeyError):
        held({BTC: 1}).nav_down({})


def test_moving_collateral_and_borrowing_exchange_nothing() -> None:
    before = held({ETH: 10**18, USDC: 5})
    after = held({USDC: 5 + 10**9}, collateral={ETH: 10**18}, debts={ETH: 10**9})
    assert exchanged(before, after, ANSWERS) == (0, 0)


def test_what_is_given_is_rounded_up_and_what_is_got_down() -> None:
    before, after = held({ETH: 1, USDC: 5}), held({BTC: 1, USDC: 1})
    assert exchanged(before, after, ANSWERS) == (1 + 4, 200)
    assert exchanged(after, before, ANSWERS) == (200, 4)


def test_empty_amounts_are_left_out() -> None:
    assert non_zero({BTC: 0, ETH: 1}) == {ETH: 1}
