"""The oracle of the theorems: every price is on chain in the next block."""

from __future__ import annotations

from collections.abc import Mapping

from shoal.sim.agent import Agent, Process
from shoal.sim.calls import Call
from shoal.sim.world import World
from shoal.venues.oracle import answer_of


class PromptReporter(Agent):
    """Writes all prices into their oracles, in one transaction, as soon as the first of them has changed.

    Knows: each price one latency late; it counts on all of them changing at the same instant. It pays no gas.

    Args:
        world: the run it belongs to.
        name: must be the oracles' reporter.
        place: where it is on the network.
        chain: where the oracles live.
        sources: by oracle, the venue whose mid it reports.

    Raises:
        ValueError: there are no oracles.

    Source: rebalancing theory, in which everybody knows the price at which trades are made.
    """

    def __init__(self, world: World, name: str, *, place: str, chain: str, sources: Mapping[str, str]) -> None:
        super().__init__(world, name, place=place)
        if not sources:
            raise ValueError(f"{name}: sources is empty; name at least one oracle")
        self.chain = chain
        self.sources = dict(sources)

    def run(self) -> Process:
        """Report what there is at each change."""
        first = next(iter(self.sources.values()))
        while True:
            yield self.changed(first)
            news = {oracle: self.read(source) for oracle, source in self.sources.items()}
            calls = tuple(
                Call(oracle, "report", {"answer": answer_of(one.item.mid)})
                for oracle, one in news.items()
                if one is not None and one.item.mid is not None
            )
            if calls:
                self.transact(self.chain, *calls, max_fee_wei=0, max_tip_wei=0)
