from typing import Any

import pytest
from tests.agents.laws import AGENT, ETH, GAS, SECOND_NS, USDC, SmallMarket, calls_of, fills_of, flat

from shoal.agents.trader import Trader, received
from shoal.sim.agent import Process
from shoal.sim.calls import Call, Receipt
from shoal.sim.errors import AgentFailed
from shoal.sim.world import World


class Script(Trader):
    """Does what the test tells it to."""

    def __init__(self, world: World, steps: Any, **options: Any) -> None:
        super().__init__(world, AGENT, place="home", **options)
        self.steps = steps
        self.heard: list[Any] = []

    def run(self) -> Process:
        yield self.sleep(20 * SECOND_NS)
        yield from self.steps(self)


def lived(steps: Any, *, fund: bool = True, seconds: float = 60, **options: Any) -> tuple[SmallMarket, Script]:
    market = SmallMarket(flat())
    if fund:
        market.fund()
    agent = Script(market.world, steps, **options)
    market.run(seconds)
    return market, agent


def test_it_waits_for_receipts_on_exchanges_and_chains_alike() -> None:
    def steps(agent: Script) -> Process:
        for venue in ("book", "outside", "pool"):
            receipt = yield from agent.trade(agent.market(venue), +1, ETH.unit, 2_050.0)
            agent.heard.append((venue, receipt))

    market, agent = lived(steps, gas=GAS)
    assert [venue for venue, _ in agent.heard] == ["book", "outside", "pool"]
    for _, receipt in agent.heard:
        assert isinstance(receipt, Receipt)
        assert receipt.outcome.fills[0].base_amount == ETH.unit
    assert len(fills_of(market.world)) == 3


def test_a_refusal_is_none_and_the_agent_goes_on() -> None:
    def steps(agent: Script) -> Process:
        receipt = yield from agent.trade(agent.market("outside"), +1, ETH.unit, 1_000.0)
        agent.heard.append(receipt)
        agent.heard.append((yield from received(agent.send(Call("book", "no such verb")))))
        agent.heard.append((yield from agent.trade(agent.market("outside"), +1, 0, 2_050.0)))

    _, agent = lived(steps)
    assert agent.heard == [None, None, None]


def test_what_it_fires_it_does_not_wait_for() -> None:
    def steps(agent: Script) -> Process:
        for venue in ("outside", "pool"):
            market = agent.market(venue)
            call = market.take(agent.view(venue), -1, ETH.unit, 1_950.0)
            assert call is not None
            agent.fire(market, call)
        agent.heard.append(agent.now_ns)
        yield agent.sleep(30 * SECOND_NS)

    market, agent = lived(steps, gas=GAS)
    assert len(fills_of(market.world)) == 2
    assert {row["sent_ns"] for row in calls_of(market.world)} == {agent.heard[0]}


def test_it_knows_its_own_money_one_latency_late() -> None:
    def steps(agent: Script) -> Process:
        agent.heard.append(agent.holding("abroad", USDC))
        yield agent.sleep(SECOND_NS)
        agent.heard.append(agent.holding("abroad", USDC))
        yield from agent.trade(agent.market("outside"), -1, ETH.unit, 1_950.0)
        agent.heard.append(agent.holding("abroad", USDC))

    _, agent = lived(steps)
    assert agent.heard[:2] == [0, USDC.amount(200_000)]
    assert agent.heard[2] > agent.heard[1]


def test_gas_costs_what_the_next_block_asks_at_the_price_of_the_feed() -> None:
    def steps(agent: Script) -> Process:
        pool = agent.market("pool")
        news = agent.view("chain")
        agent.heard.append((agent.gas_tokens(pool), pool.gas * (news.next_base_fee_wei + GAS.tip_wei) / 1e18 * 2_000.0))
        agent.heard.append((agent.gas_tokens(agent.market("outside")), 0.0))
        yield agent.sleep(1)

    _, agent = lived(steps, gas=GAS)
    for told, exact in agent.heard:
        assert told == pytest.approx(exact)


def test_a_chain_needs_gas_terms() -> None:
    def steps(agent: Script) -> Process:
        assert agent.submit("chain", Call("pool", "sync")) is None
        assert (yield from agent.settle("chain", Call("pool", "sync"))) is None
        agent.market("pool")

    with pytest.raises(AgentFailed, match="needs gas terms"):
        lived(steps)


def test_a_bid_is_the_share_of_the_gain_that_is_left_after_the_base_fee() -> None:
    gas = 200_000

    def steps(agent: Script) -> Process:
        agent.statement("chain")
        yield agent.sleep(SECOND_NS)
        for gain, minimum in ((100.0, 1.0), (0.0, 0.0), (100.0, 99.0), (1e9, 0.0)):
            bid = agent.bid_wei("chain", gas, gain=gain, share=0.5, minimum_quote_tokens=minimum)
            agent.heard.append((agent.view("chain").next_base_fee_wei, bid))

    _, agent = lived(steps, gas=GAS)
    [(base_fee_wei, bid), nothing, too_little, unpayable] = agent.heard
    left = 100.0 - gas * base_fee_wei / ETH.unit * 2_000.0
    assert gas * bid / ETH.unit * 2_000.0 == pytest.approx(left / 2)
    assert [one for _, one in (nothing, too_little, unpayable)] == [None, None, None]


def test_a_small_gain_bids_the_usual_tip() -> None:
    def steps(agent: Script) -> Process:
        agent.statement("chain")
        yield agent.sleep(SECOND_NS)
        agent.heard.append(agent.bid_wei("chain", 200_000, gain=2.0, share=0.0, minimum_quote_tokens=0.0))

    _, agent = lived(steps, gas=GAS)
    assert agent.heard == [GAS.tip_wei]
