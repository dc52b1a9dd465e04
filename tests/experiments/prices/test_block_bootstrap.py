from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from shoal.experiments.errors import OptionError
from shoal.experiments.prices.bars import Bars, Series, correlation
from shoal.experiments.prices.block_bootstrap import bootstrap_bars, default_block, draw_rows
from shoal.experiments.prices.bridge import bridge_prices
from shoal.experiments.prices.read import read_prices

HOUR = 3_600 * 10**9
START = 1_583_971_200 * 10**9


def made(count: int = 60, *, shape: str = "ohlc", gap_at: int | None = None) -> Bars:
    """Two assets whose bars can all be told apart by their returns."""
    times = START + HOUR * np.arange(count, dtype=np.int64)
    if gap_at is not None:
        times[gap_at:] += 3 * HOUR
    series = {}
    for symbol, scale in (("BTC", 1.0), ("ETH", 2.0)):
        random = np.random.default_rng(3)
        opens = np.empty(count)
        closes = np.empty(count)
        price = 100.0 * scale
        for index in range(count):
            opens[index] = price * (1.0 + 0.001 * random.random())
            closes[index] = opens[index] * (1.0 + scale * 0.01 * (random.random() - 0.5))
            price = closes[index]
        if shape == "price":
            series[symbol] = Series(symbol, times, closes, closes, closes, closes)
        else:
            high, low = np.maximum(opens, closes) * 1.002, np.minimum(opens, closes) * 0.997
            series[symbol] = Series(symbol, times, opens, high, low, closes)
    end = int(times[-1]) + (HOUR if shape == "ohlc" else 0)
    return Bars(series, HOUR, START, end, shape)  # type: ignore[arg-type]


def steps(series: Series) -> np.ndarray:
    """Close over the close before."""
    return series.close[1:] / series.close[:-1]


@pytest.mark.parametrize("shape", ["ohlc", "price"])
def test_the_path_begins_where_the_recorded_one_does_and_keeps_the_stamps(shape: str) -> None:
    bars = made(shape=shape)
    drawn = bootstrap_bars(bars, seed=8)
    assert (drawn.start_ns, drawn.end_ns, drawn.shape, drawn.bar_ns) == (START, bars.end_ns, shape, HOUR)
    for symbol, series in drawn.series.items():
        assert np.array_equal(series.times_ns, bars.series[symbol].times_ns)
        assert series.open[0] == pytest.approx(bars.series[symbol].open[0], rel=1e-14)
        assert not np.allclose(series.close, bars.series[symbol].close)
        assert np.all(series.low <= np.minimum(series.open, series.close))
        assert np.all(series.high >= np.maximum(series.open, series.close))


@pytest.mark.parametrize("shape", ["ohlc", "price"])
def test_every_bar_is_one_of_the_source_rescaled_and_the_same_one_for_all_symbols(shape: str) -> None:
    bars = made(shape=shape)
    rows = draw_rows(60, default_block(60), 8)
    drawn = bootstrap_bars(bars, seed=8)
    for symbol, series in drawn.series.items():
        source = bars.series[symbol]
        for name in ("high", "low", "close"):
            ratio = getattr(series, name) / series.open
            assert ratio == pytest.approx((getattr(source, name) / source.open)[rows], rel=1e-12)
        # A step from close to close is that of the bar drawn; at the seam of the circle the bar opens at the close.
        known = np.concatenate([[source.close[0] / source.open[0]], steps(source)])
        assert steps(series) == pytest.approx(known[rows][1:], rel=1e-12)


def test_blocks_have_the_mean_length_asked_for_and_every_row_the_same_chance() -> None:
    count, mean_block = 50, 5
    starts = 0
    seen: Counter[int] = Counter()
    for seed in range(400):
        rows = draw_rows(count, mean_block, seed)
        starts += 1 + int(np.count_nonzero(np.diff(rows) % count != 1))
        seen.update(rows.tolist())
    # One block begins each sample, others with chance 1 in 5; 1 in 50 of them goes on where the old one would have.
    expected = 1.0 + (count - 1) / mean_block * (1.0 - 1.0 / count)
    assert starts / 400 == pytest.approx(expected, abs=4.0 * (49 * 0.2 * 0.8 / 400) ** 0.5)
    assert len(seen) == count
    assert max(seen.values()) < 1.3 * 400
    assert min(seen.values()) > 0.7 * 400


def test_a_block_of_one_bar_draws_bars_alone_and_a_seed_decides_all() -> None:
    assert np.array_equal(draw_rows(30, 4, 1), draw_rows(30, 4, 1))
    assert not np.array_equal(draw_rows(30, 4, 1), draw_rows(30, 4, 2))
    joined = np.count_nonzero(np.diff(draw_rows(1_000, 1, 1)) == 1)
    assert joined < 10


def test_a_gap_is_kept_and_its_step_is_not_drawn() -> None:
    bars = made(gap_at=30)
    series = bars.series["BTC"]
    series.open[30:] *= 5.0
    series.high[30:] *= 5.0
    series.low[30:] *= 5.0
    series.close[30:] *= 5.0
    for seed in range(20):
        drawn = bootstrap_bars(bars, seed=seed)
        assert np.all(np.abs(steps(drawn.series["BTC"]) - 1.0) < 0.02)
        assert np.array_equal(drawn.series["BTC"].times_ns, series.times_ns)


def test_what_cannot_be_drawn_is_refused() -> None:
    bars = made()
    other = made(gap_at=30).series["ETH"]
    with pytest.raises(OptionError, match="different gaps"):
        bootstrap_bars(Bars({**bars.series, "ETH": other}, HOUR, START, bars.end_ns, "ohlc"), seed=1)
    for block_ns in (HOUR // 2, HOUR + 1, 61 * HOUR):
        with pytest.raises(OptionError, match="no whole number of bars"):
            bootstrap_bars(bars, seed=1, block_ns=block_ns)
    assert bootstrap_bars(bars, seed=1, block_ns=6 * HOUR).provenance["bootstrap"]["mean_block_ns"] == 6 * HOUR


def test_real_bars_keep_their_correlation_and_can_be_bridged(shared: Path) -> None:
    bars = read_prices(
        shared / "data" / "crypto_ohlcv_1h_2018-05_2022-02.parquet",
        symbols=["BTC", "ETH"],
        start="2020-03-05",
        end="2020-03-20",
    )
    found = [correlation(bootstrap_bars(bars, seed=seed), "BTC", "ETH") for seed in range(30)]
    assert np.mean(found) == pytest.approx(correlation(bars, "BTC", "ETH"), abs=0.03)
    path = bridge_prices(bootstrap_bars(bars, seed=3), seed=3, step_ns=60 * 10**9)
    assert (path.kind, path.start_ns, path.end_ns) == ("bridged", bars.start_ns, bars.end_ns)
    assert path.provenance["bootstrap"]["mean_block_ns"] == 8 * HOUR
