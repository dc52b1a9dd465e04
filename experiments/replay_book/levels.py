"""Recordings of price levels: snapshots, changes of levels, best quotes and trades in one file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from shoal.experiments.prices.sheet import Sheet
from shoal.experiments.prices.stamps import read_stamps
from shoal.experiments.replay_book.columns import (
    ABSENT,
    Ints,
    check_ascending,
    decimals_of,
    in_units,
    read_amounts,
    read_codes,
    read_whole_or_absent,
    refused,
    require,
)
from shoal.ext.book import BUY, SELL

SNAPSHOT: Final = 0
DEPTH: Final = 1
BEST: Final = 2
TRADE: Final = 3
LEVEL_COLUMNS: Final = ("local_ts_ns", "type", "last_update_id", "side", "price", "qty")
_EXCHANGE: Final = "exch_ts_ms"
_FIRST: Final = "first_update_id"
_PREVIOUS: Final = "prev_update_id"
_TYPES: Final = {"snapshot": SNAPSHOT, "depth": DEPTH, "bbo": BEST, "trade": TRADE}
# Of a trade it is the taker's side.
_SIDES: Final = {"bid": BUY, "buy": BUY, "ask": SELL, "sell": SELL}


@dataclass(frozen=True, slots=True)
class LevelRecording:
    """Rows of a feed of price levels, in the order in which they were received, and where its messages begin.

    Args:
        name: of the file.
        digest: SHA-256 of the file.
        first_row: row of the first one in the file.
        times_ns: receiver's clock, UTC.
        types: SNAPSHOT, DEPTH, BEST or TRADE.
        sides: BUY for bids and for trades that bought.
        ticks: price.
        lots: of a level, all that rests there, 0 if nothing; of a trade, what was traded.
        exchange_ms: exchange's clock, -1 where there is none.
        first_ids, last_ids, previous_ids: numbers of the updates in a message, -1 where there are none.
        messages: where each message begins, and the number of rows at the end.
        price_decimals: a tick is ten to minus this, in quote per base.
        lot_decimals: a lot likewise, in base tokens or contracts.
    """

    name: str
    digest: str
    first_row: int
    times_ns: list[int]
    types: list[int]
    sides: list[int]
    ticks: list[int]
    lots: list[int]
    exchange_ms: list[int]
    first_ids: list[int]
    last_ids: list[int]
    previous_ids: list[int]
    messages: list[int]
    price_decimals: int
    lot_decimals: int

    def __len__(self) -> int:
        return len(self.types)


def read_levels(sheet: Sheet) -> LevelRecording:
    """Read rows of levels.

    Raises:
        InputError: a column is missing, or a row is damaged; the message names it.
    """
    require(sheet, LEVEL_COLUMNS, kind="Recordings of levels")
    times_ns = read_stamps(sheet, "local_ts_ns")
    check_ascending(sheet, "local_ts_ns", times_ns)
    types = read_codes(sheet, "type", _TYPES)
    prices, quantities = read_amounts(sheet, "price"), read_amounts(sheet, "qty")
    price_decimals, lot_decimals = decimals_of(prices), decimals_of(quantities)
    ticks, lots = in_units(sheet, "price", prices, price_decimals), in_units(sheet, "qty", quantities, lot_decimals)
    if len(bad := np.flatnonzero(ticks == 0)):
        raise refused(sheet, "price", bad[0], "the price is 0")
    if len(bad := np.flatnonzero((lots == 0) & np.isin(types, (SNAPSHOT, TRADE)))):
        raise refused(sheet, "qty", bad[0], "a level of a snapshot, or a trade, of 0")
    last_ids = read_whole_or_absent(sheet, "last_update_id")
    if len(bad := np.flatnonzero((last_ids == ABSENT) & (types != TRADE))):
        raise refused(sheet, "last_update_id", bad[0], "the value is missing")
    absent = np.full(len(types), ABSENT, dtype=np.int64)
    return LevelRecording(
        name=sheet.name,
        digest=sheet.digest,
        first_row=sheet.first_row,
        times_ns=times_ns.tolist(),
        types=types.tolist(),
        sides=read_codes(sheet, "side", _SIDES).tolist(),
        ticks=ticks.tolist(),
        lots=lots.tolist(),
        exchange_ms=(read_whole_or_absent(sheet, _EXCHANGE) if _EXCHANGE in sheet.names else absent).tolist(),
        first_ids=(read_whole_or_absent(sheet, _FIRST) if _FIRST in sheet.names else absent).tolist(),
        last_ids=last_ids.tolist(),
        previous_ids=(read_whole_or_absent(sheet, _PREVIOUS) if _PREVIOUS in sheet.names else absent).tolist(),
        messages=_starts(types, times_ns, last_ids),
        price_decimals=price_decimals,
        lot_decimals=lot_decimals,
    )


def _starts(types: Ints, times_ns: Ints, last_ids: Ints) -> list[int]:
    """Rows of one message share type, time and number; each trade is a message of its own."""
    new = np.ones(len(types), dtype=np.bool_)
    new[1:] = (np.diff(types) != 0) | (np.diff(times_ns) != 0) | (np.diff(last_ids) != 0) | (types[1:] == TRADE)
    return [*np.flatnonzero(new).tolist(), len(types)]
