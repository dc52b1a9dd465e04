"""A market maker on an order book: Avellaneda-Stoikov quotes, with limits to inventory, loss and volatility."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import simpy

from shoal.agents.avellaneda_stoikov import Quoting
from shoal.agents.hedging import Hedger
from shoal.agents.market import Market, maker_change
from shoal.agents.parameters import positive, whole_number
from shoal.agents.rebalancing import Rebalancer, Rebalancing
from shoal.agents.trader import Trader
from shoal.agents.volatility import RealisedVolatility
from shoal.sim.calls import Call, Fill, Receipt
from shoal.sim.feed import Subscription
from shoal.sim.units import PPM, Asset
from shoal.venues.book.grid import Grid
from shoal.venues.book.refusals import UnknownOrder

if TYPE_CHECKING:
    from shoal.sim.agent import Process
    from shoal.sim.world import World


@dataclass(slots=True)
class _Slot:
    """A place in the maker's ladder: the order it believes to rest there."""

    side: int
    level: int
    order: int | None = None
    price: int = 0
    left: int = 0
    since_ns: int = 0


class MarketMaker(Trader):
    """Quotes both sides of a book around the outside price, ladder-wise, leaning against its inventory.

    Knows: the outside mid and the book's grid, one latency late, every ``interval_ns`` (from a moment of its own);
    its fills by statement, its orders by receipt. It never looks at the book's prices: quotes come from the rule, with
    the outside mid as price and its exponentially weighted variance as variance, so that they widen as volatility
    rises. An order is replaced when its price is off by more than ``requote_ppm``, or when part of it was filled.

    It stops quoting a side at its inventory limit, and goes away altogether while volatility is above a limit, and for
    a while after its trading result has fallen by ``loss_limit_quote_tokens`` from its best; then it comes back.
    Inventory and result are counted from what it held at the start, which is thus its target.

    Args:
        world: the run it belongs to.
        name: the owner of its accounts.
        place: where it is on the network.
        book: an order book.
        reference: the outside market.
        quoting: the rule, in fractions of the mid.
        interval_ns: how often it looks.
        order_base_tokens: size of each order, and the unit of inventory of the rule.
        inventory_limit: in orders, long or short.
        levels: orders a side.
        level_step_ppm: distance between them, millionths of the mid.
        requote_ppm: how far a price may be off before it is replaced.
        minimum_spread_ppm: the least distance between best bid and ask.
        start_volatility: fraction per square-root year, before it has seen a price.
        volatility_half_life_s: half-life of the weights.
        withdraw_volatility: goes away above it.
        return_volatility: comes back below it.
        loss_limit_quote_tokens: goes away when the result has fallen so much from its best.
        pause_s: for how long.
        hedge_limit: trades at the outside market what exceeds so many orders; None never hedges.
        hedge_slippage_ppm: how much worse than quoted a hedge may be.
        rebalance: when to move inventory between the book's exchange and the outside market's; None never.

    Raises:
        ValueError: a parameter is out of range.

    Source: Avellaneda and Stoikov (2008); Gueant, Lehalle and Fernandez-Tapia (2013).
    """

    def __init__(
        self,
        world: World,
        name: str,
        *,
        place: str,
        book: str,
        reference: str,
        quoting: Quoting,
        interval_ns: int,
        order_base_tokens: float,
        inventory_limit: float,
        levels: int,
        level_step_ppm: int,
        requote_ppm: int,
        minimum_spread_ppm: int,
        start_volatility: float,
        volatility_half_life_s: float,
        withdraw_volatility: float,
        return_volatility: float,
        loss_limit_quote_tokens: float,
        pause_s: float,
        hedge_limit: float | None = None,
        hedge_slippage_ppm: int = 5_000,
        rebalance: Rebalancing | None = None,
    ) -> None:
        super().__init__(world, name, place=place)
        whole_number(name, interval_ns=interval_ns, levels=levels)
        whole_number(name, minimum=0, level_step_ppm=level_step_ppm, requote_ppm=requote_ppm)
        whole_number(name, minimum=0, minimum_spread_ppm=minimum_spread_ppm, hedge_slippage_ppm=hedge_slippage_ppm)
        positive(name, order_base_tokens=order_base_tokens, inventory_limit=inventory_limit, pause_s=pause_s)
        positive(name, return_volatility=return_volatility)
        if not withdraw_volatility >= return_volatility:
            raise ValueError(f"{name}: withdraw_volatility {withdraw_volatility!r} is below return_volatility")
        if not loss_limit_quote_tokens > 0:
            raise ValueError(f"{name}: loss_limit_quote_tokens must be above 0, had {loss_limit_quote_tokens!r}")
        if hedge_limit is not None:
            positive(name, hedge_limit=hedge_limit)
        if levels > 1 and level_step_ppm == 0:
            raise ValueError(f"{name}: several levels need a level_step_ppm above 0")
        self.book = book
        self.reference = reference
        self.quoting = quoting
        self.interval_ns = interval_ns
        self.order_base_tokens = order_base_tokens
        self.inventory_limit = inventory_limit
        self.level_step_ppm = level_step_ppm
        self.requote_ppm = requote_ppm
        self.minimum_spread_ppm = minimum_spread_ppm
        self.withdraw_volatility = withdraw_volatility
        self.return_volatility = return_volatility
        self.loss_limit_quote_tokens = loss_limit_quote_tokens
        self.pause_s = pause_s
        self.hedge_limit = hedge_limit
        self.hedge_slippage_ppm = hedge_slippage_ppm
        self.rebalance = rebalance
        self.position_base_tokens = 0.0
        self.cash_quote_tokens = 0.0
        self._volatility = RealisedVolatility(start=start_volatility, half_life_s=volatility_half_life_s)
        # The side that moves away goes first, so that a ladder that moves never meets its own other side.
        bids, asks = ([_Slot(side, level) for level in range(levels)] for side in (+1, -1))
        self._slots = bids + asks
        self._upwards, self._downwards = asks + bids, bids + asks
        self._best_result = 0.0
        self._away_until_ns = 0
        self._too_volatile = False
        self._statements: Subscription
        self._last_mid = 0.0
        self._settled = False
        self._look_again_ns = 0

    @property
    def inventory(self) -> float:
        """Base held beyond what it began with, in orders."""
        return self.position_base_tokens / self.order_base_tokens

    def run(self) -> Process:
        """Listen, hedge, and quote or stay away, at each interval."""
        market = self.market(self.book)
        self._statements = self.statement(market.host).subscribe(self.place)
        outside = self.market(self.reference)
        hedger = Hedger(self, (outside,), slippage_ppm=self.hedge_slippage_ppm)
        hosts, assets = (market.host, outside.host), (market.base, market.quote)
        rebalancer = Rebalancer(self, self.rebalance, hosts=hosts, assets=assets)
        began_ns = self.now_ns
        yield self.sleep(1 + int(self.draws("phase").next() * self.interval_ns))
        while True:
            mid, view = self.mid(self.reference), self.view(market.venue)
            self._listen(market)
            if mid is not None and view is not None:
                self._volatility.update(self.now_ns, mid)
                if self.hedge_limit is not None:
                    yield from self._hedge(hedger, market.base)
                yield from rebalancer.run()
                if self._stays_away(mid):
                    yield from self._withdraw(market)
                elif self._is_due(mid):
                    yield from self._requote(market, view.grid, mid, (self.now_ns - began_ns) / 1e9)
            yield self.sleep(self.interval_ns)

    # --- what it knows ------------------------------------------------------------------------------------------

    def _listen(self, market: Market) -> None:
        """Book the fills that statements have told since the last time."""
        for news in self._statements.take():
            for venue, fill in news.item.fills:
                if venue == market.venue and fill.maker == self.name:
                    self._fill(market, fill, news.published_ns)

    def _fill(self, market: Market, fill: Fill, time_ns: int) -> None:
        self._settled = False
        base, quote = maker_change(fill)
        self.position_base_tokens += base / market.base.unit
        self.cash_quote_tokens += quote / market.quote.unit
        price = fill.quote_amount * market.base.unit // fill.base_amount
        for slot in self._slots:
            # What was filled before the slot's order rested was its predecessor.
            if slot.order is not None and slot.side == -fill.side and slot.price == price and slot.since_ns < time_ns:
                slot.left -= fill.base_amount
                if slot.left <= 0:
                    slot.order = None
                return

    def _stays_away(self, mid: float) -> bool:
        """Whether volatility or losses keep it out of the market now."""
        volatility = self._volatility.annual
        self._too_volatile = volatility >= (self.return_volatility if self._too_volatile else self.withdraw_volatility)
        result = self.cash_quote_tokens + self.position_base_tokens * mid
        if self.now_ns < self._away_until_ns:
            # What happens to the inventory meanwhile is not what it comes back to.
            self._best_result = result
            return True
        self._best_result = max(self._best_result, result)
        if self._best_result - result > self.loss_limit_quote_tokens:
            self._away_until_ns = self.now_ns + int(self.pause_s * 1e9)
            return True
        return self._too_volatile

    # --- what it does -------------------------------------------------------------------------------------------

    def _is_due(self, mid: float) -> bool:
        """Whether the ladder may have to move: after a fill or a refusal, half a tolerance, or ten intervals."""
        moved = abs(mid - self._last_mid) * 2 * PPM > self.requote_ppm * mid
        return moved or not self._settled or self.now_ns >= self._look_again_ns

    def _prices(self, mid: float, elapsed_s: float) -> tuple[float, float]:
        """Best bid and ask by the rule, no closer than the minimum spread."""
        bid, ask = self.quoting.distances(self.inventory, self._volatility.variance_per_s, elapsed_s)
        missing = max(0.0, self.minimum_spread_ppm / PPM - bid - ask) / 2
        return mid * (1.0 - bid - missing), mid * (1.0 + ask + missing)

    def _requote(self, market: Market, grid: Grid, mid: float, elapsed_s: float) -> Generator[simpy.Event, Any, None]:
        """Bring the ladder to where the rule wants it, and wait for the answers."""
        bid, ask = self._prices(mid, elapsed_s)
        quantity = grid.quantity_below(self.order_base_tokens)
        step = mid * self.level_step_ppm / PPM
        slots = self._upwards if mid > self._last_mid else self._downwards
        self._last_mid, self._settled, self._look_again_ns = mid, True, self.now_ns + 10 * self.interval_ns
        asked: list[tuple[_Slot, int]] = []
        calls: list[Call] = []
        for slot in slots:
            best = bid if slot.side > 0 else ask
            exact = best - slot.side * slot.level * step
            price = grid.price_below(exact) if slot.side > 0 else grid.price_above(exact)
            call = self._call(market, slot, price, quantity)
            if call is not None:
                asked.append((slot, price))
                calls.append(call)
        if calls:
            receipts = yield self.send_batch(calls)
            for (slot, price), receipt in zip(asked, receipts, strict=True):
                self._answered(slot, price, quantity, receipt)

    def _call(self, market: Market, slot: _Slot, price: int, quantity: int) -> Call | None:
        """What a slot needs: a new order, another price or size, to be emptied, or nothing."""
        if slot.side * self.inventory >= self.inventory_limit or price <= 0 or quantity <= 0:
            return None if slot.order is None else Call(market.venue, "cancel", {"order": slot.order})
        if slot.order is None:
            asset, needed = market.base, quantity
            if slot.side > 0:
                asset, needed = market.quote, -(-price * quantity // market.base.unit)
            if self.holding(market.host, asset) < needed:
                return None
            arguments = {"side": slot.side, "quantity": quantity, "price": price, "post_only": True}
            return Call(market.venue, "limit", arguments)
        if slot.left >= quantity and abs(price - slot.price) * PPM <= self.requote_ppm * price:
            return None
        arguments = {"order": slot.order, "quantity": quantity, "price": price, "post_only": True}
        return Call(market.venue, "replace", arguments)

    def _answered(self, slot: _Slot, price: int, quantity: int, receipt: Receipt) -> None:
        """Note what became of an order; a refused replacement leaves the old order, unless that is gone."""
        if receipt.refusal is None:
            slot.order, slot.price, slot.left = receipt.outcome.order, price, quantity
            slot.since_ns = receipt.time_ns
            return
        self._settled = False
        if isinstance(receipt.refusal, UnknownOrder):
            slot.order = None

    def _withdraw(self, market: Market) -> Generator[simpy.Event, Any, None]:
        """Take back everything."""
        self._settled = False
        if any(slot.order is not None for slot in self._slots):
            yield from self.settle(market.host, Call(market.venue, "cancel_all"))
            for slot in self._slots:
                slot.order = None

    def _hedge(self, hedger: Hedger, base: Asset) -> Generator[simpy.Event, Any, None]:
        """Trade at the outside market what exceeds the limit."""
        assert self.hedge_limit is not None
        limit, position = self.hedge_limit * self.order_base_tokens, self.position_base_tokens
        excess = position - limit if position > limit else position + limit if position < -limit else 0.0
        if excess:
            hedger.open_base = wanted = base.floor(excess)
            self.cash_quote_tokens += yield from hedger.run()
            self.position_base_tokens += (hedger.open_base - wanted) / base.unit
