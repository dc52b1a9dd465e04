"""A liquidity provider who deposits once and may leave at a set time."""

from __future__ import annotations

from shoal.sim.agent import Agent, Process
from shoal.sim.calls import AllOf, Call
from shoal.sim.errors import Refusal
from shoal.sim.world import World
from shoal.venues.amm.constant_product import ConstantProduct


class Provider(Agent):
    """Deposits in the first block, and hands all its liquidity in at ``leave_ns``.

    Args:
        world: the run it belongs to.
        name: its name.
        place: where it is on the network.
        chain: where the pool lives.
        pool: the pool; it knows its address and assets, nothing else.
        amounts: base units of base and of quote.
        leave_ns: when it sends its withdrawal; None is never.

    Source: the passive liquidity provider of Pintail (2019) and Milionis et al. (2022).
    """

    def __init__(
        self,
        world: World,
        name: str,
        *,
        place: str,
        chain: str,
        pool: ConstantProduct,
        amounts: tuple[int, int],
        leave_ns: int | None = None,
    ) -> None:
        super().__init__(world, name, place=place)
        self.chain = chain
        self.pool = pool.name
        self.liquidity = pool.liquidity_asset
        self.amounts = amounts
        self.leave_ns = leave_ns

    def run(self) -> Process:
        """Deposit, wait, withdraw; whose deposit is refused is not heard of again."""
        base, quote = self.amounts
        deposit = Call(self.pool, "add_liquidity", {"amount_base": base, "amount_quote": quote})
        try:
            yield self.transact(self.chain, deposit, max_fee_wei=0, max_tip_wei=0)
        except Refusal:
            return
        if self.leave_ns is not None:
            yield self.sleep_until(self.leave_ns)
            withdrawal = Call(self.pool, "remove_liquidity", {"liquidity": AllOf(self.liquidity)})
            self.transact(self.chain, withdrawal, max_fee_wei=0, max_tip_wei=0)
