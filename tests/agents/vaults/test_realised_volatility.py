import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.agents.vaults.realised_volatility import (
    ExponentialVolatility,
    LaggedVolatility,
    LargestVolatility,
    RollingVolatility,
    Volatility,
)
from shoal.sim.draws import Draws
from shoal.sim.units import SECONDS_PER_YEAR

SECOND_NS = 10**9
DAY_S = 86_400

MAKERS: tuple[Callable[[], Volatility], ...] = (
    lambda: ExponentialVolatility(half_life_s=600.0),
    lambda: RollingVolatility(window_s=600.0),
    lambda: LaggedVolatility(RollingVolatility(window_s=600.0), lag_ns=60 * SECOND_NS),
    lambda: LargestVolatility(ExponentialVolatility(half_life_s=60.0), RollingVolatility(window_s=600.0)),
)
each = pytest.mark.parametrize("make", MAKERS)


def walk(volatility: Volatility, sigma: float, seconds: int, scale: float = 1.0) -> None:
    stream = Draws(7).stream("walk", "steps")
    now_s, log_price = 0, 0.0
    while now_s < seconds:
        gap_s = 1 + int(stream.next() * 20)
        now_s += gap_s
        log_price += sigma * math.sqrt(gap_s / SECONDS_PER_YEAR) * stream.normal()
        volatility.update(now_s * SECOND_NS, scale * math.exp(log_price))


@each
def test_nothing_is_known_during_warm_up(make: Callable[[], Volatility]) -> None:
    volatility = make()
    assert volatility.annual is None
    for second in range(0, 600, 30):
        volatility.update(second * SECOND_NS, 100.0 + second % 60)
        assert volatility.annual is None
    for second in range(600, 1_200, 30):
        volatility.update(second * SECOND_NS, 100.0 + second % 60)
    assert volatility.annual is not None


@each
def test_it_does_not_depend_on_the_unit_of_the_price(make: Callable[[], Volatility]) -> None:
    one, other = make(), make()
    walk(one, 0.8, 2_000)
    walk(other, 0.8, 2_000, scale=1e-4)
    assert one.annual == pytest.approx(other.annual, rel=1e-9)


@each
def test_a_price_that_stands_still_has_none(make: Callable[[], Volatility]) -> None:
    volatility = make()
    for second in range(0, 2_000, 10):
        volatility.update(second * SECOND_NS, 100.0)
    assert volatility.annual == pytest.approx(0.0, abs=1e-8)


@each
@pytest.mark.parametrize("price", [math.nan, 0.0, -1.0, math.inf])
def test_what_is_no_price_is_refused(make: Callable[[], Volatility], price: float) -> None:
    with pytest.raises(ValueError, match="price"):
        make().update(0, price)


@each
def test_the_same_time_twice_counts_once(make: Callable[[], Volatility]) -> None:
    one, other = make(), make()
    for second in range(0, 2_000, 10):
        price = 100.0 + second % 20
        one.update(second * SECOND_NS, price)
        other.update(second * SECOND_NS, price)
        other.update(second * SECOND_NS, 2.0 * price)
    assert one.annual == other.annual


@pytest.mark.parametrize(
    ("volatility", "error"),
    [(ExponentialVolatility(half_life_s=40_000.0), 0.015), (RollingVolatility(window_s=100_000.0), 0.007)],
)
def test_of_a_random_walk_it_is_unbiased_whatever_the_spacing(volatility: Volatility, error: float) -> None:
    walk(volatility, 0.8, 300_000)
    assert volatility.annual == pytest.approx(0.8, rel=4 * error)


def test_a_year_has_365_days() -> None:
    volatility = RollingVolatility(window_s=10.0 * DAY_S, warm_up_s=0.0)
    for day in range(10):
        volatility.update(day * DAY_S * SECOND_NS, math.exp(0.01 * (day % 2)))
    assert volatility.annual == pytest.approx(0.01 * math.sqrt(365.0))


def test_the_exponential_one_is_the_weighted_mean_by_hand() -> None:
    """Returns of 1 % and 2 % an hour apart, half-life one hour: weights 1/4 and 1/2 of 3/4."""
    volatility = ExponentialVolatility(half_life_s=3_600.0, warm_up_s=0.0)
    for hour, log_price in enumerate((0.0, 0.01, 0.03)):
        volatility.update(hour * 3_600 * SECOND_NS, math.exp(log_price))
    mean = (0.25 * 0.01**2 + 0.5 * 0.02**2) / 0.75
    assert volatility.annual == pytest.approx(math.sqrt(mean * 8_760), rel=1e-9)


def test_a_nanosecond_tells_nothing_to_one_with_a_long_memory() -> None:
    volatility = ExponentialVolatility(half_life_s=1e8, warm_up_s=0.0)
    volatility.update(0, 100.0)
    volatility.update(1, 100.1)
    assert volatility.annual is None


def test_the_rolling_one_forgets_at_once_what_left_the_window() -> None:
    volatility = RollingVolatility(window_s=60.0, warm_up_s=0.0)
    for second, price in ((0, 100.0), (10, 150.0), (20, 150.0), (69, 150.0)):
        volatility.update(second * SECOND_NS, price)
    assert volatility.annual is not None
    assert volatility.annual > 0.0
    volatility.update(70 * SECOND_NS, 150.0)
    assert volatility.annual == 0.0


def test_a_gap_longer_than_the_window_counts_with_its_length() -> None:
    volatility = RollingVolatility(window_s=60.0, warm_up_s=0.0)
    volatility.update(0, 100.0)
    volatility.update(3_600 * SECOND_NS, 101.0)
    assert volatility.annual == pytest.approx(math.log(1.01) * math.sqrt(8_760))


def test_the_lagged_one_does_not_see_the_crash_yet() -> None:
    lagged = LaggedVolatility(RollingVolatility(window_s=60.0, warm_up_s=0.0), lag_ns=30 * SECOND_NS)
    for second in range(0, 100, 10):
        lagged.update(second * SECOND_NS, 100.0)
    lagged.update(100 * SECOND_NS, 50.0)
    assert lagged.annual == 0.0
    lagged.update(120 * SECOND_NS, 50.0)
    assert lagged.annual == 0.0
    lagged.update(130 * SECOND_NS, 50.0)
    assert lagged.annual is not None
    assert lagged.annual > 0.0


def test_the_largest_is_the_fast_one_in_turmoil_and_the_slow_one_after() -> None:
    fast, slow = (RollingVolatility(window_s=window, warm_up_s=0.0) for window in (30.0, 300.0))
    both = LargestVolatility(fast, slow)
    for second in range(0, 500, 10):
        both.update(second * SECOND_NS, 100.0 if second < 300 else 120.0)
        values = fast.annual, slow.annual
        if None not in values:
            assert both.annual == max(values)  # type: ignore[type-var]
    assert fast.annual == 0.0
    assert both.annual == slow.annual
    assert slow.annual


@given(st.lists(st.tuples(st.integers(1, 500), st.floats(0.5, 2.0)), min_size=2, max_size=60))
def test_it_is_never_negative_nor_above_the_largest_return(steps: list[tuple[int, float]]) -> None:
    makers: tuple[Volatility, ...] = (
        ExponentialVolatility(half_life_s=60.0, warm_up_s=0.0),
        RollingVolatility(window_s=300.0, warm_up_s=0.0),
    )
    for volatility in makers:
        now_s, price, largest = 0, 100.0, 0.0
        volatility.update(0, price)
        for gap_s, factor in steps:
            now_s += gap_s
            price *= factor
            largest = max(largest, abs(math.log(factor)) * math.sqrt(SECONDS_PER_YEAR / gap_s))
            volatility.update(now_s * SECOND_NS, price)
            assert volatility.annual is not None
            assert 0.0 <= volatility.annual <= largest * (1 + 1e-6) + 1e-8


@pytest.mark.parametrize(
    "make",
    [
        lambda: ExponentialVolatility(half_life_s=0.0),
        lambda: ExponentialVolatility(half_life_s=1.0, warm_up_s=-1.0),
        lambda: RollingVolatility(window_s=math.nan),
        lambda: LaggedVolatility(RollingVolatility(window_s=1.0), lag_ns=0),
        lambda: LargestVolatility(),
    ],
)
def test_parameters_out_of_range_are_refused(make: Callable[[], Volatility]) -> None:
    with pytest.raises(ValueError, match="volatility"):
        make()
