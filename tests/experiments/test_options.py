from datetime import UTC, datetime
from typing import Any

import pytest

from shoal.experiments.errors import OptionError
from shoal.experiments.options import (
    Options,
    check_options,
    columns_from_text,
    hours_from_text,
    level_from_text,
    seed_from_text,
    whole_from_text,
)
from shoal.experiments.parameters import ParametersRefused

BAD: dict[str, list[Any]] = {
    "seed": [-1, 2**64, 2**200, 1.0, 7.5, True, "7", None, float("nan"), [7]],
    "symbols": [
        [],
        "",
        ["BTC", "BTC"],
        ["../x"],
        ["=cmd()"],
        [1],
        "a" * 300,
        ["B\0"],
        {"BTC": 1},
        ["x"] * 101,
        5,
        [""],
    ],
    "start": [1.5, True, [1], {}],
    "end": [1.5, False, (1,), object()],
    "hours": [0, -1, float("nan"), float("inf"), True, "6", 10**9, [1]],
    "columns": ["time=ts", [("time", "ts")], {"time": 1}, {1: "ts"}, 5],
    "zone": [5, True, ["UTC"]],
    "maximum_gap": [7, True, ["2h"]],
    "prices": ["", b""],
    "path_seed": [-1, 2**64, 1.0, True, "7"],
    "replicates": [0, -1, 10_001, 1.0, True, "4", 2**200],
    "processes": [0, 1_025, 2.0, True, "2"],
    "paths": [0, 10_001, False, "2", [2]],
    "worlds": [[], "", ["a", "a"], ["../a"], ["A"], [1], "a" * 65, ["a b"], 5, ["x"] * 101, ["a\n"]],
    "path_source": ["", "dreams", 5, ["bootstrap"], True],
    "path_block": [6, True, ["6h"]],
    "level": [0, 1, 0.0, 1.0, -0.5, 95.0, float("nan"), "0.9", True],
}
CASES = [(name, value) for name, values in BAD.items() for value in values]


@pytest.mark.parametrize(("name", "value"), CASES, ids=range(len(CASES)))
def test_bad_options_are_refused(name: str, value: object) -> None:
    with pytest.raises(ParametersRefused) as caught:
        check_options("the call", {name: value})
    (mistake,) = caught.value.mistakes
    assert str(mistake).startswith(f"the call, option '{name}': it needs ")
    assert mistake.remedy.endswith(".")


def test_all_at_once() -> None:
    with pytest.raises(ParametersRefused) as caught:
        check_options("my.toml", {"seed": -1, "hours": 0, "sed": 1, "zone": 1})
    assert len(caught.value.mistakes) == 4
    assert "Did you mean 'seed'?" in str(caught.value)


def test_an_end_and_hours_contradict() -> None:
    with pytest.raises(ParametersRefused, match="both say when to stop"):
        check_options("the call", {"end": "2020-01-01", "hours": 1})


def test_good_options_are_taken() -> None:
    moment = datetime(2020, 1, 1, tzinfo=UTC)
    options = check_options(
        "the call",
        {"seed": 2**64 - 1, "symbols": "BTC", "start": moment, "hours": 2, "columns": {"time": "ts"}, "zone": "UTC"},
    )
    assert options == Options(
        seed=2**64 - 1, symbols=("BTC",), start=moment, hours=2.0, columns={"time": "ts"}, zone="UTC"
    )
    assert check_options("the call", {}) == Options()
    assert check_options("the call", {"symbols": ["BTC-USD", "ETH/USDT"]}).symbols == ("BTC-USD", "ETH/USDT")
    assert check_options("the call", {"symbols": "BTC, ETH"}).symbols == ("BTC", "ETH")
    empty = dict.fromkeys(("symbols", "start", "end", "hours", "columns", "zone", "prices", "path_seed", "replicates"))
    empty |= dict.fromkeys(("worlds", "processes", "paths", "path_source", "path_block", "level"))
    assert check_options("the call", empty) == Options()


@pytest.mark.parametrize(("text", "seed"), [("0", 0), ("7", 7), ("007", 7), (str(2**64 - 1), 2**64 - 1)])
def test_seeds_from_text(text: str, seed: int) -> None:
    assert seed_from_text(text) == seed


@pytest.mark.parametrize(
    "text", ["-1", "+1", "1.0", "1e3", "0x7", "1_0", "٧", "", " 7", "7 ", "nan", str(2**64), str(2**200), "9" * 5_000]
)
def test_bad_seeds(text: str) -> None:
    with pytest.raises(OptionError, match=r"option --seed: it needs a whole number from 0 to 2\*\*64 - 1"):
        seed_from_text(text)


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "1e3", "", "1,5", "١", "1" * 12, "0.0"])
def test_bad_hours(text: str) -> None:
    with pytest.raises(OptionError, match="option --hours"):
        hours_from_text(text)


@pytest.mark.parametrize("text", ["0", "-1", "1.0", "", "1_0", "٧", "nan", "11", "9" * 5_000])
def test_bad_counts(text: str) -> None:
    with pytest.raises(OptionError, match="option --paths: it needs a whole number from 1 to 10, and had"):
        whole_from_text(text, "--paths", 10)


@pytest.mark.parametrize("text", ["0", "1", "95", "0.0", "1.0", "-0.5", "nan", "", ".9", "0,9"])
def test_bad_levels(text: str) -> None:
    with pytest.raises(OptionError, match="option --level: it needs a number between 0 and 1"):
        level_from_text(text)


def test_counts_and_levels() -> None:
    assert whole_from_text("10", "--paths", 10) == 10
    assert level_from_text("0.95") == 0.95


def test_the_seed_of_the_prices_is_that_of_the_run_unless_it_is_given() -> None:
    assert Options(seed=9).price_seed == 9
    assert Options(seed=9, path_seed=0).price_seed == 0


def test_seeds_of_replicates_end_at_the_last_one() -> None:
    Options(seed=2**64 - 6, replicates=3, paths=2).check_replicates()
    with pytest.raises(OptionError, match="would pass"):
        Options(seed=2**64 - 5, replicates=3, paths=2).check_replicates()


def test_hours() -> None:
    assert hours_from_text("0.5") == 0.5


@pytest.mark.parametrize("text", ["", "time", "=ts", "time=", "time=a,time=b", "time=a,,price=b"])
def test_bad_columns(text: str) -> None:
    with pytest.raises(OptionError, match="option --columns"):
        columns_from_text(text)


def test_columns() -> None:
    assert columns_from_text("time=ts, price=px (a=b)") == {"time": "ts", "price": "px (a=b)"}
