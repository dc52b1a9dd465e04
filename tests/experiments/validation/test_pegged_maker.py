from tests.agents.laws import AGENT, USDC, AgentLaws, flat

from shoal.experiments.validation.pegged_maker import PeggedMaker
from shoal.sim.agent import Agent
from shoal.sim.units import Account
from shoal.sim.world import World

DISTANCE = USDC.amount(3)


class TestPeggedMaker(AgentLaws):
    def make(self, world: World) -> Agent:
        book = world.venues["book"]
        return PeggedMaker(world, AGENT, place="home", book=book, outside="outside", distance=DISTANCE)  # type: ignore[arg-type]

    def test_it_keeps_two_quotes_around_the_newest_price(self) -> None:
        market = self.live(flat(5) + flat(5, 2_001.0), seconds=11)
        orders = market.book.orders(Account(AGENT, "exchange"))
        middle = USDC.amount(2_001)
        assert [(side, price - middle) for _, side, price, _ in orders] == [(1, -DISTANCE), (-1, DISTANCE)]
