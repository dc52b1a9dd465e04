from datetime import UTC, datetime
from typing import Any

import pytest

from shoal.experiments.errors import OptionError
from shoal.experiments.options import Options, check_options, columns_from_text, hours_from_text, seed_from_text
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
    empty = dict.fromkeys(("symbols", "start", "end", "hours", "columns", "zone", "prices"))
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


def test_hours() -> None:
    assert hours_from_text("0.5") == 0.5


@pytest.mark.parametrize("text", ["", "time", "=ts", "time=", "time=a,time=b", "time=a,,price=b"])
def test_bad_columns(text: str) -> None:
    with pytest.raises(OptionError, match="option --columns"):
        columns_from_text(text)


def test_columns() -> None:
    assert columns_from_text("time=ts, price=px (a=b)") == {"time": "ts", "price": "px (a=b)"}
