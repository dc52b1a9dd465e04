import math

import pandas as pd
import pytest
from tests.experiments.replicates.summaries import NAN, estimated

from shoal.experiments.replicates.topics import matrix, placed, setting, spread, topics, without_settings

COSTS = pd.DataFrame(
    [
        estimated("cost of CPPI", topic="Cost"),
        estimated("cost of CPPI", "no-attack", topic="Cost", correlation=-0.5, variance_removed_share=0.25),
        estimated("cost of hold", topic="Cost"),
        estimated("fall of BTC", "no-attack", topic="Fall", n=2),
        estimated("amplification of BTC, no-attack", topic="Fall", unit="times", mean=NAN, low=NAN, high=NAN),
    ]
)


def test_a_row_a_figure_and_a_column_a_world() -> None:
    cost, fall = topics(COSTS)
    assert (cost.title, cost.worlds, cost.units) == ("Cost", ("", "no-attack"), ("bps",))
    lines = [(row, unit, [each and each.text for each in entries]) for row, unit, entries in matrix(cost)]
    assert lines == [("cost of CPPI", "bps", ["2.0 ± 1.0", "+2.0 ± 1.0"]), ("cost of hold", "bps", ["2.0 ± 1.0", None])]
    assert [each.pairing for each in cost.entries] == ["", "r -0.50, 25 %", ""]
    # What names its world at the end of its name stands in that world's column, without a sign.
    assert fall.worlds == ("no-attack",)
    assert [(each.row, each.difference, each.text) for each in fall.entries] == [
        ("fall of BTC", True, "+2.0 ± 1.0"),
        ("amplification of BTC", False, "-"),
    ]


def test_too_many_worlds_are_no_columns() -> None:
    (many,) = topics(pd.DataFrame([estimated("cost", f"no-{letter}") for letter in "abcdef"]))
    assert many.worlds == ()
    assert len(many.entries) == 6


def test_what_is_set_to_a_number_can_be_taken_out() -> None:
    names = ("fall, depth-3", "fall, oracle-pool", "fall, depth-1", "fall, all-hold")
    (topic,) = topics(pd.DataFrame([estimated(name) for name in names]))
    rest = without_settings(topic)
    assert [each.row for each in rest.entries] == ["fall, oracle-pool", "fall, all-hold"]
    assert rest.summary["name"].to_dict() == {0: "fall, oracle-pool", 1: "fall, all-hold"}


@pytest.mark.parametrize(
    ("name", "world", "expected"),
    [
        ("cost", "", ("cost", "")),
        ("cost, public", "", ("cost, public", "")),
        ("gain, off", "off", ("gain, off", "off")),
        ("fall, oracle-pool", "oracle-pool-off", ("fall, oracle-pool", "off")),
        ("fall, oracle", "oraclepool-off", ("fall, oracle", "oraclepool-off")),
    ],
)
def test_places(name: str, world: str, expected: tuple[str, str]) -> None:
    assert placed(name, world, {"off"}) == expected


@pytest.mark.parametrize("name", ["cost", "depth-3", "cost, at once", "cost, depth-", "cost, oracle-pool", "cost, 3x"])
def test_what_is_set_to_no_number_is_no_setting(name: str) -> None:
    assert setting(name) is None


@pytest.mark.parametrize(
    ("mean", "half", "text"),
    [
        (0.0, NAN, "0"),
        (-0.0, NAN, "0"),
        (0.0, 0.0, "0"),
        (1e-7, NAN, "1.00e-07"),
        (1234.5678, NAN, "1,235"),
        (1.5e9, NAN, "1.5 bn"),
        (-16_332_459.0, NAN, "-16.33 m"),
        (9_999.0, 12.0, "9,999 ± 12"),
        (1.0073, 0.0058, "1.0073 ± 0.0058"),
        (1.0, 1e-9, "1.000000 ± 0.000000"),
        (5.0, math.inf, "5"),
        (math.inf, NAN, "inf"),
        (NAN, NAN, "-"),
    ],
)
def test_digits_that_make_sense(mean: float, half: float, text: str) -> None:
    assert spread(mean, half) == text
