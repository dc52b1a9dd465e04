from collections.abc import Sequence
from typing import Any

from tests.agents.laws import AGENT, ETH, RUN_S, SECOND_NS, START_NS, USDC, AgentLaws, SmallMarket, fills_of, flat, rows

from shoal.experiments.validation.fixed_attacker import FixedAttacker
from shoal.experiments.validation.swapper import Swapper
from shoal.sim.agent import Agent
from shoal.sim.calls import Call
from shoal.sim.world import World

CALL = Call("pool", "swap_exact_in", {"asset_in": ETH, "amount_in": ETH.amount(1), "minimum_out": 0})


class TestFixedAttacker(AgentLaws):
    """It offers no gas price, so its chain here asks for none."""

    def make(self, world: World) -> Agent:
        world.endow("victim", "chain", ETH, ETH.amount(10))
        Swapper(world, "victim", place="home", chain="chain", call=CALL, time_ns=START_NS + 20 * SECOND_NS)
        return FixedAttacker(
            world,
            AGENT,
            place="home",
            chain="chain",
            pool="pool",
            asset_in=ETH,
            asset_out=USDC,
            amount_in=ETH.amount(2),
        )

    def live(
        self, prices: Sequence[float], *, funded: bool = True, seconds: float = RUN_S, **options: Any
    ) -> SmallMarket:
        return super().live(prices, funded=funded, seconds=seconds, **{"base_fee_wei": 0, **options})

    def test_it_stands_before_and_behind_its_victim_whether_it_pays_or_not(self) -> None:
        world = self.live(flat()).world
        assert [row["taker"] for row in rows(world, "fills")] == [AGENT, "victim", AGENT]
        front, back = fills_of(world)
        assert int(front["base_raw"] + front["taker_fee_raw"]) == ETH.amount(2)
        # It sells all that it bought, and whatever of it it had.
        assert int(back["quote_raw"] + back["taker_fee_raw"]) >= int(front["quote_raw"])
