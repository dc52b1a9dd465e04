import math

import numpy as np
import pytest

from shoal.experiments.prices import read_prices
from shoal.experiments.prices.bars import correlation, logarithms, volatility_per_bar


def test_correlation_and_volatility_are_those_of_the_walk(walk_frame):
    frame = walk_frame(np.random.default_rng(21), 2_000, deviation=0.02, correlation=0.6, points=20)
    bars = read_prices(frame, symbols=["BTC", "ETH"])
    assert correlation(bars, "BTC", "ETH") == pytest.approx(0.6, abs=4 * (1 - 0.36) / math.sqrt(2_000))
    assert volatility_per_bar(bars, "BTC") == pytest.approx(0.02, rel=4 / math.sqrt(4_000))


def test_correlation_agrees_with_numpy(walk_frame):
    bars = read_prices(walk_frame(np.random.default_rng(22), 50, points=20), symbols=["BTC", "ETH"])
    returns = [np.diff(logarithms(series.close)) for series in bars.series.values()]
    assert correlation(bars, "BTC", "ETH") == pytest.approx(np.corrcoef(returns)[0, 1], rel=1e-12)
    assert correlation(bars, "ETH", "BTC") == correlation(bars, "BTC", "ETH")


def test_returns_across_gaps_are_left_out(walk_frame):
    frame = walk_frame(np.random.default_rng(23), 30, points=20)
    frame.loc[(frame.symbol == "BTC-USD") & (frame.index >= 15), ["open", "high", "low", "close"]] *= 3
    holes = frame.drop(index=[14])
    bars = read_prices(holes, symbols=["BTC", "ETH"], maximum_gap="2h")
    assert volatility_per_bar(bars, "BTC") < 0.05
    assert abs(correlation(bars, "BTC", "ETH")) > 0.3


def test_too_few_or_constant_prices_have_no_correlation(frame):
    short = read_prices(frame, symbols=["BTC", "ETH"], end="2020-03-12T02:00")
    assert correlation(short, "BTC", "ETH") == 0.0
    frame.loc[frame.symbol == "ETH-USD", ["open", "high", "low", "close"]] = 200.0
    assert correlation(read_prices(frame, symbols=["BTC", "ETH"]), "BTC", "ETH") == 0.0
    assert volatility_per_bar(read_prices(frame, symbols=["BTC"], end="2020-03-12T01:00"), "BTC") == 0.0
