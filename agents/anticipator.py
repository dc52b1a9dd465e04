"""Traders who know how somebody else will trade."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import simpy

from shoal.agents.anticipation import affordable, best_ahead
from shoal.agents.gas import GasTerms
from shoal.agents.hedging import Hedger
from shoal.agents.learned_rule import LearnedRule
from shoal.agents.market import Market, taker_change
from shoal.agents.parameters import whole_number, within
from shoal.agents.trader import Trader
from shoal.agents.vaults.orders import Order, orders_for
from shoal.agents.vaults.portfolio import Portfolio
from shoal.agents.vaults.target import Target
from shoal.agents.vaults.trigger import Trigger
from shoal.sim.units import PPM, Asset
from shoal.venues.vault.share_math import SHARE_DECIMALS
from shoal.venues.vault.vault_view import VaultView

if TYPE_CHECKING:
    from shoal.sim.agent import Process
    from shoal.sim.world import World


# What the guard bears is not used up: the vault's order, and its oracle, will be a little different.
_ROOM: Final = 0.9


class Bet(NamedTuple):
    """A trade ahead of the vault's: where, which way, how many base units, and at what price at worst."""

    market: Market
    side: int
    amount: int
    worst_price: float


class Anticipator(Trader):
    """Trades ahead of a vault on books and pools, before any transaction exists, and back once the vault has traded.

    Knows: the vault's holdings, prices and markets as they were published, one latency late, whenever it looks; its
    balances by statement, its fills by receipt; and the vault's rule: objects of its own that decide as the vault's
    do, or what it learns from the vault's trades.

    At each look it asks the rule what the vault would do ``lead_ns`` from now at prices fresher than the oracle's. It
    spreads the vault's order over its markets by their depth, as arbitrage will, and buys (or sells) ahead on each of
    them as much as earns most by the published curve, within its money there and what the vault's guard on slippage
    bears, where that pays for fees, gas and the minimum profit. It trades back where it traded as soon as it hears
    that the vault has traded, or after ``hold_ns`` in vain; then it stays out for as long again. What a market refuses
    to take back is tried at the next look.

    Args:
        world: the run it belongs to.
        name: the owner of its accounts.
        place: where it is on the network.
        vault: the vault's name.
        references: by risky asset, the feed whose mid it decides on; faster than the vault's oracle.
        markets: by risky asset, where it may trade it against the vault's numeraire.
        gas: needed if one of the markets lives on a chain.
        interval_ns: how often it looks, from a moment of its own.
        hold_ns: how long it waits for the vault.
        minimum_profit_quote_tokens: least expected gain of a bet after fees and gas; infinite asks too much for ever.
        slippage_ppm: how much worse than quoted its trades may be.
        lead_ns: how far ahead it asks the rule; what foresees dates.
        target: its own copy of the vault's target.
        trigger: its own copy of the vault's trigger.
        learn: learns the rule instead of knowing it.
        active: False lets it do everything but send.

    Raises:
        ValueError: a parameter is out of range, or not just one of learning and knowing is asked for.

    Source: predatory trading, Brunnermeier and Pedersen (2005); trading ahead of funds whose rolls are announced,
    Bessembinder, Carrion, Tuttle and Venkataraman (2016).
    """

    def __init__(
        self,
        world: World,
        name: str,
        *,
        place: str,
        vault: str,
        references: Mapping[Asset, str],
        markets: Mapping[Asset, tuple[str, ...]],
        gas: GasTerms | None,
        interval_ns: int,
        hold_ns: int,
        minimum_profit_quote_tokens: float,
        slippage_ppm: int,
        lead_ns: int = 0,
        target: Target | None = None,
        trigger: Trigger | None = None,
        learn: bool = False,
        active: bool = True,
    ) -> None:
        super().__init__(world, name, place=place, gas=gas)
        whole_number(name, interval_ns=interval_ns, hold_ns=hold_ns)
        whole_number(name, minimum=0, lead_ns=lead_ns, slippage_ppm=slippage_ppm)
        within(name, 0.0, math.inf, minimum_profit_quote_tokens=minimum_profit_quote_tokens)
        if set(markets) != set(references) or not all(markets.values()):
            raise ValueError(f"{name}: references and markets must name the same assets, and a market for each")
        if (target is None) != (trigger is None) or learn == (target is not None):
            raise ValueError(f"{name}: give it target and trigger, or let it learn")
        self.vault = vault
        self.references = dict(references)
        self.markets = dict(markets)
        self.interval_ns = interval_ns
        self.hold_ns = hold_ns
        self.lead_ns = lead_ns
        self.minimum_profit_quote_tokens = minimum_profit_quote_tokens
        self.slippage_ppm = slippage_ppm
        self.learned = LearnedRule() if learn else None
        self.target: Target = target or self.learned or LearnedRule()
        self.trigger: Trigger = trigger or self.learned or LearnedRule()
        self.active = active
        self._hedgers: dict[Market, Hedger] = {}
        self._known: VaultView | None = None
        self._waits_since_ns: int | None = None
        self._rests_until_ns = 0

    def run(self) -> Process:
        """Look at each interval."""
        for names in self.markets.values():
            for name in names:
                market = self.market(name)
                self.statement(market.host)
                self._hedgers[market] = Hedger(self, (market,), slippage_ppm=self.slippage_ppm)
        yield self.sleep(1 + int(self.draws("phase").next() * self.interval_ns))
        while True:
            view, prices = self.view(self.vault), self._prices()
            if isinstance(view, VaultView) and view.supply and prices is not None:
                self.target.observe(self.now_ns, prices)
                yield from self._look(view, prices)
            yield self.sleep(self.interval_ns)

    def _look(self, view: VaultView, prices: Mapping[Asset, float]) -> Generator[simpy.Event, Any, None]:
        """Close what is open if the vault has traded, or it was in vain; otherwise bet, if there is something to."""
        traded = self._watch(view, prices)
        if self._waits_since_ns is not None:
            if not traded and self.now_ns < self._waits_since_ns + self.hold_ns:
                return
            if not traded:
                self.trigger.fired(self.now_ns)
                self._rests_until_ns = self.now_ns + self.hold_ns
        closes, self._waits_since_ns = self._waits_since_ns is not None, None
        for hedger in self._hedgers.values():
            yield from hedger.run()
        if closes or self.now_ns < self._rests_until_ns:
            return
        for bet in self._bets(view, prices):
            receipt = yield from self.trade(bet.market, bet.side, bet.amount, bet.worst_price)
            if receipt is not None:
                self._waits_since_ns = self.now_ns
                for fill in receipt.outcome.fills:
                    self._hedgers[bet.market].add(taker_change(fill)[0])

    # --- what it knows --------------------------------------------------------------------------------------------

    def _prices(self) -> dict[Asset, float] | None:
        """Fresh prices of all risky assets, or None while one is missing."""
        prices = {}
        for asset, feed in self.references.items():
            mid = self.mid(feed)
            if mid is None:
                return None
            prices[asset] = mid
        return prices

    def _watch(self, view: VaultView, prices: Mapping[Asset, float]) -> bool:
        """Whether the vault has traded since the last look; the rule is told."""
        before, self._known = self._known, view
        if before is None or view.last_trade_s is None or view.last_trade_s == before.last_trade_s:
            return False
        self.trigger.fired(self.now_ns)
        if self.learned is not None:
            self.learned.learn(view.last_trade_s, self._portfolio(before, prices), self._portfolio(view, prices))
        return True

    def _portfolio(self, view: VaultView, prices: Mapping[Asset, float], lead_ns: int = 0) -> Portfolio:
        """The vault's net position as published, at these prices."""
        holdings = {asset: asset.tokens(view.net(asset)) for asset in prices}
        cash, shares = view.numeraire.tokens(view.net(view.numeraire)), view.supply / 10**SHARE_DECIMALS
        return Portfolio(self.now_ns + lead_ns, prices, holdings, cash, shares)

    # --- what it does ---------------------------------------------------------------------------------------------

    def _foreseen(self, view: VaultView, prices: Mapping[Asset, float]) -> tuple[Order, ...]:
        """The orders by which the vault would carry out its rule."""
        portfolio = self._portfolio(view, prices, self.lead_ns)
        weights = self.target.weights(portfolio) if portfolio.nav > 0.0 else None
        move = None if weights is None else self.trigger.destination(portfolio, weights)
        if move is None or not all(math.isfinite(weight) and weight >= 0.0 for weight in move.weights.values()):
            return ()
        # Who borrows pays purchases with debt, however little cash there is.
        borrows = view.debt > 0 or math.fsum(move.weights.values()) > 1.0
        cash = math.inf if borrows else portfolio.cash
        orders = orders_for(portfolio, move.weights, available=portfolio.holdings, cash=cash)
        return tuple(order.cut(portfolio.nav * view.guards.maximum_trade_ppm / PPM) for order in orders)

    def _bets(self, view: VaultView, prices: Mapping[Asset, float]) -> Iterator[Bet]:
        """Trades ahead of what it foresees that pay, at each market, exchanges first."""
        for order in self._foreseen(view, prices) if self.active else ():
            markets = [market for market in self._hedgers if market.venue in self.markets.get(order.asset, ())]
            markets.sort(key=lambda market: market.on_chain)
            depths = {market: self._depth(market) for market in markets}
            total = math.fsum(depths.values())
            price = prices[order.asset]
            limit_price = price * (1.0 + order.side * _ROOM * view.guards.maximum_slippage_ppm / PPM)
            for market in markets if total > 0.0 else ():
                others = order.value / price * depths[market] / total
                bet = self._bet(market, order.side, others, limit_price)
                if bet is not None:
                    yield bet

    def _bet(self, market: Market, side: int, others: float, limit_price: float) -> Bet | None:
        view, gas = self.view(market.venue), self.gas_tokens(market)
        if view is None or gas is None:
            return None
        room = (PPM + side * min(self.slippage_ppm, PPM)) / PPM
        asset = market.quote if side > 0 else market.base
        held = self.spendable(market.host, asset) if market.on_chain else self.holding(market.host, asset)
        most = affordable(view, quote_tokens=asset.tokens(held) / room) if side > 0 else asset.tokens(held)
        size, gain = best_ahead(view, side=side, others=others, most=most, limit_price=limit_price)
        worth = view.quote_tokens(side, size) if size > 0.0 else None
        net = gain - 2.0 * gas
        if not worth or net <= 0.0 or net < self.minimum_profit_quote_tokens:
            return None
        amount = market.base.floor(size)
        # A float that stands for all it holds may be a few units above it.
        return Bet(market, side, min(amount, held) if side < 0 else amount, worth / size * room)

    def _depth(self, market: Market) -> float:
        view = self.view(market.venue)
        return 0.0 if view is None or view.mid is None else float(view.depth)
