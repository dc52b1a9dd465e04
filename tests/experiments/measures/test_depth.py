"""Depth, its drops, and how long half of them took to come back."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.experiments.measures.depth import NS, depth, drops, resilience


def series(values: list[float]) -> tuple[np.ndarray, np.ndarray]:
    return np.arange(len(values), dtype=np.int64) * 10 * NS, np.array(values)


def found(values: list[float]) -> list[tuple[float, float, float]]:
    times, depths = series(values)
    window_ns = 1_000 * NS
    return [
        (one.start_ns / NS, one.trough_ns / NS, one.recovery_s)
        for one in drops(times, depths, fall=0.3, window_ns=window_ns)
    ]


def test_a_fall_by_less_than_three_tenths_is_no_drop() -> None:
    assert found([100.0, 100.0, 71.0, 100.0]) == []


def test_recovery_runs_from_the_trough_to_half_the_way_back() -> None:
    # Falls to 20; half of the 80 lost is back at 60.
    assert found([100.0, 100.0, 60.0, 20.0, 40.0, 59.0, 60.0, 100.0]) == [(20.0, 30.0, 30.0)]


def test_a_drop_that_does_not_recover_has_no_duration() -> None:
    ((start, trough, recovery),) = found([100.0, 100.0, 10.0, 12.0])
    assert (start, trough) == (20.0, 20.0)
    assert np.isnan(recovery)


def test_two_drops_are_two() -> None:
    assert [one[0] for one in found([100.0, 100.0, 10.0, 90.0, 90.0, 10.0, 90.0])] == [20.0, 50.0]


def test_an_empty_book_that_fills_up_is_no_drop() -> None:
    assert found([0.0, 0.0, 100.0, 100.0]) == []


@given(st.lists(st.floats(0.0, 1e6), max_size=60))
def test_drops_are_apart_and_in_order(values: list[float]) -> None:
    times, depths = series(values)
    last = -1
    for one in drops(times, depths, fall=0.3, window_ns=200 * NS):
        assert last < one.start_ns <= one.trough_ns
        assert one.trough_quote_tokens < 0.7 * one.reference_quote_tokens
        last = one.trough_ns if one.recovered_ns is None else one.recovered_ns
        assert last >= one.trough_ns


def test_the_crash_is_seen_and_the_book_comes_back(tables: dict[str, pd.DataFrame]) -> None:
    table = resilience(tables["venue_states"])
    book = table[table["venue"] == "BTC book"]
    assert book["fall_share"].tolist() == [1.0]
    assert book["recovery_s"].iloc[0] > 60
    assert table.loc[table["venue"] == "BTC pool", "recovered_ns"].isna().all()


def test_depth_starts_with_the_first_there_was() -> None:
    states = pd.DataFrame(
        {
            "time_ns": [1, 2, 3],
            "venue": "a",
            "kind": "book",
            "base": "B",
            "quote": "Q",
            "depth_quote_tokens": [0.0, 5.0, 7.0],
        }
    )
    row = depth(states).iloc[0]
    assert (row["start_quote_tokens"], row["minimum_quote_tokens"], row["minimum_time_ns"]) == (5.0, 5.0, 2)


@pytest.mark.parametrize("values", [[0.0, 0.0], [np.inf, np.inf]])
def test_a_venue_without_finite_depth_has_no_row(values: list[float]) -> None:
    states = pd.DataFrame({"time_ns": [1, 2], "venue": "a", "kind": "book", "base": "B", "quote": "Q"})
    assert depth(states.assign(depth_quote_tokens=values)).empty
