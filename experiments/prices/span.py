"""Start, end and durations as a user writes them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Final

import numpy as np

from shoal.experiments.errors import OptionError, Place
from shoal.experiments.prices.stamps import MAXIMUM_NS, MINIMUM_NS

Moment = str | int | datetime | date
Duration = str | int

_TEXT: Final = re.compile(
    r"(?P<day>\d{4}-\d{2}-\d{2})"
    r"([T ](?P<hour>\d{2}:\d{2})(?P<second>:\d{2}(\.\d{1,9})?)?(?P<zone>Z| ?UTC|[+-]\d{2}:?\d{2})?)?",
    re.ASCII,
)
_DURATION: Final = re.compile(r"([0-9]{1,9})\s?(ns|us|ms|s|min|m|h|d)", re.ASCII)
_UNIT_NS: Final = {
    "ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "min": 60 * 10**9, "h": 3_600 * 10**9,
    "d": 86_400 * 10**9,
}  # fmt: skip


def moment_ns(value: Moment, option: str) -> int:
    """A point in time as whole nanoseconds since the Unix epoch; without a zone it is UTC.

    Args:
        value: "2020-03-12", "2020-03-12T10:30Z", "2020-03-12 10:30:05.5+01:00", a datetime, a date, or nanoseconds.
        option: the option's name, for errors.

    Raises:
        OptionError: unreadable, or outside the years 1990 to 2099.

    >>> moment_ns("2020-03-12", "start"), moment_ns("2020-03-12T01:00+01:00", "start")
    (1583971200000000000, 1583971200000000000)
    """
    place = Place(f"option {option}")
    if isinstance(value, bool) or not isinstance(value, (str, int, date)):
        raise OptionError(place, f"{value!r} is no point in time", _REMEDY)
    if isinstance(value, str):
        result = _from_text(value, place)
    elif isinstance(value, int):
        result = value
    else:
        result = _from_datetime(value)
    if not MINIMUM_NS <= result <= MAXIMUM_NS:
        raise OptionError(place, f"{value!r} is outside the years 1990 to 2099", _REMEDY)
    return result


def duration_ns(value: Duration, option: str) -> int:
    """A length of time as whole nanoseconds, above 0.

    Args:
        value: whole nanoseconds, or a number with ns, us, ms, s, m (or min), h or d: "90m", "1h".
        option: the option's name, for errors.

    Raises:
        OptionError: unreadable or not above 0.

    >>> duration_ns("90m", "maximum_gap")
    5400000000000
    """
    place = Place(f"option {option}")
    remedy = "Write a whole number with a unit, such as 30s, 90m, 2h or 1d."
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise OptionError(place, f"{value!r} is no length of time", remedy)
    if isinstance(value, str):
        found = _DURATION.fullmatch(value)
        if not found:
            raise OptionError(place, f"{value[:60]!r} is no length of time", remedy)
        value = int(found[1]) * _UNIT_NS[found[2]]
    if value <= 0:
        raise OptionError(place, f"the length of time is {value} ns, and it must be above 0", remedy)
    return value


def as_text(time_ns: int) -> str:
    """A time as the project prints it, UTC.

    >>> as_text(1583971200000000000)
    '2020-03-12T00:00:00Z'
    """
    text = str(np.datetime64(time_ns, "ns"))
    return (text.rstrip("0").rstrip(".") if "." in text else text) + "Z"


_REMEDY: Final = "Write it like 2020-03-12 or 2020-03-12T10:30Z; without a zone it is UTC."


def _from_text(text: str, place: Place) -> int:
    found = _TEXT.fullmatch(text)
    if not found:
        raise OptionError(place, f"{text[:60]!r} is no point in time", _REMEDY)
    try:
        bare = np.datetime64(f"{found['day']}T{found['hour'] or '00:00'}{found['second'] or ''}", "ns")
    except ValueError:
        raise OptionError(place, f"{text!r} is no day or time of the calendar", _REMEDY) from None
    # Far years wrap around in 64 bits of nanoseconds; their text tells them.
    if not "1990" <= found["day"][:4] <= "2099":
        raise OptionError(place, f"{text!r} is outside the years 1990 to 2099", _REMEDY)
    zone = (found["zone"] or "Z").strip()
    if zone in ("Z", "UTC"):
        return int(bare.astype(np.int64))
    minutes = int(zone[1:3]) * 60 + int(zone[-2:])
    return int(bare.astype(np.int64)) - (1 if zone[0] == "+" else -1) * minutes * _UNIT_NS["m"]


def _from_datetime(value: date) -> int:
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    elif value.tzinfo is None:
        value = value.replace(tzinfo=UTC)
    # Whole numbers throughout: a float of nanoseconds is off by hundreds.
    since = value - datetime(1970, 1, 1, tzinfo=UTC)
    return ((since.days * 86_400 + since.seconds) * 10**6 + since.microseconds) * 10**3
