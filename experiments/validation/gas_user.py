"""Somebody who fills blocks: transactions that use exactly the gas they are told to."""

from __future__ import annotations

from shoal.sim.agent import Agent, Process
from shoal.sim.calls import Call
from shoal.sim.world import World


class GasUser(Agent):
    """Sends, for each block, transactions that run out of gas at their limit, so that they use all of it.

    Each is one and the same harmless call, repeated until the gas it declares exceeds the limit.

    Args:
        world: the run it belongs to.
        name: its name.
        place: where it is on the network.
        chain: whose blocks it fills.
        venue: a pool on that chain; ``sync`` is called.
        gas_limits: one transaction each, every block.
        tip_wei: for each of them, per gas.

    Source: EIP-1559 and the Yellow Paper, section 9.4.2: out of gas uses all gas.
    """

    def __init__(
        self,
        world: World,
        name: str,
        *,
        place: str,
        chain: str,
        venue: str,
        gas_limits: tuple[int, ...],
        tip_wei: int,
    ) -> None:
        super().__init__(world, name, place=place)
        self.chain = chain
        self.call = Call(venue, "sync")
        self.gas = world.venues[venue].gas("sync")
        self.gas_limits = gas_limits
        self.tip_wei = tip_wei

    def run(self) -> Process:
        """On news of each block, the one before the first included, fill the next at the base fee it will have."""
        while True:
            news = yield self.changed(self.chain)
            for gas_limit in self.gas_limits:
                self.transact(
                    self.chain,
                    *[self.call] * (gas_limit // self.gas + 1),
                    max_fee_wei=news.item.next_base_fee_wei + self.tip_wei,
                    max_tip_wei=self.tip_wei,
                    gas_limit=gas_limit,
                )
