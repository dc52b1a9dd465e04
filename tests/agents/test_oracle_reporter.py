import re
from typing import Any

import pytest
from tests.agents.laws import (
    AGENT,
    BLOCK_NS,
    GAS,
    LATENCY_NS,
    PRICE,
    SECOND_NS,
    START_NS,
    AgentLaws,
    SmallMarket,
    calls_of,
    flat,
)

from shoal.agents.oracle_reporter import OracleReporter
from shoal.sim.agent import Agent
from shoal.sim.world import World

PARAMETERS: dict[str, Any] = {
    "place": "home",
    "oracle": "oracle",
    "sources": ("outside",),
    "interval_ns": SECOND_NS,
    "delay_ns": 2 * SECOND_NS,
    "gas": GAS,
}


def make(world: World, **changes: Any) -> OracleReporter:
    return OracleReporter(world, AGENT, **{**PARAMETERS, **changes})


class TestOracleReporter(AgentLaws):
    def make(self, world: World) -> Agent:
        return make(world)


def reports(prices: list[float], seconds: float, **changes: Any) -> tuple[SmallMarket, list[tuple[float, str]]]:
    """When reports were sent, in seconds after the start, and what they said."""
    market = SmallMarket(prices)
    market.fund()
    make(market.world, **changes)
    market.run(seconds)
    return market, [((row["sent_ns"] - START_NS) / SECOND_NS, row["arguments"]) for row in calls_of(market.world)]


def test_the_first_answer_and_then_one_a_heartbeat() -> None:
    market, sent = reports(flat(), 300)
    assert {answer for _, answer in sent} == {str({"answer": int(PRICE) * 10**8})}
    times = [time for time, _ in sent]
    # Looked at 1 s, sent 2 s later; then 120 s after the block that wrote it, and 2 s.
    assert times[0] == 3.0
    written_s = BLOCK_NS / SECOND_NS
    for time in times[1:]:
        assert time == pytest.approx(written_s + 120 + 2, abs=1.1)
        written_s = -(-time // 12) * 12
    assert market.oracle.published(0).round_id == len(sent) == 3


def test_a_deviation_is_reported_one_latency_and_the_delay_later() -> None:
    prices = flat(60) + flat(30, PRICE * 1.004) + flat(200, PRICE * 1.006)
    _, sent = reports(prices, 120)
    assert len(sent) == 2
    time, answer = sent[1]
    assert answer == str({"answer": round(PRICE * 1.006 * 10**8)})
    assert 90 + LATENCY_NS / SECOND_NS + 2 <= time <= 90 + LATENCY_NS / SECOND_NS + 2 + 1


def test_what_it_reports_is_what_it_saw_before_the_delay() -> None:
    prices = flat(60) + flat(1, PRICE * 1.01) + flat(200, PRICE * 1.02)
    _, sent = reports(prices, 80, delay_ns=5 * SECOND_NS)
    assert sent[1][1] == str({"answer": round(PRICE * 1.01 * 10**8)})


def test_a_mix_of_venues_is_weighted_by_depth() -> None:
    market, sent = reports(flat(100, PRICE * 1.02), 100, sources=("outside", "pool", "book"))
    assert sent
    answer = int(re.sub(r"\D", "", sent[-1][1])) / 10**8
    # The outside market is by far the deepest.
    assert PRICE * 1.01 < answer < PRICE * 1.02
    assert market.oracle.published(0).price == answer


def test_somebody_else_is_refused_and_goes_on() -> None:
    market = SmallMarket(flat())
    market.fund(owner="impostor")
    OracleReporter(market.world, "impostor", **PARAMETERS)
    market.run(60)
    refused = calls_of(market.world, "impostor")
    assert len(refused) > 1
    assert {row["result"] for row in refused} == {"NotTheReporter"}


@pytest.mark.parametrize("changes", [{"sources": ()}, {"interval_ns": 0}, {"delay_ns": -1}, {"delay_ns": 0.5}])
def test_parameters_out_of_range_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        make(SmallMarket(flat()).world, **changes)
