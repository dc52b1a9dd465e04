"""What a searcher plans for the next block."""

from __future__ import annotations

import math
from collections.abc import Sequence

from shoal.agents.sandwich import Reserves
from shoal.agents.victims import Victim
from shoal.sim.calls import Transaction
from shoal.sim.hosts.gas import tip_wei
from shoal.venues.amm.constant_product_view import ConstantProductView


class NextBlock:
    """The bundles that a searcher has sent for one block, and the pools as these leave them.

    Bundles of one pool are meant to land in the order in which they were sent, so each must pay less for its gas than
    the one before.

    Args:
        number: the last block heard of.
        base_fee_wei: of the next one.
    """

    def __init__(self, number: int, base_fee_wei: int) -> None:
        self.number = number
        self.base_fee_wei = base_fee_wei
        self.looked_at: set[int] = set()
        self.legs: list[Transaction] = []
        self.paid_wei = 0
        self._reserves: dict[str, tuple[int, int, int]] = {}
        self._offers: dict[str, float] = {}

    def pool(self, name: str, view: object, *, sells_base: bool) -> Reserves | None:
        """A pool as planned, or else as published, seen by whoever puts in base, or quote; None if it is none."""
        planned = self._reserves.get(name)
        if planned is None:
            if not isinstance(view, ConstantProductView):
                return None
            planned = view.reserve_base, view.reserve_quote, view.fee_ppm
        base, quote, fee_ppm = planned
        return Reserves(base, quote, fee_ppm) if sells_base else Reserves(quote, base, fee_ppm)

    def payment_wei(self, pool: str, victim: Transaction, *, own_gas: int, bid_wei: int) -> int | None:
        """The bid, raised to what passes the victim alone and cut to stay behind the last bundle; None if it cannot.

        A builder compares what is paid for all gas of a bundle, the victim's tip included.
        """
        tip = tip_wei(victim, self.base_fee_wei)
        # One more per gas: fractions would be lost in the comparison.
        least = own_gas * (tip + 1)
        last = self._offers.get(pool)
        if last is None:
            return max(bid_wei, least)
        victim_gas = victim.gas_limit or 0
        most = math.floor(last * (own_gas + victim_gas)) - victim_gas * tip - own_gas
        return None if most < least else min(max(bid_wei, least), most)

    def add(self, victim: Victim, after: dict[str, Reserves], legs: Sequence[Transaction], *, own_gas: int) -> None:
        """A bundle was sent: the pools it leaves behind, as the victim sees them, and its transactions."""
        paid_wei = sum(leg.payment_wei for leg in legs)
        victim_gas = victim.transaction.gas_limit or 0
        tips_wei = victim_gas * tip_wei(victim.transaction, self.base_fee_wei)
        self.paid_wei += paid_wei
        self.legs += legs
        for name, pool in after.items():
            base, quote = (pool.into, pool.out_of) if victim.wanted[name].sells_base else (pool.out_of, pool.into)
            self._reserves[name] = base, quote, pool.fee_ppm
            self._offers[name] = (paid_wei + tips_wei) / (own_gas + victim_gas)
