"""Arbitrage between a constant product pool on a chain and markets on exchanges."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, NamedTuple

import simpy

from shoal.agents.arbitrage import best_size, input_for, optimal_input, output_of
from shoal.agents.gas import GasTerms
from shoal.agents.hedging import Hedger
from shoal.agents.market import Market, taker_change
from shoal.agents.parameters import whole_number, within
from shoal.agents.rebalancing import Rebalancer, Rebalancing
from shoal.agents.trader import Trader, received
from shoal.sim.calls import Call
from shoal.sim.units import PPM
from shoal.venues.amm.constant_product_math import amount_out
from shoal.venues.amm.constant_product_view import ConstantProductView

if TYPE_CHECKING:
    from shoal.sim.agent import Process
    from shoal.sim.world import World

# A reference this flat over the whole trade is taken for flat, and the closed form holds as it stands.
_FLAT = 1e-9


class Opportunity(NamedTuple):
    """A trade with the pool: +1 buys base from it, -1 sells to it; gain in quote tokens before gas."""

    side: int
    amount_in: int
    amount_out: int
    gain: float


class Arbitrageur(Trader):
    """Trades a pool back to the outside price when that pays for fees and gas, and hedges on the exchange afterwards.

    Knows: the pool as of the last block and the references' views, one latency late, at ``delay_ns`` after each block
    (as seen at its place); its balances by statement, its fills by receipt. One transaction at a time: it waits for
    its block, then sells (or buys) what it got where the price is best, then looks again.

    The size is the closed form for a flat reference; where the reference has finite depth, the size that earns most
    by its published curve. It is cut to the money on both sides, and dropped unless the gain after gas reaches the
    minimum. The tip is a share of the expected gain.

    Args:
        world: the run it belongs to.
        name: the owner of its accounts.
        place: where it is on the network.
        pool: a constant product pool on a chain.
        references: markets of the same pair on exchanges, where it hedges; the best price counts.
        gas: how it pays on the chain.
        delay_ns: how long after a block it decides.
        minimum_profit_quote_tokens: least expected gain after gas.
        tip_share: share of the expected gain, after the base fee, that it bids as tip; 0 to 1.
        slippage_ppm: how much worse than quoted the pool, and the hedge, may be.
        builder: sends privately to this builder, who leaves out what would revert; None sends publicly.
        rebalance: when to move inventory between chain and exchange; None never.

    Raises:
        ValueError: a parameter is out of range.

    Source: optimal size to an external price, Angeris, Kao, Chiang, Noyes and Chitra (2019).
    """

    def __init__(
        self,
        world: World,
        name: str,
        *,
        place: str,
        pool: str,
        references: tuple[str, ...],
        gas: GasTerms,
        delay_ns: int,
        minimum_profit_quote_tokens: float,
        tip_share: float,
        slippage_ppm: int,
        builder: str | None = None,
        rebalance: Rebalancing | None = None,
    ) -> None:
        super().__init__(world, name, place=place, gas=gas)
        whole_number(name, minimum=0, delay_ns=delay_ns, slippage_ppm=slippage_ppm)
        within(name, 0.0, 1.0, tip_share=tip_share)
        within(name, 0.0, 1e300, minimum_profit_quote_tokens=minimum_profit_quote_tokens)
        if not references:
            raise ValueError(f"{name}: references is empty; name at least one market to hedge at")
        self.pool = pool
        self.references = references
        self.delay_ns = delay_ns
        self.minimum_profit_quote_tokens = minimum_profit_quote_tokens
        self.tip_share = tip_share
        self.slippage_ppm = slippage_ppm
        self.builder = builder
        self.rebalance = rebalance

    def run(self) -> Process:
        """After each block: trade if it pays, hedge, or move money."""
        pool = self.market(self.pool)
        markets = tuple(self.market(reference) for reference in self.references)
        hosts = (pool.host, *(market.host for market in markets))
        if not pool.on_chain or any(market.on_chain for market in markets):
            raise ValueError(f"{self.name}: it needs a pool on a chain and references on exchanges")
        for host in hosts:
            self.statement(host)
        hedger = Hedger(self, markets, slippage_ppm=self.slippage_ppm)
        rebalancer = Rebalancer(self, self.rebalance, hosts=hosts, assets=(pool.base, pool.quote))
        decided = -1
        while True:
            news = self.view(pool.host)
            if news is None or news.number == decided:
                news = (yield self.changed(pool.host)).item
            if self.delay_ns:
                yield self.sleep(self.delay_ns)
            decided = news.number
            yield from hedger.run()
            opportunity = self._opportunity(pool, markets)
            if opportunity is None or not (yield from self._take(pool, opportunity, hedger)):
                yield from rebalancer.run()

    def _take(self, pool: Market, opportunity: Opportunity, hedger: Hedger) -> Generator[simpy.Event, Any, bool]:
        """Send the trade, wait for its block, hedge what it brought; False if it was not worth its gas."""
        tip_wei = self.bid_wei(
            pool.host,
            pool.gas,
            gain=opportunity.gain,
            share=self.tip_share,
            minimum_quote_tokens=self.minimum_profit_quote_tokens,
        )
        if tip_wei is None:
            return False
        asset = pool.quote if opportunity.side > 0 else pool.base
        least = opportunity.amount_out * (PPM - min(self.slippage_ppm, PPM)) // PPM
        arguments = {"asset_in": asset, "amount_in": opportunity.amount_in, "minimum_out": least}
        event = self.submit(
            pool.host, Call(pool.venue, "swap_exact_in", arguments), tip_wei=tip_wei, builder=self.builder
        )
        if event is None:
            return False
        receipt = yield from received(event)
        if receipt is not None:
            for fill in receipt.outcome.fills:
                hedger.add(taker_change(fill)[0])
            yield from hedger.run()
        return True

    # --- how much -----------------------------------------------------------------------------------------------

    def _opportunity(self, pool: Market, markets: tuple[Market, ...]) -> Opportunity | None:
        """The better of buying from the pool and selling to it, at the best reference each; None if neither gains."""
        view = self.view(pool.venue)
        if not isinstance(view, ConstantProductView) or view.mid is None:
            return None
        best: Opportunity | None = None
        for market in markets:
            reference = self.view(market.venue)
            for side in (+1, -1) if reference is not None else ():
                found = self._at(pool, view, market, reference, side)
                if found is not None and (best is None or found.gain > best.gain):
                    best = found
        return best

    def _at(
        self, pool: Market, view: ConstantProductView, market: Market, reference: Any, side: int
    ) -> Opportunity | None:
        """The best trade of one direction against one reference."""
        price = reference.bid if side > 0 else reference.ask
        if price is None:
            return None
        base, quote = pool.base.tokens(view.reserve_base), pool.quote.tokens(view.reserve_quote)
        kept = (PPM - view.fee_ppm) / PPM
        reserve_in, reserve_out = (quote, base) if side > 0 else (base, quote)
        size = optimal_input(reserve_in, reserve_out, value=price if side > 0 else 1 / price, kept=kept)
        if size == 0.0:
            return None

        def gain(amount_in: float) -> float:
            got = output_of(amount_in, reserve_in, reserve_out, kept=kept)
            worth: float | None = reference.quote_tokens(-side, got if side > 0 else amount_in)
            if worth is None:
                # Beyond what the reference shows: the further, the worse.
                return -amount_in
            return worth - amount_in if side > 0 else got - worth

        hedged = output_of(size, reserve_in, reserve_out, kept=kept) if side > 0 else size
        worth: float | None = reference.quote_tokens(-side, hedged)
        if worth is None or abs(worth - price * hedged) > _FLAT * worth:
            size = best_size(gain, size)
        size = min(size, self._capital(pool, market, price, side, reserve_in, reserve_out, kept))
        asset_in = pool.quote if side > 0 else pool.base
        amount_in = asset_in.floor(size)
        if amount_in <= 0:
            return None
        reserves = (view.reserve_quote, view.reserve_base) if side > 0 else (view.reserve_base, view.reserve_quote)
        out = amount_out(amount_in, *reserves, fee_ppm=view.fee_ppm)
        return Opportunity(side, amount_in, out, gain(asset_in.tokens(amount_in))) if out else None

    def _capital(
        self, pool: Market, market: Market, price: float, side: int, reserve_in: float, reserve_out: float, kept: float
    ) -> float:
        """The largest input that its money on the chain pays, and its money on the exchange can hedge."""
        if side > 0:
            held = pool.quote.tokens(self.spendable(pool.host, pool.quote))
            base = market.base.tokens(self.holding(market.host, market.base))
            return min(held, input_for(base, reserve_in, reserve_out, kept=kept))
        held = pool.base.tokens(self.spendable(pool.host, pool.base))
        quote = market.quote.tokens(self.holding(market.host, market.quote))
        return min(held, quote / price * (PPM - min(self.slippage_ppm, PPM)) / PPM)
