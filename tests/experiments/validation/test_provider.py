from collections.abc import Sequence
from typing import Any

from tests.agents.laws import AGENT, ETH, RUN_S, SECOND_NS, START_NS, USDC, AgentLaws, SmallMarket, flat

from shoal.experiments.validation.provider import Provider
from shoal.sim.agent import Agent
from shoal.sim.units import Account
from shoal.sim.world import World

AMOUNTS = ETH.amount(10), USDC.amount(20_000)
LEAVE_NS = START_NS + 100 * SECOND_NS


class TestProvider(AgentLaws):
    """It offers no gas price, so its chain here asks for none."""

    def make(self, world: World) -> Agent:
        pool = world.venues["pool"]
        return Provider(world, AGENT, place="home", chain="chain", pool=pool, amounts=AMOUNTS, leave_ns=LEAVE_NS)  # type: ignore[arg-type]

    def live(
        self, prices: Sequence[float], *, funded: bool = True, seconds: float = RUN_S, **options: Any
    ) -> SmallMarket:
        return super().live(prices, funded=funded, seconds=seconds, **{"base_fee_wei": 0, **options})

    def liquidity(self, seconds: float) -> int:
        market = self.live(flat(), seconds=seconds)
        return market.world.ledger.balance(market.pool.liquidity_asset, Account(AGENT, "chain"))

    def test_it_comes_once_and_leaves_with_everything(self) -> None:
        assert self.liquidity(90) > 0
        assert self.liquidity(150) == 0
