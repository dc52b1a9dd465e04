"""What a run adds to its control: prices, generations, forced sales."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.experiments.loop_tables import frame

from shoal.experiments.liquidation_audit import LIQUIDATIONS
from shoal.experiments.measures.cascade import branching, extra_fall, liquidation_effect, with_generations
from shoal.experiments.observer import PRICES

HOUR_NS = 3_600 * 10**9
MINUTE_NS = 60 * 10**9


def prices(*mids: float, step_ns: int = 10 * MINUTE_NS, kind: str = "outside") -> pd.DataFrame:
    rows = (
        {"time_ns": index * step_ns, "venue": f"ETH {kind}", "kind": kind, "base": "ETH", "quote": "USDC", "mid": mid,
         "bid": mid, "ask": mid}
        for index, mid in enumerate(mids)
    )  # fmt: skip
    return frame(PRICES, *rows)


def liquidation(
    minute: float, answer: float, *, health: float = 0.99, seized: float = 1.0, **other: Any
) -> dict[str, Any]:
    return {
        "time_ns": round(minute * MINUTE_NS), "block": 1, "transaction": 1, "market": "lending", "asset": "ETH",
        "liquidator": "bob", "borrower": "ann", "repaid_raw": 1, "repaid_tokens": 1.0, "seized_raw": 1,
        "seized_tokens": seized, "bad_debt_raw": 0, "bad_debt_tokens": 0.5, "oracle_price": answer, "mid": 100.0,
        "health": health, "sold_tokens": seized / 2,
    } | other  # fmt: skip


def test_the_extra_fall_at_the_trough_and_after() -> None:
    base = prices(100.0, 80.0, 85.0, *[88.0] * 5, 89.0)
    control = prices(100.0, 90.0, *[90.0] * 7)
    row = extra_fall(base, control).iloc[0]
    assert (row["asset"], row["source"], row["trough_ns"]) == ("ETH", "outside", 10 * MINUTE_NS)
    assert (row["fall_bps"], row["control_fall_bps"], row["amplification"]) == (2_000.0, 1_000.0, 2.0)
    assert row["at_trough_bps"] == pytest.approx(10 / 90 * 1e4)
    assert row["after_10_min_bps"] == pytest.approx(5 / 90 * 1e4)
    assert row["after_1_h_bps"] == pytest.approx(2 / 90 * 1e4)
    assert np.isnan(row["after_24_h_bps"])


def test_the_same_world_twice_adds_nothing() -> None:
    same = pd.concat([prices(100.0, 80.0, 90.0), prices(100.0, 85.0, 85.0, kind="oracle")])
    found = extra_fall(same, same)
    assert found["source"].tolist() == ["oracle", "outside"]
    assert (found["at_trough_bps"] == 0).all()
    assert (found["amplification"] == 1).all()


def test_what_the_control_lacks_is_left_out() -> None:
    assert extra_fall(prices(100.0, 80.0), prices(1.0, kind="oracle")).empty


def test_endogenous_is_what_the_controls_oracle_would_not_have_triggered() -> None:
    """Critical prices: 100 and 80 of what is liquidated at 95 and 76."""
    control = prices(120.0, 99.0, 90.0, 70.0, kind="oracle")
    table = frame(
        LIQUIDATIONS,
        liquidation(12, 95.0, health=0.95),
        liquidation(14, 76.0, health=0.95),
        liquidation(40, 76.0, health=0.95),
    )
    found = with_generations(table, control)
    assert found["critical_price"].tolist() == pytest.approx([100.0, 80.0, 80.0])
    assert found["control_price"].tolist() == [90.0, 90.0, 70.0]
    assert found["endogenous"].tolist() == [False, True, False]
    assert found["ever_in_control"].all()


def test_a_critical_price_that_is_just_reached_is_no_cascade() -> None:
    table = frame(LIQUIDATIONS, liquidation(1, 99.999, health=0.999_99))
    assert not with_generations(table, prices(120.0, 100.0, kind="oracle"))["endogenous"].any()


def test_without_a_control_oracle_all_is_endogenous() -> None:
    assert with_generations(frame(LIQUIDATIONS, liquidation(1, 90.0)), prices(1.0))["endogenous"].all()


def test_generations_follow_the_answers_of_the_oracle() -> None:
    """Waves at 95 (both exogenous), 90, 85: each sets off the next; then the control's oracle falls itself."""
    control = prices(100.0, 95.5, 95.5, 95.5, 49.0, kind="oracle")
    table = frame(
        LIQUIDATIONS,
        liquidation(11, 95.0, seized=4.0),
        liquidation(12, 95.0, seized=4.0),
        liquidation(14, 90.0, seized=6.0),
        liquidation(16, 85.0, seized=1.0),
        liquidation(17, 85.0, seized=2.0),
        liquidation(45, 49.0, seized=1.0),
    )
    found = with_generations(table, control)
    assert found["generation"].tolist() == [0, 0, 1, 2, 2, 0]
    ratios = branching(found)
    assert ratios["liquidations"].tolist() == [3, 1, 2]
    assert ratios["seized_quote_tokens"].tolist() == [900.0, 600.0, 300.0]
    assert ratios["branching_ratio"].tolist()[1:] == pytest.approx([2 / 3, 1 / 2])
    assert ratios["endogenous_share"].tolist() == pytest.approx([0.5] * 3)


def test_an_endogenous_one_without_a_wave_before_is_the_first_generation() -> None:
    found = with_generations(frame(LIQUIDATIONS, liquidation(1, 50.0)), prices(100.0, 100.0, kind="oracle"))
    assert found["generation"].tolist() == [1]
    ratios = branching(found)
    assert ratios["liquidations"].tolist() == [0, 1]
    assert np.isnan(ratios["branching_ratio"].iloc[1])


def test_the_effect_on_forced_sales() -> None:
    base = frame(LIQUIDATIONS, liquidation(1, 90.0, seized=2.0), liquidation(2, 90.0, borrower="bob"))
    control = frame(LIQUIDATIONS, liquidation(1, 90.0))
    found = liquidation_effect(base, control).set_index("figure")
    assert found["effect"].to_dict() == {
        "liquidations": 1.0, "borrowers": 1.0, "forced volume": 200.0, "sold at once": 100.0, "bad debt": 0.5,
    }  # fmt: skip
    assert (liquidation_effect(base, base)["effect"] == 0).all()


def test_nothing_liquidated_is_nothing() -> None:
    none = frame(LIQUIDATIONS)
    assert branching(with_generations(none, prices(1.0))).empty
    assert (liquidation_effect(none, none)["value"] == 0).all()
