import math
from typing import Any

import pytest
from tests.agents.laws import AGENT, ETH, GAS, SECOND_NS, USDC, AgentLaws, SmallMarket, calls_of, fills_of, flat, rows

from shoal.agents.arbitrage import optimal_input
from shoal.agents.arbitrageur import Arbitrageur
from shoal.agents.rebalancing import Rebalancing
from shoal.sim.agent import Agent
from shoal.sim.units import Account
from shoal.sim.world import World
from shoal.venues.amm.constant_product_math import amount_out
from shoal.venues.outside_market import UNLIMITED

PARAMETERS: dict[str, Any] = {
    "place": "home",
    "pool": "pool",
    "references": ("outside", "book"),
    "gas": GAS,
    "delay_ns": 0,
    "minimum_profit_quote_tokens": 1.0,
    "tip_share": 0.2,
    "slippage_ppm": 1_000,
}


def make(world: World, **changes: Any) -> Arbitrageur:
    return Arbitrageur(world, AGENT, **{**PARAMETERS, **changes})


class TestArbitrageur(AgentLaws):
    def make(self, world: World) -> Agent:
        return make(world, rebalance=Rebalancing(interval_ns=60 * SECOND_NS, skew=0.3))


def flat_market(price: float, **options: Any) -> SmallMarket:
    market = SmallMarket(flat(300, price), outside_fee_ppm=0, depth_quote_tokens=UNLIMITED, **options)
    market.fund(eth="1000", usdc="2000000")
    return market


def test_it_leaves_the_pool_at_the_edge_of_the_fee_band_to_the_base_unit() -> None:
    """Vector ARB-2: 1000 ETH and 2,000,000 USDC at 0.3 %, ETH at 2100 outside."""
    market = flat_market(2_100.0)
    make(market.world, references=("outside",))
    market.run()
    fills = [row for row in fills_of(market.world) if row["venue"] == "pool"]
    assert len(fills) == 1
    paid = fills[0]["quote_raw"] + fills[0]["taker_fee_raw"]
    exact = optimal_input(2e6, 1_000.0, value=2_100.0, kept=0.997)
    assert int(paid) == USDC.floor(exact) == 46_453_118_288
    got = int(fills[0]["base_raw"])
    assert got == amount_out(int(paid), 2_000_000 * 10**6, 1_000 * 10**18)
    assert ETH.tokens(got) == pytest.approx(22.63277502, abs=1e-8)
    # One token more, or less, would have earned less.
    gains = [
        2_100 * ETH.tokens(amount_out(one, 2_000_000 * 10**6, 1_000 * 10**18)) - USDC.tokens(one)
        for one in (int(paid) - 10**6, int(paid), int(paid) + 10**6)
    ]
    assert gains[1] == max(gains) == pytest.approx(1_075.709261, abs=1e-5)


def test_it_hedges_what_it_got_and_earns_the_gap() -> None:
    market = flat_market(2_100.0)
    make(market.world, references=("outside",), tip_share=0.5)
    market.run()
    ledger = market.world.ledger
    held = dict.fromkeys((ETH, USDC), 0)
    for asset in held:
        held[asset] = sum(ledger.balance(asset, Account(AGENT, host)) for host in ("exchange", "abroad", "chain"))
    gas = sum(int(row["fee_raw"]) for row in rows(market.world, "transactions") if row["sender"] == AGENT)
    assert held[ETH] == 3 * ETH.amount(1_000) - gas
    earned = USDC.tokens(held[USDC] - 3 * USDC.amount(2_000_000))
    assert earned == pytest.approx(1_075.709261, abs=1e-4)
    # Half of the expected gain went to the proposer.
    assert ETH.tokens(gas) * 2_100 == pytest.approx(earned / 2, rel=0.01)


def test_the_other_way_round_it_sells_to_the_pool() -> None:
    market = flat_market(1_900.0)
    make(market.world, references=("outside",))
    market.run()
    (fill,) = [row for row in fills_of(market.world) if row["venue"] == "pool"]
    sold = int(fill["base_raw"] + fill["taker_fee_raw"])
    exact = optimal_input(1_000.0, 2e6, value=1 / 1_900.0, kept=0.997)
    assert sold == ETH.floor(exact)


def test_inside_the_band_or_below_its_gas_it_does_nothing() -> None:
    for price in (2_005.0, 1_995.0):
        market = flat_market(price)
        make(market.world, references=("outside",))
        market.run()
        assert not calls_of(market.world)
    market = flat_market(2_100.0)
    make(market.world, references=("outside",), minimum_profit_quote_tokens=1_076.0)
    market.run()
    assert not calls_of(market.world)


def test_a_reference_of_finite_depth_is_traded_to_where_both_prices_meet() -> None:
    market = SmallMarket(flat(300, 2_100.0), outside_fee_ppm=0, depth_quote_tokens=20_000.0)
    market.fund(eth="1000", usdc="2000000")
    make(market.world, references=("outside",))
    market.run(30)
    bought, sold = fills_of(market.world)
    assert sold["venue"] == "outside"
    # The next unit: what the pool asks, fee included, is what the outside market pays.
    paid = float(bought["quote_tokens"])
    asked = (2e6 + paid) / (1_000 - bought["base_tokens"]) / 0.997
    scale = 20_000.0 / (0.01 * 2_100.0)
    offered = 2_100.0 * math.exp(-sold["base_tokens"] / scale)
    assert asked == pytest.approx(offered, rel=1e-4)


def test_it_never_trades_more_than_it_can_hedge() -> None:
    market = SmallMarket(flat(300, 2_100.0), outside_fee_ppm=0, depth_quote_tokens=UNLIMITED)
    market.fund(eth="3", usdc="2000000")
    make(market.world, references=("outside",))
    market.run(60)
    bought, sold = fills_of(market.world)
    assert bought["base_tokens"] == pytest.approx(3.0, rel=1e-6)
    assert sold["base_raw"] == bought["base_raw"]


def test_privately_it_pays_nothing_for_what_would_revert() -> None:
    market = flat_market(2_100.0)
    make(market.world, references=("outside",), builder="builder")
    market.run(100)
    sent = [row for row in rows(market.world, "transactions") if row["sender"] == AGENT]
    assert [row["visibility"] for row in sent] == ["builder"]


def test_inventory_that_has_run_to_one_side_is_moved_back() -> None:
    market = flat_market(2_100.0)
    make(market.world, references=("outside",), rebalance=Rebalancing(interval_ns=60 * SECOND_NS, skew=0.499))
    market.run()
    departed = [row for row in rows(market.world, "transfers") if row["stage"] == "departed"]
    assert {(row["asset"], row["source"], row["target"]) for row in departed} == {
        ("ETH", "chain", "abroad"),
        ("USDC", "abroad", "chain"),
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"references": ()},
        {"delay_ns": -1},
        {"tip_share": 1.5},
        {"slippage_ppm": -1},
        {"minimum_profit_quote_tokens": -1.0},
        {"minimum_profit_quote_tokens": math.nan},
    ],
)
def test_parameters_out_of_range_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        make(SmallMarket(flat()).world, **changes)


def test_a_pool_on_an_exchange_is_none() -> None:
    market = SmallMarket(flat())
    make(market.world, pool="book", references=("outside",))
    with pytest.raises(Exception, match="a pool on a chain"):
        market.run(5)
