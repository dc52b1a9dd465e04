"""All measures of a run, also of one that hardly began."""

import pandas as pd
import pytest
from tests.experiments.synthetic import START_NS

from shoal.experiments.measures.measured import Measured
from shoal.experiments.result import Result

NAMES = (
    "venues", "spread", "depth", "resilience", "volume", "volume_over_time", "gap_series", "gaps", "volume_by_taker",
    "arbitrage_share", "markouts", "liquidity_series", "liquidity_result", "earned", "earned_by_kind",
    "transfers_between_kinds", "closure",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_every_measure_has_rows(result: Result, name: str) -> None:
    table = getattr(result.measured, name)
    assert len(table)
    assert getattr(result.measured, name) is table


@pytest.mark.parametrize("name", NAMES)
def test_without_tables_measures_are_empty(name: str) -> None:
    assert len(getattr(Measured((), lambda _: pytest.fail("no table is there")), name)) == 0


def test_the_span_is_what_was_sampled(result: Result) -> None:
    assert result.measured.span_ns == (START_NS, START_NS + 240 * 60 * 10**9)
    assert result.measured.simulated_s == 240 * 60
    assert result.measured.reference_step_s == 10.0
    assert Measured((), dict[str, pd.DataFrame]().__getitem__).span_ns == (0, 0)
