"""Value, cost and turnover of vaults."""

import pytest

from shoal.experiments.measures.vaults import nav_series, vault_results
from shoal.experiments.result import Result


def test_one_row_a_sample_with_the_cost(loop_result: Result) -> None:
    found = nav_series(loop_result.table("vault_states"))
    mine = found[found["vault"] == "calendar vault"]
    assert len(mine) == 49
    assert mine["cost_tokens"].iloc[-1] == pytest.approx(480.0)
    assert mine["cost_bps"].iloc[-1] == pytest.approx(480 / 76_000 * 1e4)


def test_results_of_a_vault(loop_result: Result) -> None:
    measured = loop_result.measured
    found = vault_results(
        *(loop_result.table(name) for name in ("vault_states", "vault_orders", "rebalances")), measured.valuation
    ).set_index("vault")
    row = found.loc["threshold vault"]
    assert (row["policy"], row["rebalances"], row["refused"]) == ("threshold", 2, 0)
    assert found.loc["calendar vault", "refused"] == 1
    assert row["return_bps"] == pytest.approx((75_760 / 100_000 - 1) * 1e4)
    assert row["twin_return_bps"] == pytest.approx(-2_400.0)
    assert row["deepest_fall_bps"] == pytest.approx(row["return_bps"])
    # The first of three rebalances is the initial investment.
    assert row["traded_quote_tokens"] == pytest.approx(2 * 10 * 198.0)
    assert row["turnover"] == pytest.approx(3_960 / 87_880)
    assert row["turnover_per_year"] == pytest.approx(row["turnover"] * 365.25 * 6)


def test_vaults_stand_in_the_order_of_their_samples(loop_result: Result) -> None:
    states = loop_result.table("vault_states").replace({"vault": {"calendar vault": "z"}})
    others = [loop_result.table(name) for name in ("vault_orders", "rebalances")]
    assert nav_series(states)["vault"].unique().tolist() == ["z", "threshold vault"]
    found = vault_results(states, *others, loop_result.measured.valuation)
    assert found["vault"].tolist() == ["z", "threshold vault"]


def test_without_vaults_there_is_nothing(loop_result: Result) -> None:
    empty = [loop_result.table(name).iloc[:0] for name in ("vault_states", "vault_orders", "rebalances")]
    assert nav_series(empty[0]).empty
    assert vault_results(*empty, loop_result.measured.valuation).empty
