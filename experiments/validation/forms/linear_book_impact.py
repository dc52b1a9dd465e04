"""What it takes to sweep a book whose depth grows in proportion to the distance from the price."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, Final

from shoal.experiments.validation.book_sweep import LadderMaker, Rung, Sweeper
from shoal.experiments.validation.check import Estimate
from shoal.experiments.validation.closed_form import ClosedForm, Sample
from shoal.ext.book import BUY, SELL
from shoal.sim.hosts.exchange import Exchange
from shoal.sim.latency import ConstantLatency
from shoal.sim.units import Account
from shoal.sim.world import World
from shoal.venues.book.order_book import OrderBook

_PRICE: Final = 1_000
_TICK: Final = "0.0001"
_LOT: Final = "0.00000001"
_SPARE_RUNGS: Final = 3
_WAIT_NS: Final = 1_000


@dataclass(frozen=True)
class LinearBookImpact(ClosedForm):
    """A sweep of Q moves the price by sqrt(2 Q / L) where L u rests at distance u, and pays 2/3 of it on average.

    The latent book in ticks: the order k ticks away holds L tick^2 (2 k - 1) / 2, which is 2 k - 1 lots, so that
    exactly L u^2 / 2 rests up to each distance u = k ticks, and the impact is the root rounded up to a whole tick of
    1e-4. The bids are swept in one order, the asks piece by piece up to each Q: impact depends on the sum alone. What
    is paid comes from the ledger and is compared with the sum over k ticks, which exceeds the integral by 3 / (4 k) of
    it. Nothing is random: the tolerance covers double precision.

    Args:
        swept: Q, base tokens, rising.
    """

    source: ClassVar[str] = "Donier, Bonart, Mastromatteo and Bouchaud (2015), Quantitative Finance 15:1109"
    swept: tuple[float, ...] = (0.5, 2.0, 4.0)

    @property
    def slope(self) -> float:
        """L, base tokens a quote token of distance and quote token of price."""
        return 2.0 * float(_LOT) / float(_TICK) ** 2

    @property
    def name(self) -> str:
        """What is validated, with its parameter."""
        return f"Impact of a sweep in a linear book (L {self.slope:g})"

    def replications(self, *, quick: bool) -> int:
        """One: nothing is random."""
        return 1

    def replicate(self, seed: int) -> Sample:
        """Last price after each piece of the asks and after the sweep of the bids; quote tokens of both, by ledger."""
        world = World(seed=seed, latency=ConstantLatency(1))
        exchange = Exchange(world, "exchange")
        base, quote = world.asset("BASE", 8), world.asset("QUOTE", 12)
        book = OrderBook("book", base, quote, tick=_TICK, lot=_LOT, levels=1, bands_bps=())
        exchange.add(book)
        for owner in ("maker", "taker"):
            for asset in (base, quote):
                world.endow(owner, exchange.name, asset, 10**6 * asset.unit)
        grid, last = book.grid, math.isqrt(self._lots(self.swept[-1])) + _SPARE_RUNGS
        rungs = [
            Rung(side, _PRICE * quote.unit - side * ticks * grid.tick, (2 * ticks - 1) * grid.lot)
            for ticks in range(1, last + 1)
            for side in (BUY, SELL)
        ]
        LadderMaker(world, "maker", place="home", book=book, rungs=rungs)
        amounts = [self._lots(tokens) * grid.lot for tokens in self.swept]
        pieces = [(BUY, later - sooner) for sooner, later in pairwise((0, *amounts))]
        sweeper = Sweeper(
            world, "taker", place="home", book=book, orders=[*pieces, (SELL, amounts[-1])], after_ns=_WAIT_NS
        )
        world.run(until_ns=2 * _WAIT_NS)
        gained = world.ledger.balance(quote, Account("taker", exchange.name)) - 10**6 * quote.unit
        sold = sweeper.paid[-1]
        return *(price / quote.unit for price in sweeper.prices), (sold - gained) / quote.unit, sold / quote.unit

    def estimate(self, samples: Sequence[Sample]) -> tuple[Estimate, ...]:
        """The impact of each Q, and what it costs to go all the way on either side."""
        *prices, bought, sold = samples[0]
        total = self.swept[-1]
        found = [
            self._impact(f"impact of {tokens:g} bought", tokens, price - _PRICE)
            for tokens, price in zip(self.swept, prices[:-1], strict=True)
        ]
        found.append(self._impact(f"impact of {total:g} sold at once", total, _PRICE - prices[-1]))
        found.append(self._paid(f"paid for {total:g} beyond the price, quote tokens (ledger)", bought - total * _PRICE))
        found.append(self._paid(f"lost on {total:g} to the price, quote tokens", total * _PRICE - sold))
        return tuple(found)

    def _impact(self, quantity: str, tokens: float, engine: float) -> Estimate:
        ticks = math.isqrt(self._lots(tokens) - 1) + 1
        root = math.sqrt(2.0 * tokens / self.slope)
        return Estimate(
            quantity, ticks * float(_TICK), engine, tolerance=1e-9, detail=f"sqrt(2 Q / L) = {root:.6f}, rounded up"
        )

    def _paid(self, quantity: str, engine: float) -> Estimate:
        """The sum of k (2 k - 1) over the whole ticks, and the rest at the next one."""
        lots = self._lots(self.swept[-1])
        ticks = math.isqrt(lots)
        steps = ticks * (ticks + 1) * (4 * ticks - 1) // 6 + (lots - ticks * ticks) * (ticks + 1)
        theory = steps * float(_TICK) * float(_LOT)
        integral = 2.0 / 3.0 * self.swept[-1] * math.sqrt(2.0 * self.swept[-1] / self.slope)
        return Estimate(quantity, theory, engine, tolerance=1e-9 * theory, detail=f"integral {integral:.6f}")

    @staticmethod
    def _lots(tokens: float) -> int:
        return round(tokens / float(_LOT))
