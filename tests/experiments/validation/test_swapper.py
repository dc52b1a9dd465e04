from collections.abc import Sequence
from typing import Any

from tests.agents.laws import AGENT, ETH, RUN_S, SECOND_NS, START_NS, AgentLaws, SmallMarket, fills_of, flat

from shoal.experiments.validation.swapper import Swapper
from shoal.sim.agent import Agent
from shoal.sim.calls import Call
from shoal.sim.world import World

CALL = Call("pool", "swap_exact_in", {"asset_in": ETH, "amount_in": ETH.amount(1), "minimum_out": 0})


class TestSwapper(AgentLaws):
    """It offers no gas price, so its chain here asks for none."""

    def make(self, world: World) -> Agent:
        return Swapper(world, AGENT, place="home", chain="chain", call=CALL, time_ns=START_NS + 20 * SECOND_NS)

    def live(
        self, prices: Sequence[float], *, funded: bool = True, seconds: float = RUN_S, **options: Any
    ) -> SmallMarket:
        return super().live(prices, funded=funded, seconds=seconds, **{"base_fee_wei": 0, **options})

    def test_it_swaps_once(self) -> None:
        (fill,) = fills_of(self.live(flat()).world)
        assert (fill["venue"], fill["side"]) == ("pool", -1)
