"""Traders who know nothing: their orders come at random and go where they get most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shoal.agents.gas import GasTerms
from shoal.agents.market import Market
from shoal.agents.parameters import positive, whole_number, within
from shoal.agents.trader import Trader
from shoal.sim.units import PPM

if TYPE_CHECKING:
    from shoal.sim.agent import Process
    from shoal.sim.world import World


class NoiseTrader(Trader):
    """Buys and sells at Poisson times, in log-normal sizes, at the venue that gives most for the order, gas included.

    Knows: the published views of its venues, the last block's base fee and the price of gas, each one latency late,
    at the moment its order arises. Arrivals, sizes and sides are drawn ahead of the state, one each an order, so that
    nothing that happens in the market moves them. An order that no venue shows enough depth for is given up.

    Args:
        world: the run it belongs to.
        name: the owner of its accounts.
        place: where it is on the network.
        venues: where it may trade, all of one pair.
        interval_ns: mean time between orders.
        size_quote_tokens: median order.
        size_sigma: standard deviation of the order's logarithm.
        slippage_ppm: how much worse than quoted it accepts.
        buy_share: probability of buying.
        gas: needed if one of the venues lives on a chain.
        builder: sends what goes to a chain privately to this builder; None sends publicly.

    Raises:
        ValueError: a parameter is out of range.

    Source: zero-intelligence order flow (Farmer, Patelli and Zovko 2005), log-normal sizes.
    """

    def __init__(
        self,
        world: World,
        name: str,
        *,
        place: str,
        venues: tuple[str, ...],
        interval_ns: int,
        size_quote_tokens: float,
        size_sigma: float,
        slippage_ppm: int,
        buy_share: float = 0.5,
        gas: GasTerms | None = None,
        builder: str | None = None,
    ) -> None:
        super().__init__(world, name, place=place, gas=gas)
        whole_number(name, interval_ns=interval_ns)
        whole_number(name, minimum=0, slippage_ppm=slippage_ppm)
        positive(name, size_quote_tokens=size_quote_tokens)
        within(name, 0.0, 5.0, size_sigma=size_sigma)
        within(name, 0.0, 1.0, buy_share=buy_share)
        if not venues:
            raise ValueError(f"{name}: venues is empty; name at least one")
        self.venues = venues
        self.interval_ns = interval_ns
        self.size_quote_tokens = size_quote_tokens
        self.size_sigma = size_sigma
        self.slippage_ppm = slippage_ppm
        self.buy_share = buy_share
        self.builder = builder

    def run(self) -> Process:
        """Wait, draw an order, send it, and forget it."""
        markets = tuple(self.market(venue) for venue in self.venues)
        arrivals, sizes, sides = self.draws("arrival"), self.draws("size"), self.draws("side")
        while True:
            yield self.sleep(arrivals.wait_ns(self.interval_ns))
            quote_tokens = sizes.lognormal(self.size_quote_tokens, self.size_sigma)
            self._order(markets, 1 if sides.next() < self.buy_share else -1, quote_tokens)

    def _order(self, markets: tuple[Market, ...], side: int, quote_tokens: float) -> None:
        """Send the order to the venue where it costs least or brings most."""
        base_tokens = 0.0
        best: tuple[float, Market, Any, float] | None = None
        for market in markets:
            view = self.view(market.venue)
            mid = None if view is None else view.mid
            if mid is None:
                continue
            # The same amount everywhere: what the size buys at the first price it finds.
            base_tokens = base_tokens or quote_tokens / mid
            worth, gas = view.quote_tokens(side, base_tokens), self.gas_tokens(market)
            if not worth or gas is None:
                continue
            cost = side * worth + gas
            if best is None or cost < best[0]:
                best = cost, market, view, worth
        if best is None:
            return
        _, market, view, worth = best
        worst_price = worth / base_tokens * (PPM + side * self.slippage_ppm) / PPM
        call = market.take(view, side, market.base.floor(base_tokens), worst_price)
        if call is not None:
            self.fire(market, call, builder=self.builder)
