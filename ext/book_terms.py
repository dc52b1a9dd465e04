"""Numbers and shapes that the compiled order book kernel and its twin share."""

from __future__ import annotations

BUY = 1
SELL = -1

# Self-trade prevention: what happens when a taker meets an order of its own owner; the taker's mode decides.
STP_NONE = 0
CANCEL_TAKER = 1
CANCEL_MAKER = 2
CANCEL_BOTH = 3
DECREMENT = 4

# The price that sets off a stop.
LAST = 0
MARK = 1

MAXIMUM_CASCADE = 1_000
"""Most stops that one verb sets off; those still due wait, first in line, for the next verb."""

MAXIMUM_PARTS = 1_000
"""Most parts in which an iceberg order may show its lots, so that no taker meets one without end."""

# Rows of the event feed: (sequence, kind, id, side, price, lots).
ADD = 0
EXECUTE = 1
REDUCE = 2
DELETE = 3

# Rows of a replayed flow.
FLOW_LIMIT = 0
FLOW_CANCEL = 1
FLOW_MARKET = 2

type Fill = tuple[int, int, int, int]
"""(maker id, price, lots, lots the maker has left, hidden ones included)."""

type Matched = tuple[int, int, list[Fill]]
"""(id or 0 if nothing rests, resting lots, fills)."""

type Prevented = tuple[int, int, int]
"""(maker id, lots taken off it without a trade, lots it has left)."""

type Triggered = tuple[int, int, list[Fill]]
"""(id of the stop, lots that came to rest under this id, fills); what is in neither was dropped."""

type Trade = tuple[int, int, int, int, int]
"""(buy id, sell id, lots, lots the buy has left, lots the sell has left) at an auction's price."""

type Cleared = tuple[int | None, int, list[Trade]]
"""(uniform price or None if nothing crosses, lots, trades)."""
