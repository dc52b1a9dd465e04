"""A lender: puts its money into a lending market and leaves it there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shoal.agents.gas import GasTerms
from shoal.agents.parameters import whole_number
from shoal.agents.trader import Trader, received
from shoal.sim.calls import Call
from shoal.venues.credit.lending_market import LendingMarket

if TYPE_CHECKING:
    from shoal.sim.agent import Process
    from shoal.sim.world import World


class Lender(Trader):
    """Supplies an amount to a lending market as soon as it has it, and stays; refused, it tries after the next block.

    Knows: the chain's blocks and its balances by statement, one latency late.

    Args:
        world: the run it belongs to.
        name: the owner of its accounts.
        place: where it is on the network.
        market: the lending market's name.
        amount: base units of the loan asset.
        gas: how it pays.

    Raises:
        ValueError: the amount is not a whole number above 0.

    Source: a passive supplier of Morpho Blue.
    """

    def __init__(self, world: World, name: str, *, place: str, market: str, amount: int, gas: GasTerms) -> None:
        super().__init__(world, name, place=place, gas=gas)
        whole_number(name, amount=amount)
        self.market_name = market
        self.amount = amount

    def run(self) -> Process:
        """Supply."""
        lending = self.world.venues.get(self.market_name)
        if not isinstance(lending, LendingMarket):
            raise ValueError(f"{self.name}: {self.market_name!r} is no lending market of this world")
        chain = self.world.host_of[self.market_name].name
        yield from self.funded(chain, {lending.loan: self.amount})
        supply = Call(self.market_name, "supply", {"amount": self.amount})
        while True:
            event = self.submit(chain, supply)
            if event is not None and (yield from received(event)) is not None:
                return
            yield self.changed(chain)
