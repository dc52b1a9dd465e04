"""What exchanges and chains share: venues, resolving and executing calls, records, statements, arrivals of money."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

import simpy

from shoal.sim.calls import AllOf, Call, Departure, Fill, Outcome, OutputOf, Receipt
from shoal.sim.clock import DELIVERY
from shoal.sim.errors import BadArguments, Refusal, UnknownVenue
from shoal.sim.feed import Feed
from shoal.sim.records import Schema
from shoal.sim.units import Account, Asset
from shoal.sim.venue import Context, Venue, shown

if TYPE_CHECKING:
    from shoal.sim.world import World

TRANSIT: Final = "transit"
_PLAIN: Final = frozenset({int, float, bool, str, type(None), Asset})

ORDERS: Final = Schema(
    "orders",
    (
        ("time_ns", "int"),
        ("sent_ns", "int"),
        ("host", "text"),
        ("venue", "text"),
        ("verb", "text"),
        ("sender", "text"),
        ("arguments", "text"),
        ("result", "text"),
        ("order", "int"),
    ),
)
FILLS: Final = Schema(
    "fills",
    (
        ("time_ns", "int"),
        ("host", "text"),
        ("venue", "text"),
        ("taker", "text"),
        ("maker", "text"),
        ("side", "int"),
        ("base", "text"),
        ("quote", "text"),
        ("base_raw", "raw"),
        ("base_tokens", "float"),
        ("quote_raw", "raw"),
        ("quote_tokens", "float"),
        ("price", "float"),
        ("fee_asset", "text"),
        ("taker_fee_raw", "raw"),
        ("taker_fee_tokens", "float"),
        ("maker_fee_raw", "raw"),
        ("maker_fee_tokens", "float"),
    ),
)
TRANSFERS: Final = Schema(
    "transfers",
    (
        ("time_ns", "int"),
        ("owner", "text"),
        ("asset", "text"),
        ("raw", "raw"),
        ("tokens", "float"),
        ("source", "text"),
        ("target", "text"),
        ("stage", "text"),
    ),
)


class Statement(NamedTuple):
    """What a host tells an owner about its own account: free balances, and the fills since the last statement."""

    balances: Mapping[Asset, int]
    fills: tuple[tuple[str, Fill], ...]


class Host(ABC):
    """A place where calls execute. Its name is a place of the network, and the host of its accounts."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.name = name
        self.venues: dict[str, Venue] = {}
        self.executed = 0
        self.refused = 0
        self._statements: dict[str, Feed] = {}
        self._feeds: dict[str, Feed] = {}
        self._untold: dict[str, list[tuple[str, Fill]]] = {}
        self._orders = world.records.table(ORDERS)
        self._fills = world.records.table(FILLS)
        self._transfers = world.records.table(TRANSFERS)
        world.add_host(self)

    def add(self, venue: Venue) -> None:
        """Let a venue live here, and publish its first state.

        Raises:
            ValueError: the name is taken.
        """
        self.world.register_venue(venue, self)
        self.venues[venue.name] = venue
        self._feeds[venue.name] = self.world.feed(venue.name, self.name)
        venue.place(self.name)
        self.publish((venue.name,))

    def statement(self, owner: str) -> Feed:
        """The feed that tells an owner its free balances and fills here, from now on."""
        feed = self._statements.get(owner)
        if feed is None:
            feed = self._statements[owner] = self.world.feed(f"{self.name}/{owner}", self.name)
            self._state_account(owner, ())
        return feed

    def publish(self, venues: Iterable[str]) -> None:
        """Let these venues' feeds show their present state."""
        now_ns, feeds = self.world.clock.now_ns, self._feeds
        for name in venues:
            feeds[name].publish(self.venues[name].published(now_ns))

    @abstractmethod
    def arrive(self, departure: Departure) -> None:
        """Money from another host has arrived; credit its owner."""

    def _perform(self, call: Call, context: Context, earlier: tuple[Outcome, ...] = ()) -> Outcome:
        """Execute one call; what it wrote stays in the journal."""
        venue = self.venues.get(call.venue)
        if venue is None:
            raise UnknownVenue(str(call.venue), None, f"one of {', '.join(sorted(self.venues))} on {self.name}")
        for value in call.arguments.values():
            if type(value) is OutputOf or type(value) is AllOf:
                call = call._replace(arguments=self._resolved(call.arguments, context, earlier))
                break
        return venue.execute(call, context)

    def _resolved(self, arguments: Mapping[str, Any], context: Context, earlier: tuple[Outcome, ...]) -> dict[str, Any]:
        resolved = {}
        for name, value in arguments.items():
            if type(value) is OutputOf:
                if type(value.call) is not int or not 0 <= value.call < len(earlier):
                    had = f"{name} = output of call {shown(value.call)}"
                    raise BadArguments(context.sender, had, "an earlier call")
                resolved[name] = earlier[value.call].output
            elif type(value) is AllOf:
                if type(value.asset) is not Asset:
                    raise BadArguments(context.sender, f"{name} = all of {shown(value.asset)}", "an asset")
                resolved[name] = context.ledger.balance(value.asset, context.sender_account)
            else:
                resolved[name] = value
        return resolved

    def _record(
        self, call: Call, sender: str, sent_ns: int, time_ns: int, outcome: Outcome | None, refusal: Refusal | None
    ) -> None:
        """Write one executed call, and its fills, into the tables."""
        venue, verb = call.venue, call.verb
        if refusal is None:
            self.executed += 1
            result, text = "ok", str(dict(call.arguments))
        else:
            self.refused += 1
            result = refusal.code
            # What was accepted is known to be plain; what was not may be anything.
            venue, verb, text = _plain(venue), _plain(verb), _plain(_text(call.arguments))
        order = outcome.order if outcome is not None and outcome.order is not None else 0
        self._orders.append((time_ns, sent_ns, self.name, venue, verb, sender, text, result, order))
        if outcome is not None:
            for fill in outcome.fills:
                self._record_fill(venue, fill, time_ns)

    def _record_fill(self, venue: str, fill: Fill, time_ns: int) -> None:
        base, quote, fee = fill.base, fill.quote, fill.fee_asset
        base_tokens, quote_tokens = fill.base_amount / base.unit, fill.quote_amount / quote.unit
        self.world.fills += 1
        self._fills.append(
            (
                time_ns,
                self.name,
                venue,
                fill.taker,
                fill.maker,
                fill.side,
                base.symbol,
                quote.symbol,
                fill.base_amount,
                base_tokens,
                fill.quote_amount,
                quote_tokens,
                quote_tokens / base_tokens if base_tokens else 0.0,
                fee.symbol,
                fill.taker_fee,
                fill.taker_fee / fee.unit,
                fill.maker_fee,
                fill.maker_fee / fee.unit,
            )
        )

    def _note(self, owner: str, venue: str = "", fills: tuple[Fill, ...] = ()) -> None:
        """Remember that an owner's account has changed, and every maker's of these fills."""
        statements, untold = self._statements, self._untold
        if owner in statements:
            untold.setdefault(owner, []).extend([(venue, fill) for fill in fills])
        for fill in fills:
            if fill.maker != owner and fill.maker in statements:
                untold.setdefault(fill.maker, []).append((venue, fill))

    def _tell(self) -> None:
        """Publish a statement to everybody whose account has changed."""
        if self._untold:
            for owner, fills in self._untold.items():
                self._state_account(owner, tuple(fills))
            self._untold.clear()

    def _state_account(self, owner: str, fills: tuple[tuple[str, Fill], ...]) -> None:
        balances = self.world.ledger.balances(Account(owner, self.name))
        self._statements[owner].publish(Statement(balances, fills))

    def _depart(self, departures: Iterable[Departure]) -> None:
        """Schedule the arrival of money that has left this host."""
        clock = self.world.clock
        for one in departures:
            self._record_transfer(one, self.name, "departed")
            clock.at(clock.now_ns + one.delay_ns, DELIVERY, self._deliver, one)

    def _deliver(self, event: simpy.Event) -> None:
        departure = cast(Departure, event.value)
        self.world.hosts[departure.target].arrive(departure)

    def _record_transfer(self, departure: Departure, source: str, stage: str) -> None:
        asset = departure.asset
        self._transfers.append(
            (
                self.world.clock.now_ns,
                departure.owner,
                asset.symbol,
                departure.amount,
                departure.amount / asset.unit,
                source,
                departure.target,
                stage,
            )
        )

    def _answer(self, answer: simpy.Event | None, sender: str, place: str, receipt: Receipt) -> None:
        """Let the receipt, or the refusal, arrive at the sender's ``yield`` one latency later."""
        if answer is None:
            return
        if receipt.refusal is None:
            self._reply(answer, sender, place, receipt)
        else:
            # A refusal nobody waits for is recorded, not raised.
            self._reply(answer, sender, place, receipt.refusal)
            answer._ok, answer._defused = False, True

    def _reply(self, answer: simpy.Event, sender: str, place: str, value: object) -> None:
        """Let a value arrive at the sender's ``yield`` one latency later."""
        answer._ok, answer._value = True, value
        delay_ns = self.world.network.delay_ns(self.name, place, sender)
        self.world.clock.schedule(answer, DELIVERY, delay_ns)  # type: ignore[arg-type]


def _text(arguments: Mapping[str, Any]) -> str:
    """Arguments that may be nonsense, as the same text in every run: objects print addresses, and sets any order."""
    written = {name: value if _is_plain(value) else type(value) for name, value in arguments.items()}
    return "{" + ", ".join(f"{shown(name)}: {shown(value)}" for name, value in written.items()) + "}"


def _is_plain(value: object) -> bool:
    inside = value[0] if type(value) in (OutputOf, AllOf) else value  # type: ignore[index]
    return type(inside) in _PLAIN


def _plain(text: str) -> str:
    """Half a surrogate pair cannot be written to a table."""
    return text.encode("utf-8", "backslashreplace").decode()
