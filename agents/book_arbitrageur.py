"""Arbitrage between an order book and the outside market."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import simpy

from shoal.agents.hedging import Hedger
from shoal.agents.market import Market, taker_change
from shoal.agents.parameters import positive, whole_number
from shoal.agents.rebalancing import Rebalancer, Rebalancing
from shoal.agents.trader import Trader
from shoal.sim.units import PPM

if TYPE_CHECKING:
    from shoal.sim.agent import Process
    from shoal.sim.world import World


class BookArbitrageur(Trader):
    """Takes orders of a book that are better than the outside market's by more than both fees, and hedges there.

    Knows: both views one latency late, when it looks every ``interval_ns`` (from a moment of its own); its balances
    by statement, its fills by receipt. It hedges exactly what the book gave it, after the book's receipt.

    Args:
        world: the run it belongs to.
        name: the owner of its accounts.
        place: where it is on the network.
        book: an order book.
        reference: the outside market.
        interval_ns: how often it looks.
        minimum_edge_ppm: least gain after both fees.
        order_quote_tokens: the largest order.
        slippage_ppm: how much worse than quoted the hedge may be.
        rebalance: when to move inventory, if the two are on different hosts; None never.

    Raises:
        ValueError: a parameter is out of range.

    Source: riskless trades of the law of one price, made risky by latency.
    """

    def __init__(
        self,
        world: World,
        name: str,
        *,
        place: str,
        book: str,
        reference: str,
        interval_ns: int,
        minimum_edge_ppm: int,
        order_quote_tokens: float,
        slippage_ppm: int,
        rebalance: Rebalancing | None = None,
    ) -> None:
        super().__init__(world, name, place=place)
        whole_number(name, interval_ns=interval_ns)
        whole_number(name, minimum=0, minimum_edge_ppm=minimum_edge_ppm, slippage_ppm=slippage_ppm)
        positive(name, order_quote_tokens=order_quote_tokens)
        self.book = book
        self.reference = reference
        self.interval_ns = interval_ns
        self.minimum_edge_ppm = minimum_edge_ppm
        self.order_quote_tokens = order_quote_tokens
        self.slippage_ppm = slippage_ppm
        self.rebalance = rebalance

    def run(self) -> Process:
        """Look, take, hedge."""
        book, reference = self.market(self.book), self.market(self.reference)
        self.statement(book.host)
        self.statement(reference.host)
        hedger = Hedger(self, (reference,), slippage_ppm=self.slippage_ppm)
        hosts, assets = (book.host, reference.host), (book.base, book.quote)
        rebalancer = Rebalancer(self, self.rebalance, hosts=hosts, assets=assets)
        yield self.sleep(1 + int(self.draws("phase").next() * self.interval_ns))
        while True:
            yield from hedger.run()
            yield from self._take(book, reference, hedger)
            yield from rebalancer.run()
            yield self.sleep(self.interval_ns)

    def _take(self, book: Market, reference: Market, hedger: Hedger) -> Generator[simpy.Event, Any, None]:
        here, there = self.view(book.venue), self.view(reference.venue)
        if here is None or there is None:
            return
        for side, price, elsewhere in ((+1, here.ask, there.bid), (-1, here.bid, there.ask)):
            if price is None or elsewhere is None:
                continue
            worst_price = elsewhere * (PPM - side * self.minimum_edge_ppm) / PPM
            if side * (worst_price - price) <= 0:
                continue
            size = min(self.order_quote_tokens / elsewhere, self._capital(book, reference, side, elsewhere))
            receipt = yield from self.trade(book, side, book.base.floor(size), worst_price)
            if receipt is not None:
                for fill in receipt.outcome.fills:
                    hedger.add(taker_change(fill)[0])
                yield from hedger.run()
            return

    def _capital(self, book: Market, reference: Market, side: int, price: float) -> float:
        """Base tokens that can be paid for on one side and hedged on the other."""
        buyer, seller = (book, reference) if side > 0 else (reference, book)
        quote = buyer.quote.tokens(self.holding(buyer.host, buyer.quote)) / price
        base = seller.base.tokens(self.holding(seller.host, seller.base))
        return min(quote * (PPM - min(self.slippage_ppm, PPM)) / PPM, base)
