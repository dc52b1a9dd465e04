"""An oracle on a chain: the last answer of its reporter, and when the next one is due."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import ClassVar, Final, NamedTuple

from shoal.sim.calls import Call, Outcome
from shoal.sim.errors import UnknownVerb, VenueError
from shoal.sim.units import PPM, Asset
from shoal.sim.venue import Context, Venue, whole
from shoal.venues.view import MarketView

DECIMALS: Final = 8
# The order of magnitude of one off-chain report written by a single sender; assumed, not measured.
REPORT_GAS: Final = 100_000


class NotTheReporter(VenueError):
    """Somebody else than the oracle's reporter tried to report."""

    happened = "only the reporter may report"


class NoAnswer(VenueError):
    """A price is needed, and the oracle has none yet."""

    happened = "the oracle has no answer yet"


class StalePrice(VenueError):
    """The oracle's last answer is older than who asks accepts."""

    happened = "the oracle's answer is stale"


class OracleNews(NamedTuple):
    """The oracle as published.

    Args:
        answer: the last answer with 8 decimals, quote tokens for one base token; None before the first.
        round_id: how many answers there were.
        updated_s: when the answer was written, whole seconds since the Unix epoch.
        deviation_ppm: a price this far from the answer makes a new one due.
        heartbeat_s: an answer this old makes a new one due.
    """

    answer: int | None
    round_id: int
    updated_s: int
    deviation_ppm: int
    heartbeat_s: int

    @property
    def price(self) -> float | None:
        """The answer in quote tokens for one base token."""
        return None if self.answer is None else self.answer / 10**DECIMALS

    def due(self, price: float, now_s: int) -> bool:
        """Whether a new answer is due: none yet, |deviation| >= threshold, or the heartbeat has passed.

        Source: Chainlink's data feeds: deviation threshold or heartbeat, whichever comes first.
        """
        if self.answer is None or now_s - self.updated_s >= self.heartbeat_s:
            return True
        return abs(answer_of(price) - self.answer) * PPM >= self.deviation_ppm * self.answer


class Oracle(Venue):
    """Holds the last answer, its round and its time; only its reporter may write it, at any time.

    Deviation and heartbeat are the rule by which the reporter decides off chain; the contract does not enforce it.

    Args:
        name: the venue's name.
        base: what is priced.
        quote: in what.
        reporter: the owner who may report.
        deviation_ppm: millionths of the answer.
        heartbeat_s: whole seconds.

    Raises:
        ValueError: a parameter is out of range.

    Source: Chainlink's AggregatorV3Interface (answer with 8 decimals, round, updatedAt).

    >>> eth, usdc = Asset("ETH", 18), Asset("USDC", 6)
    >>> Oracle("oracle", eth, usdc, reporter="bob", deviation_ppm=5000, heartbeat_s=3600).due(2000.0, now_s=0)
    True
    """

    verbs: ClassVar[Mapping[str, str]] = {"report": "report"}

    def __init__(
        self, name: str, base: Asset, quote: Asset, *, reporter: str, deviation_ppm: int, heartbeat_s: int
    ) -> None:
        super().__init__(name)
        if base == quote:
            raise ValueError(f"{name}: base and quote are both {base.symbol}; a price needs two assets")
        for what, value in (("deviation_ppm", deviation_ppm), ("heartbeat_s", heartbeat_s)):
            if type(value) is not int or value < 1:
                raise ValueError(f"{name}: {what} must be a whole number >= 1, had {value!r}")
        self.base = base
        self.quote_asset = quote
        self.reporter = reporter
        self.deviation_ppm = deviation_ppm
        self.heartbeat_s = heartbeat_s
        self._answer: int | None = None
        self._round_id = 0
        self._updated_s = 0

    @property
    def assets(self) -> tuple[Asset, ...]:
        """Base and quote."""
        return self.base, self.quote_asset

    def report(self, context: Context, *, answer: int) -> Outcome:
        """Write a new answer; ``output`` is its round.

        Raises:
            NotTheReporter: the sender may not.
            BadArguments: the answer is no whole number above 0.
        """
        if context.sender != self.reporter:
            raise NotTheReporter(f"{context.sender} at {self.name}", context.sender, self.reporter)
        self._check(answer)
        cells, journal = vars(self), context.journal
        journal.write(cells, "_answer", answer)
        journal.write(cells, "_round_id", self._round_id + 1)
        journal.write(cells, "_updated_s", context.now_s)
        return Outcome(self._round_id)

    def quote(self, call: Call, *, now_ns: int) -> Outcome:
        """The round that a report would get from the reporter."""
        if call.verb != "report":
            raise UnknownVerb(f"{self.name}.{call.verb}", None, "report")
        self._check(call.arguments.get("answer"))
        return Outcome(self._round_id + 1)

    def due(self, price: float, now_s: int) -> bool:
        """Whether a new answer is due at that price and time."""
        return self.published(0).due(price, now_s)

    @property
    def updated_s(self) -> int:
        """When the answer was written, whole seconds since the Unix epoch."""
        return self._updated_s

    @property
    def answer(self) -> int | None:
        """The last answer with 8 decimals; None before the first."""
        return self._answer

    def fresh_answer(self, now_s: int, maximum_age_s: int | None, who: str) -> int:
        """The last answer, with 8 decimals, for a venue that trusts it up to an age; None trusts any.

        Raises:
            NoAnswer: there is none yet.
            StalePrice: it is older.
        """
        if self._answer is None:
            raise NoAnswer(f"{who} at {self.name}")
        if maximum_age_s is not None and now_s - self._updated_s > maximum_age_s:
            raise StalePrice(f"{who} at {self.name}", now_s - self._updated_s, f"at most {maximum_age_s}", "s of age")
        return self._answer

    def published(self, now_ns: int) -> OracleNews:
        """The last answer and the rule."""
        return OracleNews(self._answer, self._round_id, self._updated_s, self.deviation_ppm, self.heartbeat_s)

    def state_bytes(self) -> bytes:
        """Answer, round and time."""
        return f"{self._answer} {self._round_id} {self._updated_s}".encode()

    def gas(self, verb: str) -> int:
        """Gas of one report."""
        return REPORT_GAS

    def _check(self, answer: object) -> None:
        whole(answer, f"{self.name}.report", "answer", minimum=1)


def answer_of(price: float) -> int:
    """A price as an answer with 8 decimals, to the nearest.

    >>> answer_of(2000.5)
    200050000000
    """
    return round(price * 10**DECIMALS)


def mixed_price(views: Iterable[MarketView | None]) -> float | None:
    """The mean of the venues' mids, weighted by their depths; of one venue, its mid. None where nobody has a price.

    Venues without depth count only where none has any. Unlimited depth outweighs all that is limited.
    """
    known = [(view.mid, view.depth) for view in views if view is not None and view.mid is not None]
    if not known:
        return None
    largest = max(depth for _, depth in known)
    if largest in (0.0, math.inf):
        known = [(mid, 1.0) for mid, depth in known if depth == largest]
    total = math.fsum(depth for _, depth in known)
    return math.fsum(mid * depth for mid, depth in known if mid is not None) / total
