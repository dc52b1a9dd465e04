from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.sim.errors import Overflow
from shoal.venues.credit import lending_math as exact
from shoal.venues.credit.lending_math import ORACLE_PRICE_SCALE, WAD

amounts = st.integers(0, 10**30)
totals = st.tuples(st.integers(0, 10**30), st.integers(0, 10**36))


@given(st.integers(0, 2**120), st.integers(0, 2**120), st.integers(1, 2**120))
def test_rounding_down_and_up_are_one_apart_or_equal(left: int, right: int, divisor: int) -> None:
    down, up = exact.mul_div_down(left, right, divisor), exact.mul_div_up(left, right, divisor)
    assert down * divisor <= left * right <= up * divisor
    assert up - down == (left * right % divisor > 0)


@pytest.mark.parametrize("multiply", [exact.mul_div_down, exact.mul_div_up])
def test_a_product_beyond_the_contracts_integer_is_refused(multiply: object) -> None:
    assert callable(multiply)
    assert multiply(2**127, 2**128, 2**250) == 2**5
    with pytest.raises(Overflow):
        multiply(2**128, 2**128, 2**250)


@given(amounts, totals)
def test_shares_and_back_never_gain(assets: int, totals: tuple[int, int]) -> None:
    down, up = exact.to_shares_down(assets, *totals), exact.to_shares_up(assets, *totals)
    assert 0 <= up - down <= 1
    assert exact.to_assets_down(down, *totals) <= assets <= exact.to_assets_up(up, *totals)


def test_an_empty_market_gives_a_million_shares_a_unit() -> None:
    assert exact.to_shares_down(7, 0, 0) == exact.to_shares_up(7, 0, 0) == 7 * 10**6


def test_a_donation_of_the_first_lender_does_not_rob_the_second() -> None:
    # One share of the first lender, and a thousand tokens of "interest" on it.
    held = 10**9
    shares = exact.to_shares_down(10**9, held, 1)
    assert exact.to_assets_down(shares, held + 10**9, 1 + shares) > 999 * 10**6


@given(st.integers(0, 10**11), st.integers(0, 10**6))
def test_growth_is_the_exponentials_first_three_terms(rate_wad: int, seconds: int) -> None:
    with localcontext() as context:
        context.prec = 60
        exponent = Decimal(rate_wad) * seconds / WAD
        growth = (exponent.exp() - 1) * WAD
        missing = growth - exact.compounded_growth_wad(rate_wad, seconds)
        assert -(Decimal(10) ** -30) <= missing <= exponent**4 / 24 * exponent.exp() * WAD + 2


def test_a_year_at_ten_percent() -> None:
    # 0.1 + 0.1^2 / 2 + 0.1^3 / 6, against exp(0.1) - 1 = 0.10517091...
    assert exact.compounded_growth_wad(10**17, 1) == 105166666666666666
    assert exact.interest(10**6, 10**17, 1) == 105166


@pytest.mark.parametrize(
    ("lltv", "factor"), [(0.86, 1.0438), (0.77, 1.0741), (0.945, 1.0168), (0.0, 1.15), (0.5, 1.15)]
)
def test_the_published_incentives(lltv: float, factor: float) -> None:
    found = exact.incentive_factor_wad(round(lltv * 10**6) * exact.WAD_PER_PPM)
    assert found / WAD == pytest.approx(factor, abs=5e-5)


@given(st.integers(0, 10**6 - 1))
def test_liquidation_at_the_threshold_heals(lltv_ppm: int) -> None:
    lltv_wad = lltv_ppm * exact.WAD_PER_PPM
    assert lltv_wad * exact.incentive_factor_wad(lltv_wad) <= WAD * WAD


@pytest.mark.parametrize(("collateral", "loan"), [(18, 6), (8, 6), (6, 18), (28, 0), (36, 8)])
def test_a_price_in_base_units(collateral: int, loan: int) -> None:
    price = 2_000 * 10**8 * exact.price_scale(collateral, loan, 8)
    assert exact.mul_div_down(3 * 10**collateral, price, ORACLE_PRICE_SCALE) == 6_000 * 10**loan


def test_a_price_that_would_lose_digits() -> None:
    with pytest.raises(ValueError, match="cannot be priced"):
        exact.price_scale(36, 7, 8)


@given(
    st.integers(1, 10**24), st.integers(10**20, 10**40), st.integers(0, 999_999), st.integers(1, 10**24), st.integers()
)
def test_a_liquidator_never_gets_more_than_the_incentive(
    amount: int, price: int, lltv_ppm: int, total_borrow: int, offset: int
) -> None:
    factor = exact.incentive_factor_wad(lltv_ppm * exact.WAD_PER_PPM)
    totals = total_borrow, total_borrow * 10**6 + offset % 10**6
    repaid, shares = exact.repayment(amount, price, factor, *totals)
    assert amount * price * WAD <= repaid * factor * ORACLE_PRICE_SCALE
    seized, paid = exact.seizure(shares, price, factor, *totals)
    assert seized * price * WAD <= paid * factor * ORACLE_PRICE_SCALE
    assert paid == repaid
