"""Samples of vaults."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from tests.agents.laws import ETH, SECOND_NS, START_NS, USDC, SmallMarket, flat, rows

from shoal.experiments.vault_observer import VaultObserver, WatchedVault
from shoal.sim.units import Asset

BTC = Asset("BTC", 8)


@dataclass
class Shown:
    """What a vault shows: 2 ETH, and dollars less debt; no BTC."""

    supply: int = 10**18
    dollars: int = 1_000
    numeraire: Asset = USDC
    answers: dict[Asset, Any] = field(default_factory=lambda: {ETH: None, BTC: None})

    def net(self, asset: Asset) -> int:
        return {ETH: 2 * 10**18, USDC: self.dollars * 10**6}.get(asset, 0)


def sampled(shown: Shown, **options: Any) -> list[dict[str, Any]]:
    market = SmallMarket(flat())
    market.world.venues["fund"] = SimpleNamespace(published=lambda now_ns: shown)  # type: ignore[assignment]
    VaultObserver(
        market.world,
        [WatchedVault("fund", "calendar", **options)],
        reference={ETH: 2_000.0, USDC: 1.0}.get,
        interval_ns=10 * SECOND_NS,
        until_ns=START_NS + 25 * SECOND_NS,
    )
    market.run(60)
    return rows(market.world, "vault_states")


def test_weights_sum_to_one_and_targets_are_beside_them() -> None:
    found = sampled(Shown(), twin_nav=lambda: 5_100.0, target=lambda: {ETH: 0.7})
    assert sorted({row["time_ns"] for row in found}) == [START_NS + second * SECOND_NS for second in (0, 10, 20)]
    first = [row for row in found if row["time_ns"] == START_NS]
    assert [row["asset"] for row in first] == ["BTC", "ETH", "USDC"]
    assert [row["weight"] for row in first] == [0.0, 0.8, 0.2]
    assert [row["target_weight"] for row in first] == [0.0, 0.7, pytest.approx(0.3)]
    assert {(row["nav_tokens"], row["twin_nav_tokens"], row["exposure"]) for row in first} == {(5_000.0, 5_100.0, 0.8)}


def test_debt_is_a_negative_weight_of_the_quote() -> None:
    first = sampled(Shown(dollars=-2_000))[:3]
    assert [row["weight"] for row in first] == [0.0, 2.0, -1.0]
    assert first[0]["exposure"] == 2.0
    assert math.isnan(first[0]["target_weight"])
    assert math.isnan(first[0]["twin_nav_tokens"])


def test_without_value_there_are_no_weights() -> None:
    first = sampled(Shown(dollars=-5_000))[0]
    assert first["nav_tokens"] == -1_000.0
    assert math.isnan(first["weight"])


def test_a_vault_without_shares_is_not_there_yet() -> None:
    assert sampled(Shown(supply=0)) == []
