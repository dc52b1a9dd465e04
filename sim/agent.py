"""Agents: one SimPy process each, with its own keyed draws; they act through calls and know what feeds published."""

from __future__ import annotations

import inspect
import traceback
from abc import ABC, abstractmethod
from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import mesa
import simpy

from shoal.sim.calls import Bundle, Call, Transaction
from shoal.sim.clock import AGENT
from shoal.sim.draws import Stream
from shoal.sim.errors import AgentFailed
from shoal.sim.feed import Feed, News
from shoal.sim.hosts.chain import Chain
from shoal.sim.hosts.exchange import Exchange
from shoal.sim.units import Asset

if TYPE_CHECKING:
    from shoal.sim.world import World

Process = Generator[simpy.Event, Any, None]


class Agent(mesa.Agent[Any], ABC):  # type: ignore[no-untyped-call]
    """One process of a world. A subclass writes ``run(self)`` as a generator that yields events.

    An agent is at a ``place``; whatever it sends or reads travels from or to it with that link's latency. It never
    touches a venue: it sends calls, and the receipt, or the market's refusal, arrives at the ``yield``.

    Args:
        world: the run it belongs to.
        name: unique; the owner of its accounts.
        place: where it is on the network.
    """

    def __init__(self, world: World, name: str, *, place: str) -> None:
        self.world = world
        self.name = name
        self.place = place
        # A name that is refused must not join the population.
        world.register_agent(self)
        super().__init__(world.population)

    def __init_subclass__(cls, **keywords: Any) -> None:
        """Mesa keeps a set of data sets for each class."""
        super().__init_subclass__(**keywords)  # type: ignore[no-untyped-call]

    @abstractmethod
    def run(self) -> Process:
        """What the agent does, as a generator that yields events."""

    # --- time and chance --------------------------------------------------------------------------------------

    @property
    def now_ns(self) -> int:
        """Nanoseconds since the Unix epoch."""
        return self.world.clock.now_ns

    def sleep(self, duration_ns: int) -> simpy.Event:
        """Wait; at least 1 ns.

        Raises:
            ValueError: not a whole number of nanoseconds >= 1.
        """
        if type(duration_ns) is not int or duration_ns < 1:
            raise ValueError(f"{self.name}: sleep needs whole nanoseconds >= 1, had {duration_ns!r}")
        clock = self.world.clock
        return clock.wake(clock.now_ns + duration_ns, AGENT)

    def sleep_until(self, time_ns: int) -> simpy.Event:
        """Wait until a time, at least 1 ns from now.

        Raises:
            ValueError: the time is not in the future.
        """
        return self.sleep(time_ns - self.now_ns)

    def draws(self, purpose: str) -> Stream:
        """The agent's own stream for a purpose."""
        return self.world.draws.stream(self.name, purpose)

    # --- what it knows ----------------------------------------------------------------------------------------

    def read(self, feed: str) -> News | None:
        """The newest item of a feed that has arrived here, or None before the first.

        Raises:
            ValueError: no such feed.
        """
        try:
            found = self.world.feeds[feed]
        except KeyError:
            raise self._no_feed(feed) from None
        return found.read(self.place)

    def changed(self, feed: str) -> simpy.Event:
        """An event that succeeds when a feed's next item arrives here; its value is that ``News``.

        Raises:
            ValueError: no such feed.
        """
        try:
            found = self.world.feeds[feed]
        except KeyError:
            raise self._no_feed(feed) from None
        return found.changed(self.place)

    def statement(self, host: str) -> Feed:
        """The feed of this agent's own balances and fills on a host.

        Raises:
            ValueError: no such host.
        """
        known = self.world.hosts.get(host)
        if known is None:
            raise ValueError(f"{self.name}: there is no host {host!r}; there are {', '.join(self.world.hosts)}")
        return known.statement(self.name)

    # --- what it does -----------------------------------------------------------------------------------------

    def send(self, call: Call) -> simpy.Event:
        """Send a call to the exchange where its venue lives; yield the event to get the receipt or the refusal.

        Raises:
            ValueError: the venue is unknown or lives on a chain, or this is no call.
        """
        answer = simpy.Event(self.world.clock)
        exchange, call = self._addressed(call)
        exchange.submit(call, sender=self.name, place=self.place, answer=answer)
        return answer

    def send_batch(self, calls: Sequence[Call]) -> simpy.Event:
        """Send several calls to one exchange in one message; yield the event to get a tuple of receipts.

        Each call is executed or refused on its own; a receipt's ``refusal`` says why.

        Raises:
            ValueError: no calls, calls to several hosts, or as ``send``.
        """
        addressed = [self._addressed(call) for call in calls]
        exchanges = {exchange.name: exchange for exchange, _ in addressed}
        if len(exchanges) != 1:
            raise ValueError(f"{self.name}: a batch goes to one exchange, not to {', '.join(exchanges) or 'none'}")
        answer = simpy.Event(self.world.clock)
        [exchange] = exchanges.values()
        copies = tuple([call for _, call in addressed])
        exchange.submit_batch(copies, sender=self.name, place=self.place, answer=answer)
        return answer

    def post(self, call: Call) -> None:
        """Send a call and wait for nothing; a refusal is recorded.

        Raises:
            ValueError: as ``send``.
        """
        exchange, call = self._addressed(call)
        exchange.submit(call, sender=self.name, place=self.place, answer=None)

    def transact(
        self,
        chain: str,
        *calls: Call,
        max_fee_wei: int,
        max_tip_wei: int,
        gas_limit: int | None = None,
        nonce: int | None = None,
        deadline_ns: int | None = None,
        builder: str | None = None,
        drop_if_reverts: bool = False,
        payment_wei: int = 0,
    ) -> simpy.Event:
        """Send calls as one atomic transaction, to the public pool or privately to a builder.

        Yield the event to get the receipt, once a block holds the transaction, or the refusal.

        Raises:
            ValueError: no such chain, or these are no calls.
        """
        transaction = Transaction(
            self.name,
            tuple(self._checked(call) for call in calls),
            gas_limit,
            max_fee_wei,
            max_tip_wei,
            nonce,
            deadline_ns,
            drop_if_reverts,
            payment_wei,
        )
        answer = simpy.Event(self.world.clock)
        self._chain(chain).submit(transaction, place=self.place, answer=answer, builder=builder)
        return answer

    def send_bundle(self, chain: str, bundle: Bundle, *, builder: str) -> simpy.Event:
        """Send transactions that land together or not at all, privately to a builder.

        Raises:
            ValueError: no such chain, no such builder, or this is no bundle of transactions.
        """
        copies = []
        for transaction in bundle.transactions:
            if type(transaction) is not Transaction or type(transaction.sender) is not str:
                raise ValueError(f"{self.name} sent a bundle with {transaction!r}, which is no transaction")
            copies.append(replace(transaction, calls=tuple(self._checked(call) for call in transaction.calls)))
        answer = simpy.Event(self.world.clock)
        bundle = replace(bundle, transactions=tuple(copies))
        self._chain(chain).submit(bundle, place=self.place, answer=answer, builder=builder, sender=self.name)
        return answer

    def withdraw(self, host: str, asset: Asset, amount: int, *, to: str) -> Call:
        """The call that moves money from one host to another; send or transact it on ``host``."""
        return Call(f"{host} custody", "withdraw", {"asset": asset, "amount": amount, "to": to})

    # --- inside -----------------------------------------------------------------------------------------------

    def _no_feed(self, feed: object) -> ValueError:
        names = ", ".join(name for name in self.world.feeds if "/" not in name)
        return ValueError(f"{self.name}: there is no feed {feed!r}; there are {names}")

    def _chain(self, name: str) -> Chain:
        host = self.world.hosts.get(name)
        if not isinstance(host, Chain):
            raise ValueError(f"{self.name}: {name!r} is no chain of this world")
        return host

    def _addressed(self, call: Call) -> tuple[Exchange, Call]:
        """The exchange where a call goes, and the call as it travels."""
        call = self._checked(call)
        host = self.world.host_of.get(call.venue)
        if not isinstance(host, Exchange):
            raise ValueError(f"{self.name}: {call.venue!r} is no venue on an exchange of this world")
        return host, call

    def _checked(self, call: Call) -> Call:
        if (
            type(call) is not Call
            or not (type(call.venue) is type(call.verb) is str and type(call.inner) is tuple)
            or not isinstance(call.arguments, Mapping)
        ):
            raise ValueError(f"{self.name} sent {call!r}, which is no Call(venue, verb, arguments)")
        inner = tuple([self._checked(one) for one in call.inner]) if call.inner else ()
        # A copy: what is on its way can no longer be changed by who sent it.
        return Call(call.venue, call.verb, dict(call.arguments), inner)

    def _life(self) -> Process:
        """The process: ``run`` under its own name, so that a failure says who and when."""
        process = self.run()
        if not inspect.isgenerator(process):
            raise ValueError(f"{type(self).__name__}.run of agent {self.name!r} is no generator: it must yield events")
        return self._named(cast(Process, process))

    def _named(self, process: Process) -> Process:
        try:
            yield from process
        except (Exception, SystemExit) as error:
            reason = f"{type(error).__name__}: {error}"
            raise AgentFailed(self.name, self.now_ns, reason, traceback.format_exc()) from error
