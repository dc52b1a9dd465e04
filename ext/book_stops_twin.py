"""Stop orders of the order book's Python twin: they wait for a price, then stand in one line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stop:
    """An order that waits for `source` (last trade or mark) to reach `trigger`: a buy from below, a sell from above.

    `limit` is where it stops matching; what is left then rests there if `rests`, else it is dropped.
    """

    order_id: int
    side: int
    trigger: int
    quantity: int
    limit: int
    rests: bool
    source: int
    owner: int
    stp: int
    expiry: int

    def reached(self, price: int) -> bool:
        """Whether this price sets it off."""
        return self.side * (price - self.trigger) >= 0

    def words(self) -> tuple[int, ...]:
        """All that decides what it will do, as ints."""
        return (
            self.order_id, self.side, self.trigger, self.quantity, self.limit, int(self.rests), self.source,
            self.owner, self.stp, self.expiry,
        )  # fmt: skip


class Stops:
    """Stops that wait, and those already set off, first come first served."""

    __slots__ = ("due", "waiting")

    def __init__(self) -> None:
        self.waiting: dict[int, Stop] = {}
        self.due: dict[int, Stop] = {}

    def __iter__(self) -> Iterator[Stop]:
        """Those that wait by id, then those due as they stand in line."""
        yield from self.waiting.values()
        yield from self.due.values()

    def __len__(self) -> int:
        return len(self.waiting) + len(self.due)

    def __contains__(self, order_id: int) -> bool:
        return order_id in self.waiting or order_id in self.due

    def add(self, stop: Stop) -> None:
        """Let a stop wait."""
        self.waiting[stop.order_id] = stop

    def notice(self, source: int, *prices: int) -> None:
        """Put the stops that one of these prices sets off in line, oldest first."""
        for stop in list(self.waiting.values()):
            if stop.source == source and any(stop.reached(price) for price in prices):
                self.due[stop.order_id] = self.waiting.pop(stop.order_id)

    def pop_due(self) -> Stop:
        """The next in line, which leaves it."""
        return self.due.pop(next(iter(self.due)))

    def remove(self, order_id: int) -> Stop:
        """Take a stop out, waiting or due."""
        return self.waiting.pop(order_id) if order_id in self.waiting else self.due.pop(order_id)
