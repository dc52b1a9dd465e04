"""Building a block: which of what waits goes in, in which order, and what is left out."""

from __future__ import annotations

import heapq
import math
from typing import Any

from shoal.sim.calls import Bundle
from shoal.sim.errors import DroppedFromPool, NonceTooLow, Refusal, WouldRevert
from shoal.sim.hosts.block import Block, Landed
from shoal.sim.hosts.executor import Executor
from shoal.sim.hosts.gas import tip_wei
from shoal.sim.hosts.mempool import Mempool, Pending
from shoal.sim.journal import Journal
from shoal.sim.ordering.policy import Offer, OrderingPolicy

LeftOut = tuple[Pending, Refusal]


class BlockBuilder:
    """Takes offers in the policy's order while they fit beside what is in and the background that goes before.

    Args:
        pool: what waits.
        executor: runs transactions.
        journal: the world's undo log.
        ordering: the rule.
        gas_limit: gas a block holds.
        interval_ns: the mean time between blocks.
        mean_tip_wei: mean tip of the background demand, per gas; None where there is no background.
    """

    def __init__(
        self,
        pool: Mempool,
        executor: Executor,
        journal: Journal,
        *,
        ordering: OrderingPolicy,
        gas_limit: int,
        interval_ns: int,
        mean_tip_wei: float | None,
    ) -> None:
        self._pool = pool
        self._executor = executor
        self._journal = journal
        self._ordering = ordering
        self._gas_limit = gas_limit
        self._interval_ns = interval_ns
        self._mean_tip_wei = mean_tip_wei

    def fill(self, block: Block) -> tuple[list[Landed], list[LeftOut]]:
        """Execute what the block takes; what may not revert and would is left out with its reason."""
        queue: list[tuple[tuple[Any, ...], Pending, Offer]] = []
        offered: set[int] = set()
        pool, nonce = self._pool, self._executor.nonce

        def push(pending: Pending) -> None:
            if pending.sequence not in offered and self._due(pending.bundle, block) and self._payable(pending, block):
                offered.add(pending.sequence)
                offer = self._offer(pending, block)
                heapq.heappush(queue, (self._ordering.rank(offer), pending, offer))

        for sender in pool.senders():
            for pending in pool.heads(sender, nonce(sender), block.builder):
                push(pending)
        for pending in pool.bundles(block.builder):
            push(pending)
        landed: list[Landed] = []
        left_out: list[LeftOut] = []
        while queue:
            _, pending, offer = heapq.heappop(queue)
            if pending.left_ns is not None:
                # A bundle has carried it into this block already.
                continue
            if not (self._payable(pending, block) and self._fits(pending, offer, block)):
                continue
            refusal = self._include(pending, block, landed)
            pool.remove(pending, block.time_ns)
            if refusal is not None:
                left_out.append((pending, refusal))
            for following in pool.heads(pending.sender, nonce(pending.sender), block.builder):
                push(following)
        return landed, left_out

    @staticmethod
    def _due(bundle: Bundle | None, block: Block) -> bool:
        return bundle is None or bundle.block is None or bundle.block == block.number

    def _payable(self, pending: Pending, block: Block) -> bool:
        return all(self._executor.unaffordable(one, block.base_fee_wei) is None for one in pending.transactions)

    def _offer(self, pending: Pending, block: Block) -> Offer:
        gas = paid = 0
        for transaction in pending.transactions:
            limit = self._executor.gas_limit(transaction)
            gas += limit
            paid += limit * tip_wei(transaction, block.base_fee_wei) + transaction.payment_wei
        waited = min(1.0, (block.time_ns - pending.arrival_ns) / self._interval_ns)
        return Offer(paid / gas, pending.arrival_ns, pending.sequence, waited)

    def _fits(self, pending: Pending, offer: Offer, block: Block) -> bool:
        ahead = 0
        if self._mean_tip_wei is not None:
            ahead = math.floor(block.background_gas * self._ordering.share_ahead(offer, self._mean_tip_wei))
        needed = sum(self._executor.gas_limit(transaction) for transaction in pending.transactions)
        return block.gas_used + ahead + needed <= self._gas_limit

    def _include(self, pending: Pending, block: Block, landed: list[Landed]) -> Refusal | None:
        """Execute a transaction or a whole bundle; if one that may not revert would, undo all of it and say why."""
        mark, before = self._journal.mark(), (block.gas_used, block.burnt_wei, block.tips_wei)
        protected = pending.builder is not None
        together: list[Landed] = []
        for transaction in pending.transactions:
            refusal = self._executor.unaffordable(transaction, block.base_fee_wei)
            next_nonce = self._executor.nonce(transaction.sender)
            if refusal is None and transaction.nonce is not None and transaction.nonce != next_nonce:
                kind = NonceTooLow if transaction.nonce < next_nonce else WouldRevert
                refusal = kind(transaction.sender, transaction.nonce, next_nonce, "nonce")
            origin = pending if transaction.sender == pending.sender else self._pool.original(transaction)
            if origin is None:
                refusal = DroppedFromPool(transaction.sender, "its block already, or its end", "to wait in the pool")
            if refusal is None and origin is not None:
                receipt = self._executor.run(transaction, block)
                receipt.position = len(landed) + len(together)
                together.append(Landed(origin, transaction, receipt, tip_wei(transaction, block.base_fee_wei)))
                must_hold = pending.bundle is not None or (transaction.drop_if_reverts and protected)
                refusal = receipt.refusal if must_hold else None
            if refusal is not None:
                self._journal.undo(mark)
                block.gas_used, block.burnt_wei, block.tips_wei = before
                if pending.bundle is None and isinstance(refusal, NonceTooLow):
                    return refusal
                return WouldRevert(transaction.sender, refusal.code, "success")
        landed += together
        for one in together:
            if one.pending is not pending:
                self._pool.remove(one.pending, block.time_ns)
        return None
