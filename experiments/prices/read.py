"""Recorded prices in: a file or frame becomes checked bars, or a refusal says where and why not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from shoal.experiments.errors import (
    GapError,
    MalformedFile,
    OptionError,
    OrderError,
    Place,
    SpanError,
    SymbolError,
    ValueRefused,
)
from shoal.experiments.intake import MAXIMUM_FILE_BYTES
from shoal.experiments.prices.bars import Bars, Series
from shoal.experiments.prices.columns import Layout, recognise
from shoal.experiments.prices.numbers import check_volumes, read_prices_of
from shoal.experiments.prices.sheet import Sheet
from shoal.experiments.prices.sources import open_sheet
from shoal.experiments.prices.span import Duration, Moment, as_text, duration_ns, moment_ns
from shoal.experiments.prices.stamps import read_stamps
from shoal.experiments.prices.symbols import Match, as_note, match_symbols

if TYPE_CHECKING:
    import pandas as pd

Rows = npt.NDArray[np.int64]
_ORDER_REMEDY = "Sort the rows by time, the oldest first, one row for each time and symbol."


def read_prices(
    source: Path | str | pd.DataFrame,
    *,
    symbols: Sequence[str],
    start: Moment | None = None,
    end: Moment | None = None,
    columns: Mapping[str, str] | None = None,
    zone: str | None = None,
    unit: str | None = None,
    maximum_gap: Duration | None = None,
    maximum_bytes: int = MAXIMUM_FILE_BYTES,
) -> Bars:
    """Read bars of some assets over a span from Parquet, CSV or a DataFrame.

    Stamps are checked over the whole source, values and gaps over the span. Nothing is filled, sorted or dropped.

    Args:
        source: path of a Parquet or CSV file (.csv.gz too), or a pandas DataFrame.
        symbols: base symbols such as ["BTC", "ETH"], or symbols as the source writes them.
        start: start of the span; without zone it is UTC. None: where the data begin.
        end: its end, exclusive. None: where the data of all symbols end.
        columns: role (time, symbol, open, high, low, close, price) to column name, where names do not tell.
        zone: zone of stamps that carry none.
        unit: s, ms, us or ns for stamps that are whole numbers; None tells it from their size.
        maximum_gap: longest step from one stamp to the next; None: one bar, so no gap at all.
        maximum_bytes: largest file read.

    Raises:
        InputError: see ``shoal.experiments.errors``; the message names file, row and column, and a remedy.
    """
    sheet = open_sheet(source, maximum_bytes=maximum_bytes)
    if sheet.rows < 1:
        raise MalformedFile(sheet.place(), "it has no rows", "Hand in prices.")
    layout = recognise(sheet, columns)
    times = read_stamps(sheet, layout.time, zone=zone, unit=unit)
    rows = _rows_by_symbol(sheet, layout, symbols)
    for match, index in rows:
        _check_order(sheet, layout, match, times[index], index)
    bar_ns = _bar_length(sheet, layout, [(match, times[index], index) for match, index in rows])
    gap_ns = bar_ns if maximum_gap is None else duration_ns(maximum_gap, "maximum_gap")
    if gap_ns < bar_ns:
        raise OptionError(
            Place("option maximum_gap"), f"{gap_ns} ns is less than a bar, which is {bar_ns} ns", "Raise it."
        )
    covered = _covered(layout, [times[index] for _, index in rows], bar_ns)
    span = _span(sheet, start, end, covered)
    series: dict[str, Series] = {}
    gaps: dict[str, int] = {}
    for match, index in rows:
        chosen = _inside(times[index], bar_ns, span, layout)
        used, stamps = index[chosen], times[index][chosen]
        gaps[match.base] = _check_gaps(sheet, layout, match, stamps, used, bar_ns, gap_ns)
        _check_edges(sheet, match, stamps, bar_ns, span, layout)
        series[match.base] = _series(sheet, layout, match, stamps, used)
    matches = [match for match, _ in rows]
    provenance = _provenance(sheet, layout, matches, bar_ns, gap_ns, gaps, zone)
    return Bars(
        series=series, bar_ns=bar_ns, start_ns=span[0], end_ns=span[1], shape=layout.shape, provenance=provenance
    )


def _rows_by_symbol(sheet: Sheet, layout: Layout, asked: Sequence[str]) -> list[tuple[Match, Rows]]:
    if layout.symbol is None:
        matches = match_symbols(asked, None, sheet.place())
        return [(matches[0], np.arange(sheet.rows, dtype=np.int64))]
    import pyarrow as pa

    place = sheet.place(column=layout.symbol)
    array = sheet.fetch(layout.symbol)
    values = array.type.value_type if pa.types.is_dictionary(array.type) else array.type
    if not (pa.types.is_string(values) or pa.types.is_large_string(values)):
        raise SymbolError(place, f"symbols are texts, and the column is of type {values}", "Map another: symbol=NAME.")
    missing = np.flatnonzero(np.asarray(array.is_null()))
    if len(missing):
        raise SymbolError(sheet.place(missing[0], layout.symbol), "the symbol is missing", "Complete the row.")
    encoded = array if pa.types.is_dictionary(array.type) else array.dictionary_encode()
    written = encoded.dictionary.to_pylist()
    codes = encoded.indices.to_numpy(zero_copy_only=False)
    matches = match_symbols(asked, [str(name) for name in written], place)
    found = [(match, np.flatnonzero(codes == written.index(match.written)).astype(np.int64)) for match in matches]
    for match, index in found:
        if not len(index):
            raise SymbolError(place, f"{match.written} has no rows", "Ask for another symbol.")
    return found


def _check_order(sheet: Sheet, layout: Layout, match: Match, times: Rows, rows: Rows) -> None:
    bad = np.flatnonzero(times[1:] <= times[:-1])
    if not len(bad):
        return
    index = int(bad[0]) + 1
    place = sheet.place(rows[index], layout.time)
    name = match.written or match.base
    before = as_text(int(times[index - 1]))
    if times[index] == times[index - 1]:
        raise OrderError(place, f"{name} has the time {before} twice", _ORDER_REMEDY)
    raise OrderError(place, f"{name} goes back in time, from {before} to {as_text(int(times[index]))}", _ORDER_REMEDY)


def _bar_length(sheet: Sheet, layout: Layout, found: Sequence[tuple[Match, Rows, Rows]]) -> int:
    lengths = {}
    for match, times, rows in found:
        if len(times) < 2:
            raise MalformedFile(
                sheet.place(rows[0], layout.time),
                f"{match.written or match.base} has one row only, which tells no length of a bar",
                "Hand in at least two rows a symbol.",
            )
        steps, counts = np.unique(np.diff(times), return_counts=True)
        lengths[match.base] = int(steps[int(counts.argmax())])
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{base} {length // 10**9} s" for base, length in lengths.items())
        raise GapError(
            sheet.place(column=layout.time), f"bars have different lengths ({listed})", "Use bars of one length."
        )
    length = next(iter(lengths.values()))
    if len({int(times[0]) % length for _, times, _ in found}) > 1:
        raise GapError(
            sheet.place(column=layout.time),
            "the bars of the symbols do not begin at the same times",
            "Use bars that begin together.",
        )
    return length


def _covered(layout: Layout, times: Sequence[Rows], bar_ns: int) -> tuple[int, int]:
    # The last of single prices is where they end; the last of bars lasts one bar more.
    tail = bar_ns if layout.shape == "ohlc" else 0
    return max(int(each[0]) for each in times), min(int(each[-1]) for each in times) + tail


def _span(sheet: Sheet, start: Moment | None, end: Moment | None, covered: tuple[int, int]) -> tuple[int, int]:
    first = covered[0] if start is None else moment_ns(start, "start")
    last = covered[1] if end is None else moment_ns(end, "end")
    if first >= last:
        raise SpanError(
            Place("options start and end"),
            f"the span from {as_text(first)} to {as_text(last)} (exclusive) is empty",
            "The end must be later than the start.",
        )
    if first < covered[0] or last > covered[1]:
        raise SpanError(
            sheet.place(),
            f"the span from {as_text(first)} to {as_text(last)} (exclusive) is not inside the prices of all symbols",
            f"Choose one inside {as_text(covered[0])} to {as_text(covered[1])} (exclusive).",
        )
    return first, last


def _inside(times: Rows, bar_ns: int, span: tuple[int, int], layout: Layout) -> slice:
    first = int(np.searchsorted(times, span[0], side="right")) - 1
    last = int(np.searchsorted(times, span[1], side="left"))
    # Single prices need one at or after the end to lead to.
    return slice(max(first, 0), last + (layout.shape == "price"))


def _check_gaps(sheet: Sheet, layout: Layout, match: Match, times: Rows, rows: Rows, bar_ns: int, gap_ns: int) -> int:
    steps = np.diff(times)
    bad = np.flatnonzero((steps > gap_ns) | (steps % bar_ns != 0))
    if len(bad):
        index = int(bad[0])
        step, name = int(steps[index]), match.written or match.base
        if step % bar_ns:
            raise GapError(
                sheet.place(rows[index + 1], layout.time),
                f"{name} comes {step / 1e9:g} s after the row before, which is no multiple of a bar "
                f"({bar_ns / 1e9:g} s)",
                "Use bars of one length.",
            )
        raise GapError(
            sheet.place(rows[index + 1], layout.time),
            f"{name} has a gap of {step // bar_ns - 1} bars, from {as_text(int(times[index]) + bar_ns)} "
            f"to {as_text(int(times[index + 1]))}",
            "Choose a span without it, or allow it with maximum_gap (--maximum-gap); nothing is filled in silently.",
        )
    return int((steps // bar_ns - 1).sum())


def _check_edges(sheet: Sheet, match: Match, times: Rows, bar_ns: int, span: tuple[int, int], layout: Layout) -> None:
    if layout.shape != "ohlc" or (len(times) and times[0] + bar_ns > span[0] and times[-1] + bar_ns >= span[1]):
        return
    raise GapError(
        sheet.place(column=layout.time),
        f"{match.written or match.base} has no bar at the start or the end of the span, "
        f"{as_text(span[0])} to {as_text(span[1])}",
        "Choose a span that begins and ends outside a gap.",
    )


def _series(sheet: Sheet, layout: Layout, match: Match, times: Rows, rows: Rows) -> Series:
    for column in layout.volumes:
        check_volumes(sheet, column, rows)
    if layout.shape == "price":
        price = read_prices_of(sheet, layout.prices["price"], rows)
        return Series(match.base, times, price, price, price, price)
    values = {role: read_prices_of(sheet, column, rows) for role, column in layout.prices.items()}
    for role, limit, wrong, how in (
        ("high", "low", values["high"] < values["low"], "below"),
        ("open", "high", values["open"] > values["high"], "above"),
        ("open", "low", values["open"] < values["low"], "below"),
        ("close", "high", values["close"] > values["high"], "above"),
        ("close", "low", values["close"] < values["low"], "below"),
    ):
        bad = np.flatnonzero(wrong)
        if len(bad):
            index = int(bad[0])
            raise ValueRefused(
                sheet.place(rows[index], layout.prices[role]),
                f"{role} {float(values[role][index])!r} is {how} {limit} {float(values[limit][index])!r}",
                "Correct or leave out the row, or choose a span without it.",
            )
    return Series(match.base, times, **values)


def _provenance(
    sheet: Sheet,
    layout: Layout,
    matches: Sequence[Match],
    bar_ns: int,
    gap_ns: int,
    gaps: Mapping[str, int],
    zone: str | None,
) -> dict[str, Any]:
    return {
        "source": Path(sheet.name).name if sheet.digest else sheet.name,
        "sha256": sheet.digest,
        "form": sheet.form,
        "shape": layout.shape,
        "columns": layout.as_mapping(),
        "symbols": {match.base: match.written for match in matches},
        "quotes": dict(as_note(matches)),
        "zone": zone or "UTC",
        "bar_ns": bar_ns,
        "maximum_gap_ns": gap_ns,
        "missing_bars": dict(gaps),
    }
