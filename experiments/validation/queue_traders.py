"""Traders without intelligence at the best queues of many small order books, and what became of each race."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, cast

from shoal.experiments.validation.queue_model import End, Event, Queue, QueueRates, Queues, ended
from shoal.ext.book import BUY, SELL
from shoal.sim.agent import Agent, Process
from shoal.sim.calls import Call, Receipt
from shoal.sim.hosts.exchange import Exchange
from shoal.sim.latency import ConstantLatency
from shoal.sim.world import World
from shoal.venues.book.news import BookNews
from shoal.venues.book.order_book import OrderBook

BID_TICKS: Final = 1_000
ASK_TICKS: Final = BID_TICKS + 1
_TICKS: Final = {BUY: BID_TICKS, SELL: ASK_TICKS}
_CAPITAL: Final = 10**12
_EXCHANGE: Final = "exchange"
_TRADERS: Final = "traders"
_QUOTER: Final = "quoter"


class Score(NamedTuple):
    """What became of the races that went through a state.

    Args:
        races: how many.
        ends: the sum of their ends.
        luck: the sum of what the draws after that state were worth above their expectation.
    """

    races: int = 0
    ends: float = 0.0
    luck: float = 0.0


class _Choice(NamedTuple):
    """The events of one state, and by how much each is worth more than the mean of them."""

    total: float
    events: tuple[Event, ...]
    gains: tuple[float, ...]


@dataclass(slots=True)
class _Race:
    """One book: whose orders rest in its two best queues, first come first, and how its present race went so far."""

    book: str
    starts: Iterator[Queues]
    resting: dict[int, list[int]] = field(default_factory=lambda: {BUY: [], SELL: []})
    followed: dict[int, int] = field(default_factory=dict)
    start: Queues | None = None
    luck: float = 0.0
    events: int = 0
    passed: dict[Queues, float] = field(default_factory=dict)


class Quoter(Agent):
    """Owns the orders that are followed; the traders' process says when they go out.

    Args:
        world: the run it belongs to.
        name: its name.
        place: where it is on the network.
    """

    def run(self) -> Process:
        """Nothing of its own accord."""
        yield from ()


class QueueTraders(Agent):
    """Send limit orders, market orders and cancellations of one lot to the best queues, at random.

    One process stands for all traders of all books. At each step it reads every book's feed, draws what comes next to
    its two queues, and sends all of it in one message. Only the order of events matters to who wins a race, so time
    between them is one round trip. A race ends when the published mid moves; then the queues are brought to the next
    start by orders and cancellations.

    Args:
        world: the run it belongs to.
        name: its name.
        place: where it is on the network.
        books: where it trades.
        rates: of the events.
        starts: what each book begins with, race after race.
        end: what an end counts.
        worth: what a state is believed to be worth; it only measures luck, and decides nothing.
        quoter: whose orders are followed; None if none are.
        patience: events after which a race ends at what its state is believed to be worth.
        asked: the states whose first visits are scored beside the starts.

    Source: Cont, Stoikov and Talreja (2010), section 2.2; Cont and de Larrard (2013), section 2.2.
    """

    def __init__(
        self,
        world: World,
        name: str,
        *,
        place: str,
        books: Sequence[OrderBook],
        rates: QueueRates,
        starts: Sequence[Sequence[Queues]],
        end: End,
        worth: Callable[[Queues], float],
        quoter: Quoter | None = None,
        patience: int = 1_000_000,
        asked: frozenset[Queues] = frozenset(),
    ) -> None:
        super().__init__(world, name, place=place)
        self.rates = rates
        self.end = end
        self.worth = worth
        self.quoter = quoter
        self.patience = patience
        self.asked = asked
        self.scores: dict[Queues, Score] = {}
        self._races = [_Race(book.name, iter(own)) for book, own in zip(books, starts, strict=True)]
        self._choices: dict[Queues, _Choice] = {}

    def run(self) -> Process:
        """Race after race in every book, until all starts are used up."""
        yield self.send_batch([_order(race.book, side, "limit", 1) for race in self._races for side in (BUY, SELL)])
        draws, races = self.draws("event"), self._races
        while races:
            calls: list[Call] = []
            told: list[tuple[_Race, int]] = []
            fresh: list[_Race] = []
            for race in races:
                news = cast(BookNews, self.read(race.book).item)  # type: ignore[union-attr]
                queues = self._queues(race, news)
                if race.start is not None and (ended(queues) or race.events == self.patience):
                    self._score(race, queues)
                if race.start is None:
                    race.start = next(race.starts, None)
                    fresh.append(race)
                    sent = list(self._prepare(race))
                else:
                    sent = [self._next(race, queues, draws.next())]
                calls += [call for _, call in sent]
                told += [(race, side) for side, _ in sent]
            if calls:
                receipts: tuple[Receipt, ...] = yield self.send_batch(calls)
                for (race, side), receipt in zip(told, receipts, strict=True):
                    self._learn(race, side, receipt)
            if self.quoter is not None and fresh:
                yield from self._quote(self.quoter, fresh)
            if fresh:
                races = [race for race in races if race.start is not None]

    def _queues(self, race: _Race, news: BookNews) -> Queues:
        """The best queues as published; where a followed order stands, as the sender of all others knows."""
        found = []
        for side, levels in ((BUY, news.bid_levels), (SELL, news.ask_levels)):
            ticks, lots, _ = levels[0]
            place = race.resting[side].index(race.followed[side]) + 1 if side in race.followed else 0
            found.append(Queue(place, max(0, lots - place)) if ticks == _TICKS[side] else Queue(place, 0))
        return Queues(*found)

    def _prepare(self, race: _Race) -> Iterator[tuple[int, Call]]:
        """Bring the traders' own orders to the next start."""
        if race.start is None:
            return
        for side, queue in zip((BUY, SELL), race.start, strict=True):
            own = [order for order in race.resting[side] if order != race.followed.get(side)]
            wanted = queue.place - 1 if queue.place else queue.behind
            for order in own[wanted:]:
                race.resting[side].remove(order)
                yield side, Call(race.book, "cancel", {"order": order})
            for _ in range(wanted - len(own)):
                yield side, _order(race.book, side, "limit")

    def _next(self, race: _Race, queues: Queues, draw: float) -> tuple[int, Call]:
        """What the draw says happens next, and how lucky that is."""
        choice = self._choices.get(queues) or self._choice(queues)
        if queues not in race.passed and (queues in self.asked or queues == race.start):
            race.passed[queues] = race.luck
        target = draw * choice.total
        number, last = 0, len(choice.events) - 1
        while number < last and target >= choice.events[number].rate:
            target -= choice.events[number].rate
            number += 1
        event = choice.events[number]
        race.luck += choice.gains[number]
        race.events += 1
        side = event.side
        if event.verb == "limit":
            return side, _order(race.book, side, "limit")
        if event.verb == "market":
            return -side, Call(race.book, "market", {"side": -side, "quantity": 1})
        place = event.first + min(int(target / event.rate * event.among), event.among - 1)
        return side, Call(race.book, "cancel", {"order": race.resting[side].pop(place)})

    def _choice(self, queues: Queues) -> _Choice:
        events = tuple(self.rates.events(queues))
        total = sum(one.rate for one in events)
        worth = [self.end(one.after) if ended(one.after) else self.worth(one.after) for one in events]
        mean = sum(one.rate * value for one, value in zip(events, worth, strict=True)) / total
        choice = self._choices[queues] = _Choice(total, events, tuple(value - mean for value in worth))
        return choice

    def _learn(self, race: _Race, side: int, receipt: Receipt) -> None:
        """Remember the order that rests now, or whose was executed: of the traders' own, the oldest."""
        if receipt.refusal is not None:
            return
        if receipt.outcome.order is not None:
            race.resting[side].append(receipt.outcome.order)
        for fill in receipt.outcome.fills:
            resting, followed = race.resting[-side], race.followed.get(-side)
            if fill.maker == self.name:
                resting.pop(1 if resting[0] == followed else 0)
            else:
                resting.remove(race.followed.pop(-side))

    def _quote(self, quoter: Quoter, fresh: Sequence[_Race]) -> Process:
        """Take back what is left of the orders followed last, and send the next two."""
        calls: list[Call] = []
        told: list[tuple[_Race, int]] = []
        for race in fresh:
            for side, order in race.followed.items():
                race.resting[side].remove(order)
                calls.append(Call(race.book, "cancel", {"order": order}))
                told.append((race, side))
            race.followed.clear()
            if race.start is not None:
                calls += [_order(race.book, side, "limit") for side in (BUY, SELL)]
                told += [(race, BUY), (race, SELL)]
        if not calls:
            return
        receipts: tuple[Receipt, ...] = yield quoter.send_batch(calls)
        for (race, side), receipt in zip(told, receipts, strict=True):
            if receipt.outcome.order is not None:
                race.followed[side] = receipt.outcome.order
                race.resting[side].append(receipt.outcome.order)

    def _score(self, race: _Race, queues: Queues) -> None:
        """Count the end for every state asked for that the race went through."""
        value = self.end(queues) if ended(queues) else self.worth(queues)
        for passed, luck in race.passed.items():
            score = self.scores.get(passed, Score())
            self.scores[passed] = Score(score.races + 1, score.ends + value, score.luck + race.luck - luck)
        race.start, race.luck, race.events = None, 0.0, 0
        race.passed.clear()


def play_races(
    seed: int,
    *,
    books: int,
    starts: Sequence[Queues],
    rounds: int,
    rates: QueueRates,
    end: End,
    worth: Callable[[Queues], float],
    followed: bool = False,
    patience: int = 1_000_000,
    asked: frozenset[Queues] = frozenset(),
) -> tuple[dict[Queues, Score], World]:
    """A world of so many books on one exchange, in each of which all starts are raced from, ``rounds`` times over."""
    world = World(seed=seed, latency=ConstantLatency(1))
    exchange = Exchange(world, _EXCHANGE)
    base, quote = world.asset("BASE", 0), world.asset("QUOTE", 0)
    stage = [
        OrderBook(f"book {number}", base, quote, tick="1", lot="1", levels=1, bands_bps=()) for number in range(books)
    ]
    for book in stage:
        exchange.add(book)
    for owner in (_TRADERS, _QUOTER):
        for asset in (base, quote):
            world.endow(owner, _EXCHANGE, asset, _CAPITAL)
    # Each book is at another start at any time, so that no step of the world is all preparations.
    steps = range(rounds * len(starts))
    orders = [[starts[(number + step) % len(starts)] for step in steps] for number in range(books)]
    traders = QueueTraders(
        world,
        _TRADERS,
        place="home",
        books=stage,
        rates=rates,
        starts=orders,
        end=end,
        worth=worth,
        quoter=Quoter(world, _QUOTER, place="home") if followed else None,
        patience=patience,
        asked=asked,
    )
    world.run(until_ns=_CAPITAL)
    return traders.scores, world


def _order(book: str, side: int, verb: str, away: int = 0) -> Call:
    """A limit order of one lot in the best queue of its side, or so many ticks behind it."""
    return Call(book, verb, {"side": side, "quantity": 1, "price": _TICKS[side] - side * away})
