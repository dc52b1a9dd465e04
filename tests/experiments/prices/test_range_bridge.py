import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.experiments.prices.range_bridge import bridge_bars, bridge_plain, parkinson_deviation


def arrays(*rows):
    return tuple(np.array(column) for column in zip(*rows, strict=True))


def honours(prices, open_, high, low, close):
    return bool(
        (prices[:, 0] == open_).all()
        and (prices[:, -1] == close).all()
        and (prices.max(axis=1) == high).all()
        and (prices.min(axis=1) == low).all()
    )


bars = st.tuples(st.floats(1e-6, 1e6), st.floats(0, 0.5), st.floats(0, 0.5), st.floats(0, 1)).map(
    lambda drawn: (drawn[0], drawn[0] * (1 + drawn[1]), drawn[0] * (1 - drawn[2]), drawn[3])
)


@given(bars=st.lists(bars, min_size=1, max_size=6), points=st.integers(4, 90), seed=st.integers(0, 2**32))
def test_open_high_low_and_close_are_honoured_exactly(bars, points, seed):
    rows = []
    for open_, high, low, share in bars:
        rows.append((open_, high, low, min(high, max(low, low + share * (high - low)))))
    given_bars = arrays(*rows)
    normals = np.random.default_rng(seed).standard_normal((len(rows), points - 1))
    assert honours(bridge_bars(*given_bars, normals), *given_bars)


@pytest.mark.parametrize(
    "bar",
    [
        (100.0, 100.0, 100.0, 100.0),
        (100.0, 110.0, 100.0, 110.0),
        (110.0, 110.0, 100.0, 100.0),
        (100.0, 110.0, 100.0, 100.0),
        (100.0, 100.0, 90.0, 100.0),
        (100.0, 100.0 + 1e-9, 100.0 - 1e-9, 100.0),
        (100.0, 1e6, 1e-6, 100.0),
        (100.0, 100.0, 50.0, 50.0),
    ],
)
@pytest.mark.parametrize("points", [4, 5, 60, 3_600])
def test_bars_without_room_are_honoured_too(bar, points):
    given_bars = arrays(*([bar] * 20))
    normals = np.random.default_rng(points).standard_normal((20, points - 1))
    assert honours(bridge_bars(*given_bars, normals), *given_bars)


def test_a_bar_needs_four_points():
    with pytest.raises(ValueError, match="at least 4 points"):
        bridge_bars(*arrays((1.0, 2.0, 0.5, 1.5)), np.zeros((1, 2)))


def test_parkinson_is_the_range_over_its_expected_size():
    assert parkinson_deviation(np.array([math.e]), np.array([1.0]))[0] == pytest.approx(1 / math.sqrt(4 * math.log(2)))


def test_no_step_is_much_larger_than_a_normal_one():
    generator = np.random.default_rng(3)
    given_bars = arrays(*[(100.0, 101.0, 99.0, 100.5)] * 500)
    prices = bridge_bars(*given_bars, generator.standard_normal((500, 359)))
    steps = np.diff(np.vectorize(math.log)(prices), axis=1) / (
        parkinson_deviation(*given_bars[1:3])[0] / math.sqrt(359)
    )
    assert np.abs(steps).max() < 6.5


def test_a_plain_bridge_leads_from_price_to_price():
    start, end = np.array([100.0, 50.0]), np.array([110.0, 49.0])
    prices = bridge_plain(start, end, np.zeros(2), np.ones((2, 4)))
    assert prices[:, 0].tolist() == [100.0, 50.0]
    for row in range(2):
        ratio = (end[row] / start[row]) ** 0.25
        assert prices[row] == pytest.approx([start[row] * ratio**k for k in range(4)])


def test_a_plain_bridge_has_the_variance_of_a_bridge():
    paths, steps = 20_000, 8
    normals = np.random.default_rng(11).standard_normal((paths, steps))
    prices = bridge_plain(np.ones(paths), np.ones(paths), np.full(paths, 0.01), normals)
    logs = np.vectorize(math.log)(prices)
    for k in range(1, steps):
        wanted = 0.01**2 * k * (steps - k) / steps
        assert abs((logs[:, k] ** 2).mean() / wanted - 1) < 4 * math.sqrt(2 / paths)
