"""LOBSTER files: one message a row, and beside it the levels of the book after each message.

Source: https://lobsterdata.com/info/DataStructure.php
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np

from shoal.experiments.errors import MalformedFile, Place
from shoal.experiments.prices.numbers import read_values
from shoal.experiments.prices.sheet import Sheet
from shoal.experiments.replay_book.columns import Ints, check_ascending, read_amounts, read_whole, refused
from shoal.ext.book import BUY, SELL

SUBMITTED: Final = 1
REDUCED: Final = 2
DELETED: Final = 3
EXECUTED: Final = 4
HIDDEN: Final = 5
CROSS: Final = 6
HALT: Final = 7
MESSAGE_COLUMNS: Final = ("time", "type", "order", "size", "price", "direction")
PRICE_DECIMALS: Final = 4
_DATE: Final = re.compile(r"(?:^|[_/\\])((?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2})_")
_LEVEL: Final = ("ask_price", "ask_size", "bid_price", "bid_size")
# What stands for a price where there is no level.
_EMPTY: Final = 9_999_999_999

type Level = tuple[int, int]


@dataclass(frozen=True, slots=True)
class LobsterRecording:
    """Messages in their order, and the book after each of them if there is a file of it.

    Args:
        name: of the message file.
        digest: SHA-256 of the files.
        times_ns: since midnight of the exchange's day; since 1970 if the file's name has the date.
        types: 1 to 7.
        orders: identifiers, 0 for hidden orders.
        lots: shares of the message.
        ticks: of 0.0001 units of money.
        sides: of the resting order, BUY or SELL.
        bids, asks: levels after each message, best first; None without a book file.
        depth: levels a side in the book file, 0 without.
    """

    name: str
    digest: str
    times_ns: list[int]
    types: list[int]
    orders: list[int]
    lots: list[int]
    ticks: list[int]
    sides: list[int]
    bids: list[tuple[Level, ...]] | None
    asks: list[tuple[Level, ...]] | None
    depth: int

    def __len__(self) -> int:
        return len(self.types)


def message_columns(place: Place, count: int) -> Sequence[str]:
    """Names of the columns of a message file.

    Raises:
        MalformedFile: the number of columns is another.
    """
    if count != len(MESSAGE_COLUMNS):
        raise MalformedFile(
            Place(place.file, 1),
            f"a row without names holds {count} numbers, and LOBSTER messages have {len(MESSAGE_COLUMNS)}",
            f"They are {', '.join(MESSAGE_COLUMNS)}.",
        )
    return MESSAGE_COLUMNS


def level_columns(place: Place, count: int) -> Sequence[str]:
    """Names of the columns of a book file.

    Raises:
        MalformedFile: the number of columns is no multiple of four.
    """
    if count == 0 or count % len(_LEVEL):
        reason = f"it has {count} columns, and a LOBSTER book has {len(_LEVEL)} a level"
        raise MalformedFile(
            Place(place.file, 1), reason, f"They are {', '.join(_LEVEL)} of the first level, and so on."
        )
    return [f"{name}_{level}" for level in range(1, count // len(_LEVEL) + 1) for name in _LEVEL]


def read_lobster(sheet: Sheet, book: Sheet | None) -> LobsterRecording:
    """Read messages, and the book that belongs to them.

    Raises:
        InputError: a row is damaged, or the book has another number of rows; the message names it.
    """
    types = read_whole(sheet, "type", minimum=SUBMITTED, maximum=HALT)
    seconds = read_amounts(sheet, "time")
    if len(bad := np.flatnonzero(seconds >= 86_400.0)):
        raise refused(sheet, "time", bad[0], "it is beyond a day, and times are seconds since midnight")
    # Seconds of a day have nine decimals to spare in a float.
    times_ns = np.rint(seconds * 1e9).astype(np.int64)
    check_ascending(sheet, "time", times_ns)
    lots, ticks = read_whole(sheet, "size"), read_whole(sheet, "price", minimum=-1)
    sides = read_whole(sheet, "direction", minimum=SELL, maximum=BUY)
    trading = np.isin(types, (SUBMITTED, REDUCED, DELETED, EXECUTED))
    for column, values in (("size", lots), ("price", ticks)):
        if len(bad := np.flatnonzero(trading & (values <= 0))):
            raise refused(sheet, column, bad[0], f"the {column} is {int(values[bad[0]])}, and it is above 0")
    if len(bad := np.flatnonzero(trading & (sides == 0))):
        raise refused(sheet, "direction", bad[0], "the direction is 0, and it is 1 or -1")
    bids = asks = None
    if book is not None:
        if book.rows != sheet.rows:
            reason = f"it has {book.rows:,} rows, and the messages have {sheet.rows:,}"
            raise MalformedFile(book.place(), reason, "Hand in the book of these messages.")
        asks, bids = _levels(book, "ask"), _levels(book, "bid")
    return LobsterRecording(
        name=sheet.name,
        digest=sheet.digest + (book.digest if book is not None else ""),
        times_ns=(times_ns + _midnight_ns(sheet.name)).tolist(),
        types=types.tolist(),
        orders=read_whole(sheet, "order").tolist(),
        lots=lots.tolist(),
        ticks=ticks.tolist(),
        sides=sides.tolist(),
        bids=bids,
        asks=asks,
        depth=0 if book is None else len(book.names) // len(_LEVEL),
    )


def _levels(book: Sheet, side: str) -> list[tuple[Level, ...]]:
    depth = len(book.names) // len(_LEVEL)
    prices = np.stack([_whole(book, f"{side}_price_{level}") for level in range(1, depth + 1)])
    sizes = np.stack([read_whole(book, f"{side}_size_{level}") for level in range(1, depth + 1)])
    there = (sizes > 0) & (np.abs(prices) < _EMPTY)
    if len(bad := np.flatnonzero((there & (prices <= 0)).any(axis=0))):
        raise refused(book, f"{side}_price_1", bad[0], "a level has no price above 0")
    return [
        tuple((price, size) for price, size, shown in zip(row_prices, row_sizes, row_there, strict=True) if shown)
        for row_prices, row_sizes, row_there in zip(prices.T.tolist(), sizes.T.tolist(), there.T.tolist(), strict=True)
    ]


def _whole(book: Sheet, column: str) -> Ints:
    values = read_values(book, column)
    if len(bad := np.flatnonzero(np.rint(values) != values)):
        raise refused(book, column, bad[0], f"{float(values[bad[0]])!r} is no whole number")
    return values.astype(np.int64)


def _midnight_ns(name: str) -> int:
    found = _DATE.search(name)
    try:
        day = datetime.strptime(found[1], "%Y-%m-%d").replace(tzinfo=UTC) if found else datetime(1970, 1, 1, tzinfo=UTC)
    except ValueError:
        day = datetime(1970, 1, 1, tzinfo=UTC)
    return int(day.timestamp()) * 10**9
