"""What is read, and the catalogue of what is assert_refused: file, row, column, reason and remedy each time."""

import gzip
import math
import threading

import numpy as np
import pandas as pd
import pytest

from shoal.experiments.errors import (
    ColumnError,
    FileTooLarge,
    GapError,
    MalformedFile,
    OptionError,
    OrderError,
    SpanError,
    StampError,
    SymbolError,
    UnknownFormat,
    UnreadableFile,
    ValueRefused,
)
from shoal.experiments.prices import read_prices

HOUR_NS = 3_600 * 10**9
START_NS = 1_583_971_200 * 10**9


def assert_same(left, right):
    assert left.symbols == right.symbols
    assert (left.start_ns, left.end_ns, left.bar_ns, left.shape) == (
        right.start_ns,
        right.end_ns,
        right.bar_ns,
        right.shape,
    )
    for symbol in left.symbols:
        for field in ("times_ns", "open", "high", "low", "close"):
            assert np.array_equal(getattr(left.series[symbol], field), getattr(right.series[symbol], field))


# --- what is read


def test_a_frame_gives_its_bars(frame):
    bars = read_prices(frame, symbols=["BTC", "ETH"])
    assert bars.symbols == ("BTC", "ETH")
    assert (bars.start_ns, bars.end_ns, bars.bar_ns) == (START_NS, START_NS + 6 * HOUR_NS, HOUR_NS)
    wanted = frame[frame.symbol == "ETH-USD"]
    assert np.array_equal(bars.series["ETH"].high, wanted.high.to_numpy())
    assert bars.series["ETH"].times_ns.tolist() == [START_NS + hour * HOUR_NS for hour in range(6)]


def test_every_form_of_the_same_prices_gives_the_same_bars(frame, tmp_path):
    wanted = read_prices(frame, symbols=["BTC", "ETH"])
    frame.to_parquet(tmp_path / "a.parquet")
    frame.to_csv(tmp_path / "a.csv", index=False)
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress((tmp_path / "a.csv").read_bytes()))
    (tmp_path / "crlf.csv").write_bytes((tmp_path / "a.csv").read_bytes().replace(b"\n", b"\r\n"))
    frame.to_csv(tmp_path / "quoted.csv", index=False, quoting=1)
    frame.set_index("ts").to_parquet(tmp_path / "indexed.parquet")
    for name in ("a.parquet", "a.csv", "a.csv.gz", "crlf.csv", "quoted.csv", "indexed.parquet"):
        assert_same(read_prices(tmp_path / name, symbols=["BTC", "ETH"]), wanted)
        assert_same(read_prices(str(tmp_path / name), symbols=["BTC", "ETH"]), wanted)
    assert_same(read_prices(frame.set_index("ts"), symbols=["BTC", "ETH"]), wanted)
    assert_same(read_prices(frame.astype({"symbol": "category"}), symbols=["BTC", "ETH"]), wanted)
    assert_same(read_prices(frame.sort_values(["symbol", "ts"]), symbols=["BTC", "ETH"]), wanted)


@pytest.mark.parametrize(("unit", "factor"), [("s", 10**9), ("ms", 10**6), ("us", 10**3), ("ns", 1)])
@pytest.mark.parametrize("form", ["frame", "csv", "option"])
def test_whole_numbers_tell_their_unit(frame, tmp_path, unit, factor, form):
    wanted = read_prices(frame, symbols=["BTC"])
    counted = frame.assign(ts=frame.ts.dt.as_unit("ns").astype("int64") // factor)
    counted.to_csv(tmp_path / "a.csv", index=False)
    source = tmp_path / "a.csv" if form == "csv" else counted
    assert_same(read_prices(source, symbols=["BTC"], unit=unit if form == "option" else None), wanted)


@pytest.mark.parametrize("factor", [10**6, 10**3], ids=["milliseconds", "microseconds"])
def test_an_exchange_archive_needs_no_header(write, factor):
    lines = []
    for hour in range(3):
        opened = (START_NS + hour * HOUR_NS) // factor
        lines.append(f"{opened},100.5,103,99.25,101,7.5,{opened + HOUR_NS // factor - 1},750,42,3.5,350,0\n")
    bars = read_prices(write("".join(lines), "BTCUSDT-1h.csv"), symbols=["BTC"])
    assert bars.provenance["form"] == "kline"
    assert bars.series["BTC"].high.tolist() == [103.0] * 3
    assert (bars.start_ns, bars.bar_ns) == (START_NS, HOUR_NS)


@pytest.mark.parametrize(
    ("start", "end", "opens"),
    [
        (None, None, 6),
        ("2020-03-12T02:00", None, 4),
        ("2020-03-12T02:00", "2020-03-12T03:00", 1),
        ("2020-03-12T02:30", "2020-03-12T03:30", 2),
        ("2020-03-12T02:59:59.5", "2020-03-12T03:00:00.5", 2),
        ("2020-03-12T03:00+01:00", "2020-03-12T06:00", 4),
        (pd.Timestamp("2020-03-12T02:00"), pd.Timestamp("2020-03-12T06:00", tz="Europe/Zurich"), 3),
        (START_NS + HOUR_NS, START_NS + 2 * HOUR_NS, 1),
    ],
)
def test_the_span_takes_the_bars_it_touches_end_exclusive(frame, start, end, opens):
    assert len(read_prices(frame, symbols=["BTC"], start=start, end=end).series["BTC"].open) == opens


def test_columns_can_be_mapped(frame):
    named = frame.rename(columns={"ts": "when", "symbol": "what", "open": "o", "high": "h", "low": "l", "close": "c"})
    columns = {"time": "when", "symbol": "what", "open": "o", "high": "h", "low": "l", "close": "c"}
    assert_same(read_prices(named, symbols=["BTC"], columns=columns), read_prices(frame, symbols=["BTC"]))


def test_one_price_a_row_is_a_price_at_its_stamp(frame):
    bars = read_prices(frame[["ts", "symbol", "close"]], symbols=["BTC"])
    assert (bars.shape, bars.end_ns) == ("price", START_NS + 5 * HOUR_NS)
    assert_same(read_prices(frame, symbols=["BTC"], columns={"price": "close"}), bars)


def test_naive_stamps_take_their_zone(frame):
    local = frame.assign(ts=frame.ts.dt.tz_convert("America/New_York").dt.tz_localize(None))
    assert_same(read_prices(local, symbols=["BTC"], zone="America/New_York"), read_prices(frame, symbols=["BTC"]))


def test_allowed_gaps_are_counted(frame):
    holes = frame.drop(index=[4, 6])
    bars = read_prices(holes, symbols=["BTC", "ETH"], maximum_gap="3h")
    assert bars.provenance["missing_bars"] == {"BTC": 2, "ETH": 0}
    assert len(bars.series["BTC"].open) == 4


def test_values_outside_the_span_are_not_judged(frame):
    frame.loc[0, "low"] = math.nan
    assert len(read_prices(frame, symbols=["BTC"], start="2020-03-12T01:00").series["BTC"].open) == 5


def test_values_of_other_symbols_are_not_judged(frame):
    frame.loc[1, "low"] = math.nan
    assert len(read_prices(frame, symbols=["BTC"]).series["BTC"].open) == 6


def test_the_provenance_says_what_was_taken_for_what(frame, tmp_path):
    frame.to_parquet(tmp_path / "a.parquet")
    said = read_prices(tmp_path / "a.parquet", symbols=["ETH"]).provenance
    assert said["source"] == "a.parquet"
    assert len(said["sha256"]) == 64
    assert said["symbols"] == {"ETH": "ETH-USD"}
    assert said["quotes"] == {"ETH": "USD counts as USDC at par"}
    assert said["columns"]["time"] == "ts"


# --- 1: missing, renamed and duplicate columns


@pytest.mark.parametrize("missing", ["open", "high", "low", "close"])
def test_a_missing_price_column(frame, assert_refused, missing):
    assert_refused(frame.drop(columns=missing), ColumnError, f"the column {missing} is missing")


@pytest.mark.parametrize("name", ["when", "t", "zeit", "close_time", "tss"])
def test_a_renamed_time_column(frame, assert_refused, name):
    assert_refused(frame.rename(columns={"ts": name}), ColumnError, f"no column of times among '{name}'")


def test_no_price_column_at_all(frame, assert_refused):
    assert_refused(frame[["ts", "symbol", "volume"]], ColumnError, "no column of prices")


@pytest.mark.parametrize("twice", ["ts", "close", "volume"])
def test_a_column_that_is_there_twice(frame, assert_refused, write, twice):
    double = pd.concat([frame, frame[[twice]]], axis=1)
    assert_refused(double, ColumnError, "there twice", column=twice)
    assert_refused(write(double.to_csv(index=False)), ColumnError, "there twice", column=twice)


@pytest.mark.parametrize(
    ("extra", "role"),
    [("date", "time"), ("Timestamp", "time"), ("pair", "symbol"), ("Open", "open"), ("CLOSE", "close")],
)
def test_two_columns_that_could_be_the_same(frame, assert_refused, extra, role):
    assert_refused(frame.assign(**{extra: frame.ts}), ColumnError, f"could each be the {role}")


def test_price_and_close_are_ambiguous_without_bars(frame, assert_refused):
    assert_refused(frame[["ts", "symbol", "close"]].assign(price=1.0), ColumnError, "could be the price")


def test_mapping_names_roles_and_columns_that_exist(frame, assert_refused):
    assert_refused(frame, OptionError, "'tine' is no role; the nearest is 'time'", columns={"tine": "ts"})
    assert_refused(
        frame, ColumnError, "no such column; the nearest is 'close'", columns={"close": "closs"}, column="closs"
    )
    assert_refused(frame, ColumnError, "two roles", columns={"close": "open", "open": "open"}, column="open")


# --- 2, 3, 8: values


BAD_TEXT = [
    "NaN", "nan", " nan ", "inf", "-inf", "-iNfInItY", "Infinity", "null", "NULL", "None", "NA", "n/a", "-", "--", ".",
    "e5", "1_000", "1 000", " 100.5", "100.5 ", "+100.5", "١٠٠", "１００", "1e", "1e+", "0x64", "100.5.1", "1e1000",
    "$100", "100%", "'100", "=100", "1" * 50, "true", "1d5", "½",
]  # fmt: skip


@pytest.mark.parametrize("text", BAD_TEXT)
def test_text_that_is_no_plain_number(csv_text, write, assert_refused, text):
    error = assert_refused(
        write(csv_text(close_4=text)), ValueRefused, "is no plain decimal number", row=4, column="close"
    )
    assert repr(text) in error.reason
    assert "7934.57" in error.remedy


def test_an_empty_value(csv_text, write, assert_refused):
    assert_refused(write(csv_text(low_3="")), ValueRefused, "the value is empty", row=3, column="low")
    assert_refused(write(csv_text(low_3='""')), ValueRefused, "the value is empty", row=3, column="low")


@pytest.mark.parametrize("text", ["1,5", "101,25", "1.000,5"])
def test_a_decimal_comma(csv_text, write, assert_refused, text):
    assert_refused(
        write(csv_text(open_2=f'"{text}"')), ValueRefused, "is no plain decimal number", row=2, column="open"
    )
    assert_refused(write(csv_text(open_2=text)), MalformedFile, "7 values where the header has 6", row=2)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("column", ["open", "high", "low", "close"])
def test_a_float_that_is_no_number(frame, tmp_path, assert_refused, value, column):
    frame.loc[6, column] = value
    frame.to_parquet(tmp_path / "a.parquet")
    for source in (frame, tmp_path / "a.parquet"):
        assert_refused(source, ValueRefused, "missing|no price", row=7, column=column)


@pytest.mark.parametrize(
    "value", ["0", "0.0", "-0", "-0.0", "0e5", "-1", "-100.5", ".0", "1e-320", "5e-324", "1e-13", "1e-999"]
)
def test_a_price_that_is_not_above_0(csv_text, write, assert_refused, value):
    assert_refused(write(csv_text(low_5=value)), ValueRefused, "the price is", row=5, column="low")


@pytest.mark.parametrize("value", ["1e308", "1e300", "1e999", "9" * 40, "1000000000001"])
def test_a_price_beyond_reason(csv_text, write, assert_refused, value):
    assert_refused(write(csv_text(high_6=value)), ValueRefused, "prices are read from", row=6, column="high")


@pytest.mark.parametrize(
    ("cells", "column", "reason"),
    [
        ({"high_3": "98", "low_3": "99"}, "high", "high 98.0 is below low 99.0"),
        ({"open_3": "104"}, "open", "open 104.0 is above high 103.0"),
        ({"open_3": "99"}, "open", "open 99.0 is below low 99.25"),
        ({"close_3": "103.01"}, "close", "close 103.01 is above high 103.0"),
        ({"close_3": "1"}, "close", "close 1.0 is below low 99.25"),
    ],
)
def test_bars_that_contradict_themselves(csv_text, write, assert_refused, cells, column, reason):
    assert_refused(write(csv_text(**cells)), ValueRefused, reason, row=3, column=column)


@pytest.mark.parametrize("text", ["-1", "-0.5", "-1e-9"])
def test_a_negative_volume(csv_text, write, assert_refused, text):
    assert_refused(write(csv_text(volume_4=text)), ValueRefused, "a volume is at least 0", row=4, column="volume")


# --- 4: order


def test_rows_out_of_order(csv_text, write, assert_refused):
    lines = csv_text().splitlines(keepends=True)
    lines[3], lines[4] = lines[4], lines[3]
    assert_refused(write("".join(lines)), OrderError, "goes back in time", row=5, column="ts")


def test_the_newest_first(frame, assert_refused):
    assert_refused(frame.iloc[::-1], OrderError, "goes back in time", row=4, column="ts")


@pytest.mark.parametrize("row", [2, 3, 6])
def test_a_time_twice(csv_text, write, assert_refused, row):
    lines = csv_text().splitlines(keepends=True)
    lines.insert(row, lines[row - 1])
    assert_refused(write("".join(lines)), OrderError, "twice", row=row + 1, column="ts")


def test_order_is_judged_for_each_symbol_alone(frame, assert_refused):
    frame.loc[4, "symbol"] = "ETH-USD"
    assert_refused(
        frame, OrderError, "ETH-USD has the time 2020-03-12T02:00:00Z twice", row=6, column="ts", symbols=["ETH"]
    )


# --- 5: zones


@pytest.mark.parametrize("text", ["2020-03-12T02:00:00", "2020-03-12 02:00", "2020-03-12"])
def test_stamps_without_zone_beside_some_with(csv_text, write, assert_refused, text):
    assert_refused(
        write(csv_text(ts_4=text)), StampError, "has no zone and the first row the zone Z", row=4, column="ts"
    )


def test_stamps_of_several_zones(csv_text, write, assert_refused):
    text = csv_text(ts_4="2020-03-12T03:00:00+01:00")
    assert_refused(write(text), StampError, r"the zone \+01:00 and the first row the zone Z", row=4, column="ts")


def test_naive_stamps(frame, csv_text, write, assert_refused):
    error = assert_refused(
        frame.assign(ts=frame.ts.dt.tz_localize(None)), StampError, "carry no zone", row=1, column="ts"
    )
    assert "UTC" in error.remedy
    assert_refused(write(csv_text().replace("Z,", ",")), StampError, "carry no zone", row=2, column="ts")
    days = frame[frame.symbol == "BTC-USD"].assign(ts=[f"2020-03-1{day}" for day in range(6)])
    assert_refused(days, StampError, "carry no zone", row=1, column="ts")


@pytest.mark.parametrize(
    ("first", "row"),
    [("2024-03-10 00:00", 3), ("2024-03-10 02:00", 1), ("2024-11-03 00:00", 2), ("2024-11-02 22:00", 4)],
)
def test_local_times_that_a_change_of_clocks_spoils(frame, assert_refused, first, row):
    one = frame[frame.symbol == "BTC-USD"].assign(ts=pd.date_range(first, periods=6, freq="h"))
    assert_refused(one, StampError, "clocks were changed", row=row, column="ts", zone="America/New_York")


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "utc+1", "../../etc/passwd", "EST5EDT6", "/etc/localtime"])
def test_a_zone_that_is_none(frame, assert_refused, zone):
    assert_refused(
        frame.assign(ts=frame.ts.dt.tz_localize(None)), OptionError, "no zone of the tz", column="ts", zone=zone
    )


def test_a_zone_that_has_no_use(frame, csv_text, write, assert_refused):
    assert_refused(frame, OptionError, "has no use", column="ts", zone="UTC")
    assert_refused(write(csv_text()), OptionError, "has no use", column="ts", zone="Europe/Zurich")
    assert_refused(
        frame.assign(ts=range(1_600_000_000, 1_600_000_012)), OptionError, "are UTC", column="ts", zone="UTC"
    )


# --- 6: units and years


@pytest.mark.parametrize(("unit", "factor"), [("ms", 10**3), ("us", 10**6), ("ns", 10**9)])
@pytest.mark.parametrize("row", [2, 5])
def test_mixed_units(frame, assert_refused, unit, factor, row):
    seconds = frame[frame.symbol == "BTC-USD"].assign(ts=[1_583_971_200 + 3600 * hour for hour in range(6)])
    seconds.iloc[row, 0] *= factor
    assert_refused(seconds, StampError, f"is in {unit} and the first row in s", row=row + 1, column="ts")


@pytest.mark.parametrize("value", [0, -1, 1, 3600, 86_400_000, 600_000_000, 4_102_444_800, 253_402_300_799, 2**62])
def test_years_that_no_price_has(frame, write, assert_refused, value):
    counted = frame[frame.symbol == "BTC-USD"].assign(ts=[value + hour for hour in range(6)])
    assert_refused(counted, StampError, "outside the years", row=1, column="ts")
    if value >= 0:
        assert_refused(write(counted.to_csv(index=False)), StampError, "outside the years", row=2, column="ts")


@pytest.mark.parametrize("text", ["1970-01-01T00:00:00Z", "9999-12-31T00:00:00Z", "2100-01-01T00:00:00Z", "0001-01-01"])
def test_years_that_no_price_has_as_text(csv_text, write, assert_refused, text):
    assert_refused(write(csv_text(ts_3=text)), StampError, "is no time of the years 1990 to 2099", row=3, column="ts")


@pytest.mark.parametrize("kind", ["datetime64[s]", "datetime64[us]"])
def test_far_years_in_typed_columns(frame, tmp_path, assert_refused, kind):
    far = frame[frame.symbol == "BTC-USD"].assign(ts=np.array(["9999-12-31"] * 6, dtype=kind))
    far.to_parquet(tmp_path / "a.parquet")
    assert_refused(tmp_path / "a.parquet", StampError, "outside the years", row=1, column="ts", zone="UTC")


@pytest.mark.parametrize(
    "text",
    ["12/03/2020", "2020-3-12", "20200312T000000Z", "2020-03-12T02:00:00z", "yesterday", "1583971200.0", "1.58e9",
     "2020-03-12T02", "2020-03-12T02:00:00.1234567891Z", "2020-03-12T02:00:00 Z", "2020-W11-4", "-1583971200",
     "２０２０-03-12T02:00:00Z", "1583971200"],
)  # fmt: skip
def test_a_time_that_cannot_be_read(csv_text, write, assert_refused, text):
    assert_refused(write(csv_text(ts_4=text)), StampError, "is no time of the years", row=4, column="ts")


def test_an_empty_time(csv_text, write, frame, assert_refused):
    assert_refused(write(csv_text(ts_4="")), StampError, "the time is empty", row=4, column="ts")
    frame.loc[2, "ts"] = pd.NaT
    assert_refused(frame, StampError, "the time is missing", row=3, column="ts")


@pytest.mark.parametrize(
    "text", ["2020-02-30T00:00:00Z", "2020-13-01T00:00:00Z", "2020-03-12T24:00:00Z", "2020-03-12T00:61:00Z"]
)
def test_a_time_that_is_not_in_the_calendar(csv_text, write, assert_refused, text):
    assert_refused(write(csv_text(ts_4=text)), StampError, "no day or time of the calendar", row=4, column="ts")


@pytest.mark.parametrize("unit", ["sec", "m", "", "MS", "ps"])
def test_a_unit_that_is_none(frame, assert_refused, unit):
    assert_refused(frame, OptionError, "no unit of time", column="ts", unit=unit)


def test_a_unit_that_the_column_has_no_use_for(frame, csv_text, write, assert_refused):
    assert_refused(frame, OptionError, "knows its own unit", column="ts", unit="ms")
    assert_refused(write(csv_text()), OptionError, "dates, not numbers", column="ts", unit="ms")


def test_a_wrong_unit(frame, assert_refused):
    counted = frame.assign(ts=frame.ts.dt.as_unit("ms").astype("int64"))
    for unit in ("s", "us", "ns"):
        assert_refused(counted, StampError, "outside the years", row=1, column="ts", unit=unit)


@pytest.mark.parametrize("values", [1.5, True, "frame"])
def test_a_type_that_is_no_time(frame, assert_refused, values):
    column = frame.open if values == "frame" else values
    assert_refused(frame.assign(ts=column), ColumnError, "is no time", column="ts")


# --- 7: gaps


@pytest.mark.parametrize("hour", [1, 2, 4])
def test_a_gap(csv_text, write, assert_refused, hour):
    lines = csv_text().splitlines(keepends=True)
    del lines[hour + 1]
    if hour < 4:
        assert_refused(write("".join(lines)), GapError, "has a gap of 1 bars", row=hour + 2, column="ts")
    else:
        assert len(read_prices(write("".join(lines)), symbols=["BTC"]).series["BTC"].open) == 4


def test_a_gap_longer_than_allowed(frame, assert_refused):
    assert_refused(frame.drop(index=[4, 6]), GapError, "a gap of 2 bars", row=7, column="ts", maximum_gap="2h")


def test_a_gap_at_the_edge_of_the_span(frame, assert_refused):
    holes = frame.drop(index=[4, 6])
    for start, end in (("2020-03-12T02:30", None), (None, "2020-03-12T03:30")):
        assert_refused(
            holes, GapError, "no bar at the start or the end", column="ts", maximum_gap="1d", start=start, end=end
        )


@pytest.mark.parametrize("gap", ["0h", "1 fortnight", "-1h", "", "1.5h", 0, -5, True, "30m"])
def test_a_maximum_gap_that_is_none(frame, assert_refused, gap):
    assert_refused(frame, OptionError, "length of time|less than a bar", maximum_gap=gap)


def test_steps_that_are_no_multiple_of_a_bar(frame, assert_refused):
    frame.loc[6:, "ts"] += pd.Timedelta(minutes=7)
    assert_refused(frame, GapError, "no multiple of a bar", row=7, column="ts", maximum_gap="1d")


def test_bars_of_different_lengths_and_beginnings(frame, assert_refused):
    of_eth = frame.symbol == "ETH-USD"
    late = frame.assign(ts=frame.ts.where(~of_eth, frame.ts + pd.Timedelta(minutes=5)))
    assert_refused(late, GapError, "do not begin at the same times", column="ts", symbols=["BTC", "ETH"])
    start = frame.ts[0]
    long = frame.assign(ts=frame.ts.where(~of_eth, start + 2 * (frame.ts - start)))
    assert_refused(long, GapError, "different lengths", column="ts", symbols=["BTC", "ETH"])


# --- 9: encodings


@pytest.mark.parametrize(
    ("change", "reason", "row"),
    [
        (lambda text: b"\xef\xbb\xbf" + text.encode(), "byte order mark", 1),
        (lambda text: text.encode("utf-16"), "UTF-16", 1),
        (lambda text: text.encode("utf-16-be"), "NUL", 1),
        (lambda text: text.encode("utf-16-le"), "NUL", 1),
        (lambda text: text.encode("utf-32"), "UTF-16", 1),
        (lambda text: text.replace("103", "103é", 1).encode("latin-1"), "not UTF-8", 2),
        (lambda text: text.encode().replace(b"101", b"10\0", 1), "NUL", 2),
        (lambda text: text.encode() + b"\0" * 9, "NUL", 7),
        (lambda text: text.replace("\n", "\r").encode(), "carriage return", 1),
        (lambda text: text.encode()[:90] + b"\r" + text.encode()[90:], "carriage return", 3),
        (lambda text: text.replace("101", '"101', 1).encode(), "quote is not closed", 2),
        (lambda text: (text + '"').encode(), "quote is not closed", 7),
        (lambda text: text.replace("101", '"1\n01"', 1).encode(), "quote is not closed", 2),
        (lambda text: text.replace("\n", "\n\n", 2).encode(), "line is empty", 2),
        (lambda text: (text + "\n\n").encode(), "line is empty", 7),
        (lambda text: text.replace(",101", "", 1).encode(), "5 values where the header has 6", 2),
        (lambda text: text.replace("101", "101,1", 1).encode(), "7 values where the header has 6", 2),
        (lambda text: text[:-30].encode(), "values where the header has 6", 6),
        (lambda text: text.replace(",", ";").encode(), "separated by ';'", 1),
        (lambda text: text.replace(",", "\t").encode(), r"separated by '\\t'", 1),
        (lambda text: text.split("\n", 1)[1].replace("Z", "").encode(), "no column of times", None),
    ],
)
def test_what_is_no_plain_csv(csv_text, write, assert_refused, change, reason, row):
    assert_refused(write(change(csv_text())), ColumnError if row is None else MalformedFile, reason, row=row)


def test_a_line_without_end(csv_text, write, assert_refused):
    text = csv_text(volume_3="7" * 100_000)
    assert_refused(write(text), FileTooLarge, "the line has", row=3)
    assert_refused(write(b"x" * 3_000_000), FileTooLarge, "the line has", row=1)


# --- 10: next to nothing


@pytest.mark.parametrize(
    ("data", "kind", "reason", "row"),
    [
        (b"", MalformedFile, "the file is empty", None),
        (b"\n", MalformedFile, "line is empty", 1),
        (b"ts,open,high,low,close\n", MalformedFile, "a header and no rows", None),
        (b"ts,open,high,low,close", MalformedFile, "a header and no rows", None),
        (b"x", MalformedFile, "only one column", 1),
        (b"1\n2\n", MalformedFile, "holds 1 numbers and no column names", 1),
        (b"1583971200,1,2,1,2\n1583974800,1,2,1,2\n", MalformedFile, "no column names", 1),
    ],
)
def test_next_to_nothing(write, assert_refused, data, kind, reason, row):
    assert_refused(write(data), kind, reason, row=row)


def test_one_row(frame, write, assert_refused):
    assert_refused(write("ts,price\n2020-03-12T00:00:00Z,5\n"), MalformedFile, "one row only", row=2, column="ts")
    assert_refused(frame.iloc[:2], MalformedFile, "one row only", row=1, column="ts")


def test_a_frame_without_rows_or_columns(frame, assert_refused):
    assert_refused(frame.iloc[:0], MalformedFile, "no rows")
    assert_refused(pd.DataFrame(), MalformedFile, "no rows")


def test_what_is_neither_file_nor_frame(assert_refused):
    for source in ([1, 2], None, {"ts": [1]}, np.ones(3)):
        assert_refused(source, UnknownFormat, "this is a")


# --- symbols and spans


@pytest.mark.parametrize(
    ("symbols", "reason"),
    [
        (["DOGE"], "'DOGE' is not in the file"),
        (["BTC", "SOL"], "'SOL' is not in the file"),
        (["BTD"], "the nearest is BTC-USD"),
        (["BTC-EUR"], "is not in the file"),
        ([""], "is not in the file"),
    ],
)
def test_symbols_that_are_not_there(frame, assert_refused, symbols, reason):
    error = assert_refused(frame, SymbolError, reason, column="symbol", symbols=symbols)
    assert "BTC-USD, ETH-USD" in error.remedy


def test_a_symbol_with_several_candidates(frame, assert_refused):
    both = pd.concat([frame, frame.assign(symbol=frame.symbol.str.replace("-USD", "/USDT"))])
    assert_refused(both, SymbolError, "'BTC' could be BTC-USD, BTC/USDT", column="symbol")
    assert read_prices(both, symbols=["BTC/USDT"]).provenance["symbols"] == {"BTC": "BTC/USDT"}
    assert_refused(both, OptionError, "BTC is asked for twice", column="symbol", symbols=["BTC/USDT", "BTC-USD"])


@pytest.mark.parametrize("symbols", [[], ["BTC", "BTC"]])
def test_symbols_asked_for(frame, assert_refused, symbols):
    assert_refused(frame, OptionError, "at least one is needed|twice", column="symbol", symbols=symbols)


def test_several_symbols_from_a_file_that_names_none(csv_text, write, assert_refused):
    assert_refused(write(csv_text()), SymbolError, "no column of symbols, and 2 are asked for", symbols=["BTC", "ETH"])


def test_a_missing_symbol(frame, assert_refused):
    frame.loc[3, "symbol"] = None
    assert_refused(frame, SymbolError, "the symbol is missing", row=4, column="symbol")
    assert_refused(frame.assign(symbol=5), SymbolError, "symbols are texts", column="symbol")


def test_a_quote_that_is_no_dollar(frame, assert_refused):
    assert_refused(frame.assign(symbol="BTC/EUR").iloc[::2], SymbolError, "quoted in EUR", column="symbol")


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2020-03-11", None),
        (None, "2020-03-13"),
        ("2020-03-11T23:59:59.999999999Z", "2020-03-12T03:00"),
        ("2020-03-12", "2020-03-12T06:00:00.000000001"),
        ("2019-01-01", "2019-01-02"),
        ("2030-01-01", "2030-01-02"),
    ],
)
def test_a_span_outside_the_file(frame, assert_refused, start, end):
    error = assert_refused(frame, SpanError, "not inside the prices", start=start, end=end)
    assert "2020-03-12T00:00:00Z to 2020-03-12T06:00:00Z (exclusive)" in error.remedy


@pytest.mark.parametrize(
    ("start", "end"), [("2020-03-12T03:00", "2020-03-12T03:00"), ("2020-03-12T04:00", "2020-03-12T03:00")]
)
def test_an_empty_span(frame, assert_refused, start, end):
    assert_refused(frame, SpanError, "is empty", start=start, end=end)


@pytest.mark.parametrize(
    "start", ["12 March 2020", "2020-13-01", "2020-02-30", "1970-01-01", "9999-01-01", "", 5, 1.5e18, True, [2020]]
)
def test_a_start_that_is_no_time(frame, assert_refused, start):
    assert_refused(frame, OptionError, "no point in time|calendar|outside the years", start=start)


# --- files of other kinds (the intake's own tests have the rest)


@pytest.mark.parametrize("name", ["a.json", "a.pkl", "a.npy", "a.feather", "a.xlsx", "a", "a.h5"])
def test_a_name_that_promises_another_format(csv_text, write, assert_refused, name):
    assert_refused(write(csv_text(), name), UnknownFormat, "ends like no format")


def test_a_pickle_or_array_whatever_its_name(frame, tmp_path, assert_refused):
    frame.to_pickle(tmp_path / "pickle.csv")
    np.save(tmp_path / "array.npy", np.array([object()], dtype=object), allow_pickle=True)
    (tmp_path / "array.npy").rename(tmp_path / "array.csv")
    assert_refused(tmp_path / "pickle.csv", UnknownFormat, "pickle")
    assert_refused(tmp_path / "array.csv", UnknownFormat, "NumPy")


def test_a_pickle_inside_gzip(frame, tmp_path, assert_refused):
    frame.to_pickle(tmp_path / "a.pkl")
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress((tmp_path / "a.pkl").read_bytes()))
    assert_refused(tmp_path / "a.csv.gz", UnknownFormat, "pickle")


def test_a_file_that_is_not_there(tmp_path, assert_refused):
    assert_refused(tmp_path / "none.csv", UnreadableFile, "cannot be found")


def test_a_file_above_the_limit(csv_text, write, assert_refused):
    assert_refused(write(csv_text()), FileTooLarge, "at most 100 are read", maximum_bytes=100)


def test_objects_in_a_frame(frame, assert_refused):
    assert_refused(frame.assign(close=[object()] * 12), ColumnError, "mixed or unknown types", column="close")
    assert_refused(frame.assign(close="101"), ColumnError, "numbers are read from floats", column="close")
    assert_refused(frame.assign(close=[1.0, "a"] * 6), ColumnError, "mixed or unknown types", column="close")
    assert_refused(frame.assign(close=threading.Lock()), ColumnError, "mixed or unknown types", column="close")


# --- recorded data


def test_the_crash_of_march_2020(shared):
    bars = read_prices(
        shared / "data" / "crypto_ohlcv_1h_2018-05_2022-02.parquet",
        symbols=["BTC", "ETH"],
        start="2020-03-12",
        end="2020-03-14",
    )
    assert [len(series.open) for series in bars.series.values()] == [48, 48]
    assert (bars.series["BTC"].low.min(), bars.series["ETH"].low.min()) == (3850.0, 88.2)
    assert bars.start_ns == START_NS


def test_recorded_files_that_need_a_word(shared, assert_refused):
    data = shared / "data"
    assert_refused(data / "crypto_daily_2014-09_2022-02.parquet", StampError, "no zone", row=1, column="date")
    assert_refused(
        data / "alts_vs_btc_5m_2018-01.parquet", SymbolError, "quoted in BTC", column="symbol", symbols=["ETH"]
    )
    assert_refused(
        data / "weth_usd_1m_2023-08-13_17.parquet",
        OrderError,
        "goes back in time, from 2023-08-13T00:08:00Z to 2023-08-13T00:06:00Z",
        row=9,
        column="ts",
        columns={"price": "weth_usd"},
    )
