"""The instrument: samples on its grid, last of all at an instant, and nothing else is any different for it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from tests.agents.laws import (
    AGENT,
    ETH,
    GAS,
    LATENCY_NS,
    PRICE,
    SECOND_NS,
    START_NS,
    USDC,
    SmallMarket,
    flat,
    rows,
    wave,
)

from shoal.agents.noise_trader import NoiseTrader
from shoal.experiments.observer import Holdings, Observer, Shown, Watched
from shoal.sim.price_path import PricePath

SECONDS = 60


def watched(market: SmallMarket) -> tuple[Watched, ...]:
    clock, pool = market.world.clock, market.pool
    return (
        Watched("outside", "outside", ETH, USDC, lambda: market.outside.published(clock.now_ns)),
        Watched("book", "book", ETH, USDC, lambda: market.book.published(clock.now_ns)),
        Watched(
            "pool",
            "pool",
            ETH,
            USDC,
            lambda: pool.published(clock.now_ns),
            lambda: Holdings(pool.reserve_base, pool.reserve_quote, pool.supply),
        ),
        Watched("oracle", "oracle", ETH, USDC, lambda: Shown(market.oracle.published(clock.now_ns).price)),
    )


def path(prices: list[float]) -> PricePath:
    times = START_NS + SECOND_NS * np.arange(len(prices), dtype=np.int64)
    end_ns = int(times[-1]) + SECOND_NS
    return PricePath(times, {"ETH": np.array(prices)}, end_ns=end_ns, kind="generated", source_step_ns=0)


def observe(market: SmallMarket, prices: list[float], **options: int) -> None:
    settings = {
        "interval_ns": 10 * SECOND_NS,
        "reference_interval_ns": 2 * SECOND_NS,
        "until_ns": START_NS + SECONDS * SECOND_NS - 1,
    }
    Observer(market.world, watched(market), path=path(prices), quote={"ETH": "USDC"}, **(settings | options))


def played(prices: list[float], *, observed: bool, seconds: float = SECONDS) -> SmallMarket:
    market = SmallMarket(prices)
    market.fund()
    NoiseTrader(
        market.world,
        AGENT,
        place="home",
        venues=("book", "pool"),
        interval_ns=2 * SECOND_NS,
        size_quote_tokens=500.0,
        size_sigma=1.0,
        slippage_ppm=20_000,
        gas=GAS,
    )
    if observed:
        observe(market, prices)
    market.run(seconds)
    return market


def sampled(market: SmallMarket, table: str, venue: str) -> list[dict[str, Any]]:
    return [row for row in rows(market.world, table) if row["venue"] == venue]


def test_nothing_is_any_different_for_being_observed() -> None:
    seen, unseen = (played(wave(), observed=observed, seconds=200).world for observed in (True, False))
    for name in ("orders", "fills", "transactions", "blocks", "transfers"):
        assert rows(seen, name) == rows(unseen, name), name
    assert rows(seen, "fills")
    assert seen.ledger.state_bytes() == unseen.ledger.state_bytes()
    assert seen.clock.events > unseen.clock.events


def test_samples_lie_on_the_grid_from_the_start_to_before_the_end() -> None:
    market = played(flat(), observed=True)
    grid = [START_NS + second * SECOND_NS for second in range(0, SECONDS, 10)]
    for venue in ("book", "pool", "oracle", "outside"):
        assert [row["time_ns"] for row in sampled(market, "venue_states", venue)] == grid
    for venue in ("book", "pool", "oracle", "ETH path"):
        assert [row["time_ns"] for row in sampled(market, "prices", venue)] == grid
    # The reference of markouts has a finer grid of its own.
    finer = [START_NS + second * SECOND_NS for second in range(0, SECONDS, 2)]
    assert [row["time_ns"] for row in sampled(market, "prices", "outside")] == finer


@pytest.mark.parametrize(("until_s", "samples"), [(0.0, 1), (9.9, 1), (10.0, 2), (25.0, 3)])
def test_the_last_sample_is_at_the_end_at_the_latest(until_s: float, samples: int) -> None:
    market = SmallMarket(flat())
    observe(market, flat(), until_ns=START_NS + int(until_s * SECOND_NS))
    market.run(SECONDS)
    assert len(sampled(market, "prices", "book")) == samples


def test_it_sees_what_happened_at_the_very_instant() -> None:
    prices = [PRICE] * 10 + [1.1 * PRICE] * 50
    market = played(prices, observed=True)
    outside = {row["time_ns"]: row["mid"] for row in sampled(market, "prices", "outside")}
    assert outside[START_NS + 8 * SECOND_NS] == PRICE
    assert outside[START_NS + 10 * SECOND_NS] == 1.1 * PRICE
    along = {row["time_ns"]: row["mid"] for row in sampled(market, "prices", "ETH path")}
    assert along[START_NS + 10 * SECOND_NS] == 1.1 * PRICE


def test_what_has_no_price_is_no_number() -> None:
    market = played(flat(), observed=True)
    for row in sampled(market, "prices", "oracle"):
        assert math.isnan(row["mid"])
        assert math.isnan(row["bid"])
    before, after = sampled(market, "venue_states", "pool")[0], sampled(market, "venue_states", "pool")[-1]
    assert math.isnan(before["mid"])
    assert math.isnan(before["spread_bps"])
    assert before["base_raw"] == before["liquidity_raw"] == 0
    assert after["mid"] == pytest.approx(PRICE, rel=0.01)


def test_states_say_what_a_venue_holds_and_shows() -> None:
    market = played(flat(), observed=True)
    row = sampled(market, "venue_states", "pool")[-1]
    assert row["base_tokens"] == ETH.tokens(int(row["base_raw"]))
    assert row["quote_tokens"] == USDC.tokens(int(row["quote_raw"]))
    assert row["mid"] == pytest.approx(row["quote_tokens"] / row["base_tokens"], rel=1e-9)
    assert row["liquidity_raw"] == market.pool.supply
    assert row["depth_quote_tokens"] > 0
    priced = [one for one in sampled(market, "venue_states", "book") if one["time_ns"] > START_NS + LATENCY_NS]
    for one in priced:
        assert one["spread_bps"] > 0
        assert one["depth_quote_tokens"] > 0
