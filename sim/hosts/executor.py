"""Executing transactions on a chain's present state: atomic, metered, paid for whatever happens."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from shoal.sim.calls import Call, Inner, Outcome, Receipt, Transaction
from shoal.sim.errors import Expired, FeeCapTooLow, InsufficientFunds, Refusal
from shoal.sim.hosts.block import Block
from shoal.sim.hosts.gas import INTRINSIC_GAS, GasMeter, tip_wei
from shoal.sim.ledger import Ledger
from shoal.sim.units import Account, Asset
from shoal.sim.venue import Context, Venue

Perform = Callable[[Call, Context, tuple[Outcome, ...]], Outcome]


class Executor:
    """Runs transactions of one chain on the ledger; every write goes through the journal, nonces included.

    Args:
        ledger: the world's.
        chain: the chain's name.
        native: the asset that pays gas.
        proposer: the account that gets tips.
        venues: the venues of the chain.
        perform: executes one call and leaves its writes in the journal.
    """

    def __init__(
        self,
        ledger: Ledger,
        chain: str,
        *,
        native: Asset,
        proposer: Account,
        venues: Mapping[str, Venue],
        perform: Perform,
    ) -> None:
        self._ledger = ledger
        self._chain = chain
        self._native = native
        self._proposer = proposer
        self._venues = venues
        self._perform = perform
        self._nonces: dict[str, int] = {}
        self._escrow = Account(f"{chain} gas", chain)

    def nonce(self, sender: str) -> int:
        """The sender's next nonce."""
        return self._nonces.get(sender, 0)

    def gas_limit(self, transaction: Transaction) -> int:
        """The limit the sender set, or what its calls declare."""
        if transaction.gas_limit is not None:
            return transaction.gas_limit
        return INTRINSIC_GAS + self._declared(transaction.calls)

    def unaffordable(self, transaction: Transaction, base_fee_wei: int) -> Refusal | None:
        """Why the transaction cannot be in a block of this base fee, or None."""
        if transaction.max_fee_wei < base_fee_wei:
            return FeeCapTooLow(transaction.sender, transaction.max_fee_wei, base_fee_wei, "wei per gas")
        needed = self.gas_limit(transaction) * transaction.max_fee_wei
        had = self._ledger.balance(self._native, Account(transaction.sender, self._chain))
        if had < needed:
            who = f"{transaction.sender} on {self._chain}, gas limit x fee cap"
            return InsufficientFunds(who, had, needed, f"{self._native.symbol} base units")
        return None

    def run(self, transaction: Transaction, block: Block) -> Receipt:
        """Execute one affordable transaction and pay its gas, on success and on refusal."""
        ledger, native = self._ledger, self._native
        journal, account = ledger.journal, Account(transaction.sender, self._chain)
        tip = tip_wei(transaction, block.base_fee_wei)
        price, limit = block.base_fee_wei + tip, self.gas_limit(transaction)
        ledger.transfer(native, account, self._escrow, limit * price)
        journal.write(self._nonces, transaction.sender, self.nonce(transaction.sender) + 1)
        mark = journal.mark()
        meter = GasMeter(limit, transaction.sender)
        outcomes: tuple[Outcome, ...] = ()
        inner: list[Inner] = []
        refusal: Refusal | None = None
        try:
            if transaction.deadline_ns is not None and block.time_ns > transaction.deadline_ns:
                raise Expired(transaction.sender, block.time_ns, transaction.deadline_ns, "ns")
            outcomes = self._call_all(transaction.calls, transaction.sender, block.time_ns, meter, inner)
            ledger.transfer(native, account, Account(block.builder, self._chain), transaction.payment_wei)
        except Refusal as caught:
            journal.undo(mark)
            outcomes, refusal = (), caught
            inner.clear()
        except BaseException:
            journal.undo(mark)
            raise
        burnt, tips = meter.used * block.base_fee_wei, meter.used * tip
        ledger.transfer(native, self._escrow, account, (limit - meter.used) * price)
        ledger.burn(native, self._escrow, burnt)
        ledger.transfer(native, self._escrow, self._proposer, tips)
        block.gas_used += meter.used
        block.burnt_wei += burnt
        block.tips_wei += tips
        return Receipt(
            block.time_ns,
            outcomes,
            refusal,
            meter.used,
            burnt + tips,
            burnt,
            block.number,
            calls=transaction.calls,
            inner=tuple(inner),
        )

    def _declared(self, calls: Iterable[Call]) -> int:
        """Gas that calls declare, inner ones included."""
        return sum(self._gas(call) + self._inner_gas(call) + self._declared(call.inner) for call in calls)

    def _gas(self, call: Call) -> int:
        """Gas of one call; where there is no such venue or verb, none."""
        venue = self._venues.get(call.venue)
        return venue.gas(call.verb) if venue is not None and call.verb in venue.verbs else 0

    def _inner_gas(self, call: Call) -> int:
        """Gas of what the venue itself calls in turn."""
        venue = self._venues.get(call.venue)
        return venue.inner_gas(call.verb) if venue is not None else 0

    def _call_all(
        self,
        calls: tuple[Call, ...],
        sender: str,
        now_ns: int,
        meter: GasMeter,
        inner: list[Inner],
    ) -> tuple[Outcome, ...]:
        def run(inside: tuple[Call, ...], on_behalf_of: str | None = None) -> tuple[Outcome, ...]:
            actor = sender if on_behalf_of is None else on_behalf_of
            # A venue may catch the refusal and go on: what these calls wrote must be gone by then.
            mark, known = self._ledger.journal.mark(), len(inner)
            try:
                outcomes = self._call_all(inside, actor, now_ns, meter, inner)
            except Refusal:
                self._ledger.journal.undo(mark)
                del inner[known:]
                raise
            inner.extend(Inner(call, outcome, actor) for call, outcome in zip(inside, outcomes, strict=True))
            return outcomes

        context = Context(self._ledger, self._chain, sender, now_ns, run)
        outcomes: tuple[Outcome, ...] = ()
        for call in calls:
            meter.spend(self._gas(call))
            outcomes += (self._perform(call, context, outcomes),)
        return outcomes
