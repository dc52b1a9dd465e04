"""What a study is: a frozen dataclass of parameters that builds a world and measures what came of it."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, Self, cast, get_args, get_origin, get_type_hints

if TYPE_CHECKING:
    import pyarrow as pa

    from shoal.experiments.figure import Figure
    from shoal.experiments.prices.bars import Bars
    from shoal.experiments.result import Result
    from shoal.sim.price_path import PricePath
    from shoal.sim.records import Records
    from shoal.sim.world import World

TagKind = Literal["calibrated", "literature", "assumed"]
Bound = int | float | str | None
_AMOUNT: Final = re.compile(r"[0-9]{1,78}(\.[0-9]{1,77})?", re.ASCII)
_AMOUNT_BITS: Final = 256
_KEY: Final = "parameter"


class Amount(str):
    """Whole tokens as plain decimal text, exact: made from text or a whole number, never from a float.

    Raises:
        ValueError: no plain decimal number of at most 78 digits before the point and 77 after it.

    >>> Amount("0.10"), Amount(3)
    ('0.10', '3')
    """

    __slots__ = ()

    def __new__(cls, value: str | int) -> Self:
        """Check the text."""
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise ValueError(f"an amount is decimal text or a whole number, not {type(value).__name__}")
        if isinstance(value, int) and value.bit_length() > _AMOUNT_BITS:
            raise ValueError("an amount has at most 78 digits")
        text = str(value)
        if not _AMOUNT.fullmatch(text):
            raise ValueError(f"{text[:40]!r} is no plain decimal number such as '12.5'")
        return super().__new__(cls, text)


@dataclass(frozen=True, slots=True)
class Tag:
    """What stands behind a default.

    Args:
        kind: "calibrated" (fitted to recorded data), "literature" (from a paper or documentation) or "assumed".
        source: which data and script, or which section of what; needed unless assumed.
        date: of the source.
    """

    kind: TagKind
    source: str = ""
    date: str = ""

    def __post_init__(self) -> None:
        if self.kind not in get_args(TagKind):
            raise ValueError(f"a tag is one of {', '.join(get_args(TagKind))}, not {self.kind!r}")
        if self.kind != "assumed" and not self.source:
            raise ValueError(f"what is {self.kind} names its source")

    def __str__(self) -> str:
        return self.kind + "".join(f", {part}" for part in (self.source, self.date) if part)


@dataclass(frozen=True, slots=True)
class Parameter:
    """What is known of a parameter besides its name, type and default.

    Args:
        unit: unit of the value; empty for pure numbers, names and switches.
        tag: what stands behind the default.
        explain: one line.
        minimum: lowest value allowed.
        maximum: highest value allowed.
        above: values must be above it.
        below: values must be below it.
    """

    unit: str
    tag: Tag
    explain: str
    minimum: Bound = None
    maximum: Bound = None
    above: Bound = None
    below: Bound = None

    def admits(self, value: Any) -> bool:
        """Whether a number or amount is within the bounds; whatever has no bounds is."""
        if not self.bounds:
            return True
        number = Decimal(value)
        return (
            (self.minimum is None or number >= Decimal(self.minimum))
            and (self.maximum is None or number <= Decimal(self.maximum))
            and (self.above is None or number > Decimal(self.above))
            and (self.below is None or number < Decimal(self.below))
        )

    @property
    def bounds(self) -> str:
        """The bounds in words."""
        words = (("from", self.minimum), ("above", self.above), ("to", self.maximum), ("below", self.below))
        said = [f"{word} {bound}" for word, bound in words if bound is not None]
        plain = len(said) == 2 and said[0].startswith("from") and said[1].startswith("to")
        return (" " if plain else " and ").join(said)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with the parameters together, found by ``Study.check``."""

    path: str
    reason: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Described:
    """One parameter of a study.

    Args:
        path: its name with the names of its groups, "pool.fee_ppm".
        kind: its type.
        default: its value when nobody says otherwise.
        parameter: unit, tag, explanation, bounds.
    """

    path: str
    kind: Any
    default: Any
    parameter: Parameter

    @property
    def wanted(self) -> str:
        """What a value must be, in words."""
        unit = f", in {self.parameter.unit}" if self.parameter.unit else ""
        return f"{_in_words(self.kind)} {self.parameter.bounds}".rstrip() + unit


def parameter[T](
    default: T,
    *,
    tag: Tag,
    explain: str,
    unit: str = "",
    minimum: Bound = None,
    maximum: Bound = None,
    above: Bound = None,
    below: Bound = None,
) -> T:
    """Declare a parameter of a study: the field of a frozen dataclass, with all that help and checks need.

    Raises:
        ValueError: no explanation, or one of several lines.
    """
    if not explain.strip() or "\n" in explain:
        raise ValueError("a parameter is explained in one line")
    known = Parameter(unit, tag, explain, minimum, maximum, above, below)
    return field(default=default, metadata={_KEY: known})


def group[T: Group](kind: type[T]) -> T:
    """Declare a group of parameters within a study or another group."""
    return field(default_factory=kind)


class Group:
    """The base of groups of parameters: a frozen, keyword-only dataclass whose docstring is the heading."""

    __slots__ = ()


class Study(Group, ABC):
    """A frozen dataclass of parameters; its docstring is what ``shoal list`` says.

    Its name is that of its module, with hyphens.
    From it derive ``--set``, study files, help and documentation; nothing is registered elsewhere.
    """

    __slots__ = ()
    symbols: ClassVar[tuple[str, ...]] = ("BTC", "ETH")
    hours: ClassVar[float] = 6.0

    def check(self) -> Iterable[Problem]:
        """Rules across parameters; what breaks one is refused before anything runs."""
        return ()

    @abstractmethod
    def prices_default(self, *, seed: int, symbols: tuple[str, ...], start_ns: int, end_ns: int) -> PricePath:
        """The outside prices when no file is given."""

    def prices_recorded(self, bars: Bars, *, seed: int) -> PricePath:
        """The outside prices between the bars of a file."""
        from shoal.experiments.prices.bridge import bridge_prices

        return bridge_prices(bars, seed=seed)

    @abstractmethod
    def build(self, *, seed: int, prices: PricePath, records: Records) -> World:
        """The world, ready to run from ``prices.start_ns``.

        Raises:
            ValueError: parameters that do not fit together or to the prices.
        """

    def finish(self, world: World, prices: PricePath) -> None:
        """Called once when the run has ended or was stopped, before its tables are closed."""

    def measure(self, world: World, tables: Mapping[str, pa.Table]) -> Mapping[str, pa.Table]:
        """Tables derived from the recorded ones; they are written beside them and are not part of the digest."""
        return {}

    def counterfactuals(self) -> Mapping[str, Study]:
        """The same study with one action switched off, by the name of that world, such as "no-attack"."""
        return {}

    def figures(self, worlds: Mapping[str, Result]) -> Iterable[Figure]:
        """The scalars of one replicate, from its worlds: "base" is always there, others as they were run."""
        return ()


def describe(kind: type[Group]) -> tuple[Described, ...]:
    """Every parameter of a study or group, in the order of declaration, groups unfolded.

    Raises:
        TypeError: a field that was declared neither by ``parameter`` nor by ``group``.
    """
    once: Any = _described_once
    found: tuple[Described, ...] = once(kind)
    return found


def groups(kind: type[Group]) -> dict[str, type[Group]]:
    """Every group by its path, the study itself under the empty path."""
    found: dict[str, type[Group]] = {"": kind}
    hints = get_type_hints(kind)
    for each in fields(cast(Any, kind)):
        if _is_group(hints[each.name]):
            for path, inner in groups(hints[each.name]).items():
                found[f"{each.name}.{path}" if path else each.name] = inner
    return found


def as_mapping(study: Group) -> dict[str, Any]:
    """All values as plain data, groups as inner mappings, for files and the manifest."""
    return {each.name: _plain(getattr(study, each.name)) for each in fields(cast(Any, study))}


def headline(kind: type[Group]) -> str:
    """The first line of a study's or group's docstring."""
    return (kind.__doc__ or kind.__name__).strip().splitlines()[0]


@cache
def _described_once(kind: Any) -> tuple[Described, ...]:
    return tuple(_described(kind, ""))


def _described(kind: type[Group], prefix: str) -> Iterator[Described]:
    hints = get_type_hints(kind)
    for each in fields(cast(Any, kind)):
        path, hint = prefix + each.name, hints[each.name]
        if _is_group(hint):
            yield from _described(hint, path + ".")
            continue
        known = each.metadata.get(_KEY)
        if not isinstance(known, Parameter):
            raise TypeError(f"{kind.__name__}.{each.name} must be declared with parameter(...) or group(...)")
        yield Described(path, hint, each.default, known)


def _is_group(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, Group)


def _plain(value: Any) -> Any:
    if isinstance(value, Group):
        return as_mapping(value)
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, str) else value


def _in_words(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(repr(each) for each in get_args(kind))
    if get_origin(kind) is tuple:
        return f"a list, each element {_in_words(get_args(kind)[0])}"
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return "one of " + ", ".join(repr(each.value) for each in kind)
    words = {
        int: "a whole number",
        float: "a number",
        bool: "true or false",
        str: "text",
        Amount: "an amount (whole number or decimal text)",
    }
    return words[kind]
