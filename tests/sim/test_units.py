"""Assets turn decimal text into base units exactly, or refuse it."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.sim.units import MAXIMUM_DECIMALS, Account, Asset

assets = st.integers(0, MAXIMUM_DECIMALS).map(lambda decimals: Asset("X", decimals))


@given(assets, st.integers(0, 10**60))
def test_text_and_amount_are_inverse(asset: Asset, amount: int) -> None:
    assert asset.amount(asset.text(amount)) == amount


@given(assets, st.integers(-(10**60), 10**60))
def test_text_is_the_exact_decimal(asset: Asset, amount: int) -> None:
    assert Fraction(asset.text(amount)) == Fraction(amount, asset.unit)


@given(assets, st.from_regex(r"[0-9]{1,30}(\.[0-9]{1,40})?", fullmatch=True))
def test_an_amount_is_exact_or_refused(asset: Asset, text: str) -> None:
    exact = Fraction(text) * asset.unit
    if exact.denominator == 1:
        assert asset.amount(text) == exact
    else:
        with pytest.raises(ValueError, match="finer than"):
            asset.amount(text)


@given(assets, st.integers(0, 10**30))
def test_a_whole_number_means_whole_tokens(asset: Asset, tokens: int) -> None:
    assert asset.amount(tokens) == tokens * asset.unit == asset.amount(str(tokens))


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "1 ",
        " 1",
        "1\n",
        "+1",
        "-1",
        "-0",
        "1_000",
        "1,000",
        "1e3",
        "1E400000000",
        "0x10",
        ".5",
        "5.",
        "1..2",
        "1.2.3",
        "NaN",
        "inf",
        "Infinity",
        "١٢٣",
        "１２",
        "1/2",
        "½",
        "1" * 79,
        "9" * 5_000,
        "0." + "1" * 5_000,
        "1\x00",
        "\N{MINUS SIGN}1",
    ],
)
def test_what_is_no_plain_decimal_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="amount of BTC") as caught:
        Asset("BTC", 8).amount(text)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    "value", [True, False, 1.0, 0.1, math.nan, None, b"1", [], Fraction(1, 2), -1, pytest.param(10**5_000, id="huge")]
)
def test_what_is_no_text_and_no_whole_number_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="amount of BTC"):
        Asset("BTC", 8).amount(value)


@pytest.mark.parametrize(
    ("text", "amount"), [("0", 0), ("0.0", 0), ("000.1", 10), ("1.50", 150), ("1.5000000", 150), ("00", 0)]
)
def test_zeros_before_and_behind_mean_nothing(text: str, amount: int) -> None:
    assert Asset("X", 2).amount(text) == amount


@pytest.mark.parametrize("symbol", ["", " ", "B TC", "BTC\n", "-BTC", "Bitcoin₿", "x" * 65, "a@b", "a:b"])
def test_a_symbol_is_plain_text(symbol: str) -> None:
    with pytest.raises(ValueError, match="symbol"):
        Asset(symbol, 8)


@pytest.mark.parametrize("decimals", [-1, 37, True, False, 8.0, "8", None, math.nan])
def test_decimals_are_a_small_whole_number(decimals: Any) -> None:
    with pytest.raises(ValueError, match="decimals"):
        Asset("BTC", decimals)


@given(assets, st.integers(0, 10**24))
def test_tokens_are_the_nearest_float(asset: Asset, amount: int) -> None:
    assert asset.tokens(amount) == float(Fraction(amount, asset.unit))


@given(assets, st.floats(-1e30, 1e30))
def test_floor_rounds_down_up_to_the_float_product(asset: Asset, tokens: float) -> None:
    floored = asset.floor(tokens)
    product = tokens * asset.unit
    assert floored <= product < floored + 1 or floored == product


@pytest.mark.parametrize("tokens", [math.nan, math.inf, -math.inf, 1e300])
def test_floor_refuses_what_is_not_finite(tokens: float) -> None:
    with pytest.raises(ValueError, match="not a finite number"):
        Asset("X", 18).floor(tokens)


def test_floor_goes_down_below_zero_too() -> None:
    assert Asset("X", 0).floor(-1.5) == -2


def test_an_account_says_whose_and_where() -> None:
    assert str(Account("alice", "exchange")) == "alice on exchange"


def test_assets_of_one_symbol_and_other_decimals_differ() -> None:
    assert Asset("USDC", 6) != Asset("USDC", 18)
    assert Asset("USDC", 6) == Asset("USDC", 6)
