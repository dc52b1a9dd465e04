"""Somebody with one order, who splits it over pools in a single transaction as the router says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from shoal.routing.curves import curve_of
from shoal.routing.legs import inputs
from shoal.routing.one_pair import route
from shoal.routing.plan import Leg, Plan
from shoal.sim.agent import Agent, Process
from shoal.sim.calls import Call
from shoal.sim.errors import Refusal
from shoal.sim.world import World
from shoal.venues.amm.constant_product import ConstantProduct

# Of the planned output: what rounding a leg to base units can cost.
_ROUNDING: Final = 1e-12


class RoutedOrder(Agent):
    """At a set time sells, or spends on base, one amount at the optimum over all pools, and keeps the plan.

    Each leg is rounded to base units and asks for the output that was planned, less what its rounding can cost.

    Args:
        world: the run it belongs to.
        name: its name.
        place: where it is on the network.
        chain: where the pools live.
        pools: of one pair; it knows their names and assets, and what they publish.
        side: -1 sells base, +1 buys base with quote.
        amount: base units of the asset that it pays.
        start_ns: when.

    Source: Angeris, Evans, Chitra and Boyd (2022), "Optimal routing for constant function market makers".
    """

    def __init__(
        self,
        world: World,
        name: str,
        *,
        place: str,
        chain: str,
        pools: Sequence[ConstantProduct],
        side: int,
        amount: int,
        start_ns: int,
    ) -> None:
        super().__init__(world, name, place=place)
        self.chain = chain
        self.pools = tuple(pool.name for pool in pools)
        self.side = side
        pair = (pools[0].base, pools[0].quote_asset)
        self.asset_in, self.asset_out = pair if side < 0 else pair[::-1]
        self.amount = amount
        self.start_ns = start_ns
        self.plan: Plan | None = None

    def run(self) -> Process:
        """Wait, read every pool, route, send all legs as one transaction; a refusal ends it."""
        yield self.sleep_until(self.start_ns)
        news = {pool: self.read(pool) for pool in self.pools}
        curves = [curve_of(pool, item and item.item, side=self.side) for pool, item in news.items()]
        known = [curve for curve in curves if curve is not None]
        if not known:
            return
        self.plan = route(known, self.asset_in.tokens(self.amount))
        paid = inputs(self.plan, self.asset_in, self.amount)
        calls = [self._swap(leg, amount) for leg, amount in zip(self.plan.legs, paid, strict=True) if amount]
        try:
            yield self.transact(self.chain, *calls, max_fee_wei=0, max_tip_wei=0)
        except Refusal:
            return

    def _swap(self, leg: Leg, amount: int) -> Call:
        # A unit in more or less is that part of the leg; outputs are concave, so it costs no larger a part.
        least = self.asset_out.floor(leg.amount_out * max(0.0, 1.0 - _ROUNDING - 1.0 / amount)) - 1
        arguments = {"asset_in": self.asset_in, "amount_in": amount, "minimum_out": max(0, least)}
        return Call(leg.venue, "swap_exact_in", arguments)
