"""Forced sales by market and over time."""

import pytest
from tests.experiments.synthetic import START_NS

from shoal.experiments.measures.liquidations import liquidation_totals, liquidations_over_time
from shoal.experiments.result import Result

MINUTE_NS = 60 * 10**9


def test_totals(loop_result: Result) -> None:
    fills = loop_result.table("fills")
    row = liquidation_totals(loop_result.table("liquidations"), fills).iloc[0]
    assert (row["liquidations"], row["borrowers"], row["liquidators"]) == (3, 3, 1)
    assert (row["seized_tokens"], row["sold_share"], row["bad_debt_tokens"]) == (18.0, 0.5, 15.0)
    assert row["seized_quote_tokens"] == pytest.approx(6 * 0.99 * (180 + 180 + 150))
    meanwhile = fills[fills["time_ns"].between(START_NS + 60 * MINUTE_NS, START_NS + 90 * MINUTE_NS)]
    volume = float(meanwhile.loc[meanwhile["base"] == "ETH", "base_tokens"].sum())
    assert row["volume_tokens"] == volume
    assert row["share_of_volume"] == pytest.approx(9.0 / volume)


def test_over_time_nothing_is_lost(loop_result: Result) -> None:
    table = loop_result.table("liquidations")
    found = liquidations_over_time(table, start_ns=START_NS, end_ns=START_NS + 240 * MINUTE_NS, buckets=24)
    assert len(found) == 24
    assert found["liquidations"].sum() == 3
    busy = found[found["liquidations"] > 0]
    assert ((busy["time_ns"] - START_NS) // MINUTE_NS).tolist() == [60, 90]
    assert busy["seized_tokens"].tolist() == [12.0, 6.0]


def test_without_any_there_is_nothing(loop_result: Result) -> None:
    none = loop_result.table("liquidations").iloc[:0]
    assert liquidation_totals(none, loop_result.table("fills")).empty
    assert liquidations_over_time(none, start_ns=0, end_ns=1).empty
