"""Which column is which: by name, or as mapped by the user."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, Literal

from shoal.experiments.errors import ColumnError, OptionError
from shoal.experiments.prices.sheet import Sheet

# Names are compared in small letters, letters and digits alone.
_NAMES: Final[Mapping[str, frozenset[str]]] = {
    "time": frozenset(
        ("ts", "time", "timestamp", "date", "datetime", "opentime", "starttime", "unix", "tsutc", "timeutc", "dateutc")
    ),
    "symbol": frozenset(("symbol", "pair", "ticker")),
    "open": frozenset(("open", "openprice")),
    "high": frozenset(("high", "highprice")),
    "low": frozenset(("low", "lowprice")),
    "close": frozenset(("close", "closeprice")),
    "price": frozenset(("price",)),
}
_VOLUMES: Final = frozenset(("volume", "vol", "volumebase", "volumequote", "basevolume", "quotevolume"))
_BAR: Final = ("open", "high", "low", "close")


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns in use.

    Args:
        shape: "ohlc", or "price" when there is one price a row.
        time: column of the stamps.
        symbol: column of the symbols, None when the file names none.
        prices: role to column: open, high, low and close, or price.
        volumes: columns that must not be negative.
    """

    shape: Literal["ohlc", "price"]
    time: str
    symbol: str | None
    prices: Mapping[str, str]
    volumes: tuple[str, ...]

    def as_mapping(self) -> dict[str, str]:
        """Role to column name, for the provenance."""
        symbol = {} if self.symbol is None else {"symbol": self.symbol}
        return {"time": self.time, **symbol, **self.prices}


def recognise(sheet: Sheet, mapped: Mapping[str, str] | None = None) -> Layout:
    """Find time, symbol and price columns.

    Args:
        sheet: the table.
        mapped: role (time, symbol, open, high, low, close, price) to column name, where names do not tell.

    Raises:
        OptionError: an unknown role.
        ColumnError: a column is missing, there twice, or several could play one role.
    """
    mapped = _checked_mapping(sheet, mapped or {})
    found = {role: mapped.get(role) or _by_name(sheet, role, mapped) for role in _NAMES}
    if found["time"] is None:
        raise ColumnError(
            sheet.place(),
            f"there is no column of times among {_listed(sheet.names)}",
            "Name it ts, time, timestamp, date or open_time, or map it with columns: time=NAME.",
        )
    shape, prices = _prices(sheet, found, mapped)
    used = [found["time"], *prices.values(), *([found["symbol"]] if found["symbol"] else [])]
    for name in used:
        if used.count(name) > 1:
            raise ColumnError(sheet.place(column=name), "it is mapped to two roles", "Map each column once.")
    volumes = tuple(name for name in sheet.names if _plain(name) in _VOLUMES and name not in used)
    return Layout(shape=shape, time=found["time"], symbol=found["symbol"], prices=prices, volumes=volumes)


def _prices(
    sheet: Sheet, found: Mapping[str, str | None], mapped: Mapping[str, str]
) -> tuple[Literal["ohlc", "price"], dict[str, str]]:
    present = {role: name for role in _BAR if (name := found[role]) is not None}
    price = found["price"]
    if "price" in mapped or (price is not None and not present):
        return "price", {"price": str(price)}
    if len(present) == len(_BAR):
        return "ohlc", present
    if set(present) == {"close"}:
        if price is not None:
            raise ColumnError(
                sheet.place(), f"both {present['close']!r} and {price!r} could be the price", "Map one: price=NAME."
            )
        return "price", {"price": present["close"]}
    if present:
        missing = " and ".join(role for role in _BAR if role not in present)
        raise ColumnError(
            sheet.place(),
            f"the column {missing} is missing among {_listed(sheet.names)}",
            "Give all of open, high, low and close, or map the one price to use: price=NAME.",
        )
    raise ColumnError(
        sheet.place(),
        f"there is no column of prices among {_listed(sheet.names)}",
        "Name it price or close, give open, high, low and close, or map it with columns: price=NAME.",
    )


def _checked_mapping(sheet: Sheet, mapped: Mapping[str, str]) -> Mapping[str, str]:
    for name in sheet.names:
        if sheet.names.count(name) > 1:
            raise ColumnError(sheet.place(column=name), "the column is there twice", "Rename or remove one.")
    for role, name in mapped.items():
        if role not in _NAMES:
            raise OptionError(
                sheet.place(),
                f"columns: {role!r} is no role{_nearest(role, tuple(_NAMES))}",
                f"Roles are {', '.join(_NAMES)}.",
            )
        if name not in sheet.names:
            raise ColumnError(
                sheet.place(column=name),
                f"there is no such column{_nearest(name, sheet.names)}",
                f"Map one of {_listed(sheet.names)}.",
            )
    return mapped


def _by_name(sheet: Sheet, role: str, mapped: Mapping[str, str]) -> str | None:
    taken = set(mapped.values())
    found = [name for name in sheet.names if _plain(name) in _NAMES[role] and name not in taken]
    if len(found) > 1:
        raise ColumnError(
            sheet.place(), f"{_listed(tuple(found))} could each be the {role}", f"Map one: {role}={found[0]}."
        )
    return found[0] if found else None


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _listed(names: tuple[str, ...]) -> str:
    shown = ", ".join(repr(name[:60]) for name in names[:12])
    return shown if len(names) <= 12 else f"{shown} and {len(names) - 12} more"


def _nearest(name: str, known: tuple[str, ...]) -> str:
    near = get_close_matches(name, known, n=1)
    return f"; the nearest is {near[0]!r}" if near else ""
