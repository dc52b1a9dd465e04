import math

import numpy as np
import pytest

from shoal.experiments.errors import OptionError
from shoal.experiments.prices import Crash, JumpDiffusion, generate_prices, geometric_brownian
from shoal.experiments.prices.generated import BTC, ETH, YEAR_NS
from shoal.sim.price_path import InvalidPricePath

SECOND_NS = 10**9
HOUR_NS = 3_600 * SECOND_NS
START_NS = 1_583_971_200 * SECOND_NS
DAY_NS = 86_400 * SECOND_NS


def make(**changes):
    options = {"start_ns": START_NS, "end_ns": START_NS + DAY_NS, "seed": 7, "step_ns": 10 * SECOND_NS, **changes}
    return generate_prices(options.pop("assets", {"BTC": BTC, "ETH": ETH}), **options)


def logs(path, symbol):
    return np.array([math.log(value) for value in path.prices[symbol].tolist()])


def test_the_path_starts_at_the_start_price_and_covers_the_span():
    path = make()
    assert (path.at("BTC", START_NS), path.at("ETH", START_NS)) == (30_000.0, 2_000.0)
    assert (path.start_ns, path.end_ns, len(path.times_ns)) == (START_NS, START_NS + DAY_NS, 8_640)
    assert (path.kind, path.source_step_ns) == ("generated", 0)
    assert make(end_ns=START_NS + 25 * SECOND_NS).times_ns.tolist() == [START_NS + n * 10 * SECOND_NS for n in range(3)]


def test_a_step_is_keyed_by_seed_symbol_and_time():
    whole = logs(make(), "ETH")
    late = logs(make(start_ns=START_NS + 6 * HOUR_NS, end_ns=START_NS + 9 * HOUR_NS), "ETH")
    assert np.diff(late) == pytest.approx(np.diff(whole)[2_160 : 2_160 + len(late) - 1], abs=1e-12)
    assert np.array_equal(make().prices["BTC"], make().prices["BTC"])
    assert not np.array_equal(make(seed=8).prices["BTC"], make().prices["BTC"])
    assert np.array_equal(make(assets={"BTC": BTC}).prices["BTC"], make().prices["BTC"])


def test_volatility_and_correlation_of_the_diffusion():
    path = make(jumps_per_year=0.0, end_ns=START_NS + 10 * DAY_NS)
    steps = {symbol: np.diff(logs(path, symbol)) for symbol in ("BTC", "ETH")}
    count = len(steps["BTC"])
    for symbol, asset in (("BTC", BTC), ("ETH", ETH)):
        yearly = math.sqrt((steps[symbol] ** 2).mean() * YEAR_NS / (10 * SECOND_NS))
        assert yearly == pytest.approx(asset.volatility_per_year, rel=4 / math.sqrt(2 * count))
    assert np.corrcoef(*steps.values())[0, 1] == pytest.approx(0.819, abs=4 * (1 - 0.819**2) / math.sqrt(count))


def test_jumps_come_together_as_often_and_as_large_as_said():
    still = {
        "BTC": JumpDiffusion(100.0, 0.0, 0.0, jump_mean=-0.01, jump_deviation=0.02),
        "ETH": JumpDiffusion(100.0, 0.0, 0.0, jump_mean=0.02, jump_deviation=0.03),
    }
    per_day = 200
    path = make(assets=still, jumps_per_year=365.0 * per_day, end_ns=START_NS + 10 * DAY_NS, step_ns=SECOND_NS)
    moves = {}
    for symbol, asset in still.items():
        growth = math.expm1(asset.jump_mean + asset.jump_deviation**2 / 2)
        steps = np.diff(logs(path, symbol)) + 365.0 * per_day * growth * (SECOND_NS / YEAR_NS)
        moves[symbol] = np.where(np.abs(steps) > 1e-9, steps, 0.0)
    jumped = moves["BTC"] != 0
    assert np.array_equal(jumped, moves["ETH"] != 0)
    count = int(jumped.sum())
    assert abs(count - 2_000) < 4 * math.sqrt(2_000) + 20
    for symbol, asset in still.items():
        sizes = moves[symbol][jumped]
        assert sizes.mean() == pytest.approx(asset.jump_mean, abs=4 * asset.jump_deviation / math.sqrt(count))
        assert sizes.std() == pytest.approx(asset.jump_deviation, rel=0.1)
    assert np.corrcoef(moves["BTC"][jumped], moves["ETH"][jumped])[0, 1] == pytest.approx(0.819, abs=0.04)


def test_the_expected_price_grows_at_the_drift():
    asset = JumpDiffusion(100.0, drift_per_year=2.0, volatility_per_year=1.0, jump_mean=-0.1, jump_deviation=0.2)
    ends = [
        make(
            assets={"X": asset}, seed=seed, step_ns=HOUR_NS, end_ns=START_NS + 20 * DAY_NS, jumps_per_year=50.0
        ).prices["X"][-1]
        for seed in range(1_500)
    ]
    years = (20 * 24 - 1) / (365 * 24)
    error = np.std(ends) / math.sqrt(len(ends))
    assert np.mean(ends) == pytest.approx(100.0 * math.exp(2.0 * years), abs=4 * error)


def test_a_crash_comes_when_and_as_deep_as_said_and_a_part_comes_back():
    crash = Crash(after_ns=6 * HOUR_NS, depth=0.4, fall_ns=600 * SECOND_NS, recovery=0.5, recovery_half_life_ns=HOUR_NS)
    still = JumpDiffusion(100.0, 0.0, 0.0, crash=crash)
    path = make(assets={"X": still}, jumps_per_year=0.0)
    assert path.at("X", START_NS + 6 * HOUR_NS) == 100.0
    assert path.at("X", START_NS + 6 * HOUR_NS + 600 * SECOND_NS) == pytest.approx(60.0)
    assert path.at("X", START_NS + 7 * HOUR_NS + 600 * SECOND_NS) == pytest.approx(100.0 * 0.6**0.75)
    assert path.prices["X"][-1] == pytest.approx(100.0 * 0.6**0.5, rel=1e-4)


def test_a_crash_moves_nothing_else():
    crashed = JumpDiffusion(30_000.0, 0.0, 0.615, -0.0056, 0.053, crash=Crash(after_ns=12 * HOUR_NS, depth=0.3))
    plain, fallen = make(), make(assets={"BTC": crashed, "ETH": ETH})
    assert np.array_equal(plain.prices["ETH"], fallen.prices["ETH"])
    assert np.array_equal(plain.prices["BTC"][:4_321], fallen.prices["BTC"][:4_321])
    assert fallen.prices["BTC"][4_400] < 0.72 * plain.prices["BTC"][4_400]


def test_the_provenance_holds_every_parameter():
    model = make().provenance["model"]
    assert model["assets"]["BTC"]["volatility_per_year"] == 0.615
    assert (model["seed"], model["jumps_per_year"], model["correlation"]) == (7, 73.0, 0.819)


@pytest.mark.parametrize(
    "changes",
    [
        {"start_ns": START_NS + 1},
        {"start_ns": -10 * SECOND_NS},
        {"end_ns": START_NS},
        {"step_ns": 0},
        {"step_ns": True},
        {"jumps_per_year": -1.0},
        {"jumps_per_year": math.nan},
        {"correlation": 1.5},
        {"correlation": math.nan},
        {"seed": -1},
        {"seed": 1.5},
        {"assets": {}},
        {"end_ns": START_NS + 40 * 365 * DAY_NS},
    ],
)
def test_options_out_of_range(changes):
    with pytest.raises(OptionError, match="option"):
        make(**changes)


@pytest.mark.parametrize(
    "fields",
    [
        {"start_price": 0.0},
        {"start_price": -1.0},
        {"start_price": math.inf},
        {"start_price": math.nan},
        {"volatility_per_year": -0.1},
        {"volatility_per_year": math.nan},
        {"drift_per_year": math.inf},
        {"jump_mean": 2.0},
        {"jump_deviation": -0.1},
    ],
)
def test_parameters_out_of_range(fields):
    with pytest.raises(OptionError, match=next(iter(fields))):
        JumpDiffusion(**{"start_price": 100.0, "drift_per_year": 0.0, "volatility_per_year": 0.5, **fields})


@pytest.mark.parametrize(
    "fields",
    [
        {"depth": 0.0},
        {"depth": 1.0},
        {"depth": math.nan},
        {"after_ns": -1},
        {"fall_ns": -1},
        {"recovery": 1.1},
        {"recovery_half_life_ns": 0},
    ],
)
def test_crashes_out_of_range(fields):
    with pytest.raises(OptionError, match=next(iter(fields))):
        Crash(**{"after_ns": 0, "depth": 0.5, **fields})


def test_a_crash_may_be_a_jump():
    assert Crash(after_ns=5, depth=0.5, fall_ns=0).log_price(5) == math.log(0.5)


def brownian(times, **changes):
    options = {"symbol": "BTC", "start_price": 100.0, "volatility_per_year": 0.8, "seed": 1, **changes}
    return geometric_brownian(np.array(times, dtype=np.int64), **options)


def test_a_brownian_motion_at_irregular_times_has_exact_moments():
    times = np.array([0, 1, 3, 10]) * DAY_NS
    ends = np.array([logs(brownian(times, seed=seed, drift_per_year=0.3), "BTC") for seed in range(4_000)])
    moves = np.diff(ends, axis=1)
    for column, days in enumerate((1, 2, 7)):
        years = days / 365
        mean, deviation = (0.3 - 0.32) * years, 0.8 * math.sqrt(years)
        assert moves[:, column].mean() == pytest.approx(mean, abs=4 * deviation / math.sqrt(4_000))
        assert moves[:, column].std() == pytest.approx(deviation, rel=4 / math.sqrt(8_000))
    assert abs(np.corrcoef(moves[:, 0], moves[:, 1])[0, 1]) < 4 / math.sqrt(4_000)


def test_a_longer_brownian_motion_begins_like_a_shorter():
    times = np.arange(10_000, dtype=np.int64) * SECOND_NS
    long, short = brownian(times), brownian(times[:5_000])
    assert np.array_equal(long.prices["BTC"][:5_000], short.prices["BTC"])
    assert (short.start_ns, short.end_ns) == (0, 4_999 * SECOND_NS + 1)
    assert brownian(times, end_ns=10**14).end_ns == 10**14
    assert long.prices["BTC"][0] == 100.0


def test_times_of_a_brownian_motion():
    with pytest.raises(OptionError, match="times_ns"):
        brownian([])
    with pytest.raises(InvalidPricePath, match="ascend"):
        brownian([0, 5, 5])


def test_a_crash_multiplies_the_volatility_and_lets_it_fade() -> None:
    crash = Crash(
        after_ns=12 * HOUR_NS, depth=0.2, fall_ns=HOUR_NS, recovery_half_life_ns=HOUR_NS, volatility_multiple=5.0
    )
    plain, wild = (
        generate_prices(
            {"BTC": JumpDiffusion(30_000.0, 0.0, 0.6, crash=each)},
            start_ns=0,
            end_ns=24 * HOUR_NS,
            seed=7,
            jumps_per_year=0.0,
        ).prices["BTC"]
        for each in (None, crash)
    )

    def deviation(prices: np.ndarray, first_hour: float, hours: float) -> float:
        inside = slice(int(first_hour * 3_600), int((first_hour + hours) * 3_600))
        return float(np.std(np.diff([math.log(price) for price in prices[inside].tolist()])))

    assert deviation(wild, 2, 8) == pytest.approx(deviation(plain, 2, 8), rel=1e-9)
    assert deviation(wild, 12, 1) == pytest.approx(5.0 * deviation(plain, 12, 1), rel=0.02)
    assert deviation(wild, 22, 1) == pytest.approx(deviation(plain, 22, 1), rel=0.02)
