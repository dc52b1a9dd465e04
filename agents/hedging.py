"""How a trader gets rid of base it did not want to keep."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import simpy

from shoal.agents.market import Market, taker_change
from shoal.agents.trader import Trader
from shoal.sim.units import PPM


class Hedger:
    """Keeps count of the base to be sold (positive) or bought back (negative), and trades it at the best market.

    Args:
        trader: whose position it is; it knows the markets' views one latency late and its fills by receipt.
        markets: where to hedge, all of one pair.
        slippage_ppm: how much worse than quoted it accepts.
    """

    def __init__(self, trader: Trader, markets: tuple[Market, ...], *, slippage_ppm: int) -> None:
        self._trader = trader
        self._markets = markets
        self._slippage_ppm = slippage_ppm
        self.open_base = 0

    def add(self, base: int) -> None:
        """Base units were bought (positive) or sold that are to be hedged."""
        self.open_base += base

    def run(self) -> Generator[simpy.Event, Any, float]:
        """Trade what is open at the market that gives most for it, and wait; what is refused stays open.

        Returns:
            Quote tokens that came in, negative for what was paid, fees included.
        """
        side = -1 if self.open_base > 0 else 1
        amount = abs(self.open_base)
        best: tuple[float, Market] | None = None
        for market in self._markets if amount else ():
            view = self._trader.view(market.venue)
            worth = None if view is None else view.quote_tokens(side, market.base.tokens(amount))
            if worth and (best is None or side * worth < best[0]):
                best = side * worth, market
        if best is None:
            return 0.0
        cost, market = best
        worst_price = side * cost / market.base.tokens(amount) * (PPM + side * self._slippage_ppm) / PPM
        receipt = yield from self._trader.trade(market, side, amount, worst_price)
        earned = 0
        if receipt is not None:
            for fill in receipt.outcome.fills:
                base, quote = taker_change(fill)
                self.open_base += base
                earned += quote
        return earned / market.quote.unit
