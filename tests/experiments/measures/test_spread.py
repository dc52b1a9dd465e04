"""Spread over time and as trades met it."""

import numpy as np
import pandas as pd
import pytest

from shoal.experiments.measures.spread import spread, weighted_mean


def test_every_trading_venue_has_a_row(tables: dict[str, pd.DataFrame]) -> None:
    found = spread(tables["venue_states"], tables["fills"], tables["prices"]).set_index("venue")
    assert list(found.index) == ["BTC book", "BTC outside", "BTC pool", "ETH book", "ETH outside", "ETH pool"]
    assert found.loc["BTC pool", "time_median_bps"] == 60.0
    assert found.loc["BTC outside", "one_sided_share"] == 0.0
    assert 0.0 < found.loc["BTC book", "one_sided_share"] < 0.2


def test_effective_spread_is_twice_what_was_paid_and_the_fee(tables: dict[str, pd.DataFrame]) -> None:
    found = spread(tables["venue_states"], tables["fills"], tables["prices"]).set_index("venue")
    # The made-up book trades 5 bps from the outside price and charges 5 bps.
    assert found.loc["BTC book", "volume_effective_bps"] == pytest.approx(10.0, rel=1e-6)
    assert found.loc["BTC book", "volume_effective_with_fees_bps"] == pytest.approx(20.0, rel=1e-3)
    assert found.loc["ETH outside", "volume_effective_bps"] == pytest.approx(0.0, abs=1e-5)


def test_weights_count() -> None:
    values = np.array([1.0, 3.0, np.nan])
    assert weighted_mean(values, np.array([1.0, 1.0, 5.0])) == 2.0
    assert weighted_mean(values, np.array([0.0, 2.0, 5.0])) == 3.0
    assert np.isnan(weighted_mean(values, np.zeros(3)))
