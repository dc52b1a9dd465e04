from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.experiments.errors import OptionError
from shoal.experiments.prices.bars import Bars, Prices, Series
from shoal.experiments.prices.episodes import Episode, deepest_episodes
from shoal.experiments.prices.read import read_prices
from shoal.experiments.prices.span import as_text, moment_ns

HOUR = 3_600 * 10**9
DAY = 24 * HOUR
FALLS = {40: 0.30, 130: 0.20, 220: 0.25, 300: 0.10}
"""The bar in which the price falls, and by how much."""


def planted(count: int = 400, *, without: range = range(0)) -> Bars:
    """A price that falls in four bars and is flat otherwise."""
    levels = np.full(count, 100.0)
    for bar, fall in FALLS.items():
        levels[bar:] *= 1.0 - fall
    kept = np.array([index for index in range(count) if index not in without])
    series = {
        symbol: Series(symbol, HOUR * kept, before, np.maximum(before, after), np.minimum(before, after), after)
        for symbol, scale in (("BTC", 1.0), ("ETH", 0.1))
        for before, after in [((scale * np.concatenate([levels[:1], levels[:-1]]))[kept], (scale * levels)[kept])]
    }
    return Bars(series, HOUR, 0, count * HOUR, "ohlc")


def found(bars: Bars, count: int, *, besides: tuple[int, int] = (0, DAY), gap: int = HOUR) -> list[Episode]:
    return deepest_episodes(bars, count, length_ns=DAY, besides=besides, gap_ns=gap)


def test_the_planted_falls_are_found_deepest_first_and_lie_in_the_middle() -> None:
    episodes = found(planted(), 4, besides=(370 * HOUR, 394 * HOUR))
    assert [each.rank for each in episodes] == [1, 2, 3, 4]
    for episode, bar in zip(episodes, (40, 220, 130, 300), strict=True):
        assert episode.fall == pytest.approx(FALLS[bar])
        assert episode.end_ns - episode.start_ns == DAY
        middle = (episode.start_ns + episode.end_ns) // 2
        assert abs(middle - bar * HOUR) <= HOUR


def test_the_span_asked_for_is_left_out() -> None:
    episodes = found(planted(), 3, besides=(35 * HOUR, 59 * HOUR))
    assert [round(each.fall, 2) for each in episodes] == [0.25, 0.20, 0.10]


def test_no_stretch_holds_a_gap_that_is_not_allowed() -> None:
    bars = planted(without=range(41, 44))
    assert [round(each.fall, 2) for each in found(bars, 3)] == [0.25, 0.20, 0.10]
    assert found(bars, 1, gap=4 * HOUR)[0].fall == pytest.approx(0.30)


def test_a_gap_of_another_symbol_counts_too() -> None:
    whole, broken = planted(), planted(without=range(30, 50))
    bars = Bars({"BTC": whole.series["BTC"], "ETH": broken.series["ETH"]}, HOUR, 0, whole.end_ns, "ohlc")
    assert round(found(bars, 1)[0].fall, 2) == 0.25


def test_too_few_say_how_many_there_are() -> None:
    with pytest.raises(OptionError, match=r"room for 7 stretches of 24 h .* and 16 are needed\. Take at most 8"):
        found(planted(24 * 10), 16)
    with pytest.raises(OptionError, match="room for 0 stretches"):
        found(planted(), 1, besides=(0, 400 * HOUR))


def test_within_a_bar_only_what_surely_came_in_that_order_counts() -> None:
    prices = np.full(48, 100.0)
    high, low, close = prices.copy(), prices.copy(), prices.copy()
    high[30], low[30], close[30] = 120.0, 90.0, 108.0
    bars = Bars({"BTC": Series("BTC", HOUR * np.arange(48), prices, high, low, close)}, HOUR, 0, 48 * HOUR, "ohlc")
    # From the high to the close, from the open to the low; and from the high to the low of a later bar.
    assert found(bars, 1)[0].fall == pytest.approx(1.0 - 100.0 / 120.0)
    bars.series["BTC"].low[31:] = 105.0
    bars.series["BTC"].low[30] = 99.0
    assert found(bars, 1)[0].fall == pytest.approx(1.0 - 105.0 / 120.0)


def test_a_note_is_plain() -> None:
    assert Episode(1, 0, DAY, 0.5).note() == {"rank": 1, "start": as_text(0), "end": as_text(DAY), "fall": 0.5}


@given(
    levels=st.lists(st.integers(50, 150), min_size=8, max_size=60),
    length=st.integers(1, 9),
    first=st.integers(0, 40),
)
def test_falls_are_those_of_a_plain_search_and_nothing_overlaps(levels: list[int], length: int, first: int) -> None:
    prices = np.array(levels, dtype=np.float64)
    times = np.arange(len(prices))
    bars = Bars({"BTC": Series("BTC", times, prices, prices, prices, prices)}, 1, 0, len(prices) - 1, "price")
    besides = (first, first + length)
    try:
        episode = deepest_episodes(bars, 1, length_ns=length, besides=besides, gap_ns=1)[0]
    except OptionError:
        return
    starts = [at for at in range(len(prices) - length) if at + length <= first or at >= first + length]
    falls = {at: _plain_fall(prices[at : at + length + 1]) for at in starts}
    assert episode.fall == max(falls.values()) == falls[episode.start_ns]
    with pytest.raises(OptionError) as caught:
        deepest_episodes(bars, 100, length_ns=length, besides=besides, gap_ns=1)
    there = int(str(caught.value).split("room for ")[1].split()[0])
    every = deepest_episodes(bars, there, length_ns=length, besides=besides, gap_ns=1)
    spans = sorted([(each.start_ns, each.end_ns) for each in every] + [besides])
    assert all(left[1] <= right[0] for left, right in pairwise(spans))
    assert [each.fall for each in every] == sorted((each.fall for each in every), reverse=True)


def _plain_fall(prices: Prices) -> float:
    pairs = ((early, late) for index, early in enumerate(prices) for late in prices[index:])
    return float(max(1.0 - late / early for early, late in pairs))


def test_of_the_recorded_years_march_2020_is_the_deepest(shared: Path) -> None:
    path = shared / "data" / "crypto_ohlcv_1h_2018-05_2022-02.parquet"
    bars = read_prices(path, symbols=["BTC", "ETH"])
    besides = moment_ns("2021-05-18", "start"), moment_ns("2021-05-20", "end")
    episodes = deepest_episodes(bars, 5, length_ns=2 * DAY, besides=besides, gap_ns=HOUR)
    start, end = as_text(episodes[0].start_ns), as_text(episodes[0].end_ns)
    assert start < "2020-03-12T10" < "2020-03-13T02" < end
    assert 0.4 < episodes[0].fall < 0.6
