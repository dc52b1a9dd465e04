"""Time stamps out of a column: whole nanoseconds since the Unix epoch, UTC, or a refusal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from shoal.experiments.errors import ColumnError, OptionError, StampError
from shoal.experiments.prices.sheet import Sheet

if TYPE_CHECKING:
    import pyarrow as pa

Times = npt.NDArray[np.int64]

UNITS: Final = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
# Years 1990 to 2099. Read in another unit, no number of this range stays in it, so the size tells the unit.
MINIMUM_NS: Final = 631_152_000 * 10**9
MAXIMUM_NS: Final = 4_102_444_800 * 10**9 - 1
_ISO: Final = (
    r"^(199[0-9]|20[0-9][0-9])-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?"
    r"(Z| ?UTC|[+-][0-9]{2}:?[0-9]{2})?)?$"
)
_ZONE: Final = r"(Z| ?UTC|[+-][0-9]{2}:?[0-9]{2})$"
_WHOLE: Final = r"^[0-9]{1,19}$"
_RANGE: Final = "is outside the years 1990 to 2099"
_NAIVE_REMEDY: Final = "Say in which zone they are, such as zone UTC or Europe/Zurich."


def read_stamps(sheet: Sheet, column: str, *, zone: str | None = None, unit: str | None = None) -> Times:
    """All stamps of a column, int64 nanoseconds.

    Args:
        sheet: the table.
        column: its column of times.
        zone: zone of stamps that carry none, as in the tz database.
        unit: s, ms, us or ns for whole numbers; None tells it from their size.

    Raises:
        OptionError: an unknown zone or unit, or one that the column has no use for.
        ColumnError: a type that is not read as time.
        StampError: malformed, out of range, mixed units or zones, no zone, or a local time that a change of clocks
            made ambiguous.
    """
    import pyarrow as pa

    _check_options(sheet, column, zone, unit)
    array = sheet.fetch(column)
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    missing = np.flatnonzero(np.asarray(array.is_null()))
    if len(missing):
        raise StampError(sheet.place(missing[0], column), "the time is missing", "Correct or leave out the row.")
    kind = array.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _from_text(array, sheet, column, zone, unit)
    if pa.types.is_integer(kind):
        _refuse_zone(sheet, column, zone, "whole numbers since 1970 are UTC")
        return _from_whole(array.cast(pa.int64()).to_numpy(zero_copy_only=False), sheet, column, unit)
    if unit is not None:
        raise OptionError(sheet.place(column=column), "its type knows its own unit", "Leave the option unit out.")
    if pa.types.is_date(kind):
        array = array.cast(pa.date32()).cast(pa.timestamp("s"))
        kind = array.type
    if not pa.types.is_timestamp(kind):
        raise ColumnError(
            sheet.place(column=column), f"it is of type {kind}, which is no time", "Give time stamps or whole numbers."
        )
    counts = array.cast(pa.int64()).to_numpy(zero_copy_only=False)
    times = _scaled(counts, UNITS[kind.unit], sheet, column)
    if kind.tz is None:
        return _localised(times, sheet, column, zone)
    _refuse_zone(sheet, column, zone, f"its stamps carry the zone {kind.tz}")
    return times


def _check_options(sheet: Sheet, column: str, zone: str | None, unit: str | None) -> None:
    if unit is not None and unit not in UNITS:
        raise OptionError(sheet.place(column=column), f"{unit!r} is no unit of time", "Choose s, ms, us or ns.")
    if zone is not None:
        try:
            ZoneInfo(zone)
        except (KeyError, ValueError, OSError) as error:
            raise OptionError(
                sheet.place(column=column), f"{zone!r} is no zone of the tz database", "Write UTC or Europe/Zurich."
            ) from error


def _refuse_zone(sheet: Sheet, column: str, zone: str | None, because: str) -> None:
    if zone is not None:
        raise OptionError(
            sheet.place(column=column), f"zone {zone} has no use: {because}", "Leave the option zone out."
        )


def _from_whole(counts: Times, sheet: Sheet, column: str, unit: str | None) -> Times:
    if unit is None:
        unit = _unit_of(int(counts[0]))
        if unit is None:
            raise StampError(
                sheet.place(0, column),
                f"{int(counts[0])} {_RANGE}, be it seconds, milliseconds, microseconds or nanoseconds",
                "Check the column, or map another one: time=NAME.",
            )
        units = np.array([(counts >= _low(u)) & (counts <= _high(u)) for u in UNITS])
        other = np.flatnonzero(~units[list(UNITS).index(unit)])
        if len(other):
            index = int(other[0])
            value = int(counts[index])
            found = _unit_of(value)
            reason = f"{value} is in {found} and the first row in {unit}" if found else f"{value} {_RANGE}"
            raise StampError(sheet.place(index, column), reason, "Write all stamps in one unit.")
    return _scaled(counts, UNITS[unit], sheet, column)


def _low(unit: str) -> int:
    return MINIMUM_NS // UNITS[unit]


def _high(unit: str) -> int:
    return MAXIMUM_NS // UNITS[unit]


def _unit_of(count: int) -> str | None:
    return next((unit for unit in UNITS if _low(unit) <= count <= _high(unit)), None)


def _scaled(counts: Times, factor: int, sheet: Sheet, column: str) -> Times:
    # The bounds are checked before the multiplication, which could wrap around.
    bad = np.flatnonzero((counts < MINIMUM_NS // factor) | (counts > MAXIMUM_NS // factor))
    if len(bad):
        raise StampError(
            sheet.place(bad[0], column), f"the time {int(counts[bad[0]])} {_RANGE}", "Check the column and its unit."
        )
    scaled: Times = counts * np.int64(factor)
    return scaled


def _from_text(array: pa.Array[Any], sheet: Sheet, column: str, zone: str | None, unit: str | None) -> Times:
    import pyarrow as pa
    import pyarrow.compute as pc

    whole = np.asarray(pc.match_substring_regex(array, _WHOLE))
    if whole[0]:
        _refuse(~whole, array, sheet, column, "is no whole number like the first row's")
        _refuse_zone(sheet, column, zone, "whole numbers since 1970 are UTC")
        try:
            counts = pc.cast(array, pa.int64()).to_numpy(zero_copy_only=False)
        except pa.ArrowInvalid as error:
            raise StampError(sheet.place(column=column), "a number is beyond 64 bits", "Check the column.") from error
        return _from_whole(counts, sheet, column, unit)
    if unit is not None:
        raise OptionError(sheet.place(column=column), "its stamps are dates, not numbers", "Leave the option unit out.")
    iso = np.asarray(pc.match_substring_regex(array, _ISO))
    _refuse(~iso, array, sheet, column, "is no time of the years 1990 to 2099 such as 2020-03-12T10:00:00Z")
    bare = pc.replace_substring_regex(array, _ZONE, "")
    starts = bare.to_pylist()
    times = _parsed(starts, sheet, column)
    suffixes = [text[len(start) :].strip() for text, start in zip(array.to_pylist(), starts, strict=True)]
    return _with_zone(times, suffixes, sheet, column, zone)


def _with_zone(times: Times, suffixes: list[str], sheet: Sheet, column: str, zone: str | None) -> Times:
    first = suffixes[0]
    other = next((index for index, suffix in enumerate(suffixes) if suffix != first), None)
    if other is not None:
        had, there = (f"the zone {name}" if name else "no zone" for name in (suffixes[other], first))
        raise StampError(
            sheet.place(other, column), f"this stamp has {had} and the first row {there}", "Write all in one zone: UTC."
        )
    if not first:
        return _localised(times, sheet, column, zone)
    _refuse_zone(sheet, column, zone, f"its stamps carry the zone {first}")
    if first in ("Z", "UTC"):
        return times
    digits = first[1:].replace(":", "")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if hours > 14 or minutes > 59:
        raise StampError(sheet.place(0, column), f"{first} is no offset from UTC", "Write the stamps in UTC.")
    offset_ns = (hours * 60 + minutes) * 60 * 10**9
    shifted: Times = times - np.int64(offset_ns if first[0] == "+" else -offset_ns)
    return shifted


def _parsed(texts: list[str], sheet: Sheet, column: str) -> Times:
    try:
        return np.array(texts, dtype="datetime64[ns]").astype(np.int64)
    except ValueError:
        index = next(index for index, text in enumerate(texts) if not _is_time(text))
        raise StampError(
            sheet.place(index, column), f"{texts[index]!r} is no day or time of the calendar", "Correct the row."
        ) from None


def _is_time(text: str) -> bool:
    try:
        np.datetime64(text, "ns")
    except ValueError:
        return False
    return True


def _refuse(bad: npt.NDArray[np.bool_], array: pa.Array[Any], sheet: Sheet, column: str, reason: str) -> None:
    found = np.flatnonzero(bad)
    if len(found):
        text = array[int(found[0])].as_py()
        raise StampError(
            sheet.place(found[0], column),
            f"{text[:60]!r} {reason}" if text else "the time is empty",
            "Correct the row.",
        )


def _localised(times: Times, sheet: Sheet, column: str, zone: str | None) -> Times:
    if zone is None:
        raise StampError(sheet.place(0, column), "the stamps carry no zone", _NAIVE_REMEDY)
    if zone == "UTC":
        return times
    import pandas as pd

    local = pd.DatetimeIndex(times.view("datetime64[ns]"))
    world = local.tz_localize(zone, ambiguous="NaT", nonexistent="NaT")
    bad = np.flatnonzero(world.isna())
    if len(bad):
        raise StampError(
            sheet.place(bad[0], column),
            f"{local[bad[0]]} never was, or was there twice, in {zone}: clocks were changed",
            "Write the stamps in UTC.",
        )
    result: Times = world.tz_convert("UTC").tz_localize(None).as_unit("ns").to_numpy().view(np.int64)
    return result
