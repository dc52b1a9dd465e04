from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

import pytest

from shoal.experiments.study import Amount, Group, Study, Tag, as_mapping, describe, group, groups, headline, parameter
from shoal.sim.units import Asset

ASSUMED = Tag("assumed")


@pytest.mark.parametrize("text", ["0", "1", "0.5", "0.10", "9" * 78, "1." + "0" * 77])
def test_amounts_keep_their_text(text: str) -> None:
    assert Amount(text) == text
    assert isinstance(Amount(text), str)


@pytest.mark.parametrize(
    "value",
    [1.0, True, None, "", " 1", "1 ", "1e5", "+1", "-1", ".5", "5.", "1_000", "1,5", "٣", "nan", "inf", "0x10",
     "9" * 79, "1." + "0" * 78, "1e1000000", "1" * 5_000, 10**90, b"1", -1],
)  # fmt: skip
def test_what_is_no_amount_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"amount|decimal"):
        Amount(value)  # type: ignore[arg-type]


def test_assets_take_amounts() -> None:
    assert Asset("BTC", 8).amount(Amount("0.5")) == 50_000_000


@pytest.mark.parametrize("kind", ["calibrated", "literature"])
def test_what_is_not_assumed_names_its_source(kind: Literal["calibrated", "literature"]) -> None:
    with pytest.raises(ValueError, match="names its source"):
        Tag(kind)
    assert str(Tag(kind, source="X", date="2020")) == f"{kind}, X, 2020"


def test_an_unknown_tag_is_refused() -> None:
    with pytest.raises(ValueError, match="calibrated, literature, assumed"):
        Tag("guessed", source="me")  # type: ignore[arg-type]


@pytest.mark.parametrize("explain", ["", "  ", "two\nlines"])
def test_a_parameter_is_explained_in_one_line(explain: str) -> None:
    with pytest.raises(ValueError, match="one line"):
        parameter(1, tag=ASSUMED, explain=explain)


def test_parameters_are_described_in_order_with_the_names_of_their_groups(tiny: type[Study]) -> None:
    found = {each.path: each for each in describe(tiny)}
    assert list(found)[:6] == ["step.seconds", "book.tick", "book.depth", "book.fee_ppm", "ticks_before_fault", "fault"]
    fee = found["book.fee_ppm"]
    assert (fee.kind, fee.default, fee.parameter.unit, fee.parameter.tag.kind) == (int, 300, "ppm", "literature")
    assert fee.wanted == "a whole number from 0 and below 1000000, in ppm"
    assert found["colour"].wanted == "one of 'red', 'blue'"
    assert found["ladder"].wanted == "a list, each element a number above 0.0, in bps"


def test_groups_are_found_by_their_path(tiny: type[Study]) -> None:
    assert [(path, headline(kind)) for path, kind in groups(tiny).items()] == [
        ("", "A study for tests."),
        ("step", "How often something happens."),
        ("book", "The book."),
    ]


def test_values_as_plain_data(tiny: type[Study]) -> None:
    plain = as_mapping(tiny())
    assert plain["book"] == {"tick": "0.01", "depth": "1.5", "fee_ppm": 300}
    assert (plain["colour"], plain["ladder"], plain["sizes"]) == ("red", [0.5, 1.0], ["1"])
    assert type(plain["colour"]) is type(plain["book"]["tick"]) is str


def test_groups_nest() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Outer(Group):
        """Outer."""

        inner: Inner = group(Inner)

    assert [each.path for each in describe(Outer)] == ["inner.size"]
    assert list(groups(Outer)) == ["", "inner"]


def test_a_field_without_metadata_is_a_programmers_mistake() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Bare(Group):
        """Bare."""

        size: int = 1

    with pytest.raises(TypeError, match=r"Bare.size must be declared with parameter"):
        describe(Bare)


class Kind(StrEnum):
    ONE = "one"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner(Group):
    """Inner."""

    size: int = parameter(1, tag=ASSUMED, explain="Size.", minimum=1, maximum=3)


@pytest.mark.parametrize(("value", "admitted"), [(0, False), (1, True), (3, True), (4, False)])
def test_bounds(value: int, admitted: bool) -> None:
    (size,) = describe(Inner)
    assert size.parameter.admits(value) is admitted
    assert size.parameter.bounds == "from 1 to 3"
