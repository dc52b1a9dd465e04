"""A result: tables as attributes, exact amounts, a short repr."""

import copy
import pickle

import pandas as pd
import pytest
from tests.experiments.synthetic import SyntheticRun, manifest

from shoal.experiments.result import Result


def test_tables_are_attributes_converted_once(result: Result) -> None:
    assert "fills" in result.tables()
    assert result.fills is result.table("fills") is result.fills
    assert isinstance(result.prices, pd.DataFrame)
    assert str(result.fills["time"].dtype) == "datetime64[ns, UTC]"
    assert {"fills", "prices", "summary", "plot"} <= set(dir(result))


def test_some_columns_may_be_enough(result: Result) -> None:
    fresh = Result(result.manifest, {name: result.arrow(name) for name in result.tables()})
    before = fresh.table("orders", columns=("sender", "verb"))
    assert before.equals(fresh.orders[["sender", "verb"]])
    assert before.equals(fresh.table("orders", columns=("sender", "verb")))


def test_amounts_are_exact(result: Result) -> None:
    recorded = result.arrow("fills")["base_raw"].to_pylist()
    assert [int(value) for value in result.fills["base_raw"]] == [int(value) for value in recorded]


def test_an_unknown_table_is_refused_with_the_known_ones(result: Result) -> None:
    with pytest.raises(AttributeError, match=r"fils.*its tables are agents, blocks, fills"):
        _ = result.fils
    with pytest.raises(KeyError, match="no table 'fils'; there are agents"):
        result.table("fils")


def test_the_state_is_said(result: Result) -> None:
    assert result.complete
    assert result.digest == "ab" * 32
    assert repr(Result(manifest(fills=1234, events=5), {})) == (
        "<Result of market, seed 7: complete, 1,234 fills, 5 events, digest abababababab>"
    )
    stopped = Result(manifest(complete=False, status="failed", digest=None), {})
    assert not stopped.complete
    assert "failed" in repr(stopped)
    assert stopped.digest == ""


def test_a_result_can_be_copied_and_pickled() -> None:
    result = Result(manifest(), SyntheticRun(minutes=2).tables())
    for twin in (copy.copy(result), pickle.loads(pickle.dumps(result))):  # noqa: S301
        assert twin.tables() == result.tables()
        assert twin.fills.equals(result.fills)
