"""Everybody else's demand for block space."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from shoal.sim.draws import Stream
from shoal.sim.hosts.block_space import BlockSpaceDemand

CALM = BlockSpaceDemand(
    reference_fee_wei=10**10,
    elasticity=1.0,
    mean_tip_wei=1e9,
    volatility=lambda now_ns: 0.5,
    reference_volatility=0.5,
    volatility_exponent=1.0,
    noise=0.0,
)


def gas(demand: BlockSpaceDemand, base_fee: int = 10**10, number: int = 1) -> int:
    return demand.gas(number, 0, base_fee, 15_000_000, Stream(1, "chain", "background gas"))


def test_at_the_reference_it_is_the_target() -> None:
    assert gas(CALM) == 15_000_000


def test_it_falls_with_the_base_fee_by_its_elasticity() -> None:
    assert gas(CALM, 2 * 10**10) == 7_500_000
    assert gas(replace(CALM, elasticity=2.0), 2 * 10**10) == 3_750_000


def test_it_rises_with_volatility() -> None:
    assert gas(replace(CALM, volatility=lambda now_ns: 1.5)) == 45_000_000
    assert gas(replace(CALM, volatility=lambda now_ns: 1.5, volatility_exponent=0.0)) == 15_000_000


def test_noise_has_median_1_and_is_keyed_by_block_number() -> None:
    noisy = replace(CALM, noise=0.4)
    draws = [gas(noisy, number=number) for number in range(4_000)]
    below = sum(draw < 15_000_000 for draw in draws)
    assert abs(below - 2_000) / math.sqrt(1_000) < 4
    assert gas(noisy, number=7) == draws[7]


@pytest.mark.parametrize(
    "change",
    [
        {"reference_fee_wei": 0},
        {"elasticity": 0.0},
        {"elasticity": -1.0},
        {"mean_tip_wei": 0.0},
        {"reference_volatility": 0.0},
        {"volatility_exponent": -1.0},
        {"noise": -0.1},
        {"noise": math.nan},
        {"mean_tip_wei": math.inf},
    ],
)
def test_senseless_parameters_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(change))):
        replace(CALM, **change)
