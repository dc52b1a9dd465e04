import pandas as pd
import pytest

from shoal.experiments.calibration.rows import read_rows
from shoal.experiments.errors import ColumnError, MalformedFile, UnreadableFile


def test_what_cannot_be_read_is_refused_by_name(tmp_path):
    with pytest.raises(UnreadableFile, match=r"absent\.parquet"):
        read_rows(tmp_path / "absent.parquet", "ts")
    (tmp_path / "text.parquet").write_text("ts\n1\n")
    with pytest.raises(MalformedFile, match=r"text\.parquet"):
        read_rows(tmp_path / "text.parquet", "ts")
    pd.DataFrame({"ts": [1]}).to_parquet(tmp_path / "other.parquet")
    with pytest.raises(ColumnError, match="'price'"):
        read_rows(tmp_path / "other.parquet", "ts", "price")
    pd.DataFrame({"ts": []}).to_parquet(tmp_path / "empty.parquet")
    with pytest.raises(MalformedFile, match="no rows"):
        read_rows(tmp_path / "empty.parquet", "ts")
