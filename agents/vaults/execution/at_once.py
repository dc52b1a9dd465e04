"""Everything at once: one transaction through the router."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import simpy

from shoal.agents.parameters import whole_number, within
from shoal.agents.vaults.guard_check import objection_to
from shoal.agents.vaults.rebalance import Ended, Execution, Rebalance
from shoal.sim.units import PPM

if TYPE_CHECKING:
    from shoal.agents.vaults.desk import Desk


class AtOnce(Execution):
    """Trades all orders in one transaction of the vault: sales first, then purchases, each split by the router.

    Only markets on the vault's chain take part. What the vault's guard on the size of a trade does not allow is cut
    off, all orders alike, and the rebalance ends ``partial``. Sales count for purchases with what they bring at least.

    Args:
        slippage_ppm: how much less than planned each leg may bring; the public limit that a sandwich feeds on.
        minimum_quote_tokens: dust; orders and legs worth less are not sent.

    Raises:
        ValueError: a parameter is out of range.

    Source: a single transaction through an aggregator, as index vaults do for small trades.
    """

    def __init__(self, *, slippage_ppm: int, minimum_quote_tokens: float = 1.0) -> None:
        whole_number("at once", minimum=0, slippage_ppm=slippage_ppm)
        within("at once", 0, PPM - 1, slippage_ppm=slippage_ppm)
        within("at once", 0.0, 1e300, minimum_quote_tokens=minimum_quote_tokens)
        self.slippage_ppm = slippage_ppm
        self.minimum_quote_tokens = minimum_quote_tokens

    def carry_out(self, desk: Desk, rebalance: Rebalance) -> Generator[simpy.Event, Any, Ended]:
        """One transaction, or none."""
        kept = (PPM - self.slippage_ppm) / PPM
        minimum = self.minimum_quote_tokens
        orders = desk.orders(rebalance.portfolio, rebalance.weights, minimum_value=minimum, kept=kept)
        if not orders:
            return desk.idle(rebalance.portfolio, rebalance.weights, minimum)
        orders, cut = desk.within_guard(rebalance.portfolio, orders)
        planned = desk.plan(orders, slippage_ppm=self.slippage_ppm, minimum_value=minimum)
        if not planned.legs:
            return Ended("refused", planned.why)
        objection = objection_to(planned.legs, desk=desk)
        if objection is not None:
            return Ended("refused", objection)
        sent = yield from desk.trade(rebalance, planned.legs)
        return rebalance.ended(sent.why or planned.why or cut)
