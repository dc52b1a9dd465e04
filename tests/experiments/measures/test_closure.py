"""What one lost another gained, exactly."""

from decimal import Decimal

import pandas as pd

from shoal.experiments.measures.closure import closure, exact_sum


def test_the_books_of_a_run_close(tables: dict[str, pd.DataFrame]) -> None:
    found = closure(tables["agents"]).set_index("asset")
    assert found["difference_raw"].to_dict() == {"BTC": 0, "ETH": 0, "USDC": 0}
    assert found.loc["USDC", "gained_tokens"] > 0


def test_one_base_unit_is_missed(tables: dict[str, pd.DataFrame]) -> None:
    agents = tables["agents"].copy()
    changes = [int(value) for value in agents["change_raw"]]
    changes[0] += 1
    found = closure(agents.assign(change_raw=changes)).set_index("asset")["difference_raw"]
    assert found[agents["asset"].iloc[0]] == 1


def test_sums_are_exact_beyond_floats() -> None:
    assert exact_sum([Decimal(10**37), 1, str(-(10**37))]) == 1


def test_without_books_there_is_nothing(tables: dict[str, pd.DataFrame]) -> None:
    assert closure(tables["agents"].iloc[:0]).empty
