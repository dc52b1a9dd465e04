import itertools
import math
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from shoal.experiments.errors import OptionError
from shoal.experiments.prices import bridge_prices, read_prices, recorded_path
from shoal.experiments.prices.bars import correlation, volatility_per_bar

HOUR_NS = 3_600 * 10**9
SECOND_NS = 10**9


def tables(path, bars):
    """One row a bar, one column a step."""
    points = bars.bar_ns // int(path.times_ns[1] - path.times_ns[0])
    return {symbol: series.reshape(-1, points) for symbol, series in path.prices.items()}


def log_returns(table):
    logs = np.vectorize(math.log)(table)
    return np.diff(logs, axis=1)


def check_honoured(path, bars):
    for symbol, table in tables(path, bars).items():
        series = bars.series[symbol]
        assert np.array_equal(table[:, 0], series.open)
        assert np.array_equal(table[:, -1], series.close)
        assert np.array_equal(table.max(axis=1), series.high)
        assert np.array_equal(table.min(axis=1), series.low)


def realised(path, bars):
    """Realised over Parkinson variance of each asset, and the correlation of increments, bars given equal weight."""
    returns = {symbol: log_returns(table) for symbol, table in tables(path, bars).items()}
    ratios, scaled = {}, []
    for symbol, each in returns.items():
        series = bars.series[symbol]
        ranges = np.array([math.log(high / low) for high, low in zip(series.high, series.low, strict=True)])
        ratios[symbol] = (each**2).sum() / (ranges**2 / (4 * math.log(2))).sum()
        moving = (each**2).mean(axis=1) > 0
        scaled.append(
            np.where(moving[:, None], each, 0) / np.sqrt(np.where(moving, (each**2).mean(axis=1), 1))[:, None]
        )
    return ratios, float((scaled[0] * scaled[1]).mean())


def test_every_bar_is_honoured_and_variance_and_correlation_are_the_bars(walk_frame):
    frame = walk_frame(np.random.default_rng(1), 300, deviation=0.01, correlation=0.8)
    bars = read_prices(frame, symbols=["BTC", "ETH"])
    path = bridge_prices(bars, seed=7, step_ns=5 * SECOND_NS)
    check_honoured(path, bars)
    ratios, together = realised(path, bars)
    assert ratios == pytest.approx({"BTC": 1.0, "ETH": 1.0}, abs=0.02)
    assert together == pytest.approx(correlation(bars, "BTC", "ETH"), abs=0.01)
    for symbol, each in tables(path, bars).items():
        assert (log_returns(each) ** 2).sum(axis=1).mean() == pytest.approx(0.01**2, rel=0.1), symbol


def test_the_crash_of_march_2020_is_honoured(shared):
    bars = read_prices(
        shared / "data" / "crypto_ohlcv_1h_2018-05_2022-02.parquet",
        symbols=["BTC", "ETH"],
        start="2020-03-12",
        end="2020-03-14",
    )
    path = bridge_prices(bars, seed=7, step_ns=SECOND_NS)
    assert len(path.times_ns) == 172_800
    check_honoured(path, bars)
    ratios, together = realised(path, bars)
    assert ratios == pytest.approx({"BTC": 1.0, "ETH": 1.0}, abs=0.05)
    assert together == pytest.approx(correlation(bars, "BTC", "ETH"), abs=0.02)


def test_minute_bars_of_a_recorded_sell_off_are_honoured(shared):
    bars = read_prices(shared / "data" / "btc_perp_1m_2022-01.parquet", symbols=["BTC"], end="2022-01-05")
    path = bridge_prices(bars, seed=1, step_ns=5 * SECOND_NS)
    check_honoured(path, bars)


def test_the_grid_covers_the_span(frame):
    bars = read_prices(frame, symbols=["BTC"], start="2020-03-12T01:30", end="2020-03-12T03:15")
    path = bridge_prices(bars, seed=7, step_ns=60 * SECOND_NS)
    assert (path.start_ns, path.end_ns) == (bars.start_ns, bars.end_ns)
    assert len(path.times_ns) == 105
    assert path.times_ns[-1] == bars.end_ns - 60 * SECOND_NS
    assert (path.kind, path.source_step_ns) == ("bridged", HOUR_NS)


@pytest.mark.parametrize("columns", [None, {"price": "close"}], ids=["bars", "prices"])
def test_a_part_of_the_span_has_the_path_of_the_whole(walk_frame, columns):
    frame = walk_frame(np.random.default_rng(2), 40)
    known = {("BTC", "ETH"): 0.8}
    whole_bars = read_prices(frame, symbols=["BTC", "ETH"], columns=columns)
    part_bars = read_prices(
        frame, symbols=["BTC", "ETH"], columns=columns, start="2020-03-12T20:30", end="2020-03-13T07:10"
    )
    whole = bridge_prices(whole_bars, seed=7, step_ns=60 * SECOND_NS, correlations=known)
    part = bridge_prices(part_bars, seed=7, step_ns=60 * SECOND_NS, correlations=known)
    same = whole.window(part.start_ns, part.end_ns)
    assert np.array_equal(part.times_ns, same.times_ns)
    for symbol in ("BTC", "ETH"):
        if columns is None:
            assert np.array_equal(part.prices[symbol], same.prices[symbol])
        else:
            # Volatility is told from the span, draws are not: stamps agree, and the path nearly.
            assert part.prices[symbol] == pytest.approx(same.prices[symbol], rel=0.02)


def test_the_order_of_symbols_does_not_matter_and_seeds_do(frame):
    forward = bridge_prices(read_prices(frame, symbols=["BTC", "ETH"]), seed=7, step_ns=60 * SECOND_NS)
    backward = bridge_prices(read_prices(frame, symbols=["ETH", "BTC"]), seed=7, step_ns=60 * SECOND_NS)
    other = bridge_prices(read_prices(frame, symbols=["BTC", "ETH"]), seed=8, step_ns=60 * SECOND_NS)
    for symbol in ("BTC", "ETH"):
        assert np.array_equal(forward.prices[symbol], backward.prices[symbol])
        assert not np.array_equal(forward.prices[symbol], other.prices[symbol])


def test_the_first_asset_does_not_notice_the_second(frame):
    alone = bridge_prices(read_prices(frame, symbols=["BTC"]), seed=7, step_ns=60 * SECOND_NS)
    joint = bridge_prices(read_prices(frame, symbols=["BTC", "ETH"]), seed=7, step_ns=60 * SECOND_NS)
    assert np.array_equal(alone.prices["BTC"], joint.prices["BTC"])


def test_single_prices_are_met_at_their_stamps(walk_frame):
    frame = walk_frame(np.random.default_rng(4), 200)
    bars = read_prices(frame[["ts", "symbol", "close"]], symbols=["BTC", "ETH"])
    path = bridge_prices(bars, seed=3, step_ns=20 * SECOND_NS)
    for symbol, table in tables(path, bars).items():
        assert np.array_equal(table[:, 0], bars.series[symbol].close[:-1])
        variance = (log_returns(table) ** 2).sum(axis=1).mean()
        assert variance == pytest.approx(volatility_per_bar(bars, symbol) ** 2, rel=0.05)
    assert path.provenance["model"]["volatility"] == "returns from price to price"


def test_single_prices_on_their_own_grid_are_themselves(frame):
    bars = read_prices(frame[["ts", "symbol", "close"]], symbols=["BTC"])
    path = bridge_prices(bars, seed=3, step_ns=HOUR_NS)
    assert np.array_equal(path.prices["BTC"], bars.series["BTC"].close[:-1])


@pytest.mark.parametrize("columns", [None, {"price": "close"}], ids=["bars", "prices"])
def test_allowed_gaps_are_crossed(walk_frame, columns):
    frame = walk_frame(np.random.default_rng(5), 30)
    holes = frame.drop(index=[3, 4, 5, 17, 40, 41])
    bars = read_prices(holes, symbols=["BTC", "ETH"], maximum_gap="4h", columns=columns)
    step = 60 * SECOND_NS
    path = bridge_prices(bars, seed=9, step_ns=step)
    assert (np.diff(path.times_ns) == step).all()
    for symbol, series in bars.series.items():
        assert path.at(symbol, int(series.times_ns[3])) == series.open[3]
        logs = np.vectorize(math.log)(path.prices[symbol])
        assert np.abs(np.diff(logs)).max() < 0.02
    whole = read_prices(frame, symbols=["BTC", "ETH"], columns=columns)
    known = {("BTC", "ETH"): 0.8}
    if columns is None:
        with_gaps = bridge_prices(bars, seed=9, step_ns=step, correlations=known)
        without = bridge_prices(whole, seed=9, step_ns=step, correlations=known)
        assert np.array_equal(with_gaps.prices["BTC"][: 3 * 60 - 1], without.prices["BTC"][: 3 * 60 - 1])
        assert np.array_equal(
            with_gaps.prices["BTC"][6 * 60 : 17 * 60 - 1], without.prices["BTC"][6 * 60 : 17 * 60 - 1]
        )


def test_chunks_leave_no_trace(walk_frame, monkeypatch):
    frame = walk_frame(np.random.default_rng(6), 20).drop(index=[7, 8])
    bars = read_prices(frame, symbols=["BTC", "ETH"], maximum_gap="3h")
    whole = bridge_prices(bars, seed=7, step_ns=60 * SECOND_NS)
    monkeypatch.setattr("shoal.experiments.prices.bridge._POINTS_AT_ONCE", 100)
    pieces = bridge_prices(bars, seed=7, step_ns=60 * SECOND_NS)
    for symbol in bars.symbols:
        assert np.array_equal(whole.prices[symbol], pieces.prices[symbol])


def test_the_report_can_say_what_is_the_models(frame):
    path = bridge_prices(read_prices(frame, symbols=["BTC", "ETH"]), seed=7)
    model = path.provenance["model"]
    assert model["label"] == "between the stamps of the source the path is a model's"
    assert model["volatility"] == "range of each bar (Parkinson)"
    assert list(model["correlation"]) == ["BTC/ETH"]
    assert (model["seed"], model["price_step_ns"]) == (7, SECOND_NS)
    assert path.provenance["quotes"]["BTC"] == "USD counts as USDC at par"


@pytest.mark.parametrize("step", [0, -1, 7, 7 * SECOND_NS, HOUR_NS, HOUR_NS // 2, 2 * HOUR_NS, 1.0, True])
def test_a_grid_that_does_not_fit(frame, step):
    with pytest.raises(OptionError, match="option price_step"):
        bridge_prices(read_prices(frame, symbols=["BTC"]), seed=7, step_ns=step)


def test_a_grid_that_is_too_fine(frame):
    with pytest.raises(OptionError, match="21,600,000,000 steps"):
        bridge_prices(read_prices(frame, symbols=["BTC"]), seed=7, step_ns=1_000)


@pytest.mark.parametrize("seed", [-1, 2**64, 1.0, "7", None, True])
def test_a_seed_that_is_none(frame, seed):
    with pytest.raises(OptionError, match="option seed"):
        bridge_prices(read_prices(frame, symbols=["BTC"]), seed=seed)


def test_recorded_prices_stay_alone(frame):
    bars = read_prices(frame, symbols=["BTC", "ETH"], start="2020-03-12T01:30")
    path = recorded_path(bars)
    assert path.kind == "recorded"
    assert path.at("ETH", bars.start_ns) == bars.series["ETH"].open[0]
    assert path.times_ns.tolist() == [bars.start_ns, *bars.series["ETH"].times_ns[1:].tolist()]


def test_recorded_prices_with_different_gaps_do_not_make_a_path(frame):
    bars = read_prices(frame.drop(index=4), symbols=["BTC", "ETH"], maximum_gap="1d")
    with pytest.raises(OptionError, match="different gaps"):
        recorded_path(bars)


PROGRAM = """
from hashlib import sha256
import numpy as np, pandas as pd
from shoal.experiments.prices import JumpDiffusion, bridge_prices, generate_prices, read_prices
rows = [(1583971200 + 3600 * h, s, p, p * 1.03, p * 0.98, p * (1 + 0.01 * (h % 3 - 1)))
        for s, p in (("BTC", 8000.0), ("ETH", 200.0)) for h in range(12)]
frame = pd.DataFrame(rows, columns=["ts", "symbol", "open", "high", "low", "close"])
assets = {"BTC": JumpDiffusion(8000.0, 0.0, 0.6, -0.01, 0.05), "ETH": JumpDiffusion(200.0, 0.1, 0.8, 0.0, 0.1)}
paths = [bridge_prices(read_prices(frame, symbols=["BTC", "ETH"]), seed=7),
         generate_prices(assets, start_ns=0, end_ns=40_000 * 10**9, seed=7, jumps_per_year=20_000.0)]
print(sha256(b"".join(series.tobytes() for path in paths for series in path.prices.values())).hexdigest())
"""


def test_bytes_do_not_depend_on_processor_features_hash_seed_or_zone():
    dispatched = np._core._multiarray_umath.__cpu_dispatch__
    features = [name for name in dispatched if np._core._multiarray_umath.__cpu_features__.get(name)]
    digests = set()
    for off, hash_seed, zone in itertools.zip_longest(("", " ".join(features)), ("0", "1"), ("UTC", "Asia/Tokyo")):
        environment = {**os.environ, "NPY_DISABLE_CPU_FEATURES": off, "PYTHONHASHSEED": hash_seed, "TZ": zone}
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True
        )
        digests.add(done.stdout)
    assert len(digests) == 1


def test_a_frame_with_one_zone_a_day_long(walk_frame):
    daily = walk_frame(np.random.default_rng(8), 10)
    daily["ts"] = pd.Timestamp("2020-03-01", tz="UTC") + (daily.ts - daily.ts[0]) * 24
    bars = read_prices(daily, symbols=["BTC"])
    path = bridge_prices(bars, seed=7, step_ns=60 * SECOND_NS)
    check_honoured(path, bars)
