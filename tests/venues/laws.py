"""The laws that every venue keeps.

A venue's mirror test subclasses ``VenueLaws``, says how to ``make`` one that is ready to trade, what ``operations`` to
throw at it, and one good call of each verb (``good_calls``); the tests are inherited. A venue that rightly breaks a law
overrides that test: the docstring names the source, the body tests the opposite.

Everything runs through the real hosts. Latency is 1 ns, and the law chain's base fee is 0, so that a refused
transaction leaves the whole ledger as it was, byte for byte.
"""

import inspect
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, ClassVar

import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st

from shoal.sim.calls import Call, Outcome, OutputOf, Transaction
from shoal.sim.errors import InsufficientFunds, Refusal, UnknownVerb
from shoal.sim.hosts.block_schedule import ConstantBlocks
from shoal.sim.hosts.chain import Chain
from shoal.sim.hosts.exchange import Exchange
from shoal.sim.hosts.host import Host
from shoal.sim.latency import ConstantLatency
from shoal.sim.units import Account, Asset
from shoal.sim.venue import Venue
from shoal.sim.world import World

START_NS = 1_700_000_000 * 10**9
BLOCK_NS = 12 * 10**9
HOME = "home"
SENDERS = ("alice", "bob")
NOT_WHOLE: tuple[Any, ...] = (1.5, math.nan, math.inf, "7", b"7", True, [7], (7,), {})
NEGATIVE = -1
HUGE = (2**256, 10**5_000)
NO_ASSET: tuple[Any, ...] = (1.5, math.nan, "BTC", None, True, 7, [7], ("BTC", 8), Asset("NOPE", 2), 10**5_000)
NO_BOOL: tuple[Any, ...] = (1.5, math.nan, "yes", 2, None, [True])

type Answer = Outcome | Refusal


# --- a real world for one venue -------------------------------------------------------------------------------


def make_exchange(*, seed: int = 7) -> Exchange:
    """An exchange in a fresh world, 1 ns away from everybody."""
    return Exchange(World(seed=seed, start_ns=START_NS, latency=ConstantLatency(1)), "exchange")


def make_chain(*, seed: int = 7, start_ns: int = START_NS) -> Chain:
    """A chain with 12 s blocks and no base fee in a fresh world, 1 ns away from everybody."""
    world = World(seed=seed, start_ns=start_ns, latency=ConstantLatency(1))
    return Chain(world, "chain", native=world.asset("ETH", 18), schedule=ConstantBlocks(BLOCK_NS), base_fee_wei=0)


def fund(host: Host, assets: Iterable[Asset], *, tokens: int, owners: Sequence[str] = SENDERS) -> None:
    """Give each owner so many whole tokens of each asset."""
    for owner in owners:
        for asset in assets:
            host.world.endow(owner, host.name, asset, tokens * asset.unit)


def host_of(world: World, venue: Venue) -> Host:
    """Where the venue lives."""
    return world.host_of[venue.name]


def next_instant_ns(world: World, venue: Venue) -> int:
    """When the next call that is sent now executes: one latency later, or in the next block."""
    host = host_of(world, venue)
    if not isinstance(host, Chain):
        return world.clock.now_ns + 1
    news = host.news.read(host.name)
    assert news is not None
    next_block_ns: int = news.item.time_ns + host.schedule.interval_ns
    return next_block_ns


def attempt_all(world: World, venue: Venue, calls: Sequence[Call], *, sender: str = "alice") -> list[Answer]:
    """Send calls that execute one after the other at one instant; what each gave, or how it was refused."""
    host = host_of(world, venue)
    end_ns = next_instant_ns(world, venue) + 3
    answers = [simpy.Event(world.clock) for _ in calls]
    for call, answer in zip(calls, answers, strict=True):
        if isinstance(host, Chain):
            host.submit(Transaction(sender, (call,)), place=HOME, answer=answer)
        else:
            assert isinstance(host, Exchange)
            host.submit(call, sender=sender, place=HOME, answer=answer)
    world.run(until_ns=end_ns)
    return [answer.value if not answer.ok else answer.value.outcome for answer in answers]


def attempt(world: World, venue: Venue, call: Call, *, sender: str = "alice") -> Answer:
    """Send one call and wait for it."""
    return attempt_all(world, venue, [call], sender=sender)[0]


def perform(world: World, venue: Venue, call: Call, *, sender: str = "alice") -> Outcome:
    """Send one call that must succeed."""
    answer = attempt(world, venue, call, sender=sender)
    assert isinstance(answer, Outcome), str(answer)
    return answer


def pause(world: World, duration_ns: int) -> None:
    """Let time pass."""
    if duration_ns:
        world.run(until_ns=world.clock.now_ns + duration_ns)


def state_of(world: World, venue: Venue) -> tuple[bytes, bytes]:
    """The whole ledger and the venue, byte for byte."""
    return world.ledger.state_bytes(), venue.state_bytes()


def figures(outcome: Outcome) -> tuple[Any, ...]:
    """What a quote promises: everything but who took part."""
    return outcome.output, dict(outcome.details), [one._replace(owner="") for one in outcome.departures]


def balances(world: World, venue: Venue, owner: str) -> tuple[int, int]:
    """The owner's base and quote."""
    account = Account(owner, host_of(world, venue).name)
    return world.ledger.balance(venue.assets[0], account), world.ledger.balance(venue.assets[1], account)


# --- the laws -------------------------------------------------------------------------------------------------


class VenueLaws:
    """Inherited tests; ``venue.assets`` starts with base and quote where the venue trades.

    A venue that trades by other verbs than ``swap_exact_in`` overrides ``spend`` (all of an amount of one asset for
    the other), or ``round_trip`` and ``split``. One that does not trade sets ``trading = False``.
    """

    trading: ClassVar[bool] = True
    unquotable: ClassVar[frozenset[str]] = frozenset()
    """Verbs that ``quote`` refuses with ``UnknownVerb`` because they exchange nothing."""
    signed: ClassVar[frozenset[str]] = frozenset({"side"})
    """Arguments that may be negative."""

    def make(self) -> tuple[World, Venue]:
        """A fresh world with a host, the venue on it ready to trade, and funded senders."""
        raise NotImplementedError

    def operations(self) -> st.SearchStrategy[Call]:
        """Calls to that venue, good ones and nonsense."""
        raise NotImplementedError

    def quotable_operations(self) -> st.SearchStrategy[Call]:
        """Operations under which quotes are exact: all, unless the real contract's view is not either."""
        return self.operations()

    def good_calls(self, world: World, venue: Venue) -> Mapping[str, Call]:
        """One call of each verb that alice can make in the world just made (it may prepare that world)."""
        raise NotImplementedError

    def amounts(self, venue: Venue) -> st.SearchStrategy[int]:
        """Base units of either asset for trades of the no-free-lunch laws."""
        smallest = min(asset.decimals for asset in venue.assets[:2])
        return st.integers(1, 10 ** (smallest + 1))

    def spend(self, venue: Venue, asset: Asset, amount: int) -> Call:
        """The call that gives all of an amount of base or quote for the other asset; its output is what comes back."""
        return Call(venue.name, "swap_exact_in", {"asset_in": asset, "amount_in": amount, "minimum_out": 0})

    def round_trip(self, world: World, venue: Venue, asset: Asset, amount: int) -> bool:
        """Alice trades an amount of an asset, and at once all that she got back again; whether both were done."""
        first = attempt(world, venue, self.spend(venue, asset, amount))
        if isinstance(first, Refusal):
            return False
        other = venue.assets[1] if asset == venue.assets[0] else venue.assets[0]
        return isinstance(attempt(world, venue, self.spend(venue, other, first.output)), Outcome)

    def split(self, venue: Venue, asset: Asset, parts: Sequence[int]) -> tuple[Call, list[Call]]:
        """One trade, and the same in parts."""
        return self.spend(venue, asset, sum(parts)), [self.spend(venue, asset, part) for part in parts]

    # --- history ----------------------------------------------------------------------------------------------

    def history(
        self, data: st.DataObject, *, most: int = 8, operations: st.SearchStrategy[Call] | None = None
    ) -> list[tuple[str, int, Call]]:
        """Who sends what after which pause."""
        pauses_ns = st.sampled_from((0, 0, 1, 10**9, 3 * BLOCK_NS, 3600 * 10**9))
        steps = st.tuples(st.sampled_from(SENDERS), pauses_ns, self.operations() if operations is None else operations)
        return data.draw(st.lists(steps, min_size=1, max_size=most), label="history")

    def live(
        self, world: World, venue: Venue, history: Sequence[tuple[str, int, Call]]
    ) -> Iterator[tuple[Call, Answer]]:
        """Send the history, call by call."""
        for sender, pause_ns, call in history:
            pause(world, pause_ns)
            yield call, attempt(world, venue, call, sender=sender)

    # --- inherited tests --------------------------------------------------------------------------------------

    @settings(max_examples=30)
    @given(data=st.data())
    def test_every_asset_is_conserved_after_every_call(self, data: st.DataObject) -> None:
        world, venue = self.make()
        assert set(world.conservation().values()) == {0}
        for call, _ in self.live(world, venue, self.history(data)):
            assert set(world.conservation().values()) == {0}, call

    @settings(max_examples=30)
    @given(data=st.data())
    def test_a_refused_call_changes_nothing(self, data: st.DataObject) -> None:
        world, venue = self.make()
        for sender, pause_ns, call in self.history(data):
            pause(world, pause_ns)
            before = state_of(world, venue)
            if isinstance(attempt(world, venue, call, sender=sender), Refusal):
                assert state_of(world, venue) == before, call

    @settings(max_examples=30)
    @given(data=st.data())
    def test_a_quote_changes_nothing_and_equals_the_trade(self, data: st.DataObject) -> None:
        world, venue = self.make()
        for sender, pause_ns, call in self.history(data, operations=self.quotable_operations()):
            pause(world, pause_ns)
            before = state_of(world, venue)
            quoted: Answer
            try:
                quoted = venue.quote(call, now_ns=next_instant_ns(world, venue))
            except Refusal as refusal:
                quoted = refusal
            assert state_of(world, venue) == before, f"the quote of {call} changed something"
            answer = attempt(world, venue, call, sender=sender)
            if call.verb in self.unquotable:
                assert isinstance(quoted, UnknownVerb), call
            elif isinstance(answer, Outcome):
                assert isinstance(quoted, Outcome), f"{call} was done although its quote said: {quoted}"
                assert figures(quoted) == figures(answer), call
            elif not isinstance(answer, InsufficientFunds):
                assert type(quoted) is type(answer), f"{call} was refused ({answer}), its quote gave {quoted}"

    @settings(max_examples=30)
    @given(data=st.data())
    def test_a_round_trip_never_gains(self, data: st.DataObject) -> None:
        world, venue = self.make()
        if not self.trading:
            return
        # Only bob acts before: what alice left in the venue earlier must not count as her gain.
        history = [("bob", pause_ns, call) for _, pause_ns, call in self.history(data, most=3)]
        for _ in self.live(world, venue, history):
            pass
        before = balances(world, venue, "alice")
        asset = data.draw(st.sampled_from(venue.assets[:2]), label="asset")
        if self.round_trip(world, venue, asset, data.draw(self.amounts(venue), label="amount")):
            after = balances(world, venue, "alice")
            assert after[0] <= before[0], "base for nothing"
            assert after[1] <= before[1], "quote for nothing"

    @settings(max_examples=30)
    @given(data=st.data())
    def test_splitting_a_trade_never_beats_it(self, data: st.DataObject) -> None:
        whole_world, venue = self.make()
        parts_world, other = self.make()
        if not self.trading:
            return
        asset = data.draw(st.sampled_from(venue.assets[:2]), label="asset")
        parts = data.draw(st.lists(self.amounts(venue), min_size=2, max_size=4), label="parts")
        one, many = self.split(venue, asset, parts)
        answer = attempt(whole_world, venue, one)
        answers = attempt_all(parts_world, other, many)
        if isinstance(answer, Outcome):
            got = sum(part.output for part in answers if isinstance(part, Outcome))
            assert got <= answer.output

    @settings(max_examples=15)
    @given(data=st.data())
    def test_same_calls_same_bytes(self, data: st.DataObject) -> None:
        history = self.history(data)
        runs = []
        for _ in range(2):
            world, venue = self.make()
            answers = [repr(answer) for _, answer in self.live(world, venue, history)]
            runs.append((answers, state_of(world, venue), world.records.digest()))
        assert runs[0] == runs[1]

    @settings(max_examples=30)
    @given(data=st.data())
    def test_undo_brings_back_every_byte(self, data: st.DataObject) -> None:
        world, venue = self.make()
        host = host_of(world, venue)
        if not isinstance(host, Chain):
            # Exchanges simulate nothing; what they undo is a refused call, which has a law of its own.
            return
        states = [state_of(world, venue)]
        for _ in self.live(world, venue, self.history(data)):
            states.append(state_of(world, venue))
        simulated = [Transaction(sender, (call,)) for sender, _, call in self.history(data)]
        receipts = host.simulate(simulated)
        assert state_of(world, venue) == states[-1]
        assert list(map(repr, host.simulate(simulated))) == list(map(repr, receipts))
        replayed = host.replay_last_block()
        assert state_of(world, venue) == states[-1]
        host.replay_last_block(without=replayed)
        assert state_of(world, venue) == states[-1]

    @settings(max_examples=30)
    @given(data=st.data())
    def test_claims_are_covered_by_what_the_venue_holds(self, data: st.DataObject) -> None:
        world, venue = self.make()
        self._check_claims(world, venue)
        for _ in self.live(world, venue, self.history(data)):
            self._check_claims(world, venue)

    def test_the_good_calls_are_good(self) -> None:
        world, venue = self.make()
        assert set(self.good_calls(world, venue)) == set(venue.verbs)
        for verb in venue.verbs:
            world, venue = self.make()
            perform(world, venue, self.good_calls(world, venue)[verb])

    def test_nonsense_is_refused_by_type_and_changes_nothing(self) -> None:
        world, venue = self.make()
        good_calls = self.good_calls(world, venue)
        for verb, call in good_calls.items():
            for bad, must_refuse in self._spoiled(venue, call):
                before = state_of(world, venue)
                with suppress(Refusal):
                    venue.quote(bad, now_ns=world.clock.now_ns)
                answer = attempt(world, venue, bad)
                assert isinstance(answer, Refusal) or not must_refuse, f"{verb} took {str(bad)[:200]}"
                if isinstance(answer, Refusal):
                    assert state_of(world, venue) == before
                    assert answer.who
                    assert str(answer)
                else:
                    world, venue = self.make()
                    self.good_calls(world, venue)

    def test_an_unknown_verb_is_refused(self) -> None:
        world, venue = self.make()
        assert isinstance(attempt(world, venue, Call(venue.name, "no such verb")), UnknownVerb)
        with pytest.raises(UnknownVerb):
            venue.quote(Call(venue.name, "no such verb"), now_ns=world.clock.now_ns)

    def test_every_verb_declares_its_gas(self) -> None:
        world, venue = self.make()
        least = 1 if isinstance(host_of(world, venue), Chain) else 0
        for verb in venue.verbs:
            gas = venue.gas(verb)
            assert type(gas) is int
            assert gas >= least, verb
        # A chain meters a call before the venue refuses it.
        assert type(venue.gas("no such verb")) is int

    @settings(max_examples=30)
    @given(data=st.data())
    def test_what_is_published_is_immutable(self, data: st.DataObject) -> None:
        world, venue = self.make()
        early = venue.published(world.clock.now_ns)
        shown = repr(early)
        assert host_of(world, venue).world.feeds[venue.name].read(host_of(world, venue).name) is not None
        for _ in self.live(world, venue, self.history(data, most=4)):
            view = venue.published(world.clock.now_ns)
            if self.trading:
                self._check_view(view)
        assert repr(early) == shown
        for name in ("mid", "invented"):
            with pytest.raises((AttributeError, TypeError)):
                setattr(early, name, 1.0)

    # --- inside -----------------------------------------------------------------------------------------------

    def _spoiled(self, venue: Venue, call: Call) -> Iterator[tuple[Call, bool]]:
        """The call with each argument spoiled in turn, and whether it must be refused."""
        arguments = dict(call.arguments)
        handler = getattr(type(venue), venue.verbs[call.verb])
        parameters = inspect.signature(handler).parameters
        yield call._replace(arguments={**arguments, "invented": 1}), True
        if "inner" not in parameters:
            yield call._replace(inner=(call,)), True
        yield call._replace(arguments={**arguments, "inner": (call,)}), True
        yield call._replace(arguments={**arguments, "inner": "all"}, inner=(call,)), True
        for name, good in arguments.items():
            if parameters[name].default is inspect.Parameter.empty:
                yield call._replace(arguments={key: value for key, value in arguments.items() if key != name}), True
            bad: list[tuple[Any, bool]] = [(OutputOf(5), True)]
            if type(good) is bool:
                bad += [(value, value is not None) for value in NO_BOOL]
            elif type(good) is int:
                bad += [(value, True) for value in (*NOT_WHOLE, *HUGE)]
                bad += [(None, parameters[name].default is not None), (NEGATIVE, name not in self.signed)]
            elif type(good) is Asset:
                bad += [(value, True) for value in NO_ASSET]
            else:
                bad += [(value, False) for value in (*NOT_WHOLE, None, NEGATIVE, *HUGE)]
            for value, must_refuse in bad:
                yield call._replace(arguments={**arguments, name: value}), must_refuse

    def _check_claims(self, world: World, venue: Venue) -> None:
        """Claims are whole, on assets the venue deals in, and never more than it holds; a share is a claim itself."""
        claims, shares = venue.claims(world.ledger), venue.share_assets
        claimed = dict.fromkeys(venue.assets, 0)
        for owner, amounts in claims.items():
            for asset, amount in amounts.items():
                assert asset not in shares, f"{owner} would have the share and what it stands for"
                assert type(amount) is int
                assert amount >= 0
                claimed[asset] += amount
        for asset, amount in claimed.items():
            assert amount <= world.ledger.balance(asset, venue.account), asset
        holders = {account.owner for share in shares for account, _ in world.ledger.holders(share)}
        assert not shares or holders == set(claims)
        assert set(shares) <= set(venue.assets)

    def _check_view(self, view: Any) -> None:
        """A ``MarketView`` whose prices are in order and whose curve is no better than its best prices."""
        mid, bid, ask = view.mid, view.bid, view.ask
        for price in (mid, bid, ask):
            assert price is None or (type(price) is float and 0 < price < math.inf)
        assert type(view.depth) is float
        assert 0 <= view.depth < math.inf
        if mid is not None:
            assert bid is None or bid <= mid
            assert ask is None or mid <= ask
        for side, price in ((+1, ask), (-1, bid)):
            small, large = view.quote_tokens(side, 1e-6), view.quote_tokens(side, 1e-3)
            assert all(tokens is None or type(tokens) is float for tokens in (small, large))
            if price is not None and small is not None:
                assert side * (small / 1e-6 - price) >= -1e-6 * price
            if small is not None and large is not None:
                assert side * (large - 1000 * small) >= -1e-6 * large
