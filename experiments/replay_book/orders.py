"""Recordings order by order: each row creates, changes or deletes one order; trades name both orders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from shoal.experiments.prices.sheet import Sheet
from shoal.experiments.prices.stamps import read_stamps
from shoal.experiments.replay_book.columns import (
    Ints,
    check_ascending,
    decimals_of,
    in_units,
    read_amounts,
    read_codes,
    read_whole,
    refused,
    require,
)
from shoal.ext.book import BUY, SELL

CREATED: Final = 0
CHANGED: Final = 1
DELETED: Final = 2
ORDER_COLUMNS: Final = ("exch_ts", "id", "action", "direction", "price", "volume")
TRADE_COLUMNS: Final = ("exch_ts", "price", "amount", "buy_order_id", "sell_order_id", "side")
_ACTIONS: Final = {"created": CREATED, "changed": CHANGED, "deleted": DELETED}
_DIRECTIONS: Final = {"bid": BUY, "buy": BUY, "ask": SELL, "sell": SELL}
_NONE: Final = -1


class Trade(NamedTuple):
    """One trade of a taker: the maker's identifier, ticks and lots."""

    maker: int
    ticks: int
    lots: int


@dataclass(frozen=True, slots=True)
class OrderRecording:
    """Order events in the order in which they happened, a number each; lists, because they are read one by one.

    Args:
        name: of the file.
        digest: SHA-256 of both files.
        first_row: row of the first event in the file.
        times_ns: exchange time, UTC.
        ids: of orders.
        actions: CREATED, CHANGED or DELETED.
        sides: BUY or SELL.
        ticks: price.
        lots: what is left of the order; of a created one, its quantity.
        following: the order's next event, -1 if there is none.
        trades: of each taker, in their order; None when no trades were recorded.
        price_decimals: a tick is ten to minus this, in quote per base.
        lot_decimals: a lot likewise, in base tokens.
    """

    name: str
    digest: str
    first_row: int
    times_ns: list[int]
    ids: list[int]
    actions: list[int]
    sides: list[int]
    ticks: list[int]
    lots: list[int]
    following: list[int]
    trades: Mapping[int, tuple[Trade, ...]] | None
    price_decimals: int
    lot_decimals: int

    def __len__(self) -> int:
        return len(self.ids)


def read_orders(sheet: Sheet, trades: Sheet | None, *, zone: str | None = None) -> OrderRecording:
    """Read order events, and the trades that belong to them.

    Raises:
        InputError: a column is missing, or a row is damaged; the message names it.
    """
    require(sheet, ORDER_COLUMNS, kind="Recordings of orders")
    times_ns = read_stamps(sheet, "exch_ts", zone=zone)
    check_ascending(sheet, "exch_ts", times_ns)
    prices, volumes = read_amounts(sheet, "price"), read_amounts(sheet, "volume")
    trade_prices = trade_amounts = np.zeros(0)
    if trades is not None:
        require(trades, TRADE_COLUMNS, kind="Trades of orders")
        trade_prices, trade_amounts = read_amounts(trades, "price"), read_amounts(trades, "amount")
    price_decimals, lot_decimals = decimals_of(prices, trade_prices), decimals_of(volumes, trade_amounts)
    ids = read_whole(sheet, "id")
    recorded = None
    if trades is not None:
        ticks = in_units(trades, "price", trade_prices, price_decimals)
        lots = in_units(trades, "amount", trade_amounts, lot_decimals)
        recorded = _by_taker(trades, ticks, lots)
    return OrderRecording(
        name=sheet.name,
        digest=sheet.digest + (trades.digest if trades is not None else ""),
        first_row=sheet.first_row,
        times_ns=times_ns.tolist(),
        ids=ids.tolist(),
        actions=read_codes(sheet, "action", _ACTIONS).tolist(),
        sides=read_codes(sheet, "direction", _DIRECTIONS).tolist(),
        ticks=in_units(sheet, "price", prices, price_decimals).tolist(),
        lots=in_units(sheet, "volume", volumes, lot_decimals).tolist(),
        following=_following(ids),
        trades=recorded,
        price_decimals=price_decimals,
        lot_decimals=lot_decimals,
    )


def _by_taker(sheet: Sheet, ticks: Ints, lots: Ints) -> dict[int, tuple[Trade, ...]]:
    buyers, sellers = read_whole(sheet, "buy_order_id"), read_whole(sheet, "sell_order_id")
    bought = read_codes(sheet, "side", _DIRECTIONS) == BUY
    if len(empty := np.flatnonzero((ticks == 0) | (lots == 0))):
        raise refused(sheet, "price" if ticks[empty[0]] == 0 else "amount", empty[0], "a trade of 0")
    takers, makers = np.where(bought, buyers, sellers), np.where(bought, sellers, buyers)
    found: dict[int, list[Trade]] = {}
    for taker, *trade in zip(takers.tolist(), makers.tolist(), ticks.tolist(), lots.tolist(), strict=True):
        found.setdefault(taker, []).append(Trade(*trade))
    return {taker: tuple(each) for taker, each in found.items()}


def _following(ids: Ints) -> list[int]:
    order = np.argsort(ids, kind="stable")
    following = np.full(len(ids), _NONE, dtype=np.int64)
    same = ids[order[:-1]] == ids[order[1:]]
    following[order[:-1][same]] = order[1:][same]
    return following.tolist()
