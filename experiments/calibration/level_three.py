"""Reads recordings of single orders: one file of order events, one of trades."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from shoal.experiments.calibration.fit import Floats
from shoal.experiments.calibration.recording import Quotes, Recording, TakerOrders
from shoal.experiments.calibration.resting_book import RestingBook
from shoal.experiments.calibration.rows import read_rows

if TYPE_CHECKING:
    import pandas as pd

NEAR = 0.02
STEP_S = 0.5
GHOST_S = 1.0


def read_level_three(orders_path: Path, trades_path: Path) -> Recording:
    """A recording of order events (created, changed, deleted) and trades with the identifiers of both orders.

    All fills of one incoming order are one taker order. An order that a trade passed, at a price worse for it, and
    that still rests a second later is one whose end the recorder missed: it ends with that trade. Best quotes are
    taken from the book every half second; moments at which it is crossed, between an order's arrival and its trades,
    are left out.
    """
    events = read_rows(orders_path, "local_ts", "id", "action", "direction", "price", "volume")
    trades = read_rows(trades_path, "local_ts", "price", "amount", "buy_order_id", "sell_order_id", "side")
    start, last = events["local_ts"].iloc[0], events["local_ts"].iloc[-1]
    for rows in (events, trades):
        rows["time_s"] = (rows["local_ts"] - start).dt.total_seconds()
    seconds = float(events["time_s"].iloc[-1])
    book = _book(events, trades, seconds)
    return Recording(
        source=f"{orders_path.name}, {trades_path.name}",
        span=f"{start:%Y-%m-%d %H:%M:%S} .. {last:%Y-%m-%d %H:%M:%S}",
        date=f"{start:%Y-%m-%d}",
        seconds=seconds,
        book=book,
        quotes=_quotes(book, seconds),
        orders=_orders(trades),
        reach=NEAR / 2.0,
    )


def _book(events: pd.DataFrame, trades: pd.DataFrame, seconds: float) -> RestingBook:
    """Each event states what is left of an order, valid until the order's next event."""
    ends = events.groupby("id", sort=False)["time_s"].shift(-1).fillna(seconds + 1.0)
    live = events["action"] != "deleted"
    rows = events[live]
    book = RestingBook(
        _floats(rows["time_s"]),
        _floats(ends[live]),
        np.where(rows["direction"].isin(("ask", "sell")), 1.0, -1.0),
        _floats(rows["price"]),
        _floats(rows["volume"]),
    ).near(NEAR)
    return _without_ghosts(book, _floats(trades["time_s"]), _floats(trades["price"]))


def _without_ghosts(book: RestingBook, times_s: Floats, prices: Floats) -> RestingBook:
    ends = book.end_s.copy()
    for time_s, price in zip(times_s, prices, strict=True):
        passed = (book.sides * (price - book.prices) > 0.0) & (book.start_s < time_s) & (ends > time_s + GHOST_S)
        ends[passed] = time_s
    return replace(book, end_s=ends).near(NEAR)


def _quotes(book: RestingBook, seconds: float) -> Quotes:
    found = []
    for time_s in np.arange(STEP_S, seconds, STEP_S):
        state = book.at(float(time_s))
        if state.two_sided:
            found.append((float(time_s), float(state.bid_prices[0]), float(state.ask_prices[0])))
    times, bids, asks = np.array(found, dtype=np.float64).reshape(-1, 3).T
    return Quotes(times, bids, asks)


def _orders(trades: pd.DataFrame) -> TakerOrders:
    bought = trades["side"] == "buy"
    rows = trades.assign(
        taker=np.where(bought, trades["buy_order_id"], trades["sell_order_id"]),
        sign=np.where(bought, 1.0, -1.0),
        worth=trades["price"] * trades["amount"],
    )
    rows["reached"] = rows["sign"] * rows["price"]
    orders = rows.groupby(["taker", "sign"], sort=False).agg({"time_s": "first", "worth": "sum", "reached": "max"})
    orders = orders.reset_index().sort_values("time_s")
    return TakerOrders(
        _floats(orders["time_s"]),
        _floats(orders["sign"]),
        _floats(orders["worth"]),
        _floats(orders["sign"] * orders["reached"]),
    )


def _floats(column: Any) -> Any:
    return column.to_numpy(dtype=np.float64)
