"""The world's mid over time is what the experimenter's price is at an instant."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from shoal.experiments.measures.world_mids import WorldMids


def states(*entries: tuple[int, str, float, float]) -> pd.DataFrame:
    table = pd.DataFrame(entries, columns=["time_ns", "kind", "mid", "depth_quote_tokens"])
    return table.assign(base="ETH", quote="USDC", venue=table["kind"])


def test_mids_are_weighted_by_depth() -> None:
    mids = WorldMids.of(states((5, "book", 100.0, 1.0), (5, "pool", 110.0, 3.0), (9, "book", 90.0, 1.0)))
    assert mids.at("ETH", 5) == pytest.approx(107.5)
    assert mids.at("ETH", 8) == pytest.approx(107.5)
    assert mids.at("ETH", 10**18) == 90.0


def test_oracles_and_paths_are_no_markets() -> None:
    assert WorldMids.of(states((5, "book", 100.0, 1.0), (5, "oracle", 50.0, 0.0))).at("ETH", 5) == 100.0


def test_unlimited_depth_outweighs_and_no_depth_counts_last() -> None:
    assert WorldMids.of(states((5, "book", 100.0, 9.0), (5, "outside", 50.0, math.nan))).at("ETH", 5) == 50.0
    assert WorldMids.of(states((5, "book", 100.0, 0.0), (5, "pool", 50.0, 0.0))).at("ETH", 5) == 75.0


def test_before_the_first_price_and_of_what_is_not_traded_nothing_is_known() -> None:
    mids = WorldMids.of(states((5, "book", 100.0, 1.0), (7, "pool", math.nan, 1.0)))
    assert math.isnan(mids.at("ETH", 4))
    assert math.isnan(mids.at("BTC", 5))
    assert mids.at("ETH", 7) == 100.0
