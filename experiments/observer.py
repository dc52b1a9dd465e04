"""The experimenter's instrument: samples every venue at a fixed interval; no agent sees it and it changes nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

import simpy

from shoal.sim.clock import AGENT
from shoal.sim.price_path import PricePath
from shoal.sim.records import Schema
from shoal.sim.units import Asset
from shoal.sim.world import World
from shoal.venues.view import MarketView

OBSERVER: Final = AGENT + 1
"""After everything else that happens at an instant."""

PRICES: Final = Schema(
    "prices",
    (
        ("time_ns", "int"),
        ("venue", "text"),
        ("kind", "text"),
        ("base", "text"),
        ("quote", "text"),
        ("mid", "float"),
        ("bid", "float"),
        ("ask", "float"),
    ),
)
VENUE_STATES: Final = Schema(
    "venue_states",
    (
        ("time_ns", "int"),
        ("venue", "text"),
        ("kind", "text"),
        ("base", "text"),
        ("quote", "text"),
        ("mid", "float"),
        ("spread_bps", "float"),
        ("depth_quote_tokens", "float"),
        ("base_raw", "raw"),
        ("base_tokens", "float"),
        ("quote_raw", "raw"),
        ("quote_tokens", "float"),
        ("liquidity_raw", "raw"),
        ("impact", "float"),
    ),
)


@dataclass(frozen=True, slots=True)
class Holdings:
    """What a venue holds that a plot would show, in base units: reserves of a pool, liquidity shares, impact."""

    base: int = 0
    quote: int = 0
    liquidity: int = 0
    impact: float = 0.0


class Shown(NamedTuple):
    """A price on its own, as an oracle shows it."""

    mid: float | None
    bid: float | None = None
    ask: float | None = None
    depth: float = 0.0


@dataclass(frozen=True, slots=True)
class Watched:
    """One venue to sample: its name, its kind (book, pool, outside, oracle), its pair, and how to read it.

    ``view`` reads what the venue shows, ``holdings`` what it holds now.
    """

    venue: str
    kind: str
    base: Asset
    quote: Asset
    view: Callable[[], MarketView | Shown]
    holdings: Callable[[], Holdings] = Holdings


def _number(value: float | None) -> float:
    return math.nan if value is None else value


class Observer:
    """Samples venues and the outside price path into the tables ``prices`` and ``venue_states``.

    Prices of the outside market are the reference of every markout: they are sampled on a finer grid.

    Args:
        world: the run.
        watched: what to sample.
        path: the exogenous price path; its own row has kind "path".
        quote: base symbol to quote symbol, of the path.
        interval_ns: time between samples; the first is at the present instant.
        reference_interval_ns: time between samples of the outside market's prices.
        until_ns: the last sample is at this time at the latest.
    """

    def __init__(
        self,
        world: World,
        watched: tuple[Watched, ...],
        *,
        path: PricePath,
        quote: Mapping[str, str],
        interval_ns: int,
        reference_interval_ns: int,
        until_ns: int,
    ) -> None:
        self._world = world
        self._watched = watched
        self._outside = tuple(one for one in watched if one.kind == "outside")
        self._reference_interval_ns = reference_interval_ns
        self._path = path
        self._quote = dict(quote)
        self._interval_ns = interval_ns
        self._until_ns = until_ns
        self._prices = world.records.table(PRICES)
        self._states = world.records.table(VENUE_STATES)
        world.clock.at(world.clock.now_ns, OBSERVER, self._sample)
        world.clock.at(world.clock.now_ns, OBSERVER, self._sample_reference)

    def _sample(self, _event: simpy.Event) -> None:
        now_ns = self._world.clock.now_ns
        for symbol, quote in self._quote.items():
            price = self._path.at(symbol, now_ns)
            self._prices.append((now_ns, f"{symbol} path", "path", symbol, quote, price, price, price))
        for one in self._watched:
            self._sample_venue(one, now_ns)
        self._again(self._interval_ns, self._sample)

    def _sample_reference(self, _event: simpy.Event) -> None:
        now_ns = self._world.clock.now_ns
        for one in self._outside:
            view = one.view()
            prices = _number(view.mid), _number(view.bid), _number(view.ask)
            self._prices.append((now_ns, one.venue, one.kind, one.base.symbol, one.quote.symbol, *prices))
        self._again(self._reference_interval_ns, self._sample_reference)

    def _again(self, after_ns: int, sample: Callable[[simpy.Event], None]) -> None:
        clock = self._world.clock
        if clock.now_ns + after_ns <= self._until_ns:
            clock.at(clock.now_ns + after_ns, OBSERVER, sample)

    def _sample_venue(self, one: Watched, now_ns: int) -> None:
        view, held = one.view(), one.holdings()
        mid, bid, ask = _number(view.mid), _number(view.bid), _number(view.ask)
        pair = (one.base.symbol, one.quote.symbol)
        if one.kind != "outside":
            self._prices.append((now_ns, one.venue, one.kind, *pair, mid, bid, ask))
        self._states.append(
            (
                now_ns,
                one.venue,
                one.kind,
                *pair,
                mid,
                (ask - bid) / mid * 1e4 if mid else math.nan,
                view.depth if math.isfinite(view.depth) else math.nan,
                held.base,
                one.base.tokens(held.base),
                held.quote,
                one.quote.tokens(held.quote),
                held.liquidity,
                held.impact,
            )
        )
