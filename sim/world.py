"""One run: the clock, the population, the ledger, hosts, keyed draws and records."""

from __future__ import annotations

import gc
import inspect
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import mesa
import numpy as np
import simpy

from shoal.sim.agent import Agent
from shoal.sim.clock import AGENT, Clock
from shoal.sim.custody import Custody
from shoal.sim.draws import Draws
from shoal.sim.errors import AgentFailed, ClockStuck, RunError, ShoalError
from shoal.sim.feed import Feed
from shoal.sim.hosts.host import TRANSIT
from shoal.sim.journal import Journal
from shoal.sim.latency import ConstantLatency, Latency, Network
from shoal.sim.ledger import Ledger
from shoal.sim.records import Records
from shoal.sim.units import Account, Asset

if TYPE_CHECKING:
    from shoal.sim.hosts.host import Host
    from shoal.sim.venue import Venue

_ALLOCATIONS_BETWEEN_COLLECTIONS: Final = 50_000


@contextmanager
def rare_collections() -> Iterator[None]:
    """Let Python look for cyclic garbage rarely: the default costs a quarter of the time and finds next to none.

    ``World.run`` does this for itself; who runs in slices puts it around all of them.
    """
    thresholds = gc.get_threshold()
    if thresholds[0] >= _ALLOCATIONS_BETWEEN_COLLECTIONS:
        yield
        return
    gc.set_threshold(_ALLOCATIONS_BETWEEN_COLLECTIONS, *thresholds[1:])
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)


class World:
    """One run. Build it up (hosts, venues, agents, endowments), then ``run(until_ns)``.

    Args:
        seed: 0 to 2**64 - 1; every draw is a function of it.
        start_ns: the first instant, nanoseconds since the Unix epoch, UTC.
        latency: of links not set by ``network.link``.
        records: where tables go; None keeps them in memory.

    >>> world = World(seed=7)
    >>> world.run(until_ns=1_000)
    >>> world.clock.now_ns
    1000
    """

    def __init__(
        self,
        *,
        seed: int,
        start_ns: int = 0,
        latency: Latency | None = None,
        records: Records | None = None,
    ) -> None:
        self.draws = Draws(seed)
        self.clock = Clock(start_ns)
        self.journal = Journal()
        self.ledger = Ledger(self.journal)
        self.network = Network(self.draws, latency if latency is not None else ConstantLatency(1_000_000))
        self.records = records if records is not None else Records()
        self.assets: dict[str, Asset] = {}
        self.hosts: dict[str, Host] = {}
        self.venues: dict[str, Venue] = {}
        self.host_of: dict[str, Host] = {}
        self.feeds: dict[str, Feed] = {}
        self.agents: dict[str, Agent] = {}
        self.endowments: dict[tuple[str, Asset], int] = {}
        self.fills = 0
        self.transactions = 0
        self.failure: RunError | None = None
        self._reserved: dict[str, str] = {}
        self._started: set[str] = set()
        self._processes: dict[simpy.Process, str] = {}

    @cached_property
    def population(self) -> mesa.Model[Any, Any]:
        """Mesa's model, which holds the agents: ``world.population.agents.select(...)``, ``.groupby(...)``."""
        population: mesa.Model[Any, Any] = mesa.Model(rng=np.random.default_rng(self.draws.seed))
        return population

    # --- building ---------------------------------------------------------------------------------------------

    def asset(self, symbol: str, decimals: int) -> Asset:
        """Make an asset known to this world.

        Raises:
            ValueError: the symbol is known with other decimals.
        """
        asset = Asset(symbol, decimals)
        known = self.assets.setdefault(symbol, asset)
        if known != asset:
            raise ValueError(f"asset {symbol} is known with {known.decimals} decimals, not {decimals}")
        return asset

    def endow(self, owner: str, host: str, asset: Asset, amount: int) -> None:
        """Mint an owner's money on a host before the run.

        Raises:
            ValueError: the host is unknown, or the amount is negative.
        """
        if host not in self.hosts:
            raise ValueError(f"endowment of {owner}: no host {host!r}; there are {', '.join(self.hosts)}")
        self.asset(*asset)
        self.ledger.mint(asset, Account(owner, host), amount)
        self.journal.commit()
        self.endowments[owner, asset] = self.endowments.get((owner, asset), 0) + amount

    def feed(self, name: str, place: str) -> Feed:
        """The feed of that name, made at that place when first asked for."""
        feed = self.feeds.get(name)
        if feed is None:
            feed = self.feeds[name] = Feed(name, place, self.clock, self.network)
        return feed

    def add_host(self, host: Host) -> None:
        """Take in a host; hosts do this themselves.

        Raises:
            ValueError: the name is taken.
        """
        self._check_name(host.name)
        self.hosts[host.name] = host

    def register_venue(self, venue: Venue, host: Host) -> None:
        """Take in a venue; hosts do this in ``add``.

        Raises:
            ValueError: the name is taken.
        """
        self._check_name(venue.name)
        for name in (*self.agents, *self.venues):
            if name.startswith(f"{venue.name}."):
                raise ValueError(f"{venue.name} would own {name!r}: {venue.name}. and what follows are its accounts")
        for asset in venue.assets:
            self.asset(*asset)
        self.venues[venue.name] = venue
        self.host_of[venue.name] = host

    def register_agent(self, agent: Agent) -> None:
        """Take in an agent; agents do this themselves.

        Raises:
            ValueError: the name is taken.
        """
        self._check_name(agent.name)
        self.agents[agent.name] = agent

    def reserve(self, owner: str, what: str) -> None:
        """Keep an owner's name from agents, venues and hosts: it owns what is said, on every host.

        Raises:
            ValueError: the name is taken.
        """
        if owner in self.agents or owner in self.venues:
            raise ValueError(f"the name {owner!r} is taken, and it must own {what}")
        self._reserved[owner] = what

    def _check_name(self, name: object) -> None:
        """Accounts go by name: two things of one name would share their money."""
        if not isinstance(name, str) or not name.isprintable() or name in ("", TRANSIT):
            raise ValueError(f"a name is printable text other than {TRANSIT!r}, had {name!r}")
        if name in self.agents or name in self.venues or name in self.hosts:
            raise ValueError(f"an agent, venue or host named {name!r} exists")
        if name in self._reserved:
            raise ValueError(f"the name {name!r} is reserved: it owns {self._reserved[name]}")
        for venue in self.venues:
            if name.startswith(f"{venue}."):
                raise ValueError(f"the name {name!r} is reserved: {venue}. and what follows are accounts of {venue}")

    def at(self, time_ns: int, action: Callable[[World], None], *, priority: int = AGENT) -> None:
        """Run an action of the experimenter, outside every agent's knowledge, at a time."""
        self.clock.at(time_ns, priority, lambda event: action(self))

    # --- running ----------------------------------------------------------------------------------------------

    def run(self, *, until_ns: int) -> None:
        """Start the agents not yet started and let time pass until just before ``until_ns``.

        Raises:
            ValueError: ``until_ns`` is not in the future, a custody leads to a host that is not there, or an agent's
                ``run`` is no generator.
            RunError: an agent failed, or the clock is stuck; ``world.failure`` keeps it.
        """
        if type(until_ns) is not int or until_ns <= self.clock.now_ns:
            raise ValueError(f"a run goes on until a whole nanosecond after {self.clock.now_ns}, not {until_ns!r}")
        self._check_ways()
        for name, agent in self.agents.items():
            if name not in self._started:
                process = self.clock.process(agent._life())
                self._processes[process] = name
                self._started.add(name)
        try:
            with rare_collections():
                self.clock.run(until=until_ns)
        except RunError as error:
            # SimPy raises a copy of what the process raised; the original is its cause.
            original = error.__cause__ if isinstance(error.__cause__, RunError) else error
            if isinstance(original, ClockStuck):
                original = ClockStuck(original.time_ns, original.events, self._waking())
            self.failure = original
            raise original from None
        except RuntimeError as error:
            # SimPy's word for a process that yields something else than an event.
            if isinstance(error, ShoalError) or "Invalid yield value" not in str(error):
                raise
            _, said, value = str(error).partition("Invalid yield value")
            self.failure = AgentFailed(self.active_agent, self.clock.now_ns, said + value, self._active_stack())
            raise self.failure from error

    def _check_ways(self) -> None:
        for venue in self.venues.values():
            for target, _ in venue.ways if isinstance(venue, Custody) else ():
                if target not in self.hosts:
                    raise ValueError(f"{venue.name} leads to {target!r}; there are {', '.join(self.hosts)}")

    def conservation(self) -> dict[str, int]:
        """For every asset: minted - burned - the sum of all balances, which must be 0."""
        return {asset.symbol: self.ledger.difference(asset) for asset in self.ledger.assets}

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from shoal.sim.cards import world_html

        return world_html(self)

    @property
    def calls(self) -> int:
        """Calls executed or refused so far on all hosts."""
        return sum(host.executed + host.refused for host in self.hosts.values())

    @property
    def active_agent(self) -> str:
        """The agent whose process runs at this very moment, or "unknown" while a host or feed works."""
        process: Any = self.clock.active_process
        return self._processes.get(process, "unknown")

    def _active_stack(self) -> str:
        """Where the active process stands, from the outermost generator to the innermost."""
        process: Any = self.clock.active_process
        generator, lines = process and process._generator, []
        while inspect.isgenerator(generator):
            lines += traceback.format_stack(generator.gi_frame)
            generator = generator.gi_yieldfrom
        return "".join(lines)

    def _waking(self) -> str:
        """The agent that wakes next, which is the one that keeps the clock at this instant."""
        for time_ns, _, _, event in sorted(self.clock._queue, key=lambda entry: entry[:3]):
            for callback in event.callbacks or ():
                process: Any = getattr(callback, "__self__", None)
                if time_ns == self.clock.now_ns and process in self._processes:
                    return self._processes[process]
        return "unknown"
