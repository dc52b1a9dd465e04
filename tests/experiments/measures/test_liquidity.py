"""Liquidity against holding: fee income and impermanent loss, and their sum."""

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.experiments.measures.liquidity import liquidity_result, liquidity_series

NO_PRICES = pd.DataFrame(columns=["time_ns", "venue", "kind", "base", "quote", "mid"])


def states(rows: list[tuple[float, float, int]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["base_tokens", "quote_tokens", "supply"])
    return table.assign(
        time_ns=range(len(rows)), venue="pool", kind="pool", base="B", quote="Q", liquidity_raw=table["supply"].map(str)
    )


def last(rows: list[tuple[float, float, int]]) -> dict[str, float]:
    return liquidity_result(liquidity_series(states(rows), NO_PRICES)).iloc[0].to_dict()


def test_a_constant_price_without_fees_gives_nothing() -> None:
    found = last([(10.0, 1_000.0, 100), (10.0, 1_000.0, 100)])
    assert found["impermanent_loss_quote_tokens"] == found["fee_income_quote_tokens"] == 0.0


def test_fees_at_a_constant_price_are_all_income() -> None:
    found = last([(10.0, 1_000.0, 100), (10.1, 1_010.0, 100)])
    assert found["fee_income_quote_tokens"] == pytest.approx(20.0)
    assert found["impermanent_loss_quote_tokens"] == pytest.approx(0.0, abs=1e-9)


@given(st.floats(0.01, 100.0))
def test_without_fees_the_loss_is_the_closed_form(ratio: float) -> None:
    root = math.sqrt(ratio)
    found = last([(10.0, 1_000.0, 100), (10.0 / root, 1_000.0 * root, 100)])
    expected = 2 * root / (1 + ratio) - 1
    got = found["impermanent_loss_quote_tokens"] / found["holding_quote_tokens"]
    assert got == pytest.approx(expected, abs=1e-12)
    assert found["fee_income_quote_tokens"] == pytest.approx(0.0, abs=1e-6)


def test_minting_and_burning_shares_changes_nothing() -> None:
    found = last([(10.0, 1_000.0, 100), (5.0, 500.0, 50), (20.0, 2_000.0, 200)])
    assert found["result_quote_tokens"] == pytest.approx(0.0, abs=1e-9)


@given(st.lists(st.tuples(st.floats(0.1, 1e3), st.floats(0.1, 1e6), st.integers(1, 10**40)), min_size=1, max_size=12))
def test_the_parts_sum_to_the_result(rows: list[tuple[float, float, int]]) -> None:
    table = liquidity_series(states(rows), NO_PRICES)
    parts = table["impermanent_loss_quote_tokens"] + table["fee_income_quote_tokens"]
    size = table["value_quote_tokens"].abs() + table["holding_quote_tokens"].abs()
    growth = (parts - table["result_quote_tokens"]).abs() / (size + table["fee_income_quote_tokens"].abs())
    assert growth.max() < 1e-12
    assert table["result_quote_tokens"].iloc[0] == 0.0


def test_a_pool_is_followed_from_its_first_share(tables: dict[str, pd.DataFrame]) -> None:
    assert liquidity_series(states([(0.0, 0.0, 0), (1.0, 100.0, 0)]), NO_PRICES).empty
    found = liquidity_result(liquidity_series(tables["venue_states"], tables["prices"]))
    assert found["venue"].tolist() == ["BTC pool", "ETH pool"]
    assert (found["fee_income_quote_tokens"] > 0).all()
