from datetime import UTC, datetime, timedelta, timezone

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.experiments.errors import OptionError, StampError
from shoal.experiments.prices.sheet import Sheet
from shoal.experiments.prices.span import as_text
from shoal.experiments.prices.stamps import MAXIMUM_NS, MINIMUM_NS, UNITS, read_stamps


def sheet(array, form="csv"):
    return Sheet("a.csv", ("ts",), len(array), 2, form, "", lambda _: array)


stamps = st.lists(st.integers(MINIMUM_NS, MAXIMUM_NS), min_size=1, max_size=6)


@given(stamps, st.sampled_from(sorted(UNITS)))
def test_whole_numbers_of_any_unit_tell_themselves(times, unit):
    factor = UNITS[unit]
    counts = [max(time // factor, -(-MINIMUM_NS // factor)) for time in times]
    wanted = [count * factor for count in counts]
    assert read_stamps(sheet(pa.array(counts)), "ts").tolist() == wanted
    assert read_stamps(sheet(pa.array([str(count) for count in counts])), "ts").tolist() == wanted
    assert read_stamps(sheet(pa.array(counts, pa.timestamp(unit, "UTC"))), "ts").tolist() == wanted


@given(stamps)
def test_text_is_exact_to_the_nanosecond(times):
    assert read_stamps(sheet(pa.array([as_text(time) for time in times])), "ts").tolist() == times


@given(
    st.lists(st.datetimes(datetime(1991, 1, 1), datetime(2098, 1, 1)), min_size=1, max_size=5),  # noqa: DTZ001 - local
    st.integers(-14 * 60, 14 * 60),
)
def test_offsets_are_taken_off(local, minutes):
    zone = timezone(timedelta(minutes=minutes))
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    texts = [f"{each.isoformat()}{sign}{hours:02}:{rest:02}" for each in local]
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    wanted = [(each.replace(tzinfo=zone) - epoch) // timedelta(microseconds=1) * 1_000 for each in local]
    assert read_stamps(sheet(pa.array(texts)), "ts").tolist() == wanted


@pytest.mark.parametrize("kind", [pa.date32(), pa.date64()])
def test_days_need_a_zone(kind):
    days = sheet(pa.array([18_333, 18_334], pa.int32()).cast(pa.date32()).cast(kind), form="parquet")
    assert read_stamps(days, "ts", zone="UTC").tolist() == [1_583_971_200 * 10**9, 1_584_057_600 * 10**9]
    assert read_stamps(days, "ts", zone="Asia/Tokyo").tolist()[0] == (1_583_971_200 - 9 * 3_600) * 10**9
    with pytest.raises(StampError, match="carry no zone"):
        read_stamps(days, "ts")


@pytest.mark.parametrize("offset", ["+15:00", "-23:00", "+01:75"])
def test_offsets_that_no_clock_has(offset):
    with pytest.raises(StampError, match="no offset from UTC"):
        read_stamps(sheet(pa.array([f"2020-03-12T00:00{offset}"])), "ts")


@given(st.text(max_size=25))
def test_any_text_is_a_time_or_refused(text):
    try:
        (time,) = read_stamps(sheet(pa.array([text])), "ts", zone="UTC").tolist()
    except (StampError, OptionError):
        return
    assert MINIMUM_NS <= time <= MAXIMUM_NS


def test_numbers_beyond_64_bits():
    with pytest.raises(StampError, match="beyond 64 bits"):
        read_stamps(sheet(pa.array(["9999999999999999999"])), "ts")
