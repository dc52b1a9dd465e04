from collections.abc import Sequence
from typing import Any

import pytest
from tests.agents.laws import AGENT, ETH, RUN_S, SECOND_NS, START_NS, USDC, AgentLaws, SmallMarket, flat

from shoal.experiments.validation.routed_order import RoutedOrder
from shoal.routing.plan import Status
from shoal.sim.agent import Agent
from shoal.sim.units import Account
from shoal.sim.world import World
from shoal.venues.amm.constant_product import ConstantProduct

START = START_NS + 100 * SECOND_NS


def order(world: World, *, side: int = -1) -> RoutedOrder:
    pool = world.venues["pool"]
    assert isinstance(pool, ConstantProduct)
    amount = ETH.amount(10) if side < 0 else USDC.amount(20_000)
    return RoutedOrder(
        world, AGENT, place="home", chain="chain", pools=[pool], side=side, amount=amount, start_ns=START
    )


class TestRoutedOrder(AgentLaws):
    """It offers no gas price, so its chain here asks for none."""

    def make(self, world: World) -> Agent:
        return order(world)

    def live(
        self, prices: Sequence[float], *, funded: bool = True, seconds: float = RUN_S, **options: Any
    ) -> SmallMarket:
        return super().live(prices, funded=funded, seconds=seconds, **{"base_fee_wei": 0, **options})


@pytest.mark.parametrize("side", [-1, 1])
def test_it_gets_what_was_planned_to_the_last_unit(side: int) -> None:
    market = SmallMarket(flat(), base_fee_wei=0)
    market.fund()
    agent = order(market.world, side=side)
    market.run()
    assert agent.plan is not None
    assert agent.plan.status is Status.OPTIMAL
    asset, endowed = (USDC, USDC.amount(200_000)) if side < 0 else (ETH, ETH.amount(100))
    received = market.world.ledger.balance(asset, Account(AGENT, "chain")) - endowed
    assert asset.tokens(received) == pytest.approx(agent.plan.amount_out, rel=1e-12, abs=1.0 / asset.unit)
