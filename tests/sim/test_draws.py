"""Draws are keyed: whoever asks, in whatever order, and however often."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.sim.draws import MAXIMUM_SEED, Draws, Stream

COUNT = 20_000


def z_of(values: list[float], mean: float, deviation: float) -> float:
    """How many standard errors the values' mean is off."""
    return (math.fsum(values) / len(values) - mean) / (deviation / math.sqrt(len(values)))


@given(st.permutations(list(range(0, 400, 7))), st.integers(0, MAXIMUM_SEED))
def test_a_draw_does_not_depend_on_the_order_of_asking(order: list[int], seed: int) -> None:
    stream, other = Stream(seed, "alice", "size"), Stream(seed, "alice", "size")
    in_order = {index: stream.uniform(index) for index in sorted(order)}
    assert {index: other.uniform(index) for index in order} == in_order


def test_sequential_draws_are_the_indexed_ones_across_blocks_of_64() -> None:
    stream, other = Stream(3, "alice", "size"), Stream(3, "alice", "size")
    assert [stream.next() for _ in range(200)] == [other.uniform(index) for index in range(200)]


def test_blocks_do_not_repeat_each_other() -> None:
    stream = Stream(3, "alice", "size")
    values = [stream.uniform(index) for index in range(64 * 50)]
    assert len(set(values)) == len(values)


@pytest.mark.parametrize(
    "other", [(2, "alice", "size"), (1, "bob", "size"), (1, "alice", "time"), (1, "alic", "esize"), (1, "", "alice")]
)
def test_another_key_is_another_sequence(other: tuple[int, str, str]) -> None:
    stream, second = Stream(1, "alice", "size"), Stream(*other)
    assert not {stream.uniform(index) for index in range(500)} & {second.uniform(index) for index in range(500)}


def test_draws_hand_out_one_stream_a_key_where_it_stands() -> None:
    draws = Draws(1)
    first = draws.stream("alice", "size").next()
    assert draws.stream("alice", "size").next() == Stream(1, "alice", "size").uniform(1) != first


def test_one_owner_more_moves_nobody_else() -> None:
    alone, together = Draws(1), Draws(1)
    together.stream("bob", "size").next()
    assert alone.stream("alice", "size").next() == together.stream("alice", "size").next()


@pytest.mark.parametrize("seed", [-1, 2**64, True, 1.0, "1", None])
def test_a_seed_is_a_64_bit_number(seed: Any) -> None:
    with pytest.raises(ValueError, match="seed"):
        Draws(seed)


@pytest.mark.parametrize("seed", [0, 1, MAXIMUM_SEED])
def test_uniforms_are_uniform(seed: int) -> None:
    stream = Stream(seed, "alice", "size")
    values = [stream.next() for _ in range(COUNT)]
    assert all(0 <= value < 1 for value in values)
    assert abs(z_of(values, 0.5, math.sqrt(1 / 12))) < 4
    assert abs(z_of([value * value for value in values], 1 / 3, math.sqrt(4 / 45))) < 4
    bins = [0] * 50
    for value in values:
        bins[int(value * 50)] += 1
    chi = sum((count - COUNT / 50) ** 2 / (COUNT / 50) for count in bins)
    assert abs(chi - 49) / math.sqrt(2 * 49) < 4


@pytest.mark.parametrize("lag", [1, 2, 63, 64, 65])
def test_uniforms_are_not_correlated_along_the_stream(lag: int) -> None:
    stream = Stream(9, "alice", "size")
    values = [stream.next() - 0.5 for _ in range(COUNT)]
    products = [values[index] * values[index + lag] for index in range(COUNT - lag)]
    assert abs(z_of(products, 0.0, 1 / 12)) < 4


@pytest.mark.parametrize("other", [(9, "bob", "size"), (9, "alice", "time"), (10, "alice", "size")])
def test_streams_are_not_correlated_with_each_other(other: tuple[int, str, str]) -> None:
    stream, second = Stream(9, "alice", "size"), Stream(*other)
    products = [(stream.next() - 0.5) * (second.next() - 0.5) for _ in range(COUNT)]
    assert abs(z_of(products, 0.0, 1 / 12)) < 4


def test_first_draws_of_many_owners_are_uniform() -> None:
    values = [Stream(9, f"agent {number}", "arrival").next() for number in range(5_000)]
    assert abs(z_of(values, 0.5, math.sqrt(1 / 12))) < 4
    assert abs(z_of([(a - 0.5) * (b - 0.5) for a, b in pairwise(values)], 0.0, 1 / 12)) < 4


def test_exponentials() -> None:
    stream = Stream(5, "alice", "wait")
    values = [stream.exponential(3.0) for _ in range(COUNT)]
    assert min(values) >= 0
    assert abs(z_of(values, 3.0, 3.0)) < 4
    tail = sum(value > 6.0 for value in values) / COUNT
    share = math.exp(-2)
    assert abs(tail - share) / math.sqrt(share * (1 - share) / COUNT) < 4


def test_waits_are_whole_at_least_1_and_exponential() -> None:
    stream = Stream(5, "alice", "wait")
    values = [stream.wait_ns(10**9) for _ in range(COUNT)]
    assert all(type(value) is int and value >= 1 for value in values)
    assert abs(z_of([float(value) for value in values], 1e9, 1e9)) < 4
    short = Stream(5, "alice", "short")
    assert {short.wait_ns(0.001) for _ in range(100)} == {1}


def test_normals() -> None:
    stream = Stream(5, "alice", "noise")
    values = [stream.normal() for _ in range(COUNT)]
    assert abs(z_of(values, 0.0, 1.0)) < 4
    assert abs(z_of([value**2 for value in values], 1.0, math.sqrt(2))) < 4
    assert abs(z_of([value**3 for value in values], 0.0, math.sqrt(15))) < 4
    assert abs(z_of([value**4 for value in values], 3.0, math.sqrt(96))) < 4


@pytest.mark.parametrize("uniform", [0.0, 2.0**-53, 0.5, 1 - 2.0**-52, 1 - 2.0**-53])
def test_the_extreme_uniforms_have_finite_normals(uniform: float) -> None:
    class Extreme(Stream):
        def uniform(self, index: int) -> float:
            return uniform

    assert abs(Extreme(1, "alice", "noise").normal()) < 9


def test_log_normals_have_their_median() -> None:
    stream = Stream(5, "alice", "size")
    values = sorted(stream.lognormal(40.0, 1.5) for _ in range(COUNT))
    below = sum(value < 40.0 for value in values)
    assert abs(below - COUNT / 2) / math.sqrt(COUNT / 4) < 4
    assert abs(z_of([math.log(value / 40.0) for value in values], 0.0, 1.5)) < 4


def test_picks_follow_the_weights() -> None:
    stream = Stream(5, "alice", "venue")
    weights = (1.0, 0.0, 3.0, 6.0)
    counts = [0] * 4
    for _ in range(COUNT):
        counts[stream.pick(weights)] += 1
    assert counts[1] == 0
    for count, weight in zip(counts, weights, strict=True):
        share = weight / 10
        if share:
            assert abs(count - share * COUNT) / math.sqrt(COUNT * share * (1 - share)) < 4


@given(st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=9), st.integers(0, 99))
def test_a_pick_is_an_index(weights: list[float], seed: int) -> None:
    assert 0 <= Stream(seed, "alice", "venue").pick(tuple(weights)) < len(weights)


def test_normal_at_takes_nothing_from_the_sequence() -> None:
    stream, other = Stream(1, "alice", "noise"), Stream(1, "alice", "noise")
    stream.normal_at(500)
    assert stream.next() == other.next()
