"""A host that executes calls on arrival, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, cast

import simpy

from shoal.sim.calls import Call, Departure, Outcome, Receipt
from shoal.sim.clock import DELIVERY
from shoal.sim.errors import BadArguments, Refusal
from shoal.sim.hosts.host import TRANSIT, Host
from shoal.sim.units import Account
from shoal.sim.venue import Context

if TYPE_CHECKING:
    from shoal.sim.world import World


class _Message(NamedTuple):
    """Calls on their way, and where the answer goes."""

    answer: simpy.Event | None
    sender: str
    place: str
    calls: tuple[Call, ...]
    sent_ns: int
    batch: bool


class Exchange(Host):
    """Calls execute in the order of their arrival, each after a service time; a busy exchange queues them.

    Args:
        world: the run it belongs to.
        name: the place on the network.
        service_ns: how long one call occupies the exchange; 0 executes at the instant of arrival.
        feed_interval_ns: venues' feeds and statements show the state this long after a change, and so at most once in
            that time, as conflated market data do; 0 publishes after every call.
    """

    def __init__(self, world: World, name: str, *, service_ns: int = 0, feed_interval_ns: int = 0) -> None:
        for what, value in (("service time", service_ns), ("feed interval", feed_interval_ns)):
            if type(value) is not int or value < 0:
                raise ValueError(f"exchange {name}: {what} must be whole nanoseconds >= 0, had {value!r}")
        super().__init__(world, name)
        self.service_ns = service_ns
        self.feed_interval_ns = feed_interval_ns
        self._free_ns = 0
        self._changed: dict[str, None] = {}
        self._show_is_due = False
        self._watchers: dict[str, list[Callable[[Receipt], None]]] = {}

    def submit(self, call: Call, *, sender: str, place: str, answer: simpy.Event | None) -> None:
        """Send a call from a place; it arrives one latency later."""
        self._submit((call,), sender=sender, place=place, answer=answer, batch=False)

    def submit_batch(self, calls: tuple[Call, ...], *, sender: str, place: str, answer: simpy.Event | None) -> None:
        """Send several calls in one message; each is executed or refused on its own, one right after the other.

        The answer is a tuple of receipts, whose ``refusal`` says what was refused.

        Raises:
            ValueError: no calls.
        """
        if not calls:
            raise ValueError(f"a batch of {sender} to {self.name} holds no calls")
        self._submit(calls, sender=sender, place=place, answer=answer, batch=True)

    def _submit(
        self, calls: tuple[Call, ...], *, sender: str, place: str, answer: simpy.Event | None, batch: bool
    ) -> None:
        clock = self.world.clock
        sent_ns = clock.now_ns
        arrival_ns = sent_ns + self.world.network.delay_ns(place, self.name, sender)
        # The first event is when one call would be done if it found the exchange idle, which it mostly does.
        done_ns = arrival_ns + self.service_ns
        clock.at(done_ns, DELIVERY, self._receive, _Message(answer, sender, place, calls, sent_ns, batch))

    def arrive(self, departure: Departure) -> None:
        """Credit money that came from another host, at once."""
        world, owner = self.world, departure.owner
        world.ledger.transfer(departure.asset, Account(owner, TRANSIT), Account(owner, self.name), departure.amount)
        world.journal.commit()
        self._record_transfer(departure, TRANSIT, "arrived")
        self._note(owner)
        self._show()

    def _receive(self, event: simpy.Event) -> None:
        message = cast(_Message, event.value)
        now_ns = self.world.clock.now_ns
        # Messages come here in the order of their arrival: the one before knows already when it will be done.
        done_ns = max(now_ns, self._free_ns + self.service_ns) + (len(message.calls) - 1) * self.service_ns
        self._free_ns = done_ns
        if done_ns == now_ns:
            self._execute(event)
        else:
            self.world.clock.at(done_ns, DELIVERY, self._execute, message)

    def _execute(self, event: simpy.Event) -> None:
        message = cast(_Message, event.value)
        context = Context(self.world.ledger, self.name, message.sender, self.world.clock.now_ns, self._no_inner_calls)
        receipts = tuple([self._carry_out(call, message, context) for call in message.calls])
        if self._changed or self._untold:
            self._show()
        if message.answer is not None:
            if message.batch:
                self._reply(message.answer, message.sender, message.place, receipts)
            else:
                self._answer(message.answer, message.sender, message.place, receipts[0])

    def _carry_out(self, call: Call, message: _Message, context: Context) -> Receipt:
        """Execute or refuse one call, and record it."""
        now_ns, journal, sender = context.now_ns, context.journal, message.sender
        mark = journal.mark()
        try:
            outcome = self._perform(call, context)
        except Refusal as refusal:
            journal.undo(mark)
            self._record(call, sender, message.sent_ns, now_ns, None, refusal)
            return Receipt(now_ns, refusal=refusal)
        except BaseException:
            journal.undo(mark)
            raise
        journal.commit()
        self._record(call, sender, message.sent_ns, now_ns, outcome, None)
        self._changed[call.venue] = None
        self._note(sender, call.venue, outcome.fills)
        if outcome.departures:
            self._depart(outcome.departures)
        receipt = Receipt(now_ns, (outcome,), calls=(call,))
        for watcher in self._watchers.get(sender, ()):
            watcher(receipt)
        return receipt

    def watch(self, sender: str, watcher: Callable[[Receipt], None]) -> None:
        """Call the experimenter's instrument at the instant a call of this sender succeeds; it must change nothing."""
        self._watchers.setdefault(sender, []).append(watcher)

    def _show(self) -> None:
        """Publish what has changed, now or when the feed interval has passed."""
        if self.feed_interval_ns == 0:
            self._publish_changes(None)
        elif not self._show_is_due:
            self._show_is_due = True
            clock = self.world.clock
            clock.at(clock.now_ns + self.feed_interval_ns, DELIVERY, self._publish_changes)

    def _publish_changes(self, _event: simpy.Event | None) -> None:
        self._show_is_due = False
        self.publish(self._changed)
        self._changed.clear()
        self._tell()

    def _no_inner_calls(self, calls: tuple[Call, ...], sender: str | None = None) -> tuple[Outcome, ...]:
        raise BadArguments(self.name, f"{len(calls)} inner calls", "none: an exchange has no flash loans")
