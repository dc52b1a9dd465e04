"""Columns of a recording as whole numbers: ticks, lots, identifiers, codes; damaged rows are refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from shoal.experiments.errors import ColumnError, OrderError, ValueRefused
from shoal.experiments.prices.numbers import read_values
from shoal.experiments.prices.sheet import Sheet
from shoal.ext.book import MAXIMUM

if TYPE_CHECKING:
    import pyarrow as pa

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

ABSENT: Final = -1
_EXACT: Final = 2**53
_DECIMALS: Final = 12
_REMEDY: Final = "Correct or leave out the row; nothing is filled in."


def require(sheet: Sheet, columns: Sequence[str], *, kind: str) -> None:
    """Make sure that columns are there, each once.

    Raises:
        ColumnError: one is missing or there twice.
    """
    for column in columns:
        if (count := sheet.names.count(column)) != 1:
            reason = f"there is no column {column!r}" if count == 0 else f"column {column!r} is there {count} times"
            raise ColumnError(sheet.place(), reason, f"{kind} have {', '.join(columns)}.")


def read_amounts(sheet: Sheet, column: str) -> Floats:
    """Numbers of at least 0.

    Raises:
        ColumnError: a type that is not read.
        ValueRefused: a value is missing, malformed or negative.
    """
    values = read_values(sheet, column)
    if len(bad := np.flatnonzero(values < 0.0)):
        raise refused(sheet, column, bad[0], f"the value is {float(values[bad[0]])!r}, and it is at least 0")
    return values


def decimals_of(*columns: Floats) -> int:
    """The fewest decimals, at most 12, with which all values are written exactly; with damaged ones, most of them.

    >>> decimals_of(np.array([78318.0, 78318.5]), np.array([0.25]))
    2
    """
    values = np.concatenate(columns)
    exact = [int(_whole(values, decimals)[1].sum()) for decimals in range(_DECIMALS + 1)]
    return exact.index(max(exact))


def in_units(sheet: Sheet, column: str, values: Floats, decimals: int) -> Ints:
    """Values times ten to the power of ``decimals``, exactly.

    Raises:
        ValueRefused: a value has more decimals, or is too large for the book.
    """
    units, exact = _whole(values, decimals)
    if len(bad := np.flatnonzero(~exact)):
        value = float(values[bad[0]])
        raise refused(sheet, column, bad[0], f"{value!r} is no whole number of units of 1e-{decimals} below 2**53")
    return units.astype(np.int64)


def _whole(values: Floats, decimals: int) -> tuple[Floats, npt.NDArray[np.bool_]]:
    # A quotient of whole numbers below 2**53 rounds to the float that the same decimals are read as.
    with np.errstate(over="ignore"):
        units = np.rint(values * 10.0**decimals)
    return units, (units / 10.0**decimals == values) & (np.abs(units) < min(_EXACT, MAXIMUM))


def read_whole(sheet: Sheet, column: str, *, minimum: int = 0, maximum: int = 2**63 - 1) -> Ints:
    """Whole numbers from integers, from whole floats below 2**53, or from digits.

    Raises:
        ColumnError: a type that is not read.
        ValueRefused: a value is missing, no whole number, or out of range.
    """
    return _read_whole(sheet, column, absent=False, minimum=minimum, maximum=maximum)


def read_whole_or_absent(sheet: Sheet, column: str) -> Ints:
    """Whole numbers of at least 0, -1 where there is none.

    Raises:
        ColumnError, ValueRefused: as for ``read_whole``.
    """
    return _read_whole(sheet, column, absent=True, minimum=0, maximum=2**63 - 1)


def _read_whole(sheet: Sheet, column: str, *, absent: bool, minimum: int, maximum: int) -> Ints:
    import pyarrow as pa
    import pyarrow.compute as pc

    array = _plain(sheet.fetch(column))
    if pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
        empty = pc.equal(array, "")
        array = pc.if_else(empty, None, array) if absent else array
        bad = np.flatnonzero(
            ~np.asarray(pc.fill_null(pc.match_substring_regex(array, r"^-?[0-9]{1,18}(\.0{0,9})?$"), absent))
        )
        if len(bad):
            raise refused(sheet, column, bad[0], f"{str(array[int(bad[0])])[:60]!r} is no whole number")
        array = pc.replace_substring_regex(array, r"\.0*$", "").cast(pa.int64())
    missing = np.asarray(array.is_null())
    if missing.any() and not absent:
        raise refused(sheet, column, int(np.flatnonzero(missing)[0]), "the value is missing")
    values = _integers(sheet, column, array)
    wrong = ~missing & ((values < minimum) | (values > maximum))
    if len(bad := np.flatnonzero(wrong)):
        raise refused(sheet, column, bad[0], f"the value is {int(values[bad[0]])}, outside {minimum} to {maximum}")
    values[missing] = ABSENT
    return values


def _integers(sheet: Sheet, column: str, array: pa.Array[Any]) -> Ints:
    import pyarrow as pa

    if pa.types.is_integer(array.type):
        try:
            return np.array(array.cast(pa.int64()).fill_null(ABSENT).to_numpy(zero_copy_only=False), dtype=np.int64)
        except pa.ArrowInvalid as error:
            raise ColumnError(sheet.place(column=column), "it holds numbers of more than 63 bits", _REMEDY) from error
    if not pa.types.is_floating(array.type):
        raise ColumnError(sheet.place(column=column), f"it is of type {array.type}", "Give whole numbers.")
    values = np.asarray(array.cast(pa.float64()).fill_null(float(ABSENT)), dtype=np.float64)
    if len(bad := np.flatnonzero(~((np.rint(values) == values) & (np.abs(values) < _EXACT)))):
        raise refused(sheet, column, bad[0], f"{float(values[bad[0]])!r} is no whole number below 2**53")
    return values.astype(np.int64)


def read_codes(sheet: Sheet, column: str, codes: Mapping[str, int]) -> Ints:
    """Words as numbers.

    Raises:
        ColumnError: no text.
        ValueRefused: a word that is not known here.
    """
    import pyarrow as pa

    array = sheet.fetch(column)
    array = array if pa.types.is_dictionary(array.type) else array.dictionary_encode()
    if not (pa.types.is_string(array.type.value_type) or pa.types.is_large_string(array.type.value_type)):
        raise ColumnError(sheet.place(column=column), f"it is of type {array.type}", "Give words.")
    if len(missing := np.flatnonzero(np.asarray(array.is_null()))):
        raise refused(sheet, column, missing[0], "the value is missing")
    words = array.dictionary.to_pylist()
    places = np.asarray(array.indices, dtype=np.int64)
    unknown = [place for place, word in enumerate(words) if word not in codes]
    if len(bad := np.flatnonzero(np.isin(places, unknown))):
        raise refused(sheet, column, bad[0], f"{str(words[places[bad[0]]])[:60]!r} is none of {', '.join(codes)}")
    return np.array([codes.get(word, 0) for word in words], dtype=np.int64)[places]


def check_ascending(sheet: Sheet, column: str, times_ns: Ints) -> None:
    """Make sure that times never go back.

    Raises:
        OrderError: a row is earlier than the one before it.
    """
    if len(back := np.flatnonzero(np.diff(times_ns) < 0)):
        reason = "the time is before that of the row above"
        raise OrderError(
            sheet.place(back[0] + 1, column), reason, "Keep rows in the order in which they were received."
        )


def refused(sheet: Sheet, column: str, index: int, reason: str) -> ValueRefused:
    """The error for one value."""
    return ValueRefused(sheet.place(int(index), column), reason, _REMEDY)


def _plain(array: pa.Array[Any]) -> pa.Array[Any]:
    import pyarrow as pa

    return array.dictionary_decode() if pa.types.is_dictionary(array.type) else array
