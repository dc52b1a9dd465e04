"""The study `market` end to end, on short spans."""

import os
import subprocess
import sys
from collections import defaultdict
from functools import cache
from typing import Any

import pytest

import shoal
from shoal.experiments.errors import InputError
from shoal.experiments.result import Result

SMALL: dict[str, Any] = {
    "noise": {"book_traders": 4, "pool_traders": 3, "free_traders": 3, "interval_s": 20.0},
    "generated": {"crash_after_hours": 0.1, "crash_minutes": 2.0},
    "makers": {"makers": 2},
}
HOURS = 0.25
DIGEST = (
    "import shoal; print(shoal.run('market', seed=7, hours=0.1, "
    "noise={'book_traders': 3, 'pool_traders': 2, 'free_traders': 2, 'interval_s': 20.0}).digest)"
)


@cache
def small(seed: int = 7) -> Result:
    return shoal.run("market", seed=seed, hours=HOURS, **SMALL)


def test_every_asset_is_conserved() -> None:
    assert small().manifest["conservation"]
    assert all(int(difference) == 0 for difference in small().manifest["conservation"].values())


def test_what_everybody_won_and_lost_sums_to_zero_in_every_asset() -> None:
    sums: dict[str, int] = defaultdict(int)
    for row in small().agents.itertuples():
        sums[row.asset] += int(row.change_raw)
    assert set(sums) == {"BTC", "ETH", "USDC"}
    assert set(sums.values()) == {0}


def test_everybody_acts() -> None:
    result = small()
    actors = {name.split(" ")[1] for name in set(result.orders["sender"]) if " " in name}
    assert {"noise", "maker", "arbitrageur", "informed", "provider", "reporter"} <= actors
    assert {"BTC book", "ETH book", "BTC-pool", "ETH-pool"} <= set(result.fills["venue"])


def test_the_same_seed_gives_the_same_digest_and_another_seed_another() -> None:
    again = shoal.run("market", seed=7, hours=HOURS, **SMALL)
    assert again.digest == small().digest
    assert small(8).digest != small().digest


@pytest.mark.parametrize(
    "changes",
    [
        {"PYTHONHASHSEED": "1", "TZ": "Asia/Kathmandu"},
        {"PYTHONHASHSEED": "4242", "TZ": "America/New_York", "LANG": "tr_TR.UTF-8"},
        {"SHOAL_PURE": "1"},
    ],
    ids=["hash seed and zone", "another hash seed, zone and language", "pure Python"],
)
def test_the_digest_does_not_depend_on_the_process(changes: dict[str, str]) -> None:
    def digest(environment: dict[str, str]) -> str:
        command = [sys.executable, "-c", DIGEST]
        done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    first = digest({"PYTHONHASHSEED": "0", "TZ": "UTC", "SHOAL_PURE": "0"})
    assert len(first) == 64
    assert digest(changes) == first


def test_leaving_agents_out_moves_nobody_elses_draws() -> None:
    nobody = {"informed": {"traders": 0}, "arbitrage": {"book_arbitrageurs": 0}}
    without = shoal.run("market", seed=7, hours=HOURS, **SMALL, **nobody)

    def arrivals(result: Result) -> list[tuple[str, int]]:
        orders = result.orders
        noise = orders[orders["sender"].str.contains(" noise book ")]
        return sorted(zip(noise["sender"].astype(str), noise["sent_ns"], strict=True))

    kept = arrivals(without)
    assert kept
    assert kept == arrivals(small())


def test_the_outside_price_is_the_same_whoever_trades() -> None:
    alone = shoal.run("market", seed=7, hours=HOURS, **SMALL, informed={"traders": 0})

    def path(result: Result) -> list[float]:
        prices = result.prices
        return list(prices[prices["kind"] == "path"]["mid"])

    assert path(alone) == path(small())


def test_a_market_without_ether_is_refused() -> None:
    with pytest.raises(InputError, match="ETH"):
        shoal.run("market", symbols="BTC", hours=0.1)


def test_coming_back_before_leaving_is_refused() -> None:
    with pytest.raises(InputError, match=r"makers\.return_volatility"):
        shoal.run("market", hours=0.1, makers={"return_volatility": 9.0})
