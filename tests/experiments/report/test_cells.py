"""Numbers as people read them."""

import math

import pandas as pd
import pytest

from shoal.experiments.report.cells import MISSING, Column, duration, moment, number, percent, sheet, signed, whole

THIN = "\u202f"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"), (0.0, "0"), (1e-12, "0"), (3, "3"), (1234567.8, f"1{THIN}234{THIN}568"), (-12.345, "−12.35"),
        (math.nan, MISSING), (None, MISSING), (pd.NA, MISSING), (math.inf, "∞"), (-math.inf, "−∞"), (250.04, "250.0"),
    ],
)  # fmt: skip
def test_numbers(value: object, text: str) -> None:
    assert number(value) == text


def test_signs_and_shares() -> None:
    assert [signed(one) for one in (1.5, -1.5, 0.0, math.nan)] == ["+1.50", "−1.50", "0", MISSING]
    assert [percent(one) for one in (0.5, math.nan)] == ["50.0", MISSING]
    assert whole(10**30) == f"1{THIN}" + THIN.join(["000"] * 10)


def test_times() -> None:
    assert [duration(one) for one in (30.0, 90.0, 7200.0, math.nan)] == ["30 s", "1.5 min", "2 h", MISSING]
    assert moment(pd.NA) == MISSING


def test_a_sheet_has_tones_where_asked() -> None:
    table = pd.DataFrame({"who": ["a", "b", "c"], "gain": [1.0, -1.0, 0.0]})
    found = sheet(table, (Column("who", "who"), Column("gain", "gain", "USDC", signed, toned=True)), "Gains")
    assert [(row[0].text, row[1].tone) for row in found.rows] == [("a", "gain"), ("b", "loss"), ("c", "")]
    assert [row[1].number for row in found.rows] == [True] * 3
