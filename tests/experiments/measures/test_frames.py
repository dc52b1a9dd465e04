"""Tables as tidy frames."""

import pandas as pd
import pyarrow as pa

from shoal.experiments.accounts import AGENTS
from shoal.experiments.measures.frames import empty_frame, frame_of, rows


def test_times_are_utc_and_amounts_exact() -> None:
    schema = pa.schema(
        [("time_ns", pa.int64()), ("venue", pa.dictionary(pa.int32(), pa.string())), ("raw", pa.decimal128(38, 0))]
    )
    frame = frame_of(pa.Table.from_pylist([{"time_ns": 1_500_000_000, "venue": "a", "raw": 10**37 + 1}], schema))
    assert list(frame.columns) == ["time", "time_ns", "venue", "raw"]
    assert frame["time"].iloc[0] == pd.Timestamp("1970-01-01T00:00:01.5Z")
    assert str(frame["time"].dtype) == "datetime64[ns, UTC]"
    assert int(frame["raw"].iloc[0]) == 10**37 + 1
    assert frame["venue"].tolist() == ["a"]


def test_an_empty_table_has_its_columns() -> None:
    frame = empty_frame(AGENTS)
    assert frame.empty
    assert list(frame.columns) == [name for name, _ in AGENTS.columns]


def test_rows_have_names() -> None:
    assert [row.a for row in rows(pd.DataFrame({"a": [1, 2]}))] == [1, 2]
