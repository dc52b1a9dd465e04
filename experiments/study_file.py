"""A study as a file: TOML in, checked, and TOML out, every parameter explained."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from shoal.experiments.errors import InputError, MalformedFile, Place
from shoal.experiments.intake import read_bytes
from shoal.experiments.parameters import MAXIMUM_MISTAKES, Given, Mistake, ParametersRefused, nearest, shown
from shoal.experiments.study import Described, Study, describe, groups, headline

FORMAT: Final = 1
MAXIMUM_BYTES: Final = 2**18
_KEYS: Final = ("format", "study", "run", "parameters")
_BRACKETS: Final = 16
_DOTS: Final = 64


class NewerFormat(InputError):
    """The file was written for a newer version."""


@dataclass(frozen=True, slots=True)
class StudyFile:
    """What a study file says, its parameters and options not yet checked.

    Args:
        study: name of the study.
        options: the table ``[run]``: the fields of ``Options``.
        parameters: the table ``[parameters]``.
        folder: where the file lies.
        digest: SHA-256 of its bytes, hexadecimal.
    """

    study: str
    options: Mapping[str, Any]
    parameters: Given
    folder: Path
    digest: str


def read_study_file(path: Path | str) -> StudyFile:
    """Read a study file; names and values of its parameters are checked by ``make_study``.

    Raises:
        InputError: unreadable, no TOML, of a newer format, or with keys that do not belong there.
    """
    file = read_bytes(path, maximum_bytes=MAXIMUM_BYTES)
    data = _parse(file.data, file.place)
    _check_format(data, file.place)
    unknown = (key for key in data if key not in _KEYS)
    mistakes = [_unknown_key(file.name, key) for key in islice(unknown, MAXIMUM_MISTAKES)]
    if not isinstance(data.get("study"), str):
        mistakes.append(
            Mistake(Place(f"{file.name}, key 'study'"), "the name of a study is missing", 'Write study = "market".')
        )
    for key in ("run", "parameters"):
        if not isinstance(data.get(key, {}), dict):
            mistakes.append(Mistake(Place(f"{file.name}, key {key!r}"), "this must be a table", f"Write [{key}]."))
    if mistakes:
        raise ParametersRefused(tuple(mistakes))
    parameters = Given(file.name, data.get("parameters", {}))
    return StudyFile(data["study"], data.get("run", {}), parameters, file.path.parent, file.digest)


def write_study(name: str, study: Study, *, seed: int) -> str:
    """The study file that holds all parameters of a study, each explained."""
    kind = type(study)
    lines = [
        f"# {headline(kind)}",
        "# `shoal check FILE` validates this file, `shoal run FILE --out DIR` runs it.",
        f"format = {FORMAT}",
        f"study = {toml_text(name)}",
        "",
        "[run]",
        "# From 0 to 2**64 - 1; every draw is a function of it.",
        f"seed = {seed}",
        "# A Parquet or CSV file beside this one; without it the prices are generated.",
        '# prices = "prices.parquet"',
        f"# symbols = {toml_text(list(kind.symbols))}",
        "# Without a zone these are UTC; the end is exclusive.",
        '# start = "2020-03-12"',
        '# end = "2020-03-14"',
        "# How many seeds to run, each with every counterfactual world; `shoal run --help` tells the rest.",
        "# replicates = 8",
    ]
    described = describe(kind)
    for path, inner in groups(kind).items():
        lines += ["", f"[{'.'.join(filter(None, ('parameters', path)))}]"]
        if path:
            lines.append(f"# {headline(inner)}")
        for each in described:
            if each.path.rpartition(".")[0] == path:
                lines += _entry(each, study)
    return "\n".join(lines) + "\n"


def toml_text(value: Any) -> str:
    r"""A plain value as TOML.

    >>> print(toml_text('say "x"'), toml_text([1, 2.5]), toml_text(True))
    "say \"x\"" [1, 2.5] true
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + "".join(_escaped(each) for each in str(value)) + '"'
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml_text, value))}]"
    return repr(value)


def _entry(each: Described, study: Study) -> list[str]:
    value: Any = study
    for name in each.path.split("."):
        value = getattr(value, name)
    parameter = each.parameter
    about = "; ".join(part for part in (each.wanted, f"default {toml_text(each.default)}", str(parameter.tag)) if part)
    return [f"# {parameter.explain}", f"#   {about}", f"{each.path.rpartition('.')[2]} = {toml_text(value)}"]


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    return character if character.isprintable() else f"\\U{ord(character):08X}"


def _parse(data: bytes, place: Place) -> dict[str, Any]:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedFile(place, f"it is not UTF-8 at byte {error.start}", "Save it as UTF-8.") from error
    brackets, dots = _deepest(text)
    if brackets > _BRACKETS or dots > _DOTS:
        # The parser recurses into brackets, and its memory grows with the square of the parts of a dotted key.
        raise MalformedFile(
            place,
            f"it nests {brackets} brackets and puts {dots} dots in a row; {_BRACKETS} and {_DOTS} are the limits",
            "Write it flatter.",
        )
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise MalformedFile(place, f"it is no TOML: {error}", "Correct it; amounts are written as text.") from error
    except (ValueError, RecursionError) as error:
        raise MalformedFile(
            place, f"it holds a value that cannot be read ({str(error).splitlines()[0][:80]})", "Correct it."
        ) from error


def _deepest(text: str) -> tuple[int, int]:
    """How deep brackets nest and how many dots a key may have, those in texts and comments counted, too.

    An upper bound that costs one pass over the text.
    """
    depth = deepest = dots = longest = 0
    for character in text:
        if character == ".":
            dots += 1
            longest = max(longest, dots)
        elif character in "=,\n[]{}":
            dots = 0
            if character in "[{":
                depth += 1
                deepest = max(deepest, depth)
            elif character in "]}":
                depth = max(0, depth - 1)
    return deepest, longest


def _check_format(data: Mapping[str, Any], place: Place) -> None:
    version = data.get("format", FORMAT)
    if type(version) is not int or version < 1:
        raise MalformedFile(place, f"format needs a whole number, had {shown(version)}", f"Write format = {FORMAT}.")
    if version > FORMAT:
        raise NewerFormat(
            place, f"it is of format {version}, and this version reads up to {FORMAT}", "Install a newer Shoal."
        )


def _unknown_key(name: str, key: str) -> Mistake:
    near = nearest(key, _KEYS)
    remedy = f"Did you mean {near!r}?" if near else "Parameters belong under [parameters], options under [run]."
    return Mistake(Place(f"{name}, key {shown(key)}"), "there is no such key", remedy)
