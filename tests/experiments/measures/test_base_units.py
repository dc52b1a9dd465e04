"""Units are found whatever the amounts."""

from __future__ import annotations

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from shoal.experiments.measures.base_units import asset_units, native_units, units_by


@given(st.integers(0, 24), st.lists(st.integers(1, 10**30), min_size=1))
def test_units_come_back(decimals: int, amounts: list[int]) -> None:
    found = units_by(["X"] * len(amounts), amounts, [amount / 10**decimals for amount in amounts])
    assert found == {"X": 10**decimals}


def test_units_of_a_run(tables: dict[str, pd.DataFrame]) -> None:
    assert asset_units(tables["fills"]) == {"BTC": 10**8, "ETH": 10**18, "USDC": 10**6}
    assert native_units(tables["transactions"]) == {"chain": 10**18}


def test_without_fills_nothing_is_known(tables: dict[str, pd.DataFrame]) -> None:
    assert asset_units(tables["fills"].iloc[:0]) == {}
