"""What to run besides the study's parameters: seed, prices, symbols, span and replicates, checked at the edge."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from shoal.experiments.errors import OptionError, Place
from shoal.experiments.parameters import MAXIMUM_MISTAKES, Mistake, ParametersRefused, nearest, shown

if TYPE_CHECKING:
    import pandas as pd

    from shoal.experiments.prices.span import Moment

DEFAULT_SEED: Final = 7
SEED_LIMIT: Final = 2**64
MAXIMUM_HOURS: Final = 24 * 366 * 10
MAXIMUM_REPLICATES: Final = 10_000
MAXIMUM_PROCESSES: Final = 1_024
DEFAULT_LEVEL: Final = 0.95
PATH_SOURCES: Final = ("generated", "bootstrap", "episodes")
_WHOLE: Final = re.compile(r"[0-9]{1,20}", re.ASCII)
_DECIMAL: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?", re.ASCII)
_WORLD: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}", re.ASCII)
_OF_REPLICATES: Final = ("worlds", "processes", "paths", "path_source", "path_block", "level")
_SYMBOL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:-]{0,63}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What to run; None leaves the choice to the study or the data.

    Args:
        seed: 0 to 2**64 - 1.
        prices: a Parquet or CSV file, a DataFrame, or None for generated prices.
        symbols: base symbols, or symbols as the file writes them; also as one text, "BTC,ETH".
        start: without a zone UTC.
        end: exclusive.
        hours: length of the span, instead of ``end``.
        columns: role (time, symbol, open, high, low, close, price) to column name.
        zone: of stamps in the file that carry none.
        maximum_gap: longest step between two stamps of the file, such as "2h"; None allows no gap.
        path_seed: of the outside prices; None takes ``seed``.
        replicates: seeds to run a path, from ``seed`` on; None runs one world and no replicates.
        worlds: counterfactual worlds beside "base"; also as one text; None runs all the study has.
        processes: how many work at the same time; it changes no result.
        paths: of the outside prices, 1 when nobody says otherwise.
        path_source: "generated", "bootstrap" or "episodes"; None is generated, and bootstrap of a file.
        path_block: mean length of the blocks of a bootstrap, such as "6h".
        level: of the intervals, 0.95 when nobody says otherwise.
    """

    seed: int = DEFAULT_SEED
    prices: Path | str | pd.DataFrame | None = None
    symbols: tuple[str, ...] | None = None
    start: Moment | None = None
    end: Moment | None = None
    hours: float | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    zone: str | None = None
    maximum_gap: str | None = None
    path_seed: int | None = None
    replicates: int | None = None
    worlds: tuple[str, ...] | None = None
    processes: int | None = None
    paths: int | None = None
    path_source: str | None = None
    path_block: str | None = None
    level: float | None = None

    @property
    def price_seed(self) -> int:
        """The seed of the outside prices."""
        return self.seed if self.path_seed is None else self.path_seed

    def check_replicates(self) -> None:
        """Options of replicates need replicates, and all seeds must be below 2**64.

        Raises:
            OptionError: one of them does not hold.
        """
        if self.replicates is None:
            for name in _OF_REPLICATES:
                if getattr(self, name) is not None:
                    raise OptionError(
                        Place(f"option {name}"), "it is about replicates, and there are none", "Give replicates, too."
                    )
            return
        paths = self.paths or 1
        if self.replicates * paths > MAXIMUM_REPLICATES:
            raise OptionError(
                Place("options replicates and paths"),
                f"they make {self.replicates * paths:,} replicates, and {MAXIMUM_REPLICATES:,} is the limit",
                "Lower one of them.",
            )
        if max(self.seed + self.replicates * paths, self.price_seed + paths) > SEED_LIMIT:
            raise OptionError(
                Place("option seed"), "the seeds of the replicates would pass 2**64 - 1", "Start from a lower seed."
            )


def check_options(origin: str, values: Mapping[str, Any]) -> Options:
    """The options a mapping names.

    Raises:
        ParametersRefused: unknown names or values of the wrong type or out of bounds, all at once.
    """
    mistakes: list[Mistake] = []
    accepted: dict[str, Any] = {}
    names = [each.name for each in fields(Options)]
    for name, value in islice(values.items(), MAXIMUM_MISTAKES):
        place = Place(f"{origin}, option {shown(name)}")
        if name not in names:
            near = nearest(str(name), names)
            remedy = f"Did you mean {near!r}?" if near else f"There are: {', '.join(names)}."
            mistakes.append(Mistake(place, "there is no such option", remedy))
            continue
        try:
            accepted[name] = _CHECKS[name](value)
        except ValueError as error:
            reason, remedy = error.args
            mistakes.append(Mistake(place, f"it needs {reason}, and had {shown(value)}", remedy))
    if accepted.get("end") is not None and accepted.get("hours") is not None:
        place = Place(f"{origin}, options 'end' and 'hours'")
        mistakes.append(Mistake(place, "both say when to stop", "Give one of them."))
    if mistakes:
        raise ParametersRefused(tuple(mistakes))
    return Options(**accepted)


def seed_from_text(text: str, option: str = "--seed") -> int:
    """The seed that a text names; what is no plain whole number is refused.

    Raises:
        OptionError: not a whole number from 0 to 2**64 - 1.
    """
    if not _WHOLE.fullmatch(text) or int(text) >= SEED_LIMIT:
        raise OptionError(
            Place(f"option {option}"),
            f"it needs a whole number from 0 to 2**64 - 1, and had {shown(text)}",
            _SEED_REMEDY,
        )
    return int(text)


def hours_from_text(text: str) -> float:
    """The number of hours that a text names.

    Raises:
        OptionError: not a plain number above 0.
    """
    if not _DECIMAL.fullmatch(text) or not 0 < float(text) <= MAXIMUM_HOURS:
        raise OptionError(Place("option --hours"), f"it needs {_HOURS}, and had {shown(text)}", "Write 6 or 0.5.")
    return float(text)


def whole_from_text(text: str, option: str, maximum: int) -> int:
    """The whole number from 1 to a limit that a text names.

    Raises:
        OptionError: it names none.
    """
    if not _WHOLE.fullmatch(text) or not 1 <= int(text) <= maximum:
        raise OptionError(
            Place(f"option {option}"), f"it needs a whole number from 1 to {maximum}, and had {shown(text)}", "Write 4."
        )
    return int(text)


def level_from_text(text: str) -> float:
    """The level of intervals that a text names.

    Raises:
        OptionError: no plain number between 0 and 1.
    """
    if not _DECIMAL.fullmatch(text) or not 0 < float(text) < 1:
        raise OptionError(Place("option --level"), f"it needs {_LEVEL}, and had {shown(text)}", "Write 0.95.")
    return float(text)


def columns_from_text(text: str) -> dict[str, str]:
    """The mapping that "time=ts,price=px" names.

    Raises:
        OptionError: not of that form.
    """
    found: dict[str, str] = {}
    for part in text.split(","):
        role, equals, column = part.partition("=")
        if not equals or not role.strip() or not column or role.strip() in found:
            raise OptionError(
                Place("option --columns"),
                f"{shown(part)} is no role=column, or is there twice",
                "Write time=ts,price=px.",
            )
        found[role.strip()] = column
    return found


_SEED_REMEDY: Final = "Write a plain number such as 7."
_LEVEL: Final = "a number between 0 and 1"
_HOURS: Final = f"a number above 0, at most {MAXIMUM_HOURS}"


def _seed(value: Any) -> int:
    if type(value) is not int or not 0 <= value < SEED_LIMIT:
        raise ValueError("a whole number from 0 to 2**64 - 1", _SEED_REMEDY)
    return value


def _prices(value: Any) -> Any:
    if value is not None and isinstance(value, str | bytes) and not value:
        raise ValueError("the path of a file", "Leave it out to generate prices.")
    return value


def _symbols(value: Any) -> tuple[str, ...] | None:
    if value is None:
        return None
    listed = [each.strip() for each in value.split(",")] if isinstance(value, str) else value
    if not isinstance(listed, Sequence) or not listed or len(listed) > 100:
        raise ValueError("1 to 100 symbols", 'Write ["BTC", "ETH"].')
    if not all(isinstance(each, str) and _SYMBOL.fullmatch(each) for each in listed):
        raise ValueError("symbols of letters, digits and . _ / : -", "Write them as in the file, such as BTC-USD.")
    if len(set(listed)) < len(listed):
        raise ValueError("each symbol once", "Leave the second one out.")
    return tuple(listed)


def _moment(value: Any) -> Any:
    if value is not None and (isinstance(value, bool) or not isinstance(value, str | int | date)):
        raise ValueError("a point in time", "Write it like 2020-03-12 or 2020-03-12T10:30Z.")
    return value


def _hours(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= MAXIMUM_HOURS:
        raise ValueError(_HOURS, "Write 6 or 0.5.")
    return float(value)


def _columns(value: Any) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not all(isinstance(each, str) for pair in value.items() for each in pair):
        raise ValueError("column names by role", 'Write {time = "ts", price = "px"}.')
    return dict(value)


def _maximum_gap(value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise ValueError("a duration", 'Write "90m" or "2h".')
    return value


def _zone(value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise ValueError("the name of a zone", 'Write "UTC" or "Europe/Berlin".')
    return value


def _path_seed(value: Any) -> int | None:
    return None if value is None else _seed(value)


def _replicates(value: Any) -> int | None:
    return _count(value, MAXIMUM_REPLICATES)


def _processes(value: Any) -> int | None:
    return _count(value, MAXIMUM_PROCESSES)


def _count(value: Any, maximum: int) -> int | None:
    if value is not None and (type(value) is not int or not 1 <= value <= maximum):
        raise ValueError(f"a whole number from 1 to {maximum}", "Write a plain number such as 4.")
    return value


def _worlds(value: Any) -> tuple[str, ...] | None:
    if value is None:
        return None
    listed = [each.strip() for each in value.split(",")] if isinstance(value, str) else value
    if not isinstance(listed, Sequence) or not listed or len(listed) > 100:
        raise ValueError("1 to 100 names of worlds", 'Write ["base", "no-attack"].')
    if not all(isinstance(each, str) and _WORLD.fullmatch(each) for each in listed):
        raise ValueError("names of worlds: small letters, digits and -", "Write them as in the study, like no-attack.")
    if len(set(listed)) < len(listed):
        raise ValueError("each world once", "Leave the second one out.")
    return tuple(listed)


def _path_source(value: Any) -> str | None:
    if value is not None and (not isinstance(value, str) or value not in PATH_SOURCES):
        raise ValueError(f"one of {', '.join(PATH_SOURCES)}", "Leave it out to take what the prices allow.")
    return value


def _path_block(value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise ValueError("a duration", 'Write "6h".')
    return value


def _level(value: Any) -> float | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, float) or not 0 < value < 1):
        raise ValueError(_LEVEL, "Write 0.95.")
    return value


_CHECKS: Final[Mapping[str, Any]] = {
    "seed": _seed,
    "prices": _prices,
    "symbols": _symbols,
    "start": _moment,
    "end": _moment,
    "hours": _hours,
    "columns": _columns,
    "zone": _zone,
    "maximum_gap": _maximum_gap,
    "path_seed": _path_seed,
    "replicates": _replicates,
    "worlds": _worlds,
    "processes": _processes,
    "paths": _replicates,
    "path_source": _path_source,
    "path_block": _path_block,
    "level": _level,
}
