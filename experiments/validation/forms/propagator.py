"""The outside market's propagator: what a net flow does to the price at once, for a while, and for good."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from shoal.experiments.validation.arbitrage_world import SYMBOL
from shoal.experiments.validation.check import Estimate
from shoal.experiments.validation.closed_form import ClosedForm, Sample
from shoal.experiments.validation.net_flow import NetFlow, Order, Watcher
from shoal.sim.hosts.exchange import Exchange
from shoal.sim.latency import ConstantLatency
from shoal.sim.price_path import PricePath
from shoal.sim.price_process import follow
from shoal.sim.units import NANOSECONDS_PER_SECOND, Account
from shoal.sim.world import World
from shoal.venues.outside_market import OutsideMarket

_UNIT: Final = 10**18
_CAPITAL: Final = 10**9 * _UNIT
_PRICE: Final = 2_000.0
_SEVERAL: Final = 60


@dataclass(frozen=True)
class Propagator(ClosedForm):
    """Impact is linear in the log price: the permanent share stays, the rest halves every half-life, flows add up.

    The path stands still, so every move is impact. Two orders buy and one sells at one time, a fourth sells two
    half-lives later. Quotes are read from the market's feed; what the first order cost comes from the ledger. Nothing
    is random: the tolerance covers double precision.

    Args:
        depth_quote_tokens: that move the price by 1 %.
        permanent_share: of the impact.
        half_life_s: of the rest.
        flow: base tokens of the first three orders, buys above 0.
        later_flow: base tokens of the fourth.
    """

    source: ClassVar[str] = "Bouchaud et al. (2004), propagator; exponential decay as in Obizhaeva and Wang (2013)"
    depth_quote_tokens: float = 1_000_000.0
    permanent_share: float = 0.4
    half_life_s: int = 600
    flow: tuple[int, ...] = (300, 500, -200)
    later_flow: int = -400

    @property
    def name(self) -> str:
        """What is validated, with its parameters."""
        return f"Propagator (permanent share {self.permanent_share:g}, half-life {self.half_life_s} s)"

    def replications(self, *, quick: bool) -> int:
        """One: nothing is random."""
        return 1

    def replicate(self, seed: int) -> Sample:
        """Log impact at each time of ``_watched_ns``, and the quote tokens that the flow paid."""
        world = World(seed=seed, latency=ConstantLatency(1))
        exchange = Exchange(world, "exchange")
        base, quote = world.asset(SYMBOL, 18), world.asset("QUOTE", 18)
        market = OutsideMarket(
            "outside",
            base,
            quote,
            depth_quote_tokens=self.depth_quote_tokens,
            fee_ppm=0,
            permanent_share=self.permanent_share,
            half_life_s=float(self.half_life_s),
        )
        exchange.add(market)
        for owner in ("flow", market.name):
            for asset in (base, quote):
                world.endow(owner, exchange.name, asset, _CAPITAL)
        orders = tuple(
            Order(time_ns, 1 if tokens > 0 else -1, abs(tokens) * _UNIT)
            for time_ns, tokens in zip(self._ordered_ns, self._flows, strict=True)
        )
        NetFlow(world, "flow", place="home", market=market, orders=orders)
        watcher = Watcher(world, "watcher", place="home", market=market.name)
        last_executed, *steps = self._watched_ns
        times = np.array([0, *steps], dtype=np.int64)
        prices = np.full(len(times), _PRICE)
        path = PricePath(times, {SYMBOL: prices}, end_ns=steps[-1] + 1, kind="generated", source_step_ns=0)
        follow(world, {SYMBOL: market}, path)
        world.run(until_ns=steps[-1] + 2)
        impacts = [math.log(watcher.mids[time_ns] / _PRICE) for time_ns in (last_executed, *steps)]
        paid = _CAPITAL - world.ledger.balance(quote, Account("flow", exchange.name))
        return *impacts, paid / _UNIT

    def estimate(self, samples: Sequence[Sample]) -> tuple[Estimate, ...]:
        """Impact at once, its half-life and permanent share, both flows together, and what they cost."""
        at_once, halfway, both, for_good, paid = samples[0]
        expected = [self._impact(time_ns) for time_ns in self._watched_ns]
        lasting = self.permanent_share * sum(self.flow) / self._scale
        half_life = self.half_life_s / 2.0 * math.log(2.0) / math.log((at_once - lasting) / (halfway - lasting))
        return (
            _close("log price moved at once", expected[0], at_once),
            _close("half-life, s", float(self.half_life_s), half_life),
            _close("permanent share", self.permanent_share, for_good * self._scale / sum(self._flows)),
            _close("log price moved by two flows", expected[2], both),
            _close("quote paid for both flows (ledger)", self._cost(), paid),
        )

    @property
    def _flows(self) -> tuple[int, ...]:
        return *self.flow, self.later_flow

    @property
    def _half_life_ns(self) -> int:
        return self.half_life_s * NANOSECONDS_PER_SECOND

    @property
    def _ordered_ns(self) -> tuple[int, ...]:
        """When each order executes: the first flow 1 ns apart, the later one two half-lives after."""
        start_ns = self._half_life_ns
        return *(start_ns + number for number in range(len(self.flow))), 3 * start_ns

    @property
    def _watched_ns(self) -> tuple[int, ...]:
        """Right after the first flow, half a half-life later, after both flows, and when all has decayed."""
        last_ns = self._ordered_ns[len(self.flow) - 1]
        half_ns = self._half_life_ns // 2
        return last_ns, last_ns + half_ns, 3 * self._half_life_ns + half_ns, _SEVERAL * self._half_life_ns

    @property
    def _scale(self) -> float:
        """Base tokens that move the log price by 1."""
        return 100.0 * self.depth_quote_tokens / _PRICE

    def _impact(self, time_ns: int, orders: int | None = None) -> float:
        """Log impact of the first so many orders (all executed by then) at a time."""
        total, share = 0.0, self.permanent_share
        for flow, then_ns in list(zip(self._flows, self._ordered_ns, strict=True))[:orders]:
            if then_ns <= time_ns:
                decay = math.pow(2.0, -(time_ns - then_ns) / self._half_life_ns)
                total += flow / self._scale * (share + (1.0 - share) * decay)
        return total

    def _cost(self) -> float:
        """Each order pays the integral of the price over its size, on top of the impact of those before it."""
        cost = 0.0
        for number, (flow, time_ns) in enumerate(zip(self._flows, self._ordered_ns, strict=True)):
            price = _PRICE * math.exp(self._impact(time_ns, number))
            cost += price * self._scale * math.expm1(flow / self._scale)
        return cost


def _close(quantity: str, theory: float, engine: float) -> Estimate:
    return Estimate(quantity, theory, engine, tolerance=1e-9 * abs(theory), detail="tolerance 1e-9 of the value")
