import math

import numpy as np
import pytest

from shoal.experiments.market.volatility import RealisedVolatility
from shoal.sim.price_path import PricePath

STEP_NS = 10**9


def alternating(move: float, count: int) -> PricePath:
    prices = 100.0 * np.array([math.exp(move) if index % 2 else 1.0 for index in range(count)])
    times = STEP_NS * np.arange(count, dtype=np.int64)
    return PricePath(times, {"ETH": prices}, end_ns=count * STEP_NS, kind="generated", source_step_ns=0)


def test_a_path_of_equal_moves_has_their_volatility() -> None:
    volatility = RealisedVolatility(alternating(0.001, 1_000), "ETH", window_s=100, floor=0.01)
    assert volatility(900 * STEP_NS) == pytest.approx(0.001 * math.sqrt(365 * 24 * 3600), rel=1e-12)


def test_it_looks_back_only() -> None:
    calm, wild = alternating(0.001, 1_000), alternating(0.001, 1_000).prices["ETH"].copy()
    wild[501:] *= 2.0
    later = PricePath(calm.times_ns, {"ETH": wild}, end_ns=calm.end_ns, kind="generated", source_step_ns=0)
    first = RealisedVolatility(calm, "ETH", window_s=60, floor=0.01)
    second = RealisedVolatility(later, "ETH", window_s=60, floor=0.01)
    assert [first(at * STEP_NS) for at in range(501)] == [second(at * STEP_NS) for at in range(501)]
    assert second(501 * STEP_NS) > 10 * first(501 * STEP_NS)


def test_without_movement_it_is_the_floor() -> None:
    volatility = RealisedVolatility(alternating(0.0, 50), "ETH", window_s=10, floor=0.07)
    assert volatility(0) == 0.07
    assert volatility(40 * STEP_NS) == 0.07
