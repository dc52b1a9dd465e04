"""Replay what real contracts did, recorded operation by operation, through the engine's own venues.

A recording is a JSON file: ``venue`` names the contracts, integers are decimal strings in raw units, scenarios are
lists of operations with what each gave, or how it reverted, and the state after it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from shoal.experiments.errors import InputError, MalformedFile, Place
from shoal.experiments.intake import InputFile, read_bytes

MAXIMUM_BYTES: Final = 64 * 2**20
_INTEGER: Final = re.compile(r"-?[0-9]{1,80}")

type Json = Any


class UnsupportedVenue(InputError):
    """The recording is of contracts that no venue here claims to reproduce yet."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure in which the engine differs from the recording.

    >>> print(Difference("pair0, operation 3 (swap)", "r0", "1003", "1004"))
    pair0, operation 3 (swap): r0 recorded 1003, engine 1004
    """

    place: str
    figure: str
    recorded: str
    engine: str

    def __str__(self) -> str:
        return f"{self.place}: {self.figure} recorded {self.recorded}, engine {self.engine}"


@dataclass(frozen=True, slots=True)
class Verification:
    """What a replay found.

    Args:
        venue: what the recording calls its contracts.
        operations: operations replayed.
        reverts: how many of them reverted in the recording.
        compared: figures compared.
        differences: where the engine gave something else, in the order of the file.
    """

    venue: str
    operations: int
    reverts: int
    compared: int
    differences: tuple[Difference, ...]

    @property
    def passed(self) -> bool:
        """Whether there was something to replay and nothing differed."""
        return self.operations > 0 and not self.differences


class Recording:
    """One object of a recording; whatever is not there or not of its kind is refused with its place."""

    def __init__(self, file: Place, place: str, fields: Json) -> None:
        self._file = file
        self.place = place
        if not isinstance(fields, dict):
            raise self.malformed("is no JSON object")
        self.fields: Mapping[str, Json] = fields

    def __contains__(self, name: str) -> bool:
        return name in self.fields

    def malformed(self, reason: str) -> MalformedFile:
        """The error to raise when something here cannot be read."""
        return MalformedFile(self._file, f"{self.place} {reason}", "Record it again in the common format.")

    def text(self, name: str) -> str:
        """A text."""
        value = self.fields.get(name)
        if not isinstance(value, str):
            raise self.malformed(f"has no text {name!r}")
        return value

    def flag(self, name: str) -> bool:
        """True or false."""
        value = self.fields.get(name)
        if not isinstance(value, bool):
            raise self.malformed(f"has no true or false {name!r}")
        return value

    def integer(self, name: str) -> int:
        """A whole number, written as decimal text."""
        return self.whole(name, self.fields.get(name))

    def integers(self, name: str, *, count: int | None = None) -> list[int]:
        """A list of whole numbers, of that length if one is given."""
        return [self.whole(name, value) for value in self.items(name, count=count)]

    def texts(self, name: str, *, count: int | None = None) -> list[str]:
        """A list of texts, of that length if one is given."""
        values = self.items(name, count=count)
        if not all(isinstance(value, str) for value in values):
            raise self.malformed(f"has no list of texts {name!r}")
        return values

    def items(self, name: str, *, count: int | None = None) -> list[Json]:
        """A list, of that length if one is given."""
        values = self.fields.get(name)
        if not isinstance(values, list):
            raise self.malformed(f"has no list {name!r}")
        if count is not None and len(values) != count:
            raise self.malformed(f"has {len(values)} items in {name!r}, not {count}")
        return values

    def inside(self, name: str) -> Recording:
        """An object within this one."""
        return Recording(self._file, f"{self.place}, {name}", self.fields.get(name))

    def each(self, name: str, *, title: str = "", label: str = "op") -> Iterator[Recording]:
        """The objects of a list, numbered from 1 and named by their label."""
        for number, value in enumerate(self.items(name), 1):
            label_text = f" ({value[label]})" if isinstance(value, dict) and isinstance(value.get(label), str) else ""
            yield Recording(self._file, f"{title or name}, operation {number}{label_text}", value)

    def whole(self, name: str, value: Json) -> int:
        """A value as a whole number."""
        if not isinstance(value, str) or not _INTEGER.fullmatch(value):
            raise self.malformed(f"has no whole number as text {name!r}")
        return int(value)


class Comparison:
    """Counts operations, reverts and figures, and keeps what differs."""

    def __init__(self) -> None:
        self.operations = 0
        self.reverts = 0
        self.compared = 0
        self.differences: list[Difference] = []

    def operation(self, recorded: Recording) -> None:
        """Count an operation."""
        self.operations += 1
        self.reverts += "revert" in recorded

    def equal(self, place: str, figure: str, recorded: object, engine: object) -> None:
        """Compare one figure."""
        self.compared += 1
        if recorded != engine:
            self.differences.append(Difference(place, figure, str(recorded), str(engine)))


def verify(path: Path | str) -> Verification:
    """Replay a recording.

    Raises:
        InputError: the file cannot be read, is malformed, or records a venue that is not supported.
    """
    # Replays build whole worlds; only who verifies needs them.
    from shoal.experiments.replay_uniswap_v2 import replay as replay_uniswap_v2

    replays: dict[str, Callable[[Recording, Comparison], None]] = {"uniswap-v2": replay_uniswap_v2}
    file = read_bytes(path, maximum_bytes=MAXIMUM_BYTES)
    recording = Recording(file.place, "the recording", parse(file))
    venue = recording.text("venue")
    replay = replays.get(venue)
    if replay is None:
        raise UnsupportedVenue(
            file.place, f"it records the venue {venue[:60]!r}", f"Venues that are replayed: {', '.join(replays)}."
        )
    comparison = Comparison()
    replay(recording, comparison)
    return Verification(
        venue, comparison.operations, comparison.reverts, comparison.compared, tuple(comparison.differences)
    )


def parse(file: InputFile) -> Json:
    """The file as strict JSON: UTF-8, no NaN or infinity, no key twice, no numbers of thousands of digits.

    Raises:
        MalformedFile: anything else.
    """
    remedy = "Hand in a recording as JSON."
    try:
        return json.loads(
            file.data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant, parse_int=_short_integer
        )
    except RecursionError:
        raise MalformedFile(file.place, "the JSON is nested too deeply", remedy) from None
    except ValueError as error:
        raise MalformedFile(file.place, f"this is no strict JSON ({error})", remedy) from error


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice[:60]!r} is there twice")
    return fields


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is no number")


def _short_integer(text: str) -> int:
    if len(text) > 80:
        raise ValueError("a number of more than 80 digits")
    return int(text)
