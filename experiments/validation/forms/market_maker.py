"""Avellaneda and Stoikov's symmetric market maker under true Poisson arrivals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import ClassVar, Final

import numpy as np

from shoal.experiments.validation.arbitrage_world import LEAD_NS, SYMBOL, Times
from shoal.experiments.validation.check import Estimate
from shoal.experiments.validation.closed_form import ClosedForm, Sample
from shoal.experiments.validation.impatient_takers import ImpatientTakers, arrival_stream, arrivals_ns
from shoal.experiments.validation.pegged_maker import PeggedMaker
from shoal.experiments.validation.statistics import Array, controlled_mean, mean
from shoal.sim.hosts.exchange import Exchange
from shoal.sim.latency import ConstantLatency
from shoal.sim.price_path import PricePath
from shoal.sim.units import Account
from shoal.sim.world import World
from shoal.venues.book.order_book import OrderBook
from shoal.venues.outside_market import UNLIMITED, OutsideMarket, follow

_HORIZON_NS: Final = 1_000 * 10**9
_START_PRICE: Final = 1_000.0
_TICK: Final = "0.000001"
_CAPITAL_TOKENS: Final = 10**9


@dataclass(frozen=True)
class MarketMaker(ClosedForm):
    """Mean and deviation of the profit, and deviation of the inventory, of quotes pegged at mid +- delta.

    The mid is a Brownian motion that moves just before each arrival; takers are thinned by the distance of the quote,
    so that each side trades at the rate A exp(-k delta). A long run is cut into short windows, each counted as a maker
    who starts flat. Windows are independent, so the horizon's figures follow from theirs: means and variances of
    inventory add up, and the variance of the profit gains the inventory carried from window to window, m (m - 1) / 2
    sigma^2 h Var(q_h). Control variates of the mean are the number of takers and, in each window, the sum of inventory
    x moves, whose expectations are known. In each world the profit by the ledger must be delta x trades + sum of inventory x moves.

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

    source: ClassVar[str] = "Avellaneda and Stoikov (2008), QF 8:217; exact for Poisson arrivals and the symmetric strategy"
    risk_aversion: float = 0.1
    deviation: float = 2.0
    arrivals: float = 140.0
    decay: float = 1.5
    windows: int = 50
    horizons: int = 50
    worlds: int = 60
    quick_worlds: int = 24

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
        """Mean and variance of a window's profit, its squared inventory; the whole profit twice; trades and controls."""
        end_ns = self.horizons * _HORIZON_NS
        mean_wait_ns = _HORIZON_NS / (2.0 * self.arrivals)
        stream = arrival_stream(seed, "takers")
        arrivals = list(takewhile(lambda time_ns: time_ns < end_ns, arrivals_ns(0, stream, mean_wait_ns)))
        edges = np.arange(self.horizons * self.windows + 1, dtype=np.int64) * (_HORIZON_NS // self.windows)
        path = self._path(np.union1d(np.array(arrivals, dtype=np.int64) - LEAD_NS, edges), seed)
        world = World(seed=seed, latency=ConstantLatency(1))
        exchange = Exchange(world, "exchange")
        base, quote = world.asset(SYMBOL, 0), world.asset("QUOTE", 6)
        outside = OutsideMarket(
            "outside", base, quote, depth_quote_tokens=UNLIMITED, fee_ppm=0, permanent_share=0.0, half_life_s=1.0
        )
        book = OrderBook("book", base, quote, tick=_TICK, lot="1", levels=1, bands_bps=())
        exchange.add(outside)
        exchange.add(book)
        for owner in ("maker", "takers"):
            for asset in (base, quote):
                world.endow(owner, "exchange", asset, _CAPITAL_TOKENS * asset.unit)
        distance = round(self.distance / float(_TICK)) * book.grid.tick
        PeggedMaker(world, "maker", place="home", book=book, outside="outside", distance=distance)
        ImpatientTakers(
            world, "takers", place="home", book=book, outside="outside", mean_wait_ns=mean_wait_ns, decay=self.decay
        )
        follow(world, {SYMBOL: outside}, path)
        world.run(until_ns=end_ns + 1)
        account, escrow = Account("maker", "exchange"), book.reserved(Account("maker", "exchange"))
        held = [world.ledger.balance(asset, account) + escrow[asset] for asset in (base, quote)]
        gained = [one / asset.unit - _CAPITAL_TOKENS for one, asset in zip(held, (base, quote), strict=True)]
        surplus = len(arrivals) / (2.0 * self.arrivals * self.horizons) - 1.0
        return *self._figures(world, path, edges, gained), surplus

    def estimate(self, samples: Sequence[Sample]) -> tuple[Estimate, ...]:
        """The paper's three columns, and the identity on each path."""
        table: Array = np.array(samples)
        profit, square = controlled_mean(table[:, 0], table[:, 6:]), mean(table[:, 2])
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
                detail=detail,
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

    def _path(self, times: Times, seed: int) -> PricePath:
        normals = np.random.Generator(np.random.Philox(key=seed)).standard_normal(len(times) - 1)
        steps = self.deviation * np.sqrt(np.diff(times) / _HORIZON_NS) * normals
        prices = _START_PRICE + np.concatenate([[0.0], np.cumsum(steps)])
        return PricePath(times, {SYMBOL: prices}, end_ns=int(times[-1]) + 1, kind="generated", source_step_ns=0)

    def _figures(self, world: World, path: PricePath, edges: Times, gained: Sequence[float]) -> Sample:
        world.records.close()
        fills = world.records.tables["fills"].arrow()
        side = -fills["side"].to_numpy().astype(np.float64)
        cash = -side * fills["quote_tokens"].to_numpy()
        times, prices = path.times_ns, path.prices[SYMBOL]
        filled_ns = fills["time_ns"].to_numpy()
        rows = np.searchsorted(filled_ns, edges)
        mid = prices[np.searchsorted(times, edges)]
        held, paid = (np.concatenate([[0.0], np.cumsum(one)])[rows] for one in (side, cash))
        bought = np.diff(held)
        profit = np.diff(paid) + bought * mid[1:]
        whole = gained[1] + gained[0] * float(prices[-1])
        steps = np.diff(prices)
        # Inventory over a step of the path: what was held after all fills before the step's end.
        inventory = np.concatenate([[0.0], np.cumsum(side)])[np.searchsorted(filled_ns, times[1:])]
        identity = self.distance * len(side) + float(inventory @ steps)
        opening = held[np.searchsorted(edges, times[1:]) - 1]
        moves = float((inventory - opening) @ steps) / len(profit)
        return (
            float(profit.mean()),
            float(profit.var(ddof=1)),
            float((bought**2).mean()),
            whole,
            identity,
            float(len(side)),
            moves,
        )
