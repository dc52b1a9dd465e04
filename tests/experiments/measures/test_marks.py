"""What trades, fees and gas are valued at."""

import numpy as np
import pandas as pd
import pytest

from shoal.experiments.measures.marks import Marks


@pytest.fixture(scope="module")
def marks(tables: dict[str, pd.DataFrame]) -> Marks:
    return Marks.of(tables["prices"], tables["agents"])


def test_an_unpriced_asset_is_worth_nothing(marks: Marks) -> None:
    assert marks.end_price("USDC") == 1.0
    assert marks.end_price("BTC-LP") == 0.0


def test_beyond_the_run_the_last_price_counts(marks: Marks, tables: dict[str, pd.DataFrame]) -> None:
    fills = tables["fills"]
    assert marks.later(fills, 1e9).tolist() == marks.at_end(fills).tolist()
    assert np.isfinite(marks.at_fill(fills)).all()


def test_a_fee_in_base_is_worth_the_outside_price(marks: Marks, tables: dict[str, pd.DataFrame]) -> None:
    fills = tables["fills"]
    in_base = (fills["fee_asset"] == fills["base"]).to_numpy()
    assert in_base.any()
    price = marks.fee_price(fills)
    assert (price[in_base] == marks.at_fill(fills)[in_base]).all()
    assert (price[~in_base] == 1.0).all()


def test_gas_is_valued_when_it_was_paid(marks: Marks, tables: dict[str, pd.DataFrame]) -> None:
    times = tables["blocks"]["time_ns"]
    found = marks.value_at("ETH", times)
    assert found.min() < 0.8 * found[0]
    assert marks.value_at("USDC", times).tolist() == [1.0] * len(times)
