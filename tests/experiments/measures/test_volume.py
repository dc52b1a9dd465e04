"""Volume, shares and turnover: parts sum to totals."""

import pandas as pd
import pytest

from shoal.experiments.measures.volume import volume, volume_over_time


@pytest.fixture(scope="module")
def found(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    return volume(tables["fills"], tables["venue_states"], tables["prices"], simulated_s=43_200.0)


def test_venues_sum_to_all_fills(found: pd.DataFrame, tables: dict[str, pd.DataFrame]) -> None:
    assert found["fills"].sum() == len(tables["fills"])
    assert found["volume_quote_tokens"].sum() == pytest.approx(tables["fills"]["quote_tokens"].sum())


def test_shares_of_a_pair_sum_to_one(found: pd.DataFrame) -> None:
    assert found.groupby("base")["share"].sum().tolist() == pytest.approx([1.0, 1.0])


def test_turnover_is_volume_over_reserves_for_one_day(found: pd.DataFrame) -> None:
    pools = found[found["kind"] == "pool"]
    expected = 2 * pools["volume_quote_tokens"] / pools["value_quote_tokens"]
    assert pools["turnover_per_day"].tolist() == pytest.approx(expected.tolist())
    assert found.loc[found["kind"] == "book", "turnover_per_day"].isna().all()


@pytest.mark.parametrize("buckets", [1, 7, 60])
def test_stretches_sum_to_the_whole(tables: dict[str, pd.DataFrame], buckets: int) -> None:
    times = tables["prices"]["time_ns"]
    table = volume_over_time(tables["fills"], start_ns=times.min(), end_ns=times.max(), buckets=buckets)
    assert len(table) == buckets * tables["fills"]["venue"].nunique()
    assert table["volume_quote_tokens"].sum() == pytest.approx(tables["fills"]["quote_tokens"].sum())
    assert table["fills"].sum() == len(tables["fills"])


def test_without_trades_there_is_nothing(tables: dict[str, pd.DataFrame]) -> None:
    nothing = tables["fills"].iloc[:0]
    assert volume_over_time(nothing, start_ns=0, end_ns=1).empty
    table = volume(nothing, tables["venue_states"], tables["prices"], simulated_s=1.0)
    assert table["volume_quote_tokens"].eq(0.0).all()
    assert table["share"].isna().all()
