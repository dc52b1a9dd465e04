"""Estimates by topic: a row a figure, a column for the base world and for each world it is compared with."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from shoal.experiments.measures.frames import rows

if TYPE_CHECKING:
    import pandas as pd

MAXIMUM_WORLDS: Final = 4
_SIZES: Final = ((1e9, 1e9, " bn"), (1e6, 1e6, " m"), (1e4, 1e3, " k"))
"""From where on numbers are in billions, millions and thousands."""
_DIGITS: Final = 4
_LISTED: Final = 8
_PREFIXED: Final = re.compile(r"(?P<what>[a-z][a-z-]*)-(?P<number>[0-9]+(p[0-9]+)?)", re.ASCII)
_MEASURED: Final = re.compile(r"(?P<number>[0-9]+(\.[0-9]+)?)(?P<what>[ %].*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Entry:
    """One estimate in its place.

    Args:
        row: the figure, without what the column says.
        world: what it is compared with; empty for the base world alone.
        difference: whether it is the base world less the other, and not, say, a ratio of both.
        unit: of the figure.
        n: replicates in which it has a number.
        mean: of them.
        half: half the width of the interval; NaN without one.
        correlation: of the worlds' values; NaN where there is none.
        variance_removed_share: see ``Estimate``; NaN where there is none.
    """

    row: str
    world: str
    difference: bool
    unit: str
    n: int
    mean: float
    half: float
    correlation: float
    variance_removed_share: float

    @property
    def text(self) -> str:
        """The mean, and half its interval if there is one; of a difference with its sign."""
        return spread(self.mean, self.half, signed=self.difference)

    @property
    def pairing(self) -> str:
        """Correlation and the share of variance that pairing removed; empty where there is none."""
        if not self.difference or math.isnan(self.correlation) or math.isnan(self.variance_removed_share):
            return ""
        return f"r {self.correlation:.2f}, {100 * self.variance_removed_share:.0f} %"


@dataclass(frozen=True, slots=True)
class Topic:
    """Figures that stand together.

    Args:
        title: what they are about.
        entries: in the order of the study.
        summary: the rows of the summary behind them, in the same order.
    """

    title: str
    entries: tuple[Entry, ...]
    summary: pd.DataFrame

    @property
    def worlds(self) -> tuple[str, ...]:
        """What figures are compared with, "" for the base alone; empty if they are too many for columns."""
        found = sorted({each.world for each in self.entries}, key=[each.world for each in self.entries].index)
        found.sort(key=bool)
        return () if len(found) > MAXIMUM_WORLDS + 1 else tuple(found)

    @property
    def units(self) -> tuple[str, ...]:
        """The units of figures."""
        return tuple(dict.fromkeys(each.unit for each in self.entries))


def without_settings(topic: Topic) -> Topic:
    """What is left of a topic when figures set to a number are taken out."""
    kept = [index for index, each in enumerate(topic.entries) if setting(each.row) is None]
    entries = tuple(topic.entries[index] for index in kept)
    return Topic(topic.title, entries, topic.summary.iloc[kept].reset_index(drop=True))


def listed(worlds: Sequence[str]) -> str:
    """The names of worlds, or how many there are where nobody would read them.

    >>> listed(["base", "no-attack"]), listed(["base"] * 12)
    ('base, no-attack', '12 worlds')
    """
    return ", ".join(worlds) if len(worlds) <= _LISTED else f"{len(worlds)} worlds"


def label(name: str, world: str) -> str:
    """A figure's name with the world it is compared with.

    >>> label("cost", "no-attack"), label("cost", "")
    ('cost, less no-attack', 'cost')
    """
    return f"{name}, less {world}" if world else name


def topics(summary: pd.DataFrame) -> list[Topic]:
    """The estimates of a summary by their topic."""
    worlds = {world for world in summary["world"] if world}
    found = []
    for title in dict.fromkeys(summary["topic"]):
        part = summary[summary["topic"] == title].reset_index(drop=True)
        found.append(Topic(str(title), tuple(_entry(row, worlds) for row in rows(part)), part))
    return found


def _entry(row: Any, worlds: set[str]) -> Entry:
    name, world = placed(row.name, row.world, worlds)
    return Entry(
        name,
        world,
        bool(row.world),
        str(row.unit),
        int(row.n),
        float(row.mean),
        float(row.high) - float(row.mean),
        float(row.correlation),
        float(row.variance_removed_share),
    )


def placed(name: str, world: str, worlds: set[str]) -> tuple[str, str]:
    """The row and the column of a figure: a world may also stand at the end of its name, and a setting in the world's.

    >>> placed("cost", "no-attack", {"no-attack"}), placed("gain, no-attack", "", {"no-attack"})
    (('cost', 'no-attack'), ('gain', 'no-attack'))
    >>> placed("fall, depth-3", "depth-3-no-attack", {"no-attack"})
    ('fall, depth-3', 'no-attack')
    """
    head, comma, last = name.rpartition(", ")
    if not world and comma and last in worlds:
        return head, last
    if comma and world.startswith(f"{last}-"):
        return name, world.removeprefix(f"{last}-")
    return name, world


def setting(name: str) -> tuple[str, str, float] | None:
    """What a figure is, what was set, and to which number, if its name ends so.

    >>> setting("fall of BTC, depth-0p3"), setting("cost, at once, 1.5% of the depth"), setting("cost, public")
    (('fall of BTC', 'depth', 0.3), ('cost, at once', '% of the depth', 1.5), None)
    """
    head, comma, last = name.rpartition(", ")
    found = (_PREFIXED.fullmatch(last) or _MEASURED.fullmatch(last)) if comma else None
    if found is None:
        return None
    return head, found["what"].strip(), float(found["number"].replace("p", "."))


def spread(mean: float, half: float, *, signed: bool = False) -> str:
    """A mean with half the width of its interval, both to the digits that the interval leaves sense in.

    >>> spread(12.3456, 0.789), spread(-3.2e6, 4.5e5), spread(3.14159, math.nan), spread(5.0, math.nan, signed=True)
    ('12.35 ± 0.79', '-3.20 ± 0.45 m', '3.142', '+5')
    >>> spread(30_772.0, 60_205.0), spread(160_819.0, math.nan)
    ('31 ± 60 k', '160.8 k')
    """
    if math.isnan(mean):
        return "-"
    if math.isinf(mean):
        return "inf" if mean > 0 else "-inf"
    known = math.isfinite(half)
    top = max(abs(mean), half) if known else abs(mean)
    size, letter = next(((size, letter) for limit, size, letter in _SIZES if top >= limit), (1.0, ""))
    plus = "+" if signed and mean > 0 else ""
    if not known or half == 0.0:
        return f"{plus}{_plain(mean / size)}{letter}"
    places = min(6, max(0, 1 - math.floor(math.log10(half / size))))
    return f"{plus}{mean / size:,.{places}f} ± {half / size:,.{places}f}{letter}"


def _plain(value: float) -> str:
    """Four digits that count, and no more zeros than there are.

    >>> _plain(1234.5), _plain(0.00123456), _plain(5.0)
    ('1,234', '0.001235', '5')
    """
    if value == 0.0 or not math.isfinite(value):
        return f"{value:g}".removeprefix("-")
    if abs(value) < 1e-4:
        return f"{value:.2e}"
    places = max(0, _DIGITS - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def matrix(topic: Topic) -> Iterator[tuple[str, str, Sequence[Entry | None]]]:
    """Row by row: the figure, its unit, and an entry or nothing for each of ``topic.worlds``."""
    found: dict[tuple[str, str], dict[str, Entry]] = {}
    for each in topic.entries:
        found.setdefault((each.row, each.unit), {})[each.world] = each
    for (row, unit), by_world in found.items():
        yield row, unit, [by_world.get(world) for world in topic.worlds]
