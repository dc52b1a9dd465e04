"""What a flow of orders must keep before the order book's Python twin works through it."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index

import numpy as np
from numpy.typing import NDArray

from shoal.ext.book_refusals import MAXIMUM, OutOfRange
from shoal.ext.book_sides_twin import Side
from shoal.ext.book_stops_twin import Stops
from shoal.ext.book_terms import BUY, FLOW_CANCEL, FLOW_LIMIT, FLOW_MARKET, SELL

type Row = tuple[int, int, int, int, int]


def check_flow(
    columns: Sequence[Sequence[int] | NDArray[np.int64]], next_id: int, bids: Side, asks: Side, stops: Stops
) -> list[Row]:
    """The rows (kind, side, price, lots, id) of a flow that the book can work through whole.

    Raises:
        OutOfRange: a price, quantity or id is out of range, ids of orders do not ascend from `next_id` on, or a side
            could come to hold too much, stops that may come to rest included.
        ValueError: a kind or a side is unknown, or columns differ in length.
    """
    if len({len(column) for column in columns}) > 1:
        raise ValueError("the columns of a flow differ in length")
    rows: list[Row] = [tuple(map(index, row)) for row in zip(*columns, strict=True)]  # type: ignore[misc]
    held = {BUY: bids.quantity, SELL: asks.quantity}
    for stop in stops:
        held[stop.side] += stop.quantity if stop.rests else 0
    for number, (kind, side, price, quantity, order_id) in enumerate(rows):
        if kind == FLOW_CANCEL:
            continue
        if kind not in (FLOW_LIMIT, FLOW_MARKET) or side not in held:
            raise ValueError(f"row {number} has kind {kind} and side {side}")
        if not 1 <= quantity <= MAXIMUM or (kind == FLOW_LIMIT and not 1 <= price <= MAXIMUM):
            raise OutOfRange(f"row {number}: price {price} or quantity {quantity} is outside 1..{MAXIMUM}")
        held[side] += quantity if kind == FLOW_LIMIT else 0
        if not next_id <= order_id < MAXIMUM or max(held.values()) > MAXIMUM:
            raise OutOfRange(
                f"row {number}: id {order_id} does not follow the ids before it below {MAXIMUM}, "
                f"or a side could hold more than {MAXIMUM} lots"
            )
        next_id = order_id + 1
    return rows
