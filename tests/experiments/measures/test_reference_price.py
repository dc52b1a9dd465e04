"""Marking against the outside price: never ahead, never stale."""

import numpy as np
import pandas as pd
import pytest

from shoal.experiments.measures.reference_price import ReferencePrices

SECOND = 1_000_000_000


def prices(rows: list[tuple[int, str, str, float]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["time_ns", "venue", "kind", "mid"])
    return table.assign(base="BTC", quote="USDC")


def asked(*times: int) -> pd.DataFrame:
    return pd.DataFrame({"time_ns": list(times), "base": "BTC", "quote": "USDC"})


STEPS = prices(
    [(0, "out", "outside", 100.0), (10 * SECOND, "out", "outside", 110.0), (20 * SECOND, "out", "outside", 90.0)]
)


def test_the_last_price_at_or_before_holds() -> None:
    found = ReferencePrices.of(STEPS).at(asked(0, 10 * SECOND - 1, 10 * SECOND, 29 * SECOND))
    assert found.tolist() == [100.0, 100.0, 110.0, 90.0]


def test_before_the_first_and_a_step_after_the_last_nothing_is_known() -> None:
    found = ReferencePrices.of(STEPS).at(asked(-1, 30 * SECOND, 30 * SECOND + 1))
    assert np.isnan(found).tolist() == [True, False, True]


def test_later_prices_are_those_of_the_horizon() -> None:
    assert ReferencePrices.of(STEPS).at(asked(0), later_ns=10 * SECOND).tolist() == [110.0]


def test_the_outside_market_comes_before_the_path() -> None:
    both = pd.concat([STEPS, prices([(0, "path", "path", 1.0), (5 * SECOND, "path", "path", 2.0)])])
    assert ReferencePrices.of(both).at(asked(6 * SECOND)).tolist() == [100.0]


def test_without_an_outside_market_the_path_counts() -> None:
    path = prices([(0, "path", "path", 1.0), (5 * SECOND, "path", "path", 2.0), (0, "book", "book", 7.0)])
    assert ReferencePrices.of(path).at(asked(6 * SECOND)).tolist() == [2.0]


def test_an_unknown_pair_has_no_price() -> None:
    table = asked(0).assign(base="ETH")
    assert np.isnan(ReferencePrices.of(STEPS).at(table)).all()


@pytest.mark.parametrize(("table", "step_ns"), [(STEPS, 10 * SECOND), (STEPS.iloc[:1], 0), (STEPS.iloc[:0], 0)])
def test_the_step_is_what_can_be_seen(table: pd.DataFrame, step_ns: int) -> None:
    assert ReferencePrices.of(table).step_ns == step_ns
