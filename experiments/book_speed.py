"""How fast the order book works through a flow: in one batch, and a call a message."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from statistics import median
from time import perf_counter, perf_counter_ns
from typing import Any, Final

import numpy as np

from shoal.experiments.book_flow import Flow, market_limit
from shoal.ext.book import COMPILED, Book, UnknownOrderId
from shoal.ext.book_terms import FLOW_CANCEL, FLOW_LIMIT

__all__ = ["BookSpeed", "by_call", "in_batch", "measure", "timed_calls"]

_CLOCK_READS: Final = 10_000

type Count = tuple[int, int, int]
"""(fills, lots traded, cancels that named no resting order)."""


@dataclass(frozen=True, slots=True)
class BookSpeed:
    """Messages a second, and how long a call takes in ns, the clock's own time taken off."""

    kernel: str
    messages: int
    rounds: int
    batch_messages_per_second: int
    call_messages_per_second: int
    fills: int
    traded: int
    orphans: int
    p50_ns: int
    p99_ns: int

    def as_json(self) -> dict[str, Any]:
        """All figures by name."""
        return asdict(self)


def measure(flow: Flow, *, rounds: int = 5) -> BookSpeed:
    """Replay a flow into fresh books, in batch with fills recorded and by call, in turns; medians.

    Raises:
        BookRefusal: a row is out of range.
        RuntimeError: batch and calls count differently.
    """
    rows = list(zip(*(column.tolist() for column in flow), strict=True))
    batches: list[float] = []
    calls: list[float] = []
    for _ in range(rounds):
        seconds, batch = in_batch(flow)
        batches.append(seconds)
        seconds, single = by_call(rows)
        calls.append(seconds)
        if batch != single:
            raise RuntimeError(f"in batch {batch} fills, lots and orphans, by call {single}")
    p50_ns, p99_ns = np.percentile(timed_calls(rows), (50, 99)) if rows else (0, 0)
    return BookSpeed(
        kernel="compiled" if COMPILED else "python",
        messages=len(rows),
        rounds=rounds,
        batch_messages_per_second=round(len(rows) / median(batches)),
        call_messages_per_second=round(len(rows) / median(calls)),
        fills=batch[0],
        traded=batch[1],
        orphans=batch[2],
        p50_ns=round(p50_ns),
        p99_ns=round(p99_ns),
    )


def in_batch(flow: Flow) -> tuple[float, Count]:
    """(seconds, counts) of one `replay`, fills recorded."""
    book = Book()
    start = perf_counter()
    fills, traded, _ = book.replay(*flow)
    return perf_counter() - start, (fills, traded, book.orphans)


def by_call(rows: list[tuple[int, ...]]) -> tuple[float, Count]:
    """(seconds, counts) of one call a message, as a user's loop makes them."""
    book = Book()
    limit, market, cancel = book.limit, book.market, book.cancel
    orders = _places(rows)
    fills = traded = orphans = 0
    start = perf_counter()
    for kind, side, price, quantity, flow_id in rows:
        if kind == FLOW_LIMIT:
            orders[flow_id], _, matched = limit(side, price, quantity)
        elif kind == FLOW_CANCEL:
            try:
                cancel(orders[flow_id])
            except UnknownOrderId:
                orphans += 1
            continue
        else:
            _, _, matched = market(side, quantity, market_limit(side))
        if matched:
            fills += len(matched)
            for _, _, lots, _ in matched:
                traded += lots
    return perf_counter() - start, (fills, traded, orphans)


def timed_calls(rows: list[tuple[int, ...]]) -> list[int]:
    """Nanoseconds of each call, less the median of what reading the clock takes."""
    book = Book()
    limit, market, cancel, clock = book.limit, book.market, book.cancel, perf_counter_ns
    orders = _places(rows)
    spans: list[int] = []
    for kind, side, price, quantity, flow_id in rows:
        if kind == FLOW_LIMIT:
            start = clock()
            order, _, _ = limit(side, price, quantity)
            spans.append(clock() - start)
            orders[flow_id] = order
        elif kind == FLOW_CANCEL:
            order = orders[flow_id]
            if order not in book:
                continue
            start = clock()
            cancel(order)
            spans.append(clock() - start)
        else:
            collar = market_limit(side)
            start = clock()
            market(side, quantity, collar)
            spans.append(clock() - start)
    reads = []
    for _ in range(_CLOCK_READS):
        start = clock()
        reads.append(clock() - start)
    idle = median(reads)
    return [max(0, round(span - idle)) for span in spans]


def _places(rows: list[tuple[int, ...]]) -> list[int] | dict[int, int]:
    """Room for the book's id of each of the flow's: a list where the flow's are dense, which costs the loop least."""
    ids = [row[-1] for row in rows]
    if ids and min(ids) >= 0 and max(ids) <= 4 * len(ids):
        return [0] * (max(ids) + 1)
    return dict.fromkeys(ids, 0)
