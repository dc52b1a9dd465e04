"""What all trading agents share: reading views, sending trades to exchanges and chains, knowing their own money."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any

import simpy

from shoal.agents.gas import GasTerms
from shoal.agents.market import Market
from shoal.sim.agent import Agent
from shoal.sim.calls import Call, Receipt
from shoal.sim.errors import Refusal
from shoal.sim.hosts.block import BlockNews
from shoal.sim.hosts.chain import Chain
from shoal.sim.units import Asset

if TYPE_CHECKING:
    from shoal.sim.world import World


class Trader(Agent):
    """An agent that trades. It knows what feeds published one latency ago, and its own accounts likewise.

    Args:
        world: the run it belongs to.
        name: unique; the owner of its accounts.
        place: where it is on the network.
        gas: how it pays on chains; None for an agent that uses none.
    """

    def __init__(self, world: World, name: str, *, place: str, gas: GasTerms | None = None) -> None:
        super().__init__(world, name, place=place)
        self.gas = gas

    def view(self, feed: str) -> Any:
        """The newest item of a feed that has arrived, or None."""
        news = self.read(feed)
        return None if news is None else news.item

    def shown(self, feed: str, time_ns: int) -> Generator[simpy.Event, Any, None]:
        """Wait until a feed shows what was done at a time: who acts before that acts twice."""
        while (news := self.read(feed)) is None or news.published_ns < time_ns:
            yield self.changed(feed)

    def mid(self, feed: str) -> float | None:
        """The mid of a venue as it was published, or None."""
        news = self.read(feed)
        mid: float | None = None if news is None else news.item.mid
        return mid

    def market(self, name: str) -> Market:
        """The market of that name, checked against what this agent can pay with.

        Raises:
            ValueError: no such venue, or it lives on a chain and the agent has no gas terms.
        """
        market = Market.of(self.world, name)
        if market.on_chain and self.gas is None:
            raise ValueError(f"{self.name}: {name} lives on chain {market.host}; it needs gas terms to trade there")
        return market

    def holding(self, host: str, asset: Asset) -> int:
        """Free base units on a host by the newest statement; 0 before the first."""
        news = self.statement(host).read(self.place)
        return 0 if news is None else news.item.balances.get(asset, 0)

    def funded(self, host: str, amounts: Mapping[Asset, int]) -> Generator[simpy.Event, Any, None]:
        """Wait until it holds so many base units of each asset on a host, by its statements."""
        statements = self.statement(host)
        while any(self.holding(host, asset) < amount for asset, amount in amounts.items()):
            yield statements.changed(self.place)

    def spendable(self, host: str, asset: Asset) -> int:
        """What it may put into trades on a chain: of the native asset, a tenth is kept for gas."""
        held = self.holding(host, asset)
        return held * 9 // 10 if asset == self.native(host) else held

    def gas_tokens(self, market: Market, gas: int | None = None) -> float | None:
        """What gas on that market's chain costs now, in quote tokens; None while its price is unknown."""
        if not market.on_chain:
            return 0.0
        assert self.gas is not None
        news: BlockNews | None = self.view(market.host)
        price = self.mid(self.gas.price_feed)
        if news is None or price is None:
            return None
        wei = (market.gas if gas is None else gas) * (news.next_base_fee_wei + self.gas.tip_wei)
        return wei / self.native(market.host).unit * price

    def bid_wei(self, chain: str, gas: int, *, gain: float, share: float, minimum_quote_tokens: float) -> int | None:
        """The tip per gas with which a gain pays; None if gas leaves less than the minimum of it, or cannot be paid.

        Args:
            chain: where the transaction goes.
            gas: gas units it uses.
            gain: quote tokens it is expected to bring before gas.
            share: part of the gain after the base fee that is bid; the agent's usual tip is the least.
            minimum_quote_tokens: least gain after gas.
        """
        assert self.gas is not None
        news, price = self.view(chain), self.mid(self.gas.price_feed)
        if news is None or price is None:
            return None
        native = self.native(chain)
        base_cost = gas * news.next_base_fee_wei / native.unit * price
        bid = share * (gain - base_cost)
        tip_wei = max(self.gas.tip_wei, int(bid / price * native.unit / gas)) if bid > 0 else self.gas.tip_wei
        cost = base_cost + gas * tip_wei / native.unit * price
        if gain - cost < minimum_quote_tokens or gain <= cost:
            return None
        payable = self.gas.max_fee_wei(news, tip_wei) * gas <= self.holding(chain, native)
        return tip_wei if payable else None

    def native(self, chain: str) -> Asset:
        """The asset in which that chain's gas is paid."""
        return self._chain(chain).native

    def submit(
        self, host: str, *calls: Call, tip_wei: int | None = None, builder: str | None = None
    ) -> simpy.Event | None:
        """Send calls to a chain as one transaction under the agent's gas terms; None before its first block is known.

        A private transaction is left out by the builder rather than reverted.
        """
        news: BlockNews | None = self.view(host)
        if news is None or self.gas is None:
            return None
        tip = self.gas.tip_wei if tip_wei is None else tip_wei
        return self.transact(
            host,
            *calls,
            max_fee_wei=self.gas.max_fee_wei(news, tip),
            max_tip_wei=tip,
            builder=builder,
            drop_if_reverts=builder is not None,
        )

    def fire(self, market: Market, call: Call, *, builder: str | None = None) -> None:
        """Send a call, to a chain perhaps privately, and wait for nothing; a refusal is recorded."""
        if market.on_chain:
            self.submit(market.host, call, builder=builder)
        else:
            self.post(call)

    def settle(self, host: str, call: Call) -> Generator[simpy.Event, Any, Receipt | None]:
        """Send a call to an exchange or a chain and wait; the receipt, or None if it was refused."""
        on_chain = isinstance(self.world.hosts[host], Chain)
        event = self.submit(host, call) if on_chain else self.send(call)
        if event is None:
            return None
        return (yield from received(event))

    def trade(
        self, market: Market, side: int, amount: int, worst_price: float
    ) -> Generator[simpy.Event, Any, Receipt | None]:
        """Buy or sell base units of base at once and wait; None if it was refused or too small to ask for."""
        view = self.view(market.venue)
        call = None if view is None else market.take(view, side, amount, worst_price)
        if call is None:
            return None
        return (yield from self.settle(market.host, call))


def received(event: simpy.Event) -> Generator[simpy.Event, Any, Receipt | None]:
    """Wait for an answer: the receipt, or None if it is a refusal."""
    try:
        receipt: Receipt = yield event
    except Refusal:
        return None
    return receipt
