import math
from typing import Any

import pytest
from tests.agents.laws import AGENT, ETH, GAS, PRICE, SECOND_NS, USDC, AgentLaws, SmallMarket, calls_of, flat

from shoal.agents.liquidity_provider import LiquidityProvider
from shoal.sim.agent import Agent
from shoal.sim.units import Account
from shoal.sim.world import World

PARAMETERS: dict[str, Any] = {
    "place": "home",
    "pool": "pool",
    "reference": "outside",
    "base_tokens": 10.0,
    "quote_tokens": 30_000.0,
    "interval_ns": 10 * SECOND_NS,
    "withdraw_volatility": 2.0,
    "return_volatility": 1.0,
    "calm_s": 120.0,
    "start_volatility": 0.5,
    "volatility_half_life_s": 30.0,
    "gas": GAS,
}


def make(world: World, **changes: Any) -> LiquidityProvider:
    return LiquidityProvider(world, AGENT, **{**PARAMETERS, **changes})


class TestLiquidityProvider(AgentLaws):
    def make(self, world: World) -> Agent:
        return make(world)


def owned(market: SmallMarket) -> int:
    return market.world.ledger.balance(market.pool.liquidity_asset, Account(AGENT, "chain"))


def test_it_deposits_at_the_ratio_of_the_pool_within_its_means() -> None:
    market = SmallMarket(flat())
    market.fund()
    provider = make(market.world)
    market.run(60)
    ledger, account = market.world.ledger, Account(AGENT, "chain")
    assert provider.liquidity == owned(market) > 0
    # 10 ETH at 2000 take 20,000 of the 30,000 USDC.
    assert USDC.amount(200_000) - ledger.balance(USDC, account) == USDC.amount(20_000)


def test_it_opens_an_empty_pool_with_all_it_has() -> None:
    market = SmallMarket(flat(), stocked=False)
    market.fund()
    make(market.world)
    market.run(60)
    assert (market.pool.reserve_base, market.pool.reserve_quote) == (10 * ETH.unit, 30_000 * USDC.unit)


def test_it_leaves_when_it_gets_rough_and_comes_back_after_a_calm() -> None:
    rough = [PRICE * (1 + 2e-2 * ((second // 10) % 2)) for second in range(100)]
    market = SmallMarket(flat(100) + rough + flat(900))
    market.fund()
    provider = make(market.world)
    market.run(100)
    assert owned(market) > 0
    market.run(200)
    assert owned(market) == provider.liquidity == 0
    verbs = [row["verb"] for row in calls_of(market.world)]
    assert verbs == ["add_liquidity", "remove_liquidity"]
    market.run(1_000)
    added = [row for row in calls_of(market.world) if row["verb"] == "add_liquidity"]
    assert len(added) == 2
    assert owned(market) > 0
    # Volatility halves each 30 s; the calm had lasted two minutes when it came back.
    removed_ns = next(row["time_ns"] for row in calls_of(market.world) if row["verb"] == "remove_liquidity")
    assert added[1]["sent_ns"] - removed_ns > 120 * SECOND_NS


def test_one_that_never_leaves_stays() -> None:
    rough = [PRICE * (1 + 5e-2 * (second % 2)) for second in range(300)]
    market = SmallMarket(rough)
    market.fund()
    make(market.world, withdraw_volatility=math.inf)
    market.run()
    assert [row["verb"] for row in calls_of(market.world)] == ["add_liquidity"]


@pytest.mark.parametrize(
    "changes",
    [
        {"base_tokens": 0.0},
        {"quote_tokens": math.inf},
        {"interval_ns": 0},
        {"withdraw_volatility": 0.5},
        {"return_volatility": math.nan},
        {"calm_s": -1.0},
        {"start_volatility": 0.0},
        {"volatility_half_life_s": math.nan},
    ],
)
def test_parameters_out_of_range_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        make(SmallMarket(flat()).world, **changes)
