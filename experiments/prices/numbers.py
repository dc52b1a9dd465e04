"""Numbers out of a column, strictly: what is no plain finite number is refused with its row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from shoal.experiments.errors import ColumnError, ValueRefused
from shoal.experiments.prices.sheet import Sheet

if TYPE_CHECKING:
    import pyarrow as pa

# No underscores, signs of other scripts, spaces, commas or words, all of which float() takes or other readers skip.
_NUMBER: Final = r"^-?([0-9]{1,40}(\.[0-9]{0,40})?|\.[0-9]{1,40})([eE][+-]?[0-9]{1,3})?$"
MINIMUM_PRICE: Final = 1e-12
MAXIMUM_PRICE: Final = 1e12


def read_prices_of(sheet: Sheet, column: str, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """The prices in these rows of a column, float64, finite and from 1e-12 to 1e12.

    Raises:
        ColumnError: a type that is not read (decimal, text outside CSV, nested, logical).
        ValueRefused: a value is missing, malformed, not above 0, or beyond the bounds.
    """
    values = _read(sheet, column, rows)
    bad = np.flatnonzero(~((values >= MINIMUM_PRICE) & (values <= MAXIMUM_PRICE)))
    if len(bad):
        index = int(bad[0])
        value = float(values[index])
        if value > 0:
            reason = f"the price is {value!r}, and prices are read from {MINIMUM_PRICE} to {MAXIMUM_PRICE}"
        else:
            reason = f"the price is {value!r}, and a price is above 0"
        raise ValueRefused(
            sheet.place(rows[index], column), reason, "Correct or leave out the row, or choose a span without it."
        )
    return values


def check_volumes(sheet: Sheet, column: str, rows: npt.NDArray[np.int64]) -> None:
    """Make sure that no volume in these rows is negative.

    Raises:
        ColumnError, ValueRefused: as for prices; a volume may be 0 and, outside CSV, absent.
    """
    values = _read(sheet, column, rows, absent=True)
    bad = np.flatnonzero(values < 0)
    if len(bad):
        index = int(bad[0])
        raise ValueRefused(
            sheet.place(rows[index], column),
            f"the volume is {float(values[index])!r}, and a volume is at least 0",
            "Correct or leave out the row.",
        )


def read_values(sheet: Sheet, column: str) -> npt.NDArray[np.float64]:
    """All values of a column, float64 and finite, of either sign.

    Raises:
        ColumnError, ValueRefused: as for prices.
    """
    return _read(sheet, column, np.arange(sheet.rows))


def _read(sheet: Sheet, column: str, rows: npt.NDArray[np.int64], *, absent: bool = False) -> npt.NDArray[np.float64]:
    import pyarrow as pa

    array = sheet.fetch(column).take(pa.array(rows))
    kind = array.type
    if sheet.form in ("csv", "kline"):
        return _from_text(array, sheet, column, rows)
    if not (pa.types.is_float32(kind) or pa.types.is_float64(kind) or pa.types.is_integer(kind)):
        raise ColumnError(
            sheet.place(column=column),
            f"it is of type {kind}, and numbers are read from floats or integers",
            "Convert the column to float64.",
        )
    missing = np.flatnonzero(np.asarray(array.is_null()))
    values: npt.NDArray[np.float64] = array.cast(pa.float64(), safe=False).fill_null(0.0).to_numpy(zero_copy_only=False)
    if absent:
        return values
    if len(missing):
        raise ValueRefused(sheet.place(rows[missing[0]], column), "the value is missing", _REMEDY)
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        raise ValueRefused(
            sheet.place(rows[bad[0]], column), f"the value is {float(values[bad[0]])!r}, which is no price", _REMEDY
        )
    return values


_REMEDY: Final = "Correct or leave out the row; nothing is filled in."


def _from_text(array: pa.Array[Any], sheet: Sheet, column: str, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    import pyarrow as pa
    import pyarrow.compute as pc

    bad = np.flatnonzero(~np.asarray(pc.match_substring_regex(array, _NUMBER)))
    if len(bad):
        text = array[int(bad[0])].as_py()
        reason = "the value is empty" if text == "" else f"{text[:60]!r} is no plain decimal number"
        raise ValueRefused(
            sheet.place(rows[bad[0]], column),
            reason,
            "Write digits with a decimal point and nothing else, such as 7934.57; nothing is filled in.",
        )
    values: npt.NDArray[np.float64] = pc.cast(array, pa.float64()).to_numpy(zero_copy_only=False)
    return values
