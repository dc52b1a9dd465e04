from tests.agents.laws import AGENT, ETH, LATENCY_NS, SECOND_NS, START_NS, AgentLaws, fills_of, flat, rows

from shoal.experiments.validation.net_flow import NetFlow, Order, Watcher
from shoal.sim.agent import Agent
from shoal.sim.world import World

AT_NS = START_NS + 10 * SECOND_NS
ORDERS = (Order(AT_NS, 1, ETH.amount(2)), Order(AT_NS + SECOND_NS, -1, ETH.amount("0.5")))


class TestNetFlow(AgentLaws):
    def make(self, world: World) -> Agent:
        return NetFlow(world, AGENT, place="home", market=world.venues["outside"], orders=ORDERS)  # type: ignore[arg-type]

    def test_it_trades_what_it_was_told_one_latency_after_sending(self) -> None:
        fills = fills_of(self.live(flat(30), seconds=30).world)
        assert [(row["side"], row["base_raw"]) for row in fills] == [(1, ETH.amount(2)), (-1, ETH.amount("0.5"))]
        assert [row["time_ns"] for row in fills] == [order.time_ns - 1 + LATENCY_NS for order in ORDERS]


class TestWatcher(AgentLaws):
    """It only reads."""

    acts = False

    def make(self, world: World) -> Agent:
        return Watcher(world, AGENT, place="home", market="outside")

    def test_it_writes_down_every_mid(self) -> None:
        market = self.live(flat(5) + flat(5, 2_001.0), seconds=20)
        watcher = market.world.agents[AGENT]
        assert isinstance(watcher, Watcher)
        assert list(watcher.mids.values()) == [2_000.0] * 5 + [2_001.0] * 5
        assert not rows(market.world, "fills")
