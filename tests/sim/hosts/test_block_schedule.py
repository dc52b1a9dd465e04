"""Blocks come at constant intervals or at Poisson times."""

from __future__ import annotations

import math
from itertools import islice, pairwise
from typing import Any

import pytest

from shoal.sim.draws import Stream
from shoal.sim.hosts.block_schedule import ConstantBlocks, PoissonBlocks


def test_constant_blocks() -> None:
    times = ConstantBlocks(12).times_ns(100, Stream(1, "chain", "block time"))
    assert list(islice(times, 3)) == [112, 124, 136]


def test_poisson_blocks_have_exponential_gaps() -> None:
    interval = 12 * 10**9
    times = list(islice(PoissonBlocks(interval).times_ns(0, Stream(1, "chain", "block time")), 20_000))
    waits = [later - earlier for earlier, later in pairwise([0, *times])]
    assert all(type(wait) is int and wait >= 1 for wait in waits)
    mean = sum(waits) / len(waits)
    assert abs(mean - interval) / (interval / math.sqrt(len(waits))) < 4
    long = sum(wait > interval for wait in waits) / len(waits)
    share = math.exp(-1)
    assert abs(long - share) / math.sqrt(share * (1 - share) / len(waits)) < 4


@pytest.mark.parametrize("kind", [ConstantBlocks, PoissonBlocks])
@pytest.mark.parametrize("interval", [0, -1, 1.0, True, None, "12"])
def test_an_interval_is_whole_and_positive(kind: Any, interval: Any) -> None:
    with pytest.raises(ValueError, match="block interval"):
        kind(interval)
