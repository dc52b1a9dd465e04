"""A recorded order book through the engine's book: which format it is, and what came of it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from shoal.experiments.errors import ColumnError, MalformedFile, OptionError, Place
from shoal.experiments.intake import read_bytes, refuse_foreign, unpacked
from shoal.experiments.prices.csv_sheet import read_headless
from shoal.experiments.prices.sheet import Sheet
from shoal.experiments.prices.sources import open_sheet
from shoal.experiments.replay_book.audit import Agreement, Audit, Finding
from shoal.experiments.replay_book.level_player import LevelPlayer
from shoal.experiments.replay_book.levels import LEVEL_COLUMNS, read_levels
from shoal.experiments.replay_book.lobster import MESSAGE_COLUMNS, level_columns, message_columns, read_lobster
from shoal.experiments.replay_book.lobster_player import LobsterPlayer
from shoal.experiments.replay_book.order_player import OrderPlayer
from shoal.experiments.replay_book.orders import ORDER_COLUMNS, read_orders
from shoal.experiments.replay_book.quotes import Quotes, QuoteTrack
from shoal.ext.book import COMPILED

_HEADLESS: Final = re.compile(rb"[0-9.+\-eE,\r]+")
_LOBSTER_DECIMALS: Final = 4


@dataclass(frozen=True, slots=True)
class Replay:
    """What a replay found.

    Args:
        file: as the user named it.
        form: "orders", "levels" or "lobster".
        beside: the file that belongs to it (trades, or the LOBSTER book); empty if there is none.
        digest: SHA-256 of the files, one after the other.
        events: rows played.
        agreements: what was compared and how often it agreed.
        findings: disagreements by subject and cause.
        notes: other counts.
        quotes: best prices of engine and recording over time.
        disagreement_times_ns: when each disagreement was.
    """

    file: str
    form: str
    beside: str
    digest: str
    events: int
    agreements: tuple[Agreement, ...]
    findings: tuple[Finding, ...]
    notes: tuple[tuple[str, int], ...]
    quotes: Quotes
    disagreement_times_ns: tuple[int, ...]

    def as_json(self) -> dict[str, Any]:
        """Everything but the series, as JSON has it."""
        share = self.quotes.share_of_time
        return {
            "file": self.file,
            "format": self.form,
            "beside": self.beside,
            "sha256": self.digest,
            "kernel": "compiled" if COMPILED else "python",
            "events": self.events,
            "agreements": [
                {"subject": each.subject, "compared": each.compared, "agreed": each.agreed} for each in self.agreements
            ],
            "disagreements": [
                {
                    "subject": each.subject,
                    "cause": each.cause.title,
                    "explanation": each.cause.explanation,
                    "count": each.count,
                    "first_row": each.first_row,
                    "example": each.example,
                }
                for each in self.findings
            ],
            "notes": dict(self.notes),
            "share_of_time_quotes_agreed": None if math.isnan(share) else share,
        }


def replay_book(
    file: Path | str,
    *,
    trades: Path | str | None = None,
    orderbook: Path | str | None = None,
    zone: str | None = None,
) -> Replay:
    """Play a recording through the engine's book and compare.

    Args:
        file: orders, levels, or LOBSTER messages; its columns tell which.
        trades: of a recording of orders. None: the file of the same name with ``_trades_`` for ``_orders_``, if any.
        orderbook: of LOBSTER messages. None: the same with ``_orderbook_`` for ``_message_``.
        zone: of time stamps that carry none.

    Raises:
        InputError: a file cannot be read, is of no known format, or a row is damaged.
    """
    sheet = _open(file)
    audit, track = Audit(), QuoteTrack()
    beside: Path | str | None = None
    if set(sheet.names) >= {"id", "action"}:
        _refuse(orderbook, "--orderbook", "recordings of orders")
        beside = trades or _beside(file, "_orders_", "_trades_")
        orders = read_orders(sheet, None if beside is None else open_sheet(beside), zone=zone)
        OrderPlayer(orders, audit, track).play()
        form, events, decimals, digest = "orders", len(orders), orders.price_decimals, orders.digest
    elif set(sheet.names) >= {"type", "last_update_id"}:
        _refuse(orderbook, "--orderbook", "recordings of levels")
        _refuse(trades, "--trades", "recordings of levels")
        levels = read_levels(sheet)
        LevelPlayer(levels, audit, track).play()
        form, events, decimals, digest = "levels", len(levels), levels.price_decimals, levels.digest
    elif set(sheet.names) >= set(MESSAGE_COLUMNS):
        _refuse(trades, "--trades", "LOBSTER messages")
        beside = orderbook or _beside(file, "_message_", "_orderbook_")
        messages = read_lobster(sheet, None if beside is None else _open_headless(beside, book=True))
        LobsterPlayer(messages, audit, track).play()
        form, events, decimals, digest = "lobster", len(messages), _LOBSTER_DECIMALS, messages.digest
    else:
        raise ColumnError(
            sheet.place(),
            f"its columns are of no known format: {', '.join(sheet.names)[:200]}",
            f"Orders have {', '.join(ORDER_COLUMNS)}; levels have {', '.join(LEVEL_COLUMNS)}; "
            "LOBSTER messages are CSV of six columns without names.",
        )
    return Replay(
        file=str(file),
        form=form,
        beside="" if beside is None else str(beside),
        digest=digest,
        events=events,
        agreements=audit.agreements,
        findings=audit.findings,
        notes=audit.notes,
        quotes=track.quotes(decimals),
        disagreement_times_ns=tuple(audit.times_ns),
    )


def _open(file: Path | str) -> Sheet:
    """A table; CSV whose first line is numbers alone is one of LOBSTER's."""
    if str(file).lower().removesuffix(".gz").endswith(".csv"):
        inner = unpacked(read_bytes(file))
        if inner.data and _HEADLESS.fullmatch(inner.data.split(b"\n", 1)[0]):
            return _open_headless(file, book=False)
    return open_sheet(file)


def _open_headless(file: Path | str, *, book: bool) -> Sheet:
    source = unpacked(read_bytes(file))
    refuse_foreign(source)
    if not source.data:
        raise MalformedFile(source.place, "the file is empty", "Hand in a file with rows.")
    names = level_columns if book else message_columns
    return read_headless(source, lambda count: names(source.place, count))


def _beside(file: Path | str, mark: str, other: str) -> Path | None:
    path = Path(file)
    found = path.with_name(path.name.replace(mark, other))
    return found if mark in path.name and found.is_file() else None


def _refuse(value: object, option: str, kind: str) -> None:
    if value is not None:
        raise OptionError(Place(f"option {option}"), f"{kind} have no such file beside them", "Leave it out.")
