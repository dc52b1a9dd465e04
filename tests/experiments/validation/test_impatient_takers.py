import math

from tests.agents.laws import AGENT, LATENCY_NS, SECOND_NS, START_NS, AgentLaws, calls_of, fills_of, flat, wave

from shoal.experiments.validation.impatient_takers import ImpatientTakers, arrival_stream, arrivals_ns
from shoal.sim.agent import Agent
from shoal.sim.world import World

MEAN_WAIT_NS = 2.0 * SECOND_NS


class TestImpatientTakers(AgentLaws):
    def make(self, world: World) -> Agent:
        book = world.venues["book"]
        return ImpatientTakers(
            world,
            AGENT,
            place="home",
            book=book,  # type: ignore[arg-type]
            outside="outside",
            mean_wait_ns=MEAN_WAIT_NS,
            decay=0.5,
        )

    def test_their_times_can_be_known_ahead(self) -> None:
        world = self.live(wave()).world
        sent = [row["sent_ns"] + 1 for row in calls_of(world)]
        known = arrivals_ns(START_NS, arrival_stream(world.draws.seed, AGENT), MEAN_WAIT_NS)
        assert sent == [next(known) for _ in sent]

    def test_a_quote_is_hit_by_the_share_that_reaches_so_far(self) -> None:
        """Levels rest 1, 2, 3, ... from the mid and are deep enough for all: each order fills or does not."""
        world = self.live(flat()).world
        sent = [row for row in calls_of(world) if row["sent_ns"] > START_NS + 2 * LATENCY_NS]
        share = len(fills_of(world)) / len(sent)
        expected = math.exp(-0.5)
        assert abs(share - expected) < 4 * math.sqrt(expected * (1 - expected) / len(sent))
