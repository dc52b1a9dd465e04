"""Share arithmetic against exact fractions."""

from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.sim.units import SECONDS_PER_YEAR, Asset
from shoal.venues.vault import share_math

amounts = st.integers(0, 10**30)
supplies = st.integers(0, 10**36)
virtuals = st.sampled_from((1, 10**12))


@pytest.mark.parametrize(("decimals", "expected"), [(6, 10**12), (18, 1), (24, 1), (0, 10**18)])
def test_virtual_shares_let_the_first_share_cost_one_token(decimals: int, expected: int) -> None:
    numeraire = Asset("CASH", decimals)
    assert share_math.virtual_shares(numeraire) == expected
    if decimals <= 18:
        shares = share_math.shares_for(numeraire.unit, supply=0, virtual=expected, nav=0)
        assert shares == 10**share_math.SHARE_DECIMALS


@given(value=amounts, nav=amounts, supply=supplies, virtual=virtuals)
def test_a_deposit_never_lowers_the_share_price(value: int, nav: int, supply: int, virtual: int) -> None:
    shares = share_math.shares_for(value, supply=supply, virtual=virtual, nav=nav)
    assert Fraction(nav + value + 1, supply + virtual + shares) >= Fraction(nav + 1, supply + virtual)
    if shares:
        one_more = Fraction(nav + value + 1, supply + virtual + shares + 1)
        assert one_more < Fraction(nav + 1, supply + virtual)


@given(amount=amounts, supply=supplies, virtual=virtuals, data=st.data())
def test_parts_are_rounded_against_who_redeems(amount: int, supply: int, virtual: int, data: st.DataObject) -> None:
    shares = data.draw(st.integers(0, supply))
    exact = Fraction(amount * shares, supply + virtual)
    down = share_math.part_down(amount, shares, supply=supply, virtual=virtual)
    up = share_math.part_up(amount, shares, supply=supply, virtual=virtual)
    assert down <= exact <= up
    assert up - down <= 1
    assert down <= amount


@given(supply=supplies, fee_ppm=st.integers(0, 500_000), elapsed_s=st.integers(0, 2 * SECONDS_PER_YEAR))
def test_the_management_fee_owns_its_part_afterwards(supply: int, fee_ppm: int, elapsed_s: int) -> None:
    minted = share_math.management_shares(supply, fee_ppm=fee_ppm, elapsed_s=elapsed_s)
    part = Fraction(fee_ppm * min(elapsed_s, SECONDS_PER_YEAR), 10**6 * SECONDS_PER_YEAR)
    assert minted == floor(supply * part / (1 - part))
    assert Fraction(minted, max(1, supply + minted)) <= part


@given(supply=supplies, nav=amounts, mark_nav=amounts, fee_ppm=st.integers(0, 10**6 - 1), virtual=virtuals)
def test_the_performance_fee_is_its_part_of_the_rise_and_never_negative(
    supply: int, nav: int, mark_nav: int, fee_ppm: int, virtual: int
) -> None:
    mark = share_math.share_price(mark_nav, supply=supply, virtual=virtual)
    terms = {"supply": supply, "virtual": virtual, "nav": nav}
    minted = share_math.performance_shares(**terms, fee_ppm=fee_ppm, high_water_mark=mark)
    if nav <= mark_nav:
        assert minted == 0
        return
    worth = Fraction(minted * (nav + 1), supply + virtual + minted)
    rise = Fraction((nav - mark_nav) * supply * fee_ppm, (supply + virtual) * 10**6)
    assert 0 <= worth <= rise + Fraction(supply, share_math.PRICE_UNIT)
    assert worth >= rise - 2 - Fraction(nav + 1, supply + virtual)
    after = share_math.share_price(nav, supply=supply + minted, virtual=virtual)
    assert after >= mark


def test_a_fee_on_nothing_is_nothing() -> None:
    assert share_math.performance_shares(0, virtual=1, nav=10**9, fee_ppm=10**5, high_water_mark=0) == 0
    mark = share_math.share_price(100, supply=50, virtual=1)
    assert share_math.performance_shares(50, virtual=1, nav=-7, fee_ppm=10**5, high_water_mark=mark) == 0
