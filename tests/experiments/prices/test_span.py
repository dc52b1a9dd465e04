from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.experiments.errors import OptionError
from shoal.experiments.prices.span import as_text, duration_ns, moment_ns
from shoal.experiments.prices.stamps import MAXIMUM_NS, MINIMUM_NS

NOON = 1_584_014_400 * 10**9


@pytest.mark.parametrize(
    "value",
    [
        "2020-03-12T12:00",
        "2020-03-12 12:00",
        "2020-03-12T12:00:00Z",
        "2020-03-12T12:00:00.000000000UTC",
        "2020-03-12 12:00:00 UTC",
        "2020-03-12T13:00+01:00",
        "2020-03-12T07:00-0500",
        datetime(2020, 3, 12, 12, tzinfo=UTC),
        datetime(2020, 3, 12, 12),  # noqa: DTZ001 - without a zone it is UTC
        datetime(2020, 3, 12, 17, 30, tzinfo=timezone(timedelta(hours=5, minutes=30))),
        NOON,
    ],
)
def test_a_moment_is_utc_unless_it_says_otherwise(value):
    assert moment_ns(value, "start") == NOON


def test_a_day_is_its_midnight():
    assert moment_ns("2020-03-12", "start") == moment_ns(date(2020, 3, 12), "start") == NOON - 43_200 * 10**9


@given(st.integers(MINIMUM_NS, MAXIMUM_NS))
def test_text_and_back_loses_nothing(time_ns):
    assert moment_ns(as_text(time_ns), "start") == time_ns


@given(st.datetimes(datetime(1990, 1, 2), datetime(2099, 12, 30)))  # noqa: DTZ001 - naive times are the point
def test_datetimes_are_exact_to_the_microsecond(value):
    assert moment_ns(value, "start") == moment_ns(value.isoformat(), "start")


@pytest.mark.parametrize(
    "value",
    ["2020", "2020-03", "12.03.2020", "2020-3-12", "2020-03-12T", "2020-03-12T12", "now", "", " 2020-03-12",
     "٢٠٢٠-03-12", "2020-03-32", "2020-03-12T25:00", "1989-12-31", "2100-01-01", "0001-01-01", 0, -1, 2**63, 1.5, None,
     True, b"2020-03-12"],
)  # fmt: skip
def test_what_is_no_moment(value):
    with pytest.raises(OptionError, match="option end") as caught:
        moment_ns(value, "end")
    assert "2020-03-12T10:30Z" in caught.value.remedy


@pytest.mark.parametrize(
    ("value", "length"),
    [
        ("1ns", 1),
        ("5us", 5_000),
        ("30s", 30 * 10**9),
        ("90m", 5_400 * 10**9),
        ("90min", 5_400 * 10**9),
        ("2 h", 7_200 * 10**9),
        ("1d", 86_400 * 10**9),
        (7, 7),
    ],
)
def test_a_length_of_time(value, length):
    assert duration_ns(value, "maximum_gap") == length


@pytest.mark.parametrize("value", ["", "h", "1", "1.5h", "-1h", "1 week", "１h", "0s", "1_0s", 0, -1, 1.0, None, True])
def test_what_is_no_length_of_time(value):
    with pytest.raises(OptionError, match="option maximum_gap"):
        duration_ns(value, "maximum_gap")
