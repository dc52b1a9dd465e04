import gzip

import pandas as pd
import pytest

from shoal.experiments.errors import ColumnError
from shoal.experiments.prices.sources import open_sheet


def test_the_first_bytes_tell_parquet_whatever_the_name(frame, tmp_path):
    frame.to_parquet(tmp_path / "a.csv")
    assert open_sheet(tmp_path / "a.csv").form == "parquet"


def test_gzip_is_told_by_its_first_bytes(csv_text, write):
    packed = write(gzip.compress(csv_text().encode()), "prices.csv")
    plain = write(csv_text(), "plain.csv.gz")
    assert open_sheet(packed).names == open_sheet(plain).names
    assert open_sheet(packed).digest != open_sheet(plain).digest


def test_a_frame_keeps_its_index_of_times(frame):
    sheet = open_sheet(frame.set_index("ts"))
    assert sheet.names[0] == "ts"
    assert open_sheet(frame.set_index("ts").rename_axis(None)).names[0] == "time"
    assert (sheet.name, sheet.form, sheet.digest, sheet.first_row) == ("the DataFrame", "frame", "", 1)


def test_an_index_named_like_a_column_is_ambiguous(frame):
    with pytest.raises(ColumnError, match="the same name"):
        open_sheet(frame.set_index("ts", drop=False))


def test_a_frame_is_not_changed(frame):
    before = frame.copy()
    open_sheet(frame.set_index("ts")).fetch("close")
    open_sheet(frame).fetch("close")
    pd.testing.assert_frame_equal(frame, before)
