from tests.agents.credit_stage import add_lending
from tests.agents.laws import AGENT, GAS, USDC, AgentLaws, SmallMarket, calls_of, flat

from shoal.agents.lender import Lender
from shoal.sim.agent import Agent
from shoal.sim.world import World


class TestLender(AgentLaws):
    def make(self, world: World) -> Agent:
        add_lending(world, lender=False)
        return Lender(world, AGENT, place="home", market="lending", amount=USDC.amount(1_000), gas=GAS)


def test_it_supplies_once_its_amount() -> None:
    market = SmallMarket(flat())
    market.fund()
    lending = add_lending(market.world, lender=False)
    Lender(market.world, AGENT, place="home", market="lending", amount=USDC.amount(1_000), gas=GAS)
    market.run(100)
    view = lending.published(0)
    assert view.supplied(AGENT) == view.total_supply == USDC.amount(1_000)


def test_it_waits_until_it_has_the_money_and_asks_for_nothing_before() -> None:
    market = SmallMarket(flat())
    market.fund(usdc="0")
    market.world.endow(AGENT, "exchange", USDC, USDC.amount(2_000))
    lending = add_lending(market.world, lender=False)
    Lender(market.world, AGENT, place="home", market="lending", amount=USDC.amount(1_000), gas=GAS)
    market.run(50)
    assert lending.published(0).total_supply == 0
    assert calls_of(market.world) == []
    market = SmallMarket(flat())
    market.fund(usdc="0")
    market.world.endow(AGENT, "exchange", USDC, USDC.amount(2_000))
    lending = add_lending(market.world, lender=False)
    lender = Lender(market.world, AGENT, place="home", market="lending", amount=USDC.amount(1_000), gas=GAS)
    market.run(20)
    lender.post(lender.withdraw("exchange", USDC, USDC.amount(2_000), to="chain"))
    market.run(100)
    assert lending.published(0).total_supply == USDC.amount(1_000)
