"""What dimensional analysis and queueing theory say exactly about a book of orders without intelligence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from shoal.experiments.validation.check import Estimate
from shoal.experiments.validation.closed_form import ClosedForm, Sample
from shoal.experiments.validation.random_book import Averages, BookRates, RandomTraders, Range
from shoal.experiments.validation.statistics import Array, controlled_mean, mean, without_controls
from shoal.sim.hosts.exchange import Exchange
from shoal.sim.latency import ConstantLatency
from shoal.sim.units import NANOSECONDS_PER_SECOND
from shoal.sim.world import World
from shoal.venues.book.order_book import OrderBook

_PRICE: Final = 1_000
_TICK: Final = "0.5"
_HALF_TICK: Final = "0.25"
_CAPITAL: Final = 10**15


@dataclass(frozen=True)
class SantaFeScaling(ClosedForm):
    """The spread scales as mu / alpha; far from the price alpha / delta orders rest a quote token.

    Only epsilon = 2 delta / mu and the tick in units of p_c = mu / (2 alpha) have no dimension. So doubling alpha
    halves the spread, on half the tick, and doubling all rates leaves it, over half the time. The three worlds of a
    replication have the same draws, under which this holds path by path and not only on average: the tolerance covers
    waits in whole nanoseconds. Prices of limit orders reach ``reach`` ticks to either side of the start.

    Far from the price each tick is a queue without a server: arrivals and cancellations alone, Poisson from the start
    on. The control variates are the orders there at the start, whose law is known, and what the draws then brought
    above their expectation. The level of the spread has no closed form: that of Farmer, Patelli and Zovko (2005) is a
    fit, far above any simulation.

    Args:
        epsilon: cancellation against market orders.
        ticks_per_scale: p_c in ticks.
        reach: ticks on either side.
        far: of these, the outermost that count as far.
        lifetimes: how long, in 1 / delta.
        worlds: replications.
        quick_worlds: replications in quick mode.
    """

    source: ClassVar[str] = "Smith, Farmer, Gillemot and Krishnamurthy (2003), Quantitative Finance 3:481, section 2"
    epsilon: float = 0.2
    ticks_per_scale: int = 4
    reach: int = 32
    far: int = 8
    lifetimes: float = 3.0
    worlds: int = 100
    quick_worlds: int = 20

    @property
    def name(self) -> str:
        """What is validated, with its parameters."""
        return f"Santa Fe scaling (epsilon {self.epsilon:g}, p_c {self.ticks_per_scale} ticks)"

    @property
    def rates(self) -> BookRates:
        """Of the world that the two others are compared with; one market order a second."""
        return BookRates(0.5 / (self.ticks_per_scale * float(_TICK)), 1.0, self.epsilon / 2.0)

    def replications(self, *, quick: bool) -> int:
        """How many times three worlds."""
        return self.quick_worlds if quick else self.worlds

    def replicate(self, seed: int) -> Sample:
        """The three spreads; far orders with their two controls; how near the best quotes came to them, in ticks."""
        limit, market, cancel = self.rates
        base = self._play(seed, self.rates, _TICK)
        denser = self._play(seed, BookRates(2.0 * limit, market, cancel), _HALF_TICK)
        faster = self._play(seed, BookRates(2.0 * limit, 2.0 * market, 2.0 * cancel), _TICK)
        return (
            base.spread,
            denser.spread,
            faster.spread,
            base.far_orders,
            base.initial,
            base.luck,
            float(base.nearest),
        )

    def estimate(self, samples: Sequence[Sample]) -> tuple[Estimate, ...]:
        """Two ratios of spreads, and the depth far from the price."""
        table: Array = np.array(samples)
        spread, denser, faster = table[:, :3].mean(axis=0)
        size = 2.0 * self.far * float(_TICK)
        depth = table[:, 3] / size
        found = controlled_mean(depth, table[:, 4:6])
        detail = f"mean spread {spread:.3f} quote tokens over {len(table)} worlds; tolerance 1e-6"
        return (
            Estimate("spread with alpha doubled, of the spread", 0.5, denser / spread, tolerance=5e-7, detail=detail),
            Estimate(
                "spread with all rates doubled, of the spread", 1.0, faster / spread, tolerance=1e-6, detail=detail
            ),
            Estimate(
                "orders a quote token far from the price",
                self.rates.limit / self.rates.cancel,
                *found,
                detail=f"best quotes {table[:, 6].min():.0f} ticks away or more{without_controls(mean(depth))}",
            ),
        )

    def _play(self, seed: int, rates: BookRates, tick: str) -> Averages:
        world = World(seed=seed, latency=ConstantLatency(1))
        exchange = Exchange(world, "exchange")
        base, quote = world.asset("BASE", 0), world.asset("QUOTE", 6)
        book = OrderBook("book", base, quote, tick=tick, lot="1", levels=2 * self.reach, bands_bps=())
        exchange.add(book)
        for asset in (base, quote):
            world.endow("traders", exchange.name, asset, _CAPITAL)
        horizon_ns = round(self.lifetimes / rates.cancel * NANOSECONDS_PER_SECOND)
        traders = RandomTraders(
            world,
            "traders",
            place="home",
            book=book,
            rates=rates,
            prices=Range(round(_PRICE / float(tick)), self.reach, self.far),
            horizon_ns=horizon_ns,
        )
        world.run(until_ns=horizon_ns + NANOSECONDS_PER_SECOND)
        return traders.averages
