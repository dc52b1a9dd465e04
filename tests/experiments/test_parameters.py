from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.experiments.example_studies.tiny import Tiny

from shoal.experiments.parameters import (
    Given,
    Mistake,
    ParametersRefused,
    collecting,
    make_study,
    nearest,
    read_settings,
    shown,
)
from shoal.experiments.study import Amount, Study, as_mapping


def refusals(kind: type[Study], *origins: Given) -> list[str]:
    with pytest.raises(ParametersRefused) as caught:
        make_study(kind, *origins)
    return [str(each) for each in caught.value.mistakes]


def nested(path: str, value: Any) -> dict[str, Any]:
    for name in reversed(path.split(".")):
        value = {name: value}
    return value  # type: ignore[no-any-return]


def test_without_anything_given_the_defaults_hold(tiny: type[Study]) -> None:
    assert make_study(tiny) == tiny()


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("book.fee_ppm", 0, 0),
        ("book.fee_ppm", 999_999, 999_999),
        ("book.tick", "0.001", "0.001"),
        ("book.tick", 5, "5"),
        ("step.seconds", 5, 5.0),
        ("step.seconds", 0.25, 0.25),
        ("loud", True, True),
        ("note", "héllo", "héllo"),
        ("fault", "raise", "raise"),
        ("colour", "blue", "blue"),
        ("ladder", [1, 2.5, 3], [1.0, 2.5, 3.0]),
        ("ladder", (2.0,), [2.0]),
        ("sizes", ["1", 2], ["1", "2"]),
    ],
)
def test_good_values_are_taken(tiny: type[Study], path: str, value: object, expected: object) -> None:
    for values in (nested(path, value), {path: value}):
        plain: Any = as_mapping(make_study(tiny, Given("the call", values)))
        for name in path.split("."):
            plain = plain[name]
        assert plain == expected
        assert type(plain) is type(expected)


BAD: dict[str, list[Any]] = {
    "book.fee_ppm": [
        True, False, "300", "0.003", 1.0, 300.0, -1, 10**6, 2**63, -(2**200), 10**5_000, float("nan"), None, [1], {},
        1 + 0j,
    ],
    "step.seconds": [
        True, "0.003", "nan", float("nan"), float("inf"), -float("inf"), 0, 0.0, -1.5, 10**400, None, [], b"1",
        1e19, 1e300, 1e308, 1e-19, 1e-320,
    ],
    "book.tick": [
        1.0, 0.01, 1e300, True, "0", 0, "-1", "1e-2", "1e1000000", "1" * 5_000, "٣", "1,5", "1_000", "", " 1", "0x1",
        None, float("nan"), [1], 10**80, "1000000000000000001",
    ],
    "book.depth": ["1000001", 10**7, "1000000.0000001", 2**53 + 0.0, 1e21],
    "loud": [1, 0, "true", "yes", "NO", None, 1.0],
    "note": [1, None, b"x", ["a"], True],
    "fault": ["rise", "", 1, None, True, ["raise"], "RAISE"],
    "colour": ["green", 1, None, True, ["red"]],
    "ladder": [1.0, "1,2", [True], ["1"], [0.0], [float("nan")], [1.0, -1.0], None, {"a": 1.0}, [[1.0]], [10**5_000]],
    "sizes": [[1.0], ["1e3"], [True], "1", [None]],
}  # fmt: skip


CASES = [(path, value) for path, values in BAD.items() for value in values]


@pytest.mark.parametrize(("path", "value"), CASES, ids=range(len(CASES)))
def test_bad_values_are_refused_with_place_reason_and_remedy(tiny: type[Study], path: str, value: Any) -> None:
    (message,) = refusals(tiny, Given("my.toml", nested(path, value)))
    assert message.startswith(f"my.toml, parameter '{path}': it needs ")
    assert "and had" in message
    assert "The default is" in message
    assert len(message) < 400


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("book.tik", "book.tick"),
        ("book.Tick", "book.tick"),
        ("tick", "book.tick"),
        ("fee_pm", "book.fee_ppm"),
        ("bok.depth", "book.depth"),
        ("books", "book"),
        ("Book", "book"),
        ("second", "step.seconds"),
        ("color", "colour"),
        ("laddder", "ladder"),
        ("Loud", "loud"),
    ],
)
def test_the_nearest_name_is_offered(tiny: type[Study], name: str, near: str) -> None:
    (message,) = refusals(tiny, Given("the call", {name: 1}))
    assert message == f"the call, parameter '{name}': there is no such parameter. Did you mean '{near}'?"


@pytest.mark.parametrize("name", ["zzzz", "", "__class__", "book.__init__", "x" * 10_000, "\0", "=cmd()", "🐟🐟🐟"])
def test_far_names_are_refused_too(tiny: type[Study], name: str) -> None:
    (message,) = refusals(tiny, Given("the call", {name: 1}))
    assert "there is no such parameter" in message
    assert len(message) < 300


@pytest.mark.parametrize("value", [1, "x", None, [1]])
def test_a_group_has_no_value(tiny: type[Study], value: object) -> None:
    (message,) = refusals(tiny, Given("the call", {"book": value}))
    assert "this is a group" in message
    assert "book.tick" in message


def test_a_group_may_be_given_whole(tiny: type[Study]) -> None:
    other = make_study(tiny, Given("the call", {"book.tick": "5"}))
    assert make_study(tiny, Given("the call", {"book": other.book})) == other


def test_all_mistakes_come_at_once(tiny: type[Study]) -> None:
    messages = refusals(
        tiny,
        Given("my.toml", {"book": {"tik": 1, "fee_ppm": True}, "step": {"seconds": "x"}, "nothing": 0}),
        read_settings(tiny, ["loud=perhaps", "book.dept=1", "no equals", "note=a", "note=b"]),
    )
    assert len(messages) == 8
    text = "\n".join(messages)
    for part in (
        "'book.tik'",
        "'book.fee_ppm'",
        "'step.seconds'",
        "'nothing'",
        "'loud'",
        "'book.dept'",
        "no equals",
        "twice",
    ):
        assert part in text


def test_rules_across_parameters_name_where_the_value_came_from(tiny: type[Study]) -> None:
    (message,) = refusals(tiny, read_settings(tiny, ["sizes=1,2,3"]))
    assert message == "--set, parameter 'sizes': there are more sizes than steps. Leave some out."
    (message,) = refusals(tiny, Given("the call", {"ladder": []}))
    assert message.startswith("the defaults, parameter 'sizes'")


def test_the_later_origin_wins(tiny: type[Study]) -> None:
    study = make_study(tiny, Given("a", {"book": {"tick": "1"}, "note": "a"}), Given("b", {"book.tick": "2"}))
    assert as_mapping(study)["book"]["tick"] == "2"
    assert as_mapping(study)["note"] == "a"


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        ("book.tick=0.01", "book.tick", "0.01"),
        (" book.fee_ppm = 5 ", "book.fee_ppm", 5),
        ("step.seconds=1e-3", "step.seconds", 0.001),
        ("step.seconds=3", "step.seconds", 3.0),
        ("loud=true", "loud", True),
        ("note=a=b", "note", "a=b"),
        ("note=", "note", ""),
        ("note=true", "note", "true"),
        ("ladder=[1, 2.5]", "ladder", [1.0, 2.5]),
        ("ladder=1,2.5", "ladder", [1.0, 2.5]),
        ('sizes=["0.5"]', "sizes", ["0.5"]),
        ("colour=blue", "colour", "blue"),
        ("fault=no generator", "fault", "no generator"),
    ],
)
def test_settings_are_read_by_type(tiny: type[Study], text: str, path: str, value: object) -> None:
    plain: Any = as_mapping(make_study(tiny, read_settings(tiny, [text])))
    for name in path.split("."):
        plain = plain[name]
    assert plain == value
    assert type(plain) is type(value)


@pytest.mark.parametrize(
    "text",
    ["book.fee_ppm=1.0", "book.fee_ppm=1e3", "book.fee_ppm=", "book.fee_ppm=٣", "book.fee_ppm=1_0", "book.fee_ppm=0x5",
     "step.seconds=nan", "step.seconds=inf", "step.seconds=1e999", "step.seconds=1e1000000", "step.seconds=1,5",
     "step.seconds= ", "book.tick=1e2", "loud=1", "loud=yes", "loud=True", "book=1", "=1", "book.fee_ppm",
     "book.fee_ppm=" + "9" * 5_000, "ladder=a,b", "ladder=1,,2"],
)  # fmt: skip
def test_bad_settings_are_refused(tiny: type[Study], text: str) -> None:
    (message,) = refusals(tiny, read_settings(tiny, [text]))
    assert message.startswith("--set, parameter")
    assert len(message) < 300


@given(
    st.sampled_from(sorted(BAD)),
    st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(), st.lists),
)
def test_anything_is_taken_or_refused_with_one_mistake(path: str, value: object) -> None:
    mistakes: list[Mistake] = []
    with collecting(mistakes):
        make_study(Tiny, Given("the call", {path: value}))
    assert len(mistakes) <= 1
    assert all(each.place.file.startswith("the call, parameter") or path == "ladder" for each in mistakes)


def test_values_are_shown_short_and_on_one_line() -> None:
    for value in (10**5_000, "x" * 10_000, ["y" * 1_000], [10**5_000], float("nan"), "line\nbreak", None):
        assert len(shown(value)) < 80
        assert "\n" not in shown(value)


def test_nearest_of_nothing() -> None:
    names: Iterable[str] = ()
    assert nearest("x", names) is None


def test_amounts_may_be_given_as_amounts(tiny: type[Study]) -> None:
    assert as_mapping(make_study(tiny, Given("a", {"book.tick": Amount("3")})))["book"]["tick"] == "3"


def test_a_bound_that_nobody_declared_is_named(tiny: type[Study]) -> None:
    (message,) = refusals(tiny, Given("my.toml", nested("step.seconds", 1e300)))
    assert "it needs a number above 0.0, in s, no finer than 1e-18 and at most 1e+18, and had 1e+300" in message
