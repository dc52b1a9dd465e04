"""Somebody who swaps once, in public."""

from __future__ import annotations

from shoal.sim.agent import Agent, Process
from shoal.sim.calls import Call
from shoal.sim.world import World


class Swapper(Agent):
    """Sends one call to the public pool at a time, at no fee.

    Args:
        world: the run it belongs to.
        name: its name.
        place: where it is on the network.
        chain: where the pool lives.
        call: the swap.
        time_ns: when it sends it.

    Source: the victim of Zhou et al. (2021).
    """

    def __init__(self, world: World, name: str, *, place: str, chain: str, call: Call, time_ns: int) -> None:
        super().__init__(world, name, place=place)
        self.chain = chain
        self.call = call
        self.time_ns = time_ns

    def run(self) -> Process:
        """Wait, swap, and never be heard of again."""
        yield self.sleep_until(self.time_ns)
        self.transact(self.chain, self.call, max_fee_wei=0, max_tip_wei=0)
