"""A book of random orders scales as dimensions say, and far from the price it is the queue it must be."""

import math
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from shoal.experiments.validation.check import LARGEST_Z, Estimate
from shoal.experiments.validation.forms import santa_fe_scaling
from shoal.experiments.validation.forms.santa_fe_scaling import SantaFeScaling
from shoal.experiments.validation.random_book import Averages, BookRates, RandomTraders, Range
from shoal.sim.calls import Outcome
from shoal.sim.hosts.exchange import Exchange
from shoal.sim.latency import ConstantLatency
from shoal.sim.venue import Context
from shoal.sim.world import World
from shoal.venues.book.order_book import OrderBook

SEED = 7
FORM = SantaFeScaling()
RATES = BookRates(limit=0.25, market=1.0, cancel=0.1)


@cache
def estimates() -> tuple[Estimate, ...]:
    return FORM.run(SEED, quick=True)


def played(seed: int = SEED, rates: BookRates = RATES, far: int = 4) -> tuple[Averages, World]:
    world = World(seed=seed, latency=ConstantLatency(1))
    exchange = Exchange(world, "exchange")
    base, quote = world.asset("BASE", 0), world.asset("QUOTE", 6)
    book = OrderBook("book", base, quote, tick="0.5", lot="1", levels=40)
    exchange.add(book)
    for asset in (base, quote):
        world.endow("traders", "exchange", asset, 10**12)
    traders = RandomTraders(
        world, "traders", place="home", book=book, rates=rates, prices=Range(200, 20, far), horizon_ns=20 * 10**9
    )
    world.run(until_ns=30 * 10**9)
    return traders.averages, world


def rows(world: World, table: str) -> list[dict[str, Any]]:
    world.records.close()
    found: list[dict[str, Any]] = world.records.tables[table].arrow().to_pylist()
    return found


def test_it_holds_and_2_percent_wrong_fails() -> None:
    assert [(one.quantity, one.z) for one in estimates() if not one.passed] == []
    assert [one.quantity for one in estimates() if replace(one, theory=1.02 * one.theory).passed] == []


def test_best_quotes_stay_out_of_the_far_orders() -> None:
    """What the depth there rests on; over all worlds of a quick run."""
    nearest = [FORM.replicate(FORM.seed_of(SEED, number))[-1] for number in range(5)]
    assert min(nearest) > 0


def test_the_spread_is_more_than_a_tick() -> None:
    """Else its scaling would be that of the tick alone."""
    spread = FORM.replicate(SEED)[0]
    assert spread > 2.0 * 0.5


def test_a_tick_that_does_not_follow_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(santa_fe_scaling, "_HALF_TICK", "0.5")
    found = replace(FORM, lifetimes=0.5).run(SEED, quick=True)
    assert [one.passed for one in found[:2]] == [False, True]


def test_a_book_that_loses_a_cancellation_in_twenty_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    cancel, calls = OrderBook.cancel, iter(range(10**9))

    def lossy(book: OrderBook, context: Context, order: int) -> Outcome:
        return Outcome() if next(calls) % 20 == 0 else cancel(book, context, order)

    monkeypatch.setattr(OrderBook, "cancel", lossy)
    assert abs(FORM.run(SEED, quick=True)[2].z) > LARGEST_Z


def test_the_same_seed_gives_the_same_digest_and_assets_are_conserved() -> None:
    worlds = [played(seed)[1] for seed in (7, 7, 8)]
    digests = [world.records.digest() for world in worlds]
    assert digests[0] == digests[1] != digests[2]
    assert set(worlds[0].conservation().values()) == {0}


def test_orders_of_each_kind_come_as_often_as_told() -> None:
    """Limit orders have 40 ticks and the spread, which adds two or three."""
    _, world = played()
    sent = [row for row in rows(world, "orders") if row["sent_ns"] > 0]
    market = sum(row["verb"] == "market" for row in sent)
    limit = sum(row["verb"] == "limit" for row in sent)
    assert abs(market - 20.0) < 4.0 * math.sqrt(20.0)
    expected = 20.0 * 0.25 * 0.5 * 42.0
    assert abs(limit - expected) < 4.0 * math.sqrt(expected) + 0.1 * expected


def test_only_cancellations_of_executed_orders_are_refused() -> None:
    _, world = played()
    refused = {(row["verb"], row["result"]) for row in rows(world, "orders") if row["result"] != "ok"}
    assert refused <= {("cancel", "UnknownOrder")}


def test_without_cancellations_far_orders_only_grow() -> None:
    averages, _ = played(rates=RATES._replace(cancel=1e-3, limit=0.001))
    assert averages.far_orders > 0.0
    assert averages.nearest <= 16
