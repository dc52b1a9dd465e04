from tests.agents.laws import AGENT, AgentLaws, flat, rows

from shoal.experiments.validation.gas_user import GasUser
from shoal.sim.agent import Agent
from shoal.sim.world import World

LIMITS = (100_000, 1_234_567)


class TestGasUser(AgentLaws):
    """All that it sends runs out of gas on purpose: nothing succeeds, all is paid for."""

    acts = False

    def make(self, world: World) -> Agent:
        return GasUser(world, AGENT, place="home", chain="chain", venue="pool", gas_limits=LIMITS, tip_wei=3)

    def test_it_uses_exactly_its_limits_in_every_block(self) -> None:
        world = self.live(flat(60), seconds=60).world
        own = [row for row in rows(world, "transactions") if row["sender"] == AGENT and row["block"] > 0]
        assert [row["gas_used"] for row in own] == list(LIMITS) * (len(own) // 2)
        assert {row["result"] for row in own} == {"GasLimitExceeded"}
        assert {row["tip_wei"] for row in own} == {3}
        assert len(own) >= 6
