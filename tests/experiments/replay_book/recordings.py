"""Small recordings of each format, written by the tests."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

START = pd.Timestamp("2026-05-02 02:36:20", tz="UTC")


def orders(folder: Path, rows: Sequence[tuple[Any, ...]], *, name: str = "book_orders_a.parquet") -> Path:
    """Rows are (milliseconds, id, action, direction, price, volume)."""
    columns = ["ms", "id", "action", "direction", "price", "volume"]
    frame = pd.DataFrame(list(rows), columns=columns).astype({"price": "float64", "volume": "float64"})
    frame["exch_ts"] = START + pd.to_timedelta(frame.pop("ms"), unit="ms")
    path = folder / name
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    else:
        frame.to_parquet(path)
    return path


def trades(folder: Path, rows: Sequence[tuple[Any, ...]], *, name: str = "book_trades_a.parquet") -> Path:
    """Rows are (milliseconds, price, amount, buyer, seller, side)."""
    columns = ["ms", "price", "amount", "buy_order_id", "sell_order_id", "side"]
    frame = pd.DataFrame(list(rows), columns=columns).astype({"price": "float64", "amount": "float64"})
    frame["exch_ts"] = START + pd.to_timedelta(frame.pop("ms"), unit="ms")
    frame.to_parquet(folder / name)
    return folder / name


def levels(folder: Path, rows: Sequence[tuple[Any, ...]]) -> Path:
    """Rows are (milliseconds, type, first id, last id, side, price, quantity)."""
    columns = ["ms", "type", "first_update_id", "last_update_id", "side", "price", "qty"]
    frame = pd.DataFrame(list(rows), columns=columns).astype({"price": "float64", "qty": "float64"})
    frame["local_ts_ns"] = START.value + frame.pop("ms") * 1_000_000
    path = folder / "levels.parquet"
    frame.to_parquet(path)
    return path


def lobster(folder: Path, messages: str, book: str | None = None) -> Path:
    """Text of both files."""
    path = folder / "AAPL_2012-06-21_34200000_57600000_message_1.csv"
    path.write_text(messages, encoding="utf-8")
    if book is not None:
        (folder / path.name.replace("_message_", "_orderbook_")).write_text(book, encoding="utf-8")
    return path
