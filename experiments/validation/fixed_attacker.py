"""An attacker who asks no closed form whether it pays."""

from __future__ import annotations

from shoal.sim.agent import Agent, Process
from shoal.sim.calls import AllOf, Bundle, Call, Transaction
from shoal.sim.units import Asset
from shoal.sim.world import World


class FixedAttacker(Agent):
    """Puts the first public transaction it sees between a swap of fixed size and the sale of all that it bought.

    It holds nothing of what it buys, and pays its builder one unit per gas so as to go before its victim.

    Args:
        world: the run it belongs to.
        name: its name.
        place: where it is on the network.
        chain: where the pool lives.
        pool: the pool's name.
        asset_in: what it puts in.
        asset_out: what it buys and sells.
        amount_in: base units that it puts in.

    Source: Zhou et al. (2021), with the size taken as given.
    """

    def __init__(
        self,
        world: World,
        name: str,
        *,
        place: str,
        chain: str,
        pool: str,
        asset_in: Asset,
        asset_out: Asset,
        amount_in: int,
    ) -> None:
        super().__init__(world, name, place=place)
        self.chain = chain
        self.front = Call(pool, "swap_exact_in", {"asset_in": asset_in, "amount_in": amount_in, "minimum_out": 0})
        back = {"asset_in": asset_out, "amount_in": AllOf(asset_out), "minimum_out": 0}
        self.back = Call(pool, "swap_exact_in", back)

    def run(self) -> Process:
        """Wait for a victim that comes after the pool was filled, and attack it."""
        while (yield self.changed(self.chain)).item.number < 1:
            pass
        victim = (yield self.changed(f"{self.chain} pool")).item.transaction
        front = Transaction(self.name, (self.front,))
        back = Transaction(self.name, (self.back,), payment_wei=10**6)
        self.send_bundle(self.chain, Bundle((front, victim, back)), builder="builder")
