"""A rebalance in slices, one after the other, with a pause between."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import simpy

from shoal.agents.parameters import whole_number, within
from shoal.agents.vaults.guard_check import objection_to
from shoal.agents.vaults.orders import Order
from shoal.agents.vaults.portfolio import Portfolio
from shoal.agents.vaults.rebalance import Ended, Execution, Rebalance
from shoal.sim.units import PPM, Asset

if TYPE_CHECKING:
    from shoal.agents.vaults.desk import Desk


class Sliced(Execution):
    """Trades a rebalance in slices of limited size, each quoted anew at the prices of its time, until it is there.

    A slice is one transaction: of every asset what is left, no more than its equal part of the slices to come and no
    more than the maximum. Sales come before purchases, and what sales left over is spent by later slices, as long as
    something is below its target. An asset whose way has turned round, because the price itself has brought it to its
    target, is done. A slice that the guards or the market refuse is tried again after the next cool-off, as long as
    there are slices left to send.

    Args:
        slippage_ppm: how much less than planned each leg may bring.
        slices: equal parts in time: at least so many slices.
        maximum_quote_tokens: the largest order of one asset in one slice.
        cool_off_ns: from the end of a slice to the next.
        maximum_slices: attempts after which it gives up and ends ``partial``.
        minimum_quote_tokens: dust; orders and legs worth less are not sent.

    Raises:
        ValueError: a parameter is out of range.

    Source: Set Protocol's GeneralIndexModule (maximum size, cool-off, remaining WETH) and Index Coop's
    FlexibleLeverageStrategyAdapter (a TWAP that ends where the price has come to the target).
    """

    def __init__(
        self,
        *,
        slippage_ppm: int,
        cool_off_ns: int,
        slices: int = 1,
        maximum_quote_tokens: float = math.inf,
        maximum_slices: int = 1_000,
        minimum_quote_tokens: float = 1.0,
    ) -> None:
        whole_number("sliced", minimum=0, slippage_ppm=slippage_ppm)
        within("sliced", 0, PPM - 1, slippage_ppm=slippage_ppm)
        whole_number("sliced", slices=slices, cool_off_ns=cool_off_ns, maximum_slices=maximum_slices)
        within("sliced", 0.0, 1e300, minimum_quote_tokens=minimum_quote_tokens)
        if not maximum_quote_tokens > 0.0:
            raise ValueError(f"sliced: maximum_quote_tokens must be above 0, had {maximum_quote_tokens!r}")
        self.slippage_ppm = slippage_ppm
        self.cool_off_ns = cool_off_ns
        self.slices = slices
        self.maximum_quote_tokens = maximum_quote_tokens
        self.maximum_slices = maximum_slices
        self.minimum_quote_tokens = minimum_quote_tokens

    def carry_out(self, desk: Desk, rebalance: Rebalance) -> Generator[simpy.Event, Any, Ended]:
        """Slice after slice, until nothing is left to do."""
        sides: dict[Asset, int] = {}
        why = ""
        for number in range(self.maximum_slices):
            if number:
                yield from desk.rest(self.cool_off_ns)
            portfolio = desk.look()
            if isinstance(portfolio, str):
                why = portfolio
                continue
            orders = self._left(desk, rebalance, portfolio, sides)
            if not orders:
                return self._ended(desk, rebalance)
            share = 1.0 / max(1, self.slices - number)
            cut = tuple(order.cut(min(order.value * share, self.maximum_quote_tokens)) for order in orders)
            why = yield from self._slice(desk, rebalance, desk.within_guard(portfolio, cut)[0])
            if why and not rebalance.traded and not number:
                # Nothing could be traded at once: the next look decides anew.
                return Ended("refused", why)
        return rebalance.ended(f"{self.maximum_slices} slices were not enough" + (f": {why}" if why else ""))

    def _ended(self, desk: Desk, rebalance: Rebalance) -> Ended:
        if rebalance.traded:
            return Ended("done")
        return desk.idle(rebalance.portfolio, rebalance.weights, self.minimum_quote_tokens)

    def _left(
        self, desk: Desk, rebalance: Rebalance, portfolio: Portfolio, sides: dict[Asset, int]
    ) -> tuple[Order, ...]:
        """What is left to trade; ``sides`` keeps the way that each asset went at first."""
        orders = desk.orders(
            portfolio, rebalance.weights, minimum_value=self.minimum_quote_tokens, kept=(PPM - self.slippage_ppm) / PPM
        )
        if not sides:
            sides.update({order.asset: order.side for order in orders})
        return tuple(order for order in orders if sides.get(order.asset, +1) == order.side)

    def _slice(self, desk: Desk, rebalance: Rebalance, orders: tuple[Order, ...]) -> Generator[simpy.Event, Any, str]:
        """Send one slice; why it did not go through, or nothing."""
        planned = desk.plan(orders, slippage_ppm=self.slippage_ppm, minimum_value=self.minimum_quote_tokens)
        if not planned.legs:
            return planned.why
        objection = objection_to(planned.legs, desk=desk)
        if objection is not None:
            return objection
        sent = yield from desk.trade(rebalance, planned.legs)
        return sent.why
