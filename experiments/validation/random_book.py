"""Orders without intelligence all over a book, in continuous time: the Santa Fe model."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, cast

from shoal.ext.book import BUY, SELL
from shoal.sim.agent import Agent, Process
from shoal.sim.calls import Call, Receipt
from shoal.sim.draws import Stream
from shoal.sim.units import NANOSECONDS_PER_SECOND
from shoal.sim.world import World
from shoal.venues.book.news import BookNews
from shoal.venues.book.order_book import OrderBook


class BookRates(NamedTuple):
    """How often orders of one lot come.

    Args:
        limit: alpha, limit orders a second, side and quote token of price.
        market: mu, market orders a second, both sides together.
        cancel: delta, cancellations a second of each resting order.
    """

    limit: float
    market: float
    cancel: float


class Range(NamedTuple):
    """The prices of limit orders, in ticks of the book.

    Args:
        middle: the lowest tick at which sell orders rest at the start.
        reach: ticks below and above it.
        far: of these, how many count as far from the price, on each side.
    """

    middle: int
    reach: int
    far: int

    @property
    def lowest(self) -> int:
        """The lowest price to buy at."""
        return self.middle - self.reach

    @property
    def highest(self) -> int:
        """The highest price to sell at."""
        return self.middle + self.reach - 1


@dataclass(slots=True)
class Averages:
    """Means over time, and what chance is known to have added to them.

    Args:
        spread: quote tokens.
        far_orders: resting far from the price, both sides.
        initial: far orders at the start above their expectation.
        luck: far orders added and cancelled by chance above the expectation, each weighted by what is left of it on
            average until the end.
        nearest: ticks between the best quotes and the far orders, at the least.
    """

    spread: float = 0.0
    far_orders: float = 0.0
    initial: float = 0.0
    luck: float = 0.0
    nearest: int = 1_000_000


class Sent(NamedTuple):
    """A call, and whether it is about an order far from the price."""

    call: Call
    far: bool


class RandomTraders(Agent):
    """Limit orders at every price short of the opposite best quote, market orders, and cancellations, all Poisson.

    One process stands for all. It reads the best quotes from the feed, waits for whatever comes first, and sends it.
    Who cancels does not know whether the order is still there: that of an executed order is refused.

    Args:
        world: the run it belongs to.
        name: its name.
        place: where it is on the network, 1 ns from the book.
        book: where it trades; it must publish all levels of the range.
        rates: of the events.
        prices: of limit orders.
        horizon_ns: how long.

    Source: Smith, Farmer, Gillemot and Krishnamurthy (2003), Quantitative Finance 3:481, section 1.
    """

    def __init__(
        self,
        world: World,
        name: str,
        *,
        place: str,
        book: OrderBook,
        rates: BookRates,
        prices: Range,
        horizon_ns: int,
    ) -> None:
        super().__init__(world, name, place=place)
        self.book = book.name
        self.rates = rates
        self.prices = prices
        self.horizon_ns = horizon_ns
        self.tick = book.grid.tick
        self.tick_tokens = book.grid.tick / book.grid.quote.unit
        self.averages = Averages()
        self._limit_rate = rates.limit * self.tick_tokens
        self._resting: list[tuple[int, bool]] = []
        self._far_orders = 0

    def run(self) -> Process:
        """Fill the book as it is far from the price, then event after event."""
        yield from self._send(list(self._opening(self.draws("opening"))))
        averages, waits, draws = self.averages, self.draws("wait"), self.draws("event")
        averages.initial = self._far_orders - 2.0 * self.prices.far * self._limit_rate / self.rates.cancel
        time_ns = self.now_ns
        end_ns = time_ns + self.horizon_ns
        while time_ns < end_ns:
            news = self._news()
            rates = self._event_rates(news)
            total = math.fsum(rates)
            next_ns = time_ns + waits.wait_ns(NANOSECONDS_PER_SECOND / total)
            left = -math.expm1(-self.rates.cancel * (end_ns - time_ns) / NANOSECONDS_PER_SECOND)
            self._count(news, rates, min(next_ns, end_ns) - time_ns, left)
            time_ns = next_ns
            if time_ns < end_ns:
                yield self.sleep(max(1, time_ns - self.now_ns))
                known = self._far_orders
                sent = self._event(rates, draws.next() * total)
                averages.luck += left * (self._far_orders - known)
                yield from self._send([sent])

    def _news(self) -> BookNews:
        news = self.read(self.book)
        assert news is not None
        return cast(BookNews, news.item)

    def _opening(self, draws: Stream) -> Iterator[Sent]:
        """A Poisson number of orders at each price, as many on average as there are far from the best quotes."""
        mean = self._limit_rate / self.rates.cancel
        for ticks in range(self.prices.lowest, self.prices.highest + 1):
            total = draws.exponential(1.0)
            while total < mean:
                yield self._limit(BUY if ticks < self.prices.middle else SELL, ticks)
                total += draws.exponential(1.0)

    def _event_rates(self, news: BookNews) -> tuple[float, float, float, float, float]:
        """A second: orders to buy and to sell, at a limit and at the market; cancellations."""
        prices, rates = self.prices, self.rates
        bid = news.bid_levels[0][0] if news.bid_levels else prices.lowest - 1
        ask = news.ask_levels[0][0] if news.ask_levels else prices.highest + 1
        half = rates.market / 2.0
        return (
            self._limit_rate * (ask - prices.lowest),
            self._limit_rate * (prices.highest - bid),
            half,
            half,
            rates.cancel * len(self._resting),
        )

    def _event(self, rates: tuple[float, float, float, float, float], target: float) -> Sent:
        """What a number between 0 and the sum of the rates stands for."""
        buy, sell, market_buy, market_sell, cancel = rates
        if target < buy:
            return self._limit(BUY, self.prices.lowest + int(target / self._limit_rate))
        target -= buy
        if target < sell:
            return self._limit(SELL, self.prices.highest - int(target / self._limit_rate))
        target -= sell
        if target < market_buy + market_sell:
            side = BUY if target < market_buy else SELL
            return Sent(Call(self.book, "market", {"side": side, "quantity": 1}), False)
        target -= market_buy + market_sell
        resting = self._resting
        chosen = min(int(target / cancel * len(resting)), len(resting) - 1)
        resting[chosen], resting[-1] = resting[-1], resting[chosen]
        order, far = resting.pop()
        self._far_orders -= far
        return Sent(Call(self.book, "cancel", {"order": order}), far)

    def _limit(self, side: int, ticks: int) -> Sent:
        prices = self.prices
        far = ticks < prices.lowest + prices.far if side == BUY else ticks > prices.highest - prices.far
        self._far_orders += far
        return Sent(Call(self.book, "limit", {"side": side, "quantity": 1, "price": ticks * self.tick}), far)

    def _send(self, sent: list[Sent]) -> Process:
        receipts: tuple[Receipt, ...] = yield self.send_batch([one.call for one in sent])
        for receipt, one in zip(receipts, sent, strict=True):
            # A refused cancellation is that of an order that was executed meanwhile.
            if receipt.refusal is None and receipt.outcome.order is not None:
                self._resting.append((receipt.outcome.order, one.far))

    def _count(self, news: BookNews, rates: tuple[float, ...], duration_ns: int, left: float) -> None:
        """Add a time in which nothing happens."""
        prices, averages = self.prices, self.averages
        share, seconds = duration_ns / self.horizon_ns, duration_ns / NANOSECONDS_PER_SECOND
        low, high = prices.lowest + prices.far, prices.highest - prices.far
        far_lots = sum(lots for ticks, lots, _ in news.bid_levels if ticks < low)
        far_lots += sum(lots for ticks, lots, _ in news.ask_levels if ticks > high)
        averages.far_orders += share * far_lots
        most = self._limit_rate * prices.far
        arrivals = min(rates[0], most) + min(rates[1], most)
        averages.luck -= left * (arrivals - self.rates.cancel * self._far_orders) * seconds
        if news.bid_levels and news.ask_levels:
            bid, ask = news.bid_levels[0][0], news.ask_levels[0][0]
            averages.spread += share * (ask - bid) * self.tick_tokens
            averages.nearest = min(averages.nearest, bid - low, high - ask)
