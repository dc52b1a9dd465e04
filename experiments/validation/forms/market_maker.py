"""Avellaneda and Stoikov's symmetric market maker under true Poisson arrivals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import ClassVar, Final, cast

import numpy as np

from shoal.experiments.validation.arbitrage_world import LEAD_NS, SYMBOL, Times
from shoal.experiments.validation.check import Estimate
from shoal.experiments.validation.closed_form import ClosedForm, Sample
from shoal.experiments.validation.impatient_takers import ImpatientTakers, arrival_stream, arrivals_ns
from shoal.experiments.validation.pegged_maker import PeggedMaker
from shoal.experiments.validation.statistics import Array, Mean, controlled_mean, mean, without_controls
from shoal.sim.hosts.exchange import Exchange
from shoal.sim.latency import ConstantLatency
from shoal.sim.price_path import PricePath
from shoal.sim.price_process import follow
from shoal.sim.units import Account
from shoal.sim.world import World
from shoal.venues.book.order_book import OrderBook
from shoal.venues.outside_market import UNLIMITED, OutsideMarket

_HORIZON_NS: Final = 1_000 * 10**9
_START_PRICE: Final = 1_000.0
_TICK: Final = "0.000001"
_CAPITAL_TOKENS: Final = 10**9
_EXCHANGE: Final = "exchange"
_BOOK: Final = "book"
_MAKER: Final = "maker"
_TAKERS: Final = "takers"


@dataclass(frozen=True)
class MarketMaker(ClosedForm):
    """Mean and deviation of the profit, and deviation of the inventory, of quotes pegged at mid +- delta.

    The mid is a Brownian motion that moves just before each arrival; takers are thinned by the distance of the quote,
    so that each side trades at the rate A exp(-k delta). A long run is cut into short windows, each counted as a maker
    who starts flat. Windows are independent, so the horizon's figures follow from theirs: means and variances of
    inventory add up, and the variance of the profit gains the inventory carried from window to window, m (m - 1) / 2
    sigma^2 h Var(q_h). Control variates of the mean are the number of takers and, in each window, the sum of inventory
    x moves, whose expectations are known. In each world the profit by the ledger must be delta x trades + sum of
    inventory x moves.

    Args:
        risk_aversion: gamma, which sets delta = gamma sigma^2 T / 4 + log(1 + gamma / k) / gamma.
        deviation: sigma, quote tokens per square root of the horizon.
        arrivals: A, takers a side and horizon.
        decay: k, per quote token.
        windows: m, windows in a horizon.
        horizons: in one world.
        worlds: replications.
        quick_worlds: replications in quick mode.
    """

    source: ClassVar[str] = (
        "Avellaneda and Stoikov (2008), QF 8:217; exact for Poisson arrivals and the symmetric strategy"
    )
    risk_aversion: float = 0.1
    deviation: float = 2.0
    arrivals: float = 140.0
    decay: float = 1.5
    windows: int = 50
    horizons: int = 40
    worlds: int = 60
    quick_worlds: int = 20

    @property
    def name(self) -> str:
        """What is validated, with its parameters."""
        return f"Market maker, symmetric quotes (gamma {self.risk_aversion:g}, k {self.decay:g}, A {self.arrivals:g})"

    @property
    def distance(self) -> float:
        """From the mid to each quote, quote tokens."""
        gamma = self.risk_aversion
        return gamma * self.deviation**2 / 4.0 + math.log1p(gamma / self.decay) / gamma

    def replications(self, *, quick: bool) -> int:
        """How many worlds."""
        return self.quick_worlds if quick else self.worlds

    def replicate(self, seed: int) -> Sample:
        """Profit, its variance and squared inventory of a window; the world's profit twice; trades; two controls."""
        end_ns = self.horizons * _HORIZON_NS
        stream = arrival_stream(seed, _TAKERS)
        arrivals = list(takewhile(lambda time_ns: time_ns < end_ns, arrivals_ns(0, stream, self._mean_wait_ns)))
        edges = np.arange(self.horizons * self.windows + 1, dtype=np.int64) * (_HORIZON_NS // self.windows)
        path = self._path(np.union1d(np.array(arrivals, dtype=np.int64) - LEAD_NS, edges), seed)
        world = self._play(seed, path)
        surplus = len(arrivals) / (2.0 * self.arrivals * self.horizons) - 1.0
        return *self._figures(world, path, edges), surplus

    def estimate(self, samples: Sequence[Sample]) -> tuple[Estimate, ...]:
        """The paper's three columns, and the identity on each path."""
        table: Array = np.array(samples)
        profit, square = controlled_mean(table[:, 0], table[:, 6:]), mean(table[:, 2])
        plain = Mean(*(self.windows * one for one in mean(table[:, 0])))
        count, rate = self.windows, self.arrivals * math.exp(-self.decay * self.distance)
        carried = (count - 1) / 2.0 * self.deviation**2
        variance = mean(count * table[:, 1] + carried * table[:, 2])
        inventory, deviation = math.sqrt(count * square.value), math.sqrt(variance.value)
        trades = float(table[:, 5].sum())
        detail = f"{trades:,.0f} trades, {len(samples) * self.horizons * count:,} windows of 1/{count} horizon"
        return (
            Estimate(
                "mean profit",
                2.0 * rate * self.distance,
                count * profit.value,
                count * profit.standard_error,
                detail=detail + without_controls(plain),
            ),
            Estimate(
                "deviation of inventory",
                math.sqrt(2.0 * rate),
                inventory,
                count * square.standard_error / (2.0 * inventory),
                detail=detail,
            ),
            Estimate(
                "deviation of profit",
                math.sqrt(2.0 * rate * self.distance**2 + self.deviation**2 * rate),
                deviation,
                variance.standard_error / (2.0 * deviation),
                detail=detail,
            ),
            Estimate(
                "profit by the ledger, all worlds",
                float(table[:, 4].sum()),
                float(table[:, 3].sum()),
                tolerance=trades * float(_TICK),
                detail="delta x trades + sum of inventory x moves; tolerance one tick a trade",
            ),
        )

    @property
    def _ticks(self) -> int:
        """The distance in whole ticks, as it is quoted."""
        return round(self.distance / float(_TICK))

    @property
    def _mean_wait_ns(self) -> float:
        """Between takers of either side."""
        return _HORIZON_NS / (2.0 * self.arrivals)

    def _path(self, times: Times, seed: int) -> PricePath:
        normals = np.random.Generator(np.random.Philox(key=seed)).standard_normal(len(times) - 1)
        steps = self.deviation * np.sqrt(np.diff(times) / _HORIZON_NS) * normals
        prices = _START_PRICE + np.concatenate([[0.0], np.cumsum(steps)])
        return PricePath(times, {SYMBOL: prices}, end_ns=int(times[-1]) + 1, kind="generated", source_step_ns=0)

    def _play(self, seed: int, path: PricePath) -> World:
        """A world with the book, the outside price, the maker and the takers, run to the path's end."""
        world = World(seed=seed, latency=ConstantLatency(1))
        exchange = Exchange(world, _EXCHANGE)
        base, quote = world.asset(SYMBOL, 0), world.asset("QUOTE", 6)
        outside = OutsideMarket(
            "outside", base, quote, depth_quote_tokens=UNLIMITED, fee_ppm=0, permanent_share=0.0, half_life_s=1.0
        )
        book = OrderBook(_BOOK, base, quote, tick=_TICK, lot="1", levels=1, bands_bps=())
        exchange.add(outside)
        exchange.add(book)
        for owner in (_MAKER, _TAKERS):
            for asset in (base, quote):
                world.endow(owner, _EXCHANGE, asset, _CAPITAL_TOKENS * asset.unit)
        distance = self._ticks * book.grid.tick
        PeggedMaker(world, _MAKER, place="home", book=book, outside=outside.name, distance=distance)
        ImpatientTakers(
            world,
            _TAKERS,
            place="home",
            book=book,
            outside=outside.name,
            mean_wait_ns=self._mean_wait_ns,
            decay=self.decay,
        )
        follow(world, {SYMBOL: outside}, path)
        world.run(until_ns=path.end_ns)
        return world

    def _figures(self, world: World, path: PricePath, edges: Times) -> Sample:
        world.records.close()
        fills = world.records.tables["fills"].arrow()
        filled_ns, times, prices = fills["time_ns"].to_numpy(), path.times_ns, path.prices[SYMBOL]
        bought = -fills["side"].to_numpy().astype(np.float64)
        inventory = np.concatenate([[0.0], np.cumsum(bought)])
        cash = np.concatenate([[0.0], np.cumsum(-bought * fills["quote_tokens"].to_numpy())])
        rows = np.searchsorted(filled_ns, edges)
        change = np.diff(inventory[rows])
        profit = np.diff(cash[rows]) + change * prices[np.searchsorted(times, edges)][1:]
        # Inventory over a step of the path: what was held after all fills before the step's end.
        held, steps = inventory[np.searchsorted(filled_ns, times[1:])], np.diff(prices)
        opening = inventory[rows][np.searchsorted(edges, times[1:]) - 1]
        return (
            float(profit.mean()),
            float(profit.var(ddof=1)),
            float((change**2).mean()),
            _gained(world, float(prices[-1])),
            self._ticks * float(_TICK) * len(bought) + float(held @ steps),
            float(len(bought)),
            float((held - opening) @ steps) / len(profit),
        )


def _gained(world: World, price: float) -> float:
    """What the maker has more than at the start by the ledger, escrow included, at that price."""
    account = Account(_MAKER, _EXCHANGE)
    book = cast(OrderBook, world.venues[_BOOK])
    escrow = book.reserved(account)
    base, quote = book.assets
    more = [
        (world.ledger.balance(asset, account) + escrow[asset]) / asset.unit - _CAPITAL_TOKENS for asset in (base, quote)
    ]
    return more[0] * price + more[1]
