"""Latency is drawn by (link, sender, message number)."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.sim.draws import Draws, Stream
from shoal.sim.latency import ConstantLatency, LogNormalLatency, Network

WILD = LogNormalLatency(1_000_000, 1.0)


def network(seed: int = 1, default: Any = WILD) -> Network:
    return Network(Draws(seed), default)


@given(st.lists(st.sampled_from(["alice", "bob"]), max_size=40))
def test_nobody_moves_somebody_elses_delays(senders: list[str]) -> None:
    mixed, alone = network(), network()
    delays: dict[str, list[int]] = {"alice": [], "bob": []}
    for sender in senders:
        delays[sender].append(mixed.delay_ns("site", "chain", sender))
    for sender in ("bob", "alice"):
        assert delays[sender] == [alone.delay_ns("site", "chain", sender) for _ in delays[sender]]


def test_links_and_directions_have_their_own_draws() -> None:
    net = network()
    ways = [("site", "chain"), ("chain", "site"), ("site", "exchange")]
    assert len({net.delay_ns(*way, "alice") for way in ways}) == 3


def test_the_numbered_draw_is_the_same_whoever_asks_and_however_often() -> None:
    net = network()
    counted = [net.delay_ns("site", "chain", "alice") for _ in range(100)]
    assert [net.delay_of("site", "chain", "alice", number) for number in reversed(range(100))] == counted[::-1]


def test_one_seed_one_latency() -> None:
    assert network(1).delay_ns("a", "b", "c") == network(1).delay_ns("a", "b", "c")
    assert network(1).delay_ns("a", "b", "c") != network(2).delay_ns("a", "b", "c")


def test_a_link_is_set_for_both_ways_or_for_one() -> None:
    net = network(default=ConstantLatency(7))
    net.link("a", "b", ConstantLatency(3))
    net.link("a", "c", ConstantLatency(4), both_ways=False)
    asked = [("a", "b"), ("b", "a"), ("a", "c"), ("c", "a"), ("b", "c")]
    assert [net.delay_ns(*way, "alice") for way in asked] == [3, 3, 4, 7, 7]
    assert net.latency("a", "c") == ConstantLatency(4)


def test_the_median_of_a_log_normal_delay() -> None:
    stream, count = Stream(3, "alice", "latency"), 20_000
    delays = [WILD.delay_ns(stream, number) for number in range(count)]
    assert all(type(delay) is int and delay >= 1 for delay in delays)
    below = sum(delay <= 1_000_000 for delay in delays)
    assert abs(below - count / 2) / math.sqrt(count / 4) < 4
    logs = [math.log(delay / 1_000_000) for delay in delays]
    assert abs(math.fsum(logs) / count) / (1.0 / math.sqrt(count)) < 4


def test_a_delay_is_at_least_1() -> None:
    short, stream = LogNormalLatency(1, 5.0), Stream(3, "alice", "latency")
    assert min(short.delay_ns(stream, number) for number in range(200)) == 1


@pytest.mark.parametrize("delay", [0, -1, 1.0, True, "1", None, math.nan])
def test_a_constant_is_whole_and_positive(delay: Any) -> None:
    with pytest.raises(ValueError, match="latency"):
        ConstantLatency(delay)


@pytest.mark.parametrize(
    ("median", "sigma"), [(0, 1.0), (-1, 1.0), (1.5, 1.0), (True, 1.0), (1, -0.1), (1, 5.1), (1, math.nan)]
)
def test_a_log_normal_has_a_median_and_a_sane_sigma(median: Any, sigma: Any) -> None:
    with pytest.raises(ValueError, match="latency"):
        LogNormalLatency(median, sigma)
