"""A host that executes transactions in blocks, in the order its builder chose, each atomically, with gas."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, cast

import simpy

from shoal.sim.calls import Bundle, Call, Departure, Outcome, Receipt, Transaction
from shoal.sim.clock import BLOCK, DELIVERY
from shoal.sim.errors import DroppedFromPool, FeeCapTooLow, GasLimitExceeded, NotPublic, Refusal
from shoal.sim.hosts.base_fee import ELASTICITY, next_base_fee_wei
from shoal.sim.hosts.block import Block, BlockBook, BlockNews, Landed
from shoal.sim.hosts.block_schedule import BlockSchedule
from shoal.sim.hosts.block_space import BlockSpaceDemand
from shoal.sim.hosts.builder import BlockBuilder
from shoal.sim.hosts.executor import Executor
from shoal.sim.hosts.gas import INTRINSIC_GAS, TRANSACTION_GAS_CAP
from shoal.sim.hosts.host import TRANSIT, Host
from shoal.sim.hosts.mempool import Mempool, Pending, Seen
from shoal.sim.journal import Entry, swap
from shoal.sim.ordering.effective_tip import EffectiveTip
from shoal.sim.ordering.policy import OrderingPolicy
from shoal.sim.units import NANOSECONDS_PER_SECOND, Account, Asset
from shoal.sim.venue import Venue, whole

if TYPE_CHECKING:
    from shoal.sim.world import World

PROPOSER: Final = "proposer"
BURNT: Final = "burnt gas"
"""Whoever counts what everybody has counts burnt gas under this name; it owns no account."""
MAXIMUM_FEE_WEI: Final = 2**63 - 1
POOL_LIFETIME_NS: Final = 3 * 3600 * NANOSECONDS_PER_SECOND


@dataclass(frozen=True, slots=True)
class _LastBlock:
    """What it takes to execute the last block again: how to undo it, and what was in it."""

    block: Block
    undo: list[Entry]
    credits: tuple[Departure, ...]
    landed: tuple[Landed, ...]


class Chain(Host):
    """Transactions wait in a pool, public or with a builder; each block executes them in its builder's order.

    Each transaction is atomic; gas is paid also on refusal, the base fee is burnt and counted, the tip goes to the
    proposer. Money from other hosts is credited at the top of the next block, so between blocks nothing on the chain
    moves: ``simulate`` runs on the state after the last block, and the last block can be executed again.

    Args:
        world: the run it belongs to.
        name: the place on the network.
        native: the asset in which gas is paid.
        schedule: when blocks come.
        base_fee_wei: the base fee of the first block, base units of the native asset per gas.
        gas_limit: gas a block holds; the target is half of it.
        ordering: the builder's rule.
        demand: the background's demand for block space; None is a labelled limit: an otherwise empty chain.
        builders: who builds, by share of blocks; drawn by block number. No agent may bear a builder's name.
        pool_lifetime_ns: how long a transaction may wait.

    Source: EIP-1559, EIP-7825 (cap of a transaction), go-ethereum's pool.
    """

    def __init__(
        self,
        world: World,
        name: str,
        *,
        native: Asset,
        schedule: BlockSchedule,
        base_fee_wei: int,
        gas_limit: int = 60_000_000,
        ordering: OrderingPolicy | None = None,
        demand: BlockSpaceDemand | None = None,
        builders: Mapping[str, float] | None = None,
        pool_lifetime_ns: int = POOL_LIFETIME_NS,
    ) -> None:
        if type(base_fee_wei) is not int or base_fee_wei < 0:
            raise ValueError(f"chain {name}: base fee must be whole wei >= 0, had {base_fee_wei!r}")
        if type(gas_limit) is not int or gas_limit < 2 * INTRINSIC_GAS:
            raise ValueError(f"chain {name}: gas limit must be a whole number >= {2 * INTRINSIC_GAS}")
        shares = tuple(builders.values()) if builders else (1.0,)
        if not (all(share >= 0 for share in shares) and 0 < sum(shares) < math.inf):
            raise ValueError(f"chain {name}: builders' shares of blocks must be >= 0 and not all 0, had {shares}")
        super().__init__(world, name)
        for owner in (PROPOSER, BURNT, f"{name} gas", *(builders or ("builder",))):
            world.reserve(owner, f"an account of chain {name}")
        self.native = native
        self.schedule = schedule
        self.base_fee_wei = base_fee_wei
        self.gas_limit = gas_limit
        self.demand = demand
        self.builders = dict(builders) if builders else {"builder": 1.0}
        self.pool = Mempool(pool_lifetime_ns)
        self.number = 0
        self.included = 0
        self.news = world.feed(name, name)
        self.arrivals = world.feed(f"{name} pool", name)
        now_ns = world.clock.now_ns
        self._executor = Executor(
            world.ledger,
            name,
            native=native,
            proposer=Account(PROPOSER, name),
            venues=self.venues,
            perform=self._perform,
        )
        self._builder = BlockBuilder(
            self.pool,
            self._executor,
            world.journal,
            ordering=ordering if ordering is not None else EffectiveTip(),
            gas_limit=gas_limit,
            interval_ns=schedule.interval_ns,
            mean_tip_wei=None if demand is None else demand.mean_tip_wei,
        )
        self._book = BlockBook(world.records, name, native)
        self._sequence = 0
        self._watchers: list[Callable[[Sequence[Landed]], None]] = []
        self._inbound: list[Departure] = []
        self._demand_stream = world.draws.stream(name, "background gas")
        self._builder_stream = world.draws.stream(name, "builder")
        self._times = schedule.times_ns(now_ns, world.draws.stream(name, "block time"))
        self._last = _LastBlock(Block(0, now_ns, next(iter(self.builders)), base_fee_wei), [], (), ())
        self.news.publish(BlockNews(0, now_ns, base_fee_wei, base_fee_wei, 0))
        world.clock.at(next(self._times), BLOCK, self._produce)

    def add(self, venue: Venue) -> None:
        """Let a venue live here.

        Raises:
            ValueError: the name is taken, or the venue cannot be undone.
        """
        if not venue.undoable:
            raise ValueError(f"{venue.name}: a {type(venue).__name__} cannot be undone and lives on exchanges only")
        super().add(venue)

    # --- what senders use -------------------------------------------------------------------------------------

    def submit(
        self,
        what: Transaction | Bundle,
        *,
        place: str,
        answer: simpy.Event | None,
        builder: str | None = None,
        sender: str | None = None,
    ) -> None:
        """Send a transaction to the public pool, or privately to a builder; bundles are always private.

        ``sender`` is whose bundle it is; without it that of the first transaction.

        Raises:
            ValueError: a builder nobody knows, an empty bundle, or a bundle sent to the public pool.
        """
        bundle = what if isinstance(what, Bundle) else None
        transactions = what.transactions if isinstance(what, Bundle) else (what,)
        if builder is not None and builder not in self.builders:
            raise ValueError(f"{self.name} has no builder {builder!r}; it has {', '.join(self.builders)}")
        if bundle is not None and (not transactions or builder is None):
            raise ValueError("a bundle holds at least one transaction and goes privately to a builder")
        clock = self.world.clock
        owner = sender if sender is not None else transactions[0].sender
        pending = Pending(transactions, bundle, 0, 0, clock.now_ns, place, builder, answer, owner=owner)
        arrival_ns = clock.now_ns + self.world.network.delay_ns(place, self.name, owner)
        clock.at(arrival_ns, DELIVERY, self._receive, pending)

    def pending(self, place: str) -> list[Seen]:
        """The public pool as somebody at that place sees it now, one latency late, in order of arrival.

        What the feeds of the pool and of blocks have told there: a transaction is seen from its arrival there on,
        and until the block that took it is heard of.
        """
        arrived, heard = self.arrivals.read(place), self.news.read(place)
        if arrived is None:
            return []
        as_of_ns = max(arrived.published_ns, heard.published_ns if heard is not None else 0)
        return self.pool.public(arrived.item.sequence, as_of_ns)

    def simulate(self, transactions: Sequence[Transaction]) -> list[Receipt]:
        """What these transactions would give on the state after the last block, one after the other; changes nothing.

        They are executed at the next base fee and the last block's timestamp; who cannot pay is refused as in a block.
        """
        mark = self.world.journal.mark()
        time_ns = self._last.block.time_ns
        block = Block(self.number + 1, time_ns, self._last.block.builder, self.base_fee_wei)
        receipts = []
        try:
            for transaction in transactions:
                refusal = self._executor.unaffordable(transaction, block.base_fee_wei)
                if refusal is None:
                    receipts.append(self._executor.run(transaction, block))
                else:
                    receipts.append(Receipt(time_ns, refusal=refusal))
        finally:
            self.world.journal.undo(mark)
        return receipts

    def replay_last_block(self, *, without: Iterable[int] = ()) -> dict[int, Receipt]:
        """Execute the last block again with some transactions left out, in the same order; changes nothing.

        Args:
            without: numbers of transactions to leave out (``Receipt.number``).

        Returns:
            Receipts by transaction number; one that could no longer be paid for is missing.
        """
        left_out, last = set(without), self._last
        block = Block(last.block.number, last.block.time_ns, last.block.builder, last.block.base_fee_wei)
        receipts: dict[int, Receipt] = {}
        with self.rewound():
            for landed in last.landed:
                number, transaction = landed.receipt.number, landed.transaction
                if number not in left_out and self._executor.unaffordable(transaction, block.base_fee_wei) is None:
                    receipt = receipts[number] = self._executor.run(transaction, block)
                    receipt.number, receipt.position = number, len(receipts) - 1
        return receipts

    @contextmanager
    def rewound(self) -> Iterator[None]:
        """Within it the chain is as it was at the top of the last block, with the money that arrived credited.

        Whatever is written there is undone at the end.
        """
        last, journal = self._last, self.world.journal
        redo = swap(last.undo)
        mark = journal.mark()
        try:
            self._credit(last.credits)
            yield
        finally:
            journal.undo(mark)
            last.undo[:] = swap(redo)

    def watch(self, watcher: Callable[[Sequence[Landed]], None]) -> None:
        """Call the experimenter's instrument after each block with what landed in it; it must change nothing."""
        self._watchers.append(watcher)

    def arrive(self, departure: Departure) -> None:
        """Money from another host waits to be credited at the top of the next block."""
        self._inbound.append(departure)

    def nonce(self, sender: str) -> int:
        """The sender's next nonce."""
        return self._executor.nonce(sender)

    # --- the pool ---------------------------------------------------------------------------------------------

    def _receive(self, event: simpy.Event) -> None:
        pending = cast(Pending, event.value)
        self._sequence += 1
        pending.sequence = self._sequence
        pending.arrival_ns = self.world.clock.now_ns
        try:
            if pending.bundle is not None:
                self._check_bundle(pending, pending.bundle)
            pending.transactions = tuple(self._admitted(transaction) for transaction in pending.transactions)
            replaced = self.pool.admit(pending, self.nonce(pending.sender))
        except Refusal as refusal:
            self._refuse(pending, refusal)
            return
        if replaced is not None:
            self._refuse(replaced, DroppedFromPool(replaced.sender, "a replacement", "to stay the best offer"))
        if pending.builder is None:
            self.arrivals.publish(Seen(pending.sequence, pending.arrival_ns, pending.transactions[0]))

    def _check_bundle(self, pending: Pending, bundle: Bundle) -> None:
        """Nobody signs for others: what is not the sender's own must wait in the public pool."""
        owner = pending.sender
        _check_optional(owner, block=bundle.block, last_block=bundle.last_block)
        if all(one.sender != owner for one in pending.transactions):
            raise NotPublic(owner, "none of its own transactions", "at least one")
        for one in pending.transactions:
            if one.sender != owner and self.pool.original(one) is None:
                raise NotPublic(owner, f"a transaction of {one.sender}", "one that waits in the public pool")

    def _admitted(self, transaction: Transaction) -> Transaction:
        """The transaction with its gas limit spelt out, if it makes sense and its sender could pay."""
        sender, limit = transaction.sender, transaction.gas_limit
        fee = whole(transaction.max_fee_wei, sender, "fee cap", maximum=MAXIMUM_FEE_WEI)
        tip = whole(transaction.max_tip_wei, sender, "tip", maximum=MAXIMUM_FEE_WEI)
        whole(transaction.payment_wei, sender, "payment")
        _check_optional(sender, gas_limit=limit, nonce=transaction.nonce, deadline=transaction.deadline_ns)
        if tip > fee:
            raise FeeCapTooLow(sender, fee, tip, "wei per gas")
        if limit is not None and limit < INTRINSIC_GAS:
            raise GasLimitExceeded(sender, limit, f"at least {INTRINSIC_GAS}", "gas")
        wanted, cap = self._executor.gas_limit(transaction), min(TRANSACTION_GAS_CAP, self.gas_limit)
        if wanted > cap:
            raise GasLimitExceeded(sender, wanted, f"at most {cap}", "gas")
        unaffordable = self._executor.unaffordable(transaction, 0)
        if unaffordable is not None:
            raise unaffordable
        # Counting what the calls declare once, not each time a builder looks.
        return transaction if limit is not None else replace(transaction, gas_limit=wanted)

    def _refuse(self, pending: Pending, refusal: Refusal) -> None:
        """Record, and tell the sender, that this will not be in any block; what a bundle carried waits on its own."""
        receipt = Receipt(self.world.clock.now_ns, refusal=refusal)
        for transaction in pending.transactions:
            if transaction.sender != pending.sender:
                continue
            self.refused += len(transaction.calls)
            self.world.transactions += 1
            self._book.transaction(Landed(pending, transaction, receipt, 0), None, receipt.time_ns)
        self._answer(pending.answer, pending.sender, pending.place, receipt)

    # --- the block --------------------------------------------------------------------------------------------

    def _produce(self, _event: simpy.Event) -> None:
        world, now_ns = self.world, self.world.clock.now_ns
        self.number += 1
        for pending, refusal in self.pool.expired(now_ns, self.number, self.nonce):
            self.pool.remove(pending, now_ns)
            self._refuse(pending, refusal)
        block = Block(self.number, now_ns, self._draw_builder(), self.base_fee_wei)
        if self.demand is not None:
            target = self.gas_limit // ELASTICITY
            block.background_gas = self.demand.gas(self.number, now_ns, self.base_fee_wei, target, self._demand_stream)
        credits = tuple(self._inbound)
        self._inbound.clear()
        # Endowments and the like are committed already; only this block may be in its log.
        world.journal.commit()
        try:
            self._credit(credits)
            landed, left_out = self._builder.fill(block)
        except BaseException:
            # A mistake in a venue ends the run, and the tables will know nothing of this block.
            world.journal.undo(0)
            raise
        for one in landed:
            self.included += 1
            one.receipt.number = self.included
        self._last = _LastBlock(block, world.journal.take(), credits, tuple(landed))
        self._close(block, credits, landed)
        for watcher in self._watchers:
            watcher(landed)
        for pending, refusal in left_out:
            self._refuse(pending, refusal)
        world.clock.at(next(self._times), BLOCK, self._produce)

    def _draw_builder(self) -> str:
        names = tuple(self.builders)
        # One draw a block, in block order, and nobody else uses the stream: the draw is keyed by block number.
        return names[self._builder_stream.pick(tuple(self.builders.values()))] if len(names) > 1 else names[0]

    def _credit(self, credits: Iterable[Departure]) -> None:
        for one in credits:
            source, target = Account(one.owner, TRANSIT), Account(one.owner, self.name)
            self.world.ledger.transfer(one.asset, source, target, one.amount)

    def _close(self, block: Block, credits: Sequence[Departure], landed: Sequence[Landed]) -> None:
        """Record, publish and answer."""
        touched: dict[str, None] = {}
        for one in credits:
            self._record_transfer(one, TRANSIT, "arrived")
            self._note(one.owner)
        for entry in landed:
            self.world.transactions += 1
            self._book.transaction(entry, block, block.time_ns)
            sender, receipt = entry.transaction.sender, entry.receipt
            done: list[tuple[Call, Outcome | None, str]] = [*receipt.inner]
            outcomes = receipt.outcomes or [None] * len(receipt.calls)
            done += [(call, outcome, sender) for call, outcome in zip(receipt.calls, outcomes, strict=True)]
            self._note(sender)
            for call, outcome, actor in done:
                self._record(call, actor, entry.pending.sent_ns, block.time_ns, outcome, receipt.refusal)
                if outcome is not None:
                    touched[call.venue] = None
                    self._depart(outcome.departures)
                    self._note(actor, call.venue, outcome.fills)
        gas_used = block.gas_used + min(block.background_gas, self.gas_limit - block.gas_used)
        self.base_fee_wei = next_base_fee_wei(block.base_fee_wei, gas_used, self.gas_limit)
        self._book.block(
            block, gas_limit=self.gas_limit, gas_used=gas_used, transactions=len(landed), waiting=len(self.pool)
        )
        self.publish(touched)
        self.news.publish(BlockNews(block.number, block.time_ns, block.base_fee_wei, self.base_fee_wei, gas_used))
        self._tell()
        self._answer_all(landed)

    def _answer_all(self, landed: Sequence[Landed]) -> None:
        """One answer for each transaction; one for a whole bundle, with all outcomes of its sender's own."""
        grouped: dict[int, list[Landed]] = {}
        for entry in landed:
            grouped.setdefault(entry.pending.sequence, []).append(entry)
        for group in grouped.values():
            pending, receipt = group[0].pending, group[0].receipt
            if pending.bundle is not None:
                receipt = _joined([entry.receipt for entry in group])
            self._answer(pending.answer, pending.sender, pending.place, receipt)


def _check_optional(who: str, **values: object) -> None:
    for name, value in values.items():
        if value is not None:
            whole(value, who, name)


def _joined(receipts: Sequence[Receipt]) -> Receipt:
    """The receipt of a bundle: the first one's place, everybody's outcomes and gas."""
    return replace(
        receipts[0],
        outcomes=tuple(outcome for one in receipts for outcome in one.outcomes),
        gas_used=sum(one.gas_used for one in receipts),
        fee_wei=sum(one.fee_wei for one in receipts),
        burnt_wei=sum(one.burnt_wei for one in receipts),
        calls=tuple(call for one in receipts for call in one.calls),
        inner=tuple(pair for one in receipts for pair in one.inner),
    )
