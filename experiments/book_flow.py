"""Flows of order book messages: read from a file, or drawn from a seed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Final
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from shoal.experiments.errors import InputError, Place
from shoal.ext.book import BUY, MAXIMUM, SELL, Book
from shoal.ext.book_terms import FLOW_CANCEL, FLOW_LIMIT, FLOW_MARKET

__all__ = ["FIELDS", "Flow", "draw_flow", "market_limit", "read_flow"]

FIELDS: Final = ("kind", "side", "price", "qty", "id")

type Flow = tuple[NDArray[np.int64], ...]
"""One int64 column for each of `FIELDS`, as the kernel's `replay` takes them."""

_MID: Final = 100_000
_STEP: Final = 0.025


def read_flow(file: str) -> Flow:
    """The columns of a flow's file: NPZ with an array `messages` whose fields are `FIELDS`.

    Raises:
        InputError: the file cannot be read, or holds no such array.
    """
    place = Place(file)
    remedy = f"Save it with numpy.savez(file, messages=...), fields {', '.join(FIELDS)}, all int64."
    if not Path(file).is_file():
        raise InputError(place, "there is no such file", remedy)
    try:
        found = np.load(file, allow_pickle=False)
        messages = found.get("messages") if isinstance(found, Mapping) else None
    except (OSError, ValueError, EOFError, BadZipFile) as error:
        raise InputError(place, f"it is not a file of arrays ({error})", remedy) from error
    if messages is None:
        raise InputError(place, "it holds no array named 'messages'", remedy)
    missing = [field for field in FIELDS if field not in (messages.dtype.names or ())]
    if missing or messages.ndim != 1:
        raise InputError(place, f"'messages' lacks the fields {', '.join(missing) or 'of one row a message'}", remedy)
    if any(messages[field].dtype.kind not in "iu" for field in FIELDS):
        raise InputError(place, "a field of 'messages' is not of integers", remedy)
    return tuple(np.ascontiguousarray(messages[field], np.int64) for field in FIELDS)


def draw_flow(messages: int, *, seed: int, floor: int = 5_000) -> Flow:
    """A flow that keeps about `floor` orders resting: half limits, two fifths cancels, a tenth market orders.

    Limits stand about 50 ticks from a mid that moves a tick now and then, some across it; a cancel takes any live
    order, and is a limit while fewer than `floor` rest.

    >>> [column.tolist() for column in draw_flow(2, seed=7)]
    [[0, 0], [-1, -1], [100084, 99999], [10, 28], [1, 2]]
    """
    stream, book, live = Random(seed), Book(), _Live()
    rows: list[tuple[int, ...]] = []
    mid, last_id = _MID, 0
    for number in range(messages):
        step, kind = stream.random(), _kind(stream.random())
        mid += (step < _STEP) - (step >= 1 - _STEP)
        if number < floor or (kind == FLOW_CANCEL and len(live.orders) < floor):
            kind = FLOW_LIMIT
        if kind == FLOW_CANCEL:
            order = live.orders[stream.randrange(len(live.orders))]
            side, price, _ = book.order(order)
            book.cancel(order)
            rows.append((kind, side, price, 0, live.drop(order)))
            continue
        last_id += 1
        side, lots = (BUY if stream.random() < 1 / 2 else SELL), stream.randrange(1, 101)
        if kind == FLOW_LIMIT:
            price = max(1, mid - side * (int(stream.expovariate(1 / 50)) - 2))
            order, _, fills = book.limit(side, price, lots)
        else:
            price = 0
            order, _, fills = book.market(side, lots, market_limit(side))
        rows.append((kind, side, price, lots, last_id))
        for maker, _, _, left in fills:
            if not left:
                live.drop(maker)
        if order:
            live.add(order, last_id)
    return tuple(np.array(rows, np.int64).reshape(-1, len(FIELDS)).T.copy())


def market_limit(side: int) -> int:
    """The price at which a market order of a flow stops: none that there is."""
    return MAXIMUM if side == BUY else 1


class _Live:
    """The book's resting orders, any of which can be picked, and the ids by which the flow knows them."""

    def __init__(self) -> None:
        self.orders: list[int] = []
        self._places: dict[int, tuple[int, int]] = {}

    def add(self, order: int, flow_id: int) -> None:
        self._places[order] = len(self.orders), flow_id
        self.orders.append(order)

    def drop(self, order: int) -> int:
        """Forget an order; its id in the flow."""
        (at, flow_id), last = self._places.pop(order), self.orders.pop()
        if last != order:
            self.orders[at] = last
            self._places[last] = at, self._places[last][1]
        return flow_id


def _kind(share: float) -> int:
    return FLOW_LIMIT if share < 0.5 else FLOW_CANCEL if share < 0.9 else FLOW_MARKET
