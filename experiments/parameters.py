"""From what a user wrote to a study: every mistake at once, each with its place, reason and remedy."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from decimal import Decimal
from difflib import get_close_matches
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Final, Literal, cast, get_args, get_origin

import pydantic

from shoal.experiments.errors import InputError, Place
from shoal.experiments.study import Amount, Described, Group, Study, describe, groups

_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,78}", re.ASCII)
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,78}(\.[0-9]{1,77})?([eE][+-]?[0-9]{1,3})?", re.ASCII)
_SHOWN: Final = 60
# Whoever makes more has handed in something else altogether.
MAXIMUM_MISTAKES: Final = 100
# A floor under bounds that a study leaves open: what fits the columns of the records, and what arithmetic bears.
_WHOLE_LIMIT: Final = 2**63
_AMOUNT_LIMIT: Final = 10**18
_LARGEST: Final = 1e18
_SMALLEST: Final = 1e-18


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing wrong with what a user wrote; ``error`` is the typed error it came as, if it did."""

    place: Place
    reason: str
    remedy: str
    error: InputError | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}. {self.remedy}"


class ParametersRefused(InputError):
    """Parameters that were refused, all mistakes at once.

    Args:
        mistakes: at least one.
    """

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        first = mistakes[0]
        super().__init__(first.place, first.reason, first.remedy)
        self.args = (mistakes,)
        self.mistakes = mistakes

    def __str__(self) -> str:
        return "\n".join(str(each) for each in self.mistakes)


@dataclass(frozen=True, slots=True)
class Given:
    """Parameters from one origin.

    Args:
        origin: how errors name it: a file, "--set", "the call".
        values: groups as inner mappings, or dotted names; later origins override earlier ones.
        mistakes: what was wrong with the origin before names and values were looked at.
    """

    origin: str
    values: Mapping[str, Any]
    mistakes: tuple[Mistake, ...] = ()

    def place(self, path: str) -> Place:
        """A parameter of this origin as a place for errors."""
        return Place(f"{self.origin}, parameter {shown(path)}")


@contextmanager
def collecting(mistakes: list[Mistake]) -> Iterator[None]:
    """Note what the block refuses instead of raising it, so that the next block can be tried, too."""
    try:
        yield
    except ParametersRefused as refused:
        mistakes += refused.mistakes
    except InputError as refused:
        mistakes.append(Mistake(refused.place, refused.reason, refused.remedy, refused))


def refuse(mistakes: Sequence[Mistake]) -> None:
    """Raise what was collected, if anything: a single typed error as it came, several together.

    Raises:
        InputError: there are mistakes.
    """
    if len(mistakes) == 1 and mistakes[0].error is not None:
        raise mistakes[0].error
    if mistakes:
        raise ParametersRefused(tuple(mistakes))


def make_study[S: Study](kind: type[S], *origins: Given) -> S:
    """The study with these parameters; the later origin wins, defaults fill the rest.

    Raises:
        ParametersRefused: unknown names, values of the wrong type or out of bounds, rules across parameters broken.
    """
    mistakes = [mistake for origin in origins for mistake in origin.mistakes]
    chosen: dict[str, tuple[Any, Given]] = {}
    for origin in origins:
        for path, value in _unfold(kind, origin, origin.values, "", mistakes):
            chosen[path] = (value, origin)
    values = {path: value for path, (value, _) in chosen.items()}
    known = {each.path: each for each in describe(kind)}
    for path, reason in _type_errors(kind, values):
        origin = chosen[path][1]
        mistakes.append(Mistake(origin.place(path), reason, f"The default is {shown(known[path].default)}."))
    if not mistakes:
        study = cast(S, _assemble(kind, "", {path: _typed(known[path].kind, value) for path, value in values.items()}))
        mistakes.extend(_problems(study, chosen))
        if not mistakes:
            return study
    raise ParametersRefused(tuple(mistakes))


def read_settings(kind: type[Study], texts: Iterable[str], *, origin: str = "--set") -> Given:
    """Parameters from ``name=value`` texts; ``make_study`` refuses what is wrong with them."""
    known = {each.path: each for each in describe(kind)}
    values: dict[str, Any] = {}
    mistakes: list[Mistake] = []
    for text in texts:
        name, equals, value = text.partition("=")
        name = name.strip()
        place = Given(origin, {}).place(name)
        if not equals:
            mistakes.append(Mistake(place, "there is no '='", "Write name=value."))
        elif name in values:
            mistakes.append(Mistake(place, "it is given twice", "Give it once."))
        else:
            values[name] = _from_text(known[name].kind, value.strip()) if name in known else value
    return Given(origin, values, tuple(mistakes))


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that looks most like this one, by its whole path or by its last part."""
    names = list(known)
    lowered = name[:200].lower()
    near = get_close_matches(lowered, names, n=1, cutoff=0.6)
    if near:
        return near[0]
    last = lowered.rpartition(".")[2]
    by_last = {each.rpartition(".")[2]: each for each in reversed(names)}
    tails = get_close_matches(last, by_last, n=1, cutoff=0.6)
    return by_last[tails[0]] if tails else None


def shown(value: object) -> str:
    """A value as errors show it: short, on one line, whatever it is."""
    if isinstance(value, int) and value.bit_length() > 512:
        return f"a whole number of {value.bit_length():,} bits"
    try:
        text = " ".join(repr(str(value) if isinstance(value, str) else value).split())
    except ValueError:
        # Python writes no int of more than 4,300 digits, wherever in the value it stands.
        text = f"a {type(value).__name__} with a very long number"
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."


# --- names ------------------------------------------------------------------------------------------------------


def _unfold(
    kind: type[Study], origin: Given, values: Mapping[str, Any], prefix: str, mistakes: list[Mistake]
) -> Iterator[tuple[str, Any]]:
    names = {each.path for each in describe(kind)}
    inner = groups(kind)
    for name, value in values.items():
        if len(mistakes) >= MAXIMUM_MISTAKES:
            return
        path = prefix + str(name)
        if path in names:
            yield path, value
        elif not path or path not in inner:
            mistakes.append(_unknown(kind, origin.place(path), path))
        elif isinstance(value, Mapping):
            yield from _unfold(kind, origin, value, path + ".", mistakes)
        elif isinstance(value, inner[path]):
            yield from ((f"{path}.{leaf.path}", _leaf(value, leaf.path)) for leaf in describe(inner[path]))
        else:
            members = ", ".join(each for each in sorted(names) if each.startswith(path + "."))
            mistakes.append(Mistake(origin.place(path), "this is a group, and it has no value", f"It holds {members}."))


def _leaf(value: Any, path: str) -> Any:
    for name in path.split("."):
        value = getattr(value, name)
    return value


def _unknown(kind: type[Study], place: Place, name: str) -> Mistake:
    near = nearest(name, (*(path for path in groups(kind) if path), *(each.path for each in describe(kind))))
    remedy = f"Did you mean {near!r}?" if near else "`shoal show` lists the parameters."
    return Mistake(place, "there is no such parameter", remedy)


# --- values -----------------------------------------------------------------------------------------------------


def _type_errors(kind: type[Study], values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    model: type[pydantic.BaseModel] = _model(kind)
    try:
        model.model_validate(dict(values))
    except pydantic.ValidationError as error:
        wanted = {each.path: each.wanted for each in describe(kind)}
        for path in dict.fromkeys(str(each["loc"][0]) for each in error.errors(include_url=False, include_input=False)):
            yield path, f"it needs {wanted[path]}{_size(values[path])}, and had {shown(values[path])}"


@cache
def _model(kind: Any) -> type[pydantic.BaseModel]:
    """One flat strict model of all parameters, keyed by path."""
    settings = pydantic.ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)
    entries: dict[str, Any] = {
        f"p{number}": (_strict(each), pydantic.Field(default=None, alias=each.path))
        for number, each in enumerate(describe(kind))
    }
    return pydantic.create_model(kind.__name__, __config__=settings, **entries)


def _strict(each: Described) -> Any:
    def check(value: Any) -> Any:
        for one in value if isinstance(value, tuple) else (value,):
            if not _in_range(one) or not each.parameter.admits(one):
                raise ValueError("out of bounds")
        return value

    kind = each.kind
    if kind is Amount:
        return Annotated[Any, pydantic.BeforeValidator(Amount), pydantic.AfterValidator(check)]
    if get_origin(kind) is tuple:
        inner: Any = get_args(kind)[0]
        element: Any = Annotated[Any, pydantic.BeforeValidator(Amount)] if inner is Amount else inner
        listed: Any = tuple.__class_getitem__((element, ...))
        return Annotated[listed, pydantic.BeforeValidator(_as_tuple), pydantic.AfterValidator(check)]
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return Annotated[Any, pydantic.BeforeValidator(lambda value: kind(value))]
    if get_origin(kind) is Literal:
        return Annotated[kind, pydantic.BeforeValidator(_no_bool_for_number(get_args(kind)))]
    return Annotated[kind, pydantic.AfterValidator(check)]


def _no_bool_for_number(choices: tuple[Any, ...]) -> Any:
    """Python holds True == 1; a user who writes one does not mean the other."""

    def check(value: Any) -> Any:
        if not any(type(value) is type(each) and value == each for each in choices):
            raise ValueError("not one of the choices")
        return value

    return check


def _in_range(value: Any) -> bool:
    if isinstance(value, Amount):
        return Decimal(value) <= _AMOUNT_LIMIT
    if isinstance(value, float):
        return value == 0.0 or _SMALLEST <= abs(value) <= _LARGEST
    return not isinstance(value, int) or abs(value) < _WHOLE_LIMIT


def _size(value: Any) -> str:
    """The bounds that nobody declared, where a number breaks them."""
    beyond = isinstance(value, float) and not _in_range(value)
    return f", no finer than {_SMALLEST:g} and at most {_LARGEST:g}" if beyond else ""


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _typed(kind: Any, value: Any) -> Any:
    if get_origin(kind) is tuple:
        return tuple(_typed(get_args(kind)[0], each) for each in value)
    if isinstance(kind, type) and issubclass(kind, StrEnum | Amount):
        return kind(value)
    return float(value) if kind is float else value


def _from_text(kind: Any, text: str) -> Any:
    """The value a text stands for where that is plain; otherwise the text, which the checks then refuse."""
    if kind is int or kind is float:
        pattern = _WHOLE if kind is int else _NUMBER
        return kind(text) if pattern.fullmatch(text) else text
    if kind is bool:
        return {"true": True, "false": False}.get(text, text)
    if get_origin(kind) is tuple:
        inner = text.removeprefix("[").removesuffix("]").strip()
        return [_from_text(get_args(kind)[0], part.strip().strip("\"'")) for part in inner.split(",")] if inner else []
    if get_origin(kind) is Literal:
        return next((each for each in get_args(kind) if str(each) == text), text)
    return text


# --- the study --------------------------------------------------------------------------------------------------


def _assemble(kind: type[Group], prefix: str, values: Mapping[str, Any]) -> Group:
    arguments: dict[str, Any] = {}
    inner = groups(kind)
    for each in fields(cast(Any, kind)):
        path = prefix + each.name
        if each.name in inner:
            arguments[each.name] = _assemble(inner[each.name], path + ".", values)
        elif path in values:
            arguments[each.name] = values[path]
    return kind(**arguments)


def _problems(study: Study, chosen: Mapping[str, tuple[Any, Given]]) -> Iterator[Mistake]:
    for problem in study.check():
        origin = chosen[problem.path][1] if problem.path in chosen else Given("the defaults", {})
        yield Mistake(origin.place(problem.path), problem.reason, problem.remedy)
