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
LOOP = (
    "attribution", "attribution_by_policy", "nav_series", "vault_results", "attacks_by_attacker", "attacks_by_victim",
    "attacks_on_vaults", "liquidation_totals", "liquidations_over_time",
)  # fmt: skip


@pytest.mark.parametrize("name", LOOP)
def test_every_measure_of_the_loop_has_rows(loop_result: Result, name: str) -> None:
    table = getattr(loop_result.measured, name)
    assert len(table)
    assert getattr(loop_result.measured, name) is table


def test_a_table_is_there_or_not(result: Result, loop_result: Result) -> None:
    assert loop_result.measured.has("vault_orders")
    assert not result.measured.has("vault_orders")


@pytest.mark.parametrize("name", NAMES)
def test_every_measure_has_rows(result: Result, name: str) -> None:
    table = getattr(result.measured, name)
    assert len(table)
    assert getattr(result.measured, name) is table


@pytest.mark.parametrize("name", [*NAMES, *LOOP])
def test_without_tables_measures_are_empty(name: str) -> None:
    assert len(getattr(Measured((), lambda _: pytest.fail("no table is there")), name)) == 0


def test_the_span_is_what_was_sampled(result: Result) -> None:
    assert result.measured.span_ns == (START_NS, START_NS + 240 * 60 * 10**9)
    assert result.measured.simulated_s == 240 * 60
    assert result.measured.reference_step_s == 10.0
    assert Measured((), dict[str, pd.DataFrame]().__getitem__).span_ns == (0, 0)
