"""Traders with better prices than the venue's, and finite capital."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import simpy

from shoal.agents.gas import GasTerms
from shoal.agents.market import Market, taker_change
from shoal.agents.parameters import positive, whole_number
from shoal.agents.trader import Trader
from shoal.sim.calls import Receipt
from shoal.sim.units import PPM

if TYPE_CHECKING:
    from shoal.sim.agent import Process
    from shoal.sim.world import World

# Halving an order this often leaves a thousandth of it.
_HALVINGS = 10


class InformedTrader(Trader):
    """Trades on book or pool when its price is off the outside price by more than the trade costs; unwinds later.

    Knows: the outside market's mid and the venues' views, each one latency late, when it looks at them every
    ``interval_ns`` (from a moment of its own); its own balances by statement and its own fills by receipt. It waits
    for each answer before it looks again. Its position is kept within a limit and sold back, or bought back, as soon
    as a venue's price is no worse than the outside price less ``unwind_ppm``.

    Args:
        world: the run it belongs to.
        name: the owner of its accounts.
        place: where it is on the network.
        venues: where it trades, all of one pair.
        reference: the outside market, whose mid it believes.
        interval_ns: how often it looks.
        edge_ppm: the least gain, after fees, for which it takes a position.
        unwind_ppm: the most it gives up to close one.
        order_quote_tokens: the largest order.
        inventory_quote_tokens: the largest position, long or short of what it began with.
        gas: needed if one of the venues lives on a chain.

    Raises:
        ValueError: a parameter is out of range.

    Source: informed traders as in Glosten and Milgrom (1985), bounded in capital.
    """

    def __init__(
        self,
        world: World,
        name: str,
        *,
        place: str,
        venues: tuple[str, ...],
        reference: str,
        interval_ns: int,
        edge_ppm: int,
        unwind_ppm: int,
        order_quote_tokens: float,
        inventory_quote_tokens: float,
        gas: GasTerms | None = None,
    ) -> None:
        super().__init__(world, name, place=place, gas=gas)
        whole_number(name, interval_ns=interval_ns)
        whole_number(name, minimum=0, edge_ppm=edge_ppm, unwind_ppm=unwind_ppm)
        positive(name, order_quote_tokens=order_quote_tokens, inventory_quote_tokens=inventory_quote_tokens)
        if not venues:
            raise ValueError(f"{name}: venues is empty; name at least one")
        self.venues = venues
        self.reference = reference
        self.interval_ns = interval_ns
        self.edge_ppm = edge_ppm
        self.unwind_ppm = unwind_ppm
        self.order_quote_tokens = order_quote_tokens
        self.inventory_quote_tokens = inventory_quote_tokens
        self.position = 0.0

    def run(self) -> Process:
        """Look at every venue, one after the other, at each interval."""
        markets = tuple(self.market(venue) for venue in self.venues)
        for market in markets:
            self.statement(market.host)
        yield self.sleep(1 + int(self.draws("phase").next() * self.interval_ns))
        while True:
            believed = self.mid(self.reference)
            if believed is not None:
                for market in markets:
                    yield from self._look(market, believed)
            yield self.sleep(self.interval_ns)

    def _look(self, market: Market, believed: float) -> Generator[simpy.Event, Any, None]:
        view = self.view(market.venue)
        if view is None:
            return
        for side, price in ((+1, view.ask), (-1, view.bid)):
            if price is None:
                continue
            closing = side * self.position < 0
            give_up = self.unwind_ppm if closing else -self.edge_ppm
            worst_price = believed * (PPM + side * give_up) / PPM
            if side * (worst_price - price) <= 0:
                continue
            size = min(self._size(market, side, believed, closing), self._capital(market, side, worst_price))
            if not market.has_book:
                # A swap is all or nothing; a book gives what it has within the limit.
                size = affordable(view, side, size, worst_price)
            gas = self.gas_tokens(market)
            # A new position must earn its gas; one that is closed saves risk, and need only be worth more than its gas.
            worth = size * (believed if closing else side * (believed - worst_price))
            if gas is not None and worth > gas:
                self._book(market, (yield from self.trade(market, side, market.base.floor(size), worst_price)))
                return

    def _size(self, market: Market, side: int, believed: float, closing: bool) -> float:
        """Base tokens wanted: at most an order, at most what closes the position or fills the limit."""
        order = self.order_quote_tokens / believed
        if closing:
            return min(order, abs(self.position))
        return min(order, self.inventory_quote_tokens / believed - side * self.position)

    def _capital(self, market: Market, side: int, worst_price: float) -> float:
        """Base tokens that its money on the host can pay for."""
        if side < 0:
            return market.base.tokens(self.holding(market.host, market.base))
        return market.quote.tokens(self.holding(market.host, market.quote)) / worst_price

    def _book(self, market: Market, receipt: Receipt | None) -> None:
        if receipt is not None:
            for fill in receipt.outcome.fills:
                self.position += taker_change(fill)[0] / market.base.unit


def affordable(view: Any, side: int, base_tokens: float, worst_price: float) -> float:
    """The order, halved until its average price is no worse than this; 0 if a thousandth of it is still too much."""
    size = base_tokens
    for _ in range(_HALVINGS if size > 0 else 0):
        worth = view.quote_tokens(side, size)
        if worth is not None and side * (worst_price * size - worth) >= 0:
            return size
        size /= 2
    return 0.0
