"""The best queues of an order book as Markov chains: their events, and the chance of an end, solved exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final, Literal, NamedTuple

import numpy as np
from scipy.sparse import csc_matrix
from scipy.sparse.linalg import spsolve

from shoal.ext.book import BUY, SELL


class Queue(NamedTuple):
    """The orders at one best price, one lot each.

    Args:
        place: of the order that is followed, from 1 at the front; 0 when none is, or when it has been executed.
        behind: orders behind it; all of them when ``place`` is 0.
    """

    place: int
    behind: int

    @property
    def orders(self) -> int:
        """How many there are."""
        return self.place + self.behind


class Queues(NamedTuple):
    """Both best queues, one tick apart."""

    bid: Queue
    ask: Queue


class Event(NamedTuple):
    """Something that can happen to one of the queues.

    Args:
        rate: a unit of time.
        side: +1 happens to the bid queue, -1 to the ask queue.
        verb: of the order book: limit, market or cancel.
        after: the queues that it leaves.
        first: of a cancellation, how many orders stand before the first that may go.
        among: of a cancellation, how many may go, each as likely.
    """

    rate: float
    side: int
    verb: Literal["limit", "market", "cancel"]
    after: Queues
    first: int = 0
    among: int = 0


class QueueRates(NamedTuple):
    """How often orders of one lot come to each best queue; both sides alike.

    Args:
        limit: limit orders a unit of time.
        market: market orders a unit of time.
        cancel: cancellations a unit of time, of each resting order, or of each queue if they are ``shared``.
        shared: whether a longer queue has no more cancellations than a short one.
    """

    limit: float
    market: float
    cancel: float
    shared: bool = False

    def events(self, queues: Queues) -> Iterator[Event]:
        """Everything that can happen next; an order that is followed is never cancelled.

        Source: Cont, Stoikov and Talreja (2010), section 2.2, at a spread of one tick.
        """
        for side, queue in ((BUY, queues.bid), (SELL, queues.ask)):
            place, behind = queue

            def after(place: int, behind: int, side: int = side) -> Queues:
                changed = Queue(place, behind)
                return Queues(changed, queues.ask) if side == BUY else Queues(queues.bid, changed)

            yield Event(self.limit, side, "limit", after(place, behind + 1))
            yield Event(self.market, side, "market", after(place - 1, behind) if place else after(0, behind - 1))
            if place > 1:
                yield Event(self.cancel * (place - 1), side, "cancel", after(place - 1, behind), 0, place - 1)
            if behind:
                rate = self.cancel if self.shared else self.cancel * behind
                yield Event(rate, side, "cancel", after(place, behind - 1), place, behind)


type End = Callable[[Queues], float]


def ended(queues: Queues) -> bool:
    """Whether a queue is empty, so that the mid moves."""
    return not (queues.bid.orders and queues.ask.orders)


def rise(queues: Queues) -> float:
    """1 if the ask queue is the empty one."""
    return 0.0 if queues.ask.orders else 1.0


def both_executed(queues: Queues) -> float:
    """1 if no order is followed any longer on either side."""
    return 0.0 if queues.bid.place or queues.ask.place else 1.0


_LONGEST: Final = 30


def chances(rates: QueueRates, starts: Iterable[Queues], end: End, *, longest: int = _LONGEST) -> dict[Queues, float]:
    """The expected ``end`` from every state that can follow ``starts``, by one sparse linear solve.

    No more orders come to a queue with ``longest`` orders behind, which must be so long that it hardly ever gets there.
    """
    numbers: dict[Queues, int] = {}
    waiting = list(starts)
    found: list[tuple[Queues, list[Event]]] = []
    while waiting:
        queues = waiting.pop()
        if queues in numbers:
            continue
        numbers[queues] = len(numbers)
        events = [one for one in rates.events(queues) if _within(one.after, longest)]
        found.append((queues, events))
        waiting += [one.after for one in events if not ended(one.after)]
    rows, columns, values = [], [], []
    known = np.zeros(len(found))
    for row, (_, events) in enumerate(found):
        rows.append(row)
        columns.append(row)
        values.append(sum(one.rate for one in events))
        for one in events:
            if ended(one.after):
                known[row] += one.rate * end(one.after)
            else:
                rows.append(row)
                columns.append(numbers[one.after])
                values.append(-one.rate)
    solved = spsolve(csc_matrix((values, (rows, columns))), known)
    return {queues: float(solved[row]) for queues, row in numbers.items()}


def _within(queues: Queues, longest: int) -> bool:
    return queues.bid.behind <= longest and queues.ask.behind <= longest
