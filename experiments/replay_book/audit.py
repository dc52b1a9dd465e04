"""What was compared, what agreed, and what stands behind every disagreement."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import Enum


class Cause(Enum):
    """Why engine and recording may differ: a short name and what it means."""

    UNSEEN_END = (
        "order whose end is missing",
        "the market traded or quoted past an order that by the recording still rested: its end was not recorded",
    )
    ORPHAN = ("orphan order", "it rested before the recording began, unseen")
    STRANGER = ("taker not recorded", "the trades name an order that the recording of orders does not hold")
    QUEUE = ("another order was first", "the market filled an order that is not the first at its price in the engine")
    QUANTITY = ("same order, other quantity", "both filled this order, by different amounts")
    NOTHING_THERE = ("book shows nothing there", "nothing rests at the price of the trade, as far as is known")
    LESS_THERE = ("book shows less", "less rests at the price of the trade, as far as is known")
    BETTER_THERE = (
        "book shows a better price",
        "what rested at better prices, as far as is known, had gone or was passed",
    )
    STOPPED_SHORT = ("engine stopped short", "the engine's order ended before this trade, though its maker rests")
    NO_CROSSING = (
        "withdrawn, though it crosses nothing",
        "gone whole in the millisecond of its arrival, as post-only orders that would trade are: a quick cancellation, "
        "or an immediate order that found nothing",
    )
    SHRUNK = ("less rests than in the engine", "the order lost quantity without a trade that says so")
    GREW = ("more rests than in the engine", "the order holds more than the engine left of it")
    BY_VALUE = ("market order by value", "its quantity is not recorded; the sum of its trades was sent")
    TWICE = ("created twice", "an order that rests was created again; the later row counts")
    CROSSED_SNAPSHOT = ("crossed snapshot", "a level of a snapshot lies through its other side; it is left out")
    CROSSED_UPDATE = ("update through the other side", "a new level crosses one that was not removed; the older goes")
    AFTER_GAP = ("after a gap", "messages are missing since the last snapshot")
    NO_SNAPSHOT = ("no snapshot yet", "levels that have not changed since the start are unknown")
    BEYOND_SNAPSHOT = ("beyond the snapshot", "the price lies where the snapshot did not reach")
    EDGE_OF_VIEW = ("edge of view", "beyond the levels that the file shows, changes come into view unannounced")
    OUTSIDE_SPREAD = ("hidden order outside the quotes", "a hidden order traded at a price worse than the best quote")
    CROSSES = ("resting order crosses", "an order that came to rest would trade in the engine; what is in its way goes")
    UNEXPLAINED = ("unexplained", "none of the known reasons fits")

    @property
    def title(self) -> str:
        """A few words."""
        return self.value[0]

    @property
    def explanation(self) -> str:
        """What happened, in one line."""
        return self.value[1]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often something agreed.

    Args:
        subject: what was compared.
        compared: how many times.
        agreed: how many of them agreed.

    >>> Agreement("trades", 284, 283).share
    0.996...
    """

    subject: str
    compared: int
    agreed: int

    @property
    def share(self) -> float:
        """Agreed of compared; NaN where nothing was compared."""
        return self.agreed / self.compared if self.compared else float("nan")


@dataclass(frozen=True, slots=True)
class Finding:
    """Disagreements of one kind.

    Args:
        subject: what was compared.
        cause: why it differed.
        count: how often.
        first_row: row of the first one, as in the file.
        example: the first one in words.
    """

    subject: str
    cause: Cause
    count: int
    first_row: int
    example: str


class Audit:
    """Collects agreements and disagreements while a recording is played."""

    def __init__(self) -> None:
        self._agreed: Counter[str] = Counter()
        self._differed: Counter[tuple[str, Cause]] = Counter()
        self._first: dict[tuple[str, Cause], tuple[int, str]] = {}
        self._notes: Counter[str] = Counter()
        self.times_ns: list[int] = []

    def agree(self, subject: str, times: int = 1) -> None:
        """Count what agreed."""
        self._agreed[subject] += times

    def differ(self, subject: str, cause: Cause, *, row: int, time_ns: int, detail: str) -> None:
        """Count a disagreement; the first of its kind is kept in words."""
        key = (subject, cause)
        self._differed[key] += 1
        self._first.setdefault(key, (row, detail))
        self.times_ns.append(time_ns)

    def note(self, what: str, times: int = 1) -> None:
        """Count something that is no disagreement and that a reader should know."""
        self._notes[what] += times

    @property
    def agreements(self) -> tuple[Agreement, ...]:
        """By subject, in the order of their first appearance."""
        differed: Counter[str] = Counter()
        for (subject, _), count in self._differed.items():
            differed[subject] += count
        subjects = dict.fromkeys([*self._agreed, *differed])
        return tuple(
            Agreement(subject, self._agreed[subject] + differed[subject], self._agreed[subject]) for subject in subjects
        )

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Disagreements by subject and cause, the most frequent of a subject first."""
        order = {each.subject: place for place, each in enumerate(self.agreements)}
        found = [
            Finding(subject, cause, count, *self._first[subject, cause])
            for (subject, cause), count in self._differed.items()
        ]
        return tuple(sorted(found, key=lambda each: (order[each.subject], -each.count, each.first_row)))

    @property
    def notes(self) -> tuple[tuple[str, int], ...]:
        """What else was counted."""
        return tuple(self._notes.items())
