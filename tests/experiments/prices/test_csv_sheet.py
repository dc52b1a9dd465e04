from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.experiments.errors import FileTooLarge, InputError
from shoal.experiments.intake import InputFile
from shoal.experiments.prices.csv_sheet import KLINE_COLUMNS, read_csv


def opened(data):
    return read_csv(InputFile("a.csv", Path("a.csv"), data.encode() if isinstance(data, str) else data, ""))


def column(sheet, name):
    return sheet.fetch(name).to_pylist()


def test_values_stay_the_texts_they_are():
    sheet = opened('ts,price\n1,NaN\n2,\n3," x,""y"" "\n4,001.50\n')
    assert column(sheet, "price") == ["NaN", "", ' x,"y" ', "001.50"]
    assert (sheet.names, sheet.rows, sheet.first_row, sheet.form) == (("ts", "price"), 4, 2, "csv")


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_the_last_line_may_lack_its_end(end):
    assert column(opened("ts,price\r\n1,5\r\n2,6" + end), "price") == ["5", "6"]


def test_twelve_numbers_are_an_exchange_archive():
    sheet = opened(",".join("123456789012") + "\n")
    assert (sheet.form, sheet.names, sheet.first_row, sheet.rows) == ("kline", KLINE_COLUMNS, 1, 1)
    assert column(sheet, "close_time") == ["7"]


def test_too_many_columns():
    with pytest.raises(FileTooLarge, match="600 columns"):
        opened(",".join(f"c{number}" for number in range(600)) + "\n")


@given(
    st.lists(
        st.lists(
            st.text(st.characters(blacklist_characters='\n\r\0"', codec="utf-8"), max_size=8), min_size=2, max_size=2
        ),
        min_size=1,
        max_size=8,
    )
)
def test_any_table_comes_back_or_is_refused(rows):
    text = "ts,price\n" + "".join(",".join(f'"{value}"' for value in row) + "\n" for row in rows)
    sheet = opened(text)
    assert [column(sheet, "ts"), column(sheet, "price")] == [list(each) for each in zip(*rows, strict=True)]


@given(st.binary(max_size=60))
def test_any_bytes_are_a_sheet_or_refused(data):
    try:
        sheet = opened(b"ts,price\n" + data)
    except InputError:
        return
    assert sheet.rows == len(column(sheet, "ts")) == data.count(b"\n") + (not data.endswith(b"\n"))


@given(st.integers(0, 200), st.binary(min_size=1, max_size=3))
def test_mangled_bytes_are_a_sheet_or_refused(position, junk):
    text = "".join(f"2020-03-12T0{hour}:00:00Z,{hour}.5\n" for hour in range(8)).encode()
    try:
        sheet = opened(b"ts,price\n" + text[:position] + junk + text[position:])
    except InputError:
        return
    assert sheet.rows >= 8
