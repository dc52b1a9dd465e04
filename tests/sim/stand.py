"""What the tests of the engine stand on: a small venue, an agent that follows a script, worlds to put them in."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping
from contextlib import suppress
from typing import Any, ClassVar

import simpy

from shoal.sim.agent import Agent
from shoal.sim.calls import Call, Fill, Outcome, Transaction
from shoal.sim.errors import InvariantViolated, Refusal, SlippageExceeded
from shoal.sim.hosts.block_schedule import ConstantBlocks
from shoal.sim.hosts.chain import Chain
from shoal.sim.hosts.exchange import Exchange
from shoal.sim.latency import Latency
from shoal.sim.records import Records
from shoal.sim.units import Account, Asset
from shoal.sim.venue import Context, Venue, whole
from shoal.sim.world import World

COIN = Asset("COIN", 6)
CASH = Asset("CASH", 2)
WEI = Asset("ETH", 18)
GWEI = 10**9
SECOND = 10**9
BLOCK_NS = 12 * SECOND
ETHER = 10**18

Script = Callable[["Scripted"], Generator[Any, Any, None]]


class Till(Venue):
    """Takes money in, hands it out, lends it within a transaction, and has verbs that go wrong on purpose."""

    verbs: ClassVar[Mapping[str, str]] = {
        "deposit": "deposit",
        "withdraw": "withdraw",
        "close": "close",
        "spoil": "spoil",
        "crash": "crash",
        "flash": "flash",
        "forgiving": "forgiving",
        "buy": "buy",
        "stamp": "stamp",
        "heavy": "heavy",
    }
    COSTS: ClassVar[Mapping[str, int]] = {"heavy": 5_000_000}

    def __init__(self, name: str, asset: Asset = COIN) -> None:
        super().__init__(name)
        self.asset = asset
        self.total = 0
        self.stamped_ns = 0
        self.held: dict[str, int] = {}

    def deposit(self, context: Context, *, amount: int) -> Outcome:
        """Put money in; the output is what the sender has in the till."""
        whole(amount, self.name, "amount", minimum=1)
        context.ledger.transfer(self.asset, context.sender_account, self.account, amount)
        held = self.held.get(context.sender, 0) + amount
        context.journal.write(self.held, context.sender, held)
        context.journal.write(vars(self), "total", self.total + amount)
        return Outcome(output=held)

    def withdraw(self, context: Context, *, amount: int) -> Outcome:
        """Take money out; the output is that amount."""
        whole(amount, self.name, "amount", minimum=1)
        held = self.held.get(context.sender, 0)
        if amount > held:
            raise SlippageExceeded(self.name, held, amount, "base units")
        context.ledger.transfer(self.asset, self.account, context.sender_account, amount)
        context.journal.write(self.held, context.sender, held - amount)
        context.journal.write(vars(self), "total", self.total - amount)
        return Outcome(output=amount)

    def close(self, context: Context) -> Outcome:
        """Take all out and forget the sender."""
        amount = self.held.get(context.sender, 0)
        if not amount:
            raise SlippageExceeded(self.name, 0, 1, "base units")
        context.ledger.transfer(self.asset, self.account, context.sender_account, amount)
        context.journal.erase(self.held, context.sender)
        context.journal.write(vars(self), "total", self.total - amount)
        return Outcome(output=amount)

    def spoil(self, context: Context, *, amount: int = 1) -> Outcome:
        """Write everywhere, then refuse."""
        self._smear(context)
        raise InvariantViolated(self.name, 0, amount, "base units")

    def crash(self, context: Context) -> Outcome:
        """Write everywhere, then fail as a programmer's mistake does."""
        self._smear(context)
        raise ZeroDivisionError("a mistake in the venue")

    def flash(self, context: Context, *, amount: int, inner: tuple[Call, ...] = ()) -> Outcome:
        """Lend, run the inner calls, and want it back."""
        ledger = context.ledger
        ledger.transfer(self.asset, self.account, context.sender_account, amount)
        outcomes = context.run(inner)
        ledger.transfer(self.asset, context.sender_account, self.account, amount)
        return Outcome(output=outcomes[-1].output if outcomes else 0)

    def forgiving(self, context: Context, *, inner: tuple[Call, ...] = ()) -> Outcome:
        """Run the inner calls and carry on whatever they say."""
        try:
            return Outcome(output=len(context.run(inner)))
        except Refusal:
            return Outcome(output=-1)

    def buy(self, context: Context, *, amount: int) -> Outcome:
        """A trade with the till: so much of its asset for nothing."""
        context.ledger.transfer(self.asset, self.account, context.sender_account, amount)
        fill = Fill(context.sender, self.name, 1, self.asset, CASH, amount, 0, CASH, 0)
        context.journal.write(vars(self), "total", self.total - amount)
        return Outcome(output=amount, fills=(fill,))

    def stamp(self, context: Context) -> Outcome:
        """Remember the time."""
        context.journal.write(vars(self), "stamped_ns", context.now_ns)
        return Outcome(output=context.now_s)

    def heavy(self, context: Context) -> Outcome:
        """Nothing, for much gas."""
        return Outcome()

    def _smear(self, context: Context) -> None:
        context.ledger.mint(self.asset, context.sender_account, 5)
        context.ledger.mint(CASH, self.account, 7)
        context.journal.write(self.held, context.sender, 10**30)
        context.journal.write(self.held, "nobody", 1)
        context.journal.write(vars(self), "total", -1)

    def quote(self, call: Call, *, now_ns: int) -> Outcome:
        """Not needed here."""
        return Outcome()

    def state_bytes(self) -> bytes:
        """All of it."""
        return json.dumps([self.total, self.stamped_ns, sorted(self.held.items())]).encode()

    def gas(self, verb: str) -> int:
        """30,000 for every verb but the heavy one; a verb it has not is a KeyError, as in a careless venue."""
        return self.COSTS.get(verb, 30_000) if verb in self.verbs else self.COSTS[verb]

    def published(self, now_ns: int) -> Any:
        """The total."""
        return self.total

    @property
    def assets(self) -> tuple[Asset, ...]:
        """The asset it holds, and the one it would be paid in."""
        return (self.asset, CASH)


class Scripted(Agent):
    """Does what a script says and remembers what it is told."""

    def __init__(self, world: World, name: str, script: Script | None = None, *, place: str = "site") -> None:
        super().__init__(world, name, place=place)
        self.script = script if script is not None else _idle
        self.log: list[Any] = []

    def run(self) -> Any:
        """The script."""
        yield from self.script(self)


def _idle(agent: Scripted) -> Generator[Any, Any, None]:
    yield agent.sleep(1)


def act(verb: Callable[..., Any], *arguments: Any) -> Generator[Any, Any, None]:
    """A script of one deed; a refusal is no failure."""
    event = verb(*arguments)
    with suppress(Refusal):
        yield event if event is not None else verb.__self__.sleep(1)  # type: ignore[attr-defined]


def deposit(amount: Any, venue: str = "till") -> Call:
    """A call that puts money into the till."""
    return Call(venue, "deposit", {"amount": amount})


def withdraw(amount: Any, venue: str = "till") -> Call:
    """A call that takes money out of the till."""
    return Call(venue, "withdraw", {"amount": amount})


def state_of(world: World) -> bytes:
    """Everything that belongs to somebody, in canonical form."""
    venues = [venue.state_bytes() for _, venue in sorted(world.venues.items())]
    nonces = [
        repr(sorted((name, host.nonce(name)) for name in world.agents if host.nonce(name))).encode()
        for host in world.hosts.values()
        if isinstance(host, Chain)
    ]
    return b"|".join([world.ledger.state_bytes(), *venues, *nonces])


def exchange_world(
    *, seed: int = 1, service_ns: int = 0, latency: Latency | None = None, records: Records | None = None
) -> tuple[World, Exchange, Till]:
    """A world with one exchange and its till."""
    world = World(seed=seed, latency=latency, records=records)
    exchange = Exchange(world, "exchange", service_ns=service_ns)
    till = Till("till")
    exchange.add(till)
    return world, exchange, till


def chain_world(
    *,
    seed: int = 1,
    latency: Latency | None = None,
    records: Records | None = None,
    base_fee_wei: int = GWEI,
    schedule: Any = None,
    **options: Any,
) -> tuple[World, Chain, Till]:
    """A world with one chain, a block every 12 s, and its till."""
    world = World(seed=seed, latency=latency, records=records)
    chain = Chain(
        world,
        "chain",
        native=WEI,
        schedule=schedule if schedule is not None else ConstantBlocks(BLOCK_NS),
        base_fee_wei=base_fee_wei,
        **options,
    )
    till = Till("till")
    chain.add(till)
    return world, chain, till


def fund(world: World, *names: str, host: str = "chain", coins: int = 1_000, ether: int = 10) -> None:
    """Give agents coins, cash and native money on a host."""
    for name in names:
        world.endow(name, host, COIN, coins)
        world.endow(name, host, WEI, ether * ETHER)


def transaction(sender: str, *calls: Call, tip: int = GWEI, fee: int = 100 * GWEI, **fields: Any) -> Transaction:
    """A transaction with fees that suit an empty chain."""
    return Transaction(sender, calls, max_fee_wei=fee, max_tip_wei=tip, **fields)


def put(chain: Chain, what: Any, *, builder: str | None = None, place: str = "site") -> Any:
    """Submit and return the event of the answer."""
    answer = simpy.Event(chain.world.clock)
    chain.submit(what, place=place, answer=answer, builder=builder)
    return answer


def result(answer: Any) -> Any:
    """The receipt's refusal code or "ok"; None while there is no answer."""
    if not answer.triggered:
        return None
    return answer.value.code if isinstance(answer.value, Refusal) else "ok"


def balance(world: World, owner: str, host: str = "chain", asset: Asset = COIN) -> int:
    """What an owner holds on a host."""
    return world.ledger.balance(asset, Account(owner, host))
