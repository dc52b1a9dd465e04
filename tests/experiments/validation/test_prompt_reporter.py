from collections.abc import Sequence
from typing import Any

import pytest
from tests.agents.laws import AGENT, RUN_S, AgentLaws, SmallMarket, flat

from shoal.experiments.validation.prompt_reporter import PromptReporter
from shoal.sim.agent import Agent
from shoal.sim.world import World


class TestPromptReporter(AgentLaws):
    """It offers no gas price, so its chain here asks for none."""

    def make(self, world: World) -> Agent:
        return PromptReporter(world, AGENT, place="home", chain="chain", sources={"oracle": "outside"})

    def live(
        self, prices: Sequence[float], *, funded: bool = True, seconds: float = RUN_S, **options: Any
    ) -> SmallMarket:
        return super().live(prices, funded=funded, seconds=seconds, **{"base_fee_wei": 0, **options})

    def test_the_next_block_has_the_price(self) -> None:
        market = self.live(flat(30) + flat(30, 2_020.0), seconds=40)
        assert market.oracle.published(0).price == 2_020.0

    def test_it_needs_an_oracle(self) -> None:
        with pytest.raises(ValueError, match="at least one oracle"):
            PromptReporter(SmallMarket([]).world, AGENT, place="home", chain="chain", sources={})
