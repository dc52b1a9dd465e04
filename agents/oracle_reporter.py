"""The agent that writes prices into an oracle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shoal.agents.gas import GasTerms
from shoal.agents.parameters import whole_number
from shoal.agents.trader import Trader, received
from shoal.sim.calls import Call
from shoal.sim.clock import ORACLE
from shoal.venues.oracle import OracleNews, answer_of, mixed_price

if TYPE_CHECKING:
    from shoal.sim.agent import Process
    from shoal.sim.world import World


class OracleReporter(Trader):
    """Reports a price when the oracle's rule says that one is due: by deviation, or by heartbeat.

    Knows: the sources' views and the oracle's last answer, each one latency late, every ``interval_ns``. The price is
    the mid of its source, or the depth-weighted mean of several. What was seen is sent ``delay_ns`` later (the time
    to agree off chain) and written in a later block, by when it may be stale. One report at a time.

    Args:
        world: the run it belongs to.
        name: must be the oracle's reporter.
        place: where it is on the network.
        oracle: the oracle, on a chain.
        sources: the outside market, a venue, or several venues to be mixed.
        interval_ns: how often it looks.
        delay_ns: from looking to sending; 0 sends at once.
        gas: how it pays.

    Raises:
        ValueError: a parameter is out of range.

    Source: Chainlink's data feeds: deviation threshold and heartbeat.
    """

    def __init__(
        self,
        world: World,
        name: str,
        *,
        place: str,
        oracle: str,
        sources: tuple[str, ...],
        interval_ns: int,
        delay_ns: int,
        gas: GasTerms,
    ) -> None:
        super().__init__(world, name, place=place, gas=gas)
        whole_number(name, interval_ns=interval_ns)
        whole_number(name, minimum=0, delay_ns=delay_ns)
        if not sources:
            raise ValueError(f"{name}: sources is empty; name at least one venue")
        self.oracle = oracle
        self.sources = sources
        self.interval_ns = interval_ns
        self.delay_ns = delay_ns

    def run(self) -> Process:
        """Look, and report what is due."""
        clock = self.world.clock
        chain = self.world.host_of[self.oracle].name
        while True:
            answer = self._answer()
            if answer is not None:
                if self.delay_ns:
                    yield clock.wake(self.now_ns + self.delay_ns, ORACLE)
                event = self.submit(chain, Call(self.oracle, "report", {"answer": answer}))
                if event is not None:
                    yield from received(event)
            yield clock.wake(self.now_ns + self.interval_ns, ORACLE)

    def _answer(self) -> int | None:
        """The answer to report now; None while none is due, or neither oracle nor source has arrived."""
        news: OracleNews | None = self.view(self.oracle)
        price = mixed_price(self.view(source) for source in self.sources)
        if news is None or price is None or not news.due(price, self.now_ns // 1_000_000_000):
            return None
        return answer_of(price) or None
