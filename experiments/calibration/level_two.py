"""Reads recordings of price levels: snapshot, changes, best quotes and trades in one file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from shoal.experiments.calibration.recording import Quotes, Recording, TakerOrders
from shoal.experiments.calibration.resting_book import RestingBook
from shoal.experiments.calibration.rows import read_rows

if TYPE_CHECKING:
    import pandas as pd

NEAR = 0.02
COLUMNS = ("local_ts_ns", "type", "exch_ts_ms", "last_update_id", "side", "price", "qty")


def read_level_two(path: Path, *, contract_quote_tokens: float | None = None) -> Recording:
    """A recording with rows ``snapshot``, ``depth``, ``bbo`` and ``trade``.

    Trades of one exchange millisecond and one side are one order: an order's fills carry one transaction time.
    The book is known only as far as the snapshot reaches; what lies beyond shows up only where it changed.

    Args:
        path: the Parquet file.
        contract_quote_tokens: worth of one contract in quote tokens, where quantities are contracts.
    """
    import pandas as pd

    rows = read_rows(path, *COLUMNS)
    start_ns = int(rows["local_ts_ns"].iloc[0])
    rows["time_s"] = (rows["local_ts_ns"] - start_ns) / 1e9
    rows["sign"] = np.where(rows["side"].isin(("buy", "ask")), 1.0, -1.0)
    rows["tokens"] = (
        rows["qty"] if contract_quote_tokens is None else rows["qty"] * contract_quote_tokens / rows["price"]
    )
    seconds = float(rows["time_s"].iloc[-1])
    first, last = (pd.Timestamp(int(rows["local_ts_ns"].iloc[each]), unit="ns", tz="UTC") for each in (0, -1))
    snapshot = rows[rows["type"] == "snapshot"]
    quotes = _quotes(rows[rows["type"] == "bbo"])
    middle = quotes.mids(np.array([float(snapshot["time_s"].iloc[0]) + 1.0]))[0]
    asks, bids = snapshot[snapshot["sign"] > 0], snapshot[snapshot["sign"] < 0]
    return Recording(
        source=path.name,
        span=f"{first:%Y-%m-%d %H:%M:%S} .. {last:%Y-%m-%d %H:%M:%S}",
        date=f"{first:%Y-%m-%d}",
        seconds=seconds,
        book=_book(rows, snapshot, seconds),
        quotes=quotes,
        orders=_orders(rows[rows["type"] == "trade"]),
        reach=float(min(asks["price"].max() / middle - 1.0, 1.0 - bids["price"].min() / middle)),
    )


def _book(rows: pd.DataFrame, snapshot: pd.DataFrame, seconds: float) -> RestingBook:
    """Each row states the whole quantity at its price, valid until the next row there."""
    import pandas as pd

    depth = rows[(rows["type"] == "depth") & ~(rows["last_update_id"] <= snapshot["last_update_id"].iloc[0])]
    levels = pd.concat((snapshot, depth))
    ends = levels.groupby(["sign", "price"], sort=False)["time_s"].shift(-1).fillna(seconds + 1.0)
    book = RestingBook(
        _floats(levels["time_s"]),
        _floats(ends),
        _floats(levels["sign"]),
        _floats(levels["price"]),
        _floats(levels["tokens"]),
    )
    return book.near(NEAR)


def _quotes(rows: pd.DataFrame) -> Quotes:
    asks, bids = rows[rows["sign"] > 0], rows[rows["sign"] < 0]
    # Both sides of a message stand in the same order, one row each.
    return Quotes(_floats(bids["time_s"]), _floats(bids["price"]), _floats(asks["price"]))


def _orders(trades: pd.DataFrame) -> TakerOrders:
    worth = (trades["price"] * trades["tokens"]).rename("worth")
    groups = trades.assign(worth=worth, reached=trades["sign"] * trades["price"]).groupby(
        ["exch_ts_ms", "sign"], sort=False
    )
    orders = groups.agg({"time_s": "first", "worth": "sum", "reached": "max"}).reset_index().sort_values("time_s")
    return TakerOrders(
        _floats(orders["time_s"]),
        _floats(orders["sign"]),
        _floats(orders["worth"]),
        _floats(orders["sign"] * orders["reached"]),
    )


def _floats(column: Any) -> Any:
    return column.to_numpy(dtype=np.float64)
