import pytest
from tests.agents.laws import AGENT, ETH, GAS, GWEI, USDC, SmallMarket, flat

from shoal.agents.selling import NO_SALE, proceeds, sale_of, selling_curves
from shoal.agents.trader import Trader
from shoal.sim.calls import Call, Transaction
from shoal.venues.amm.constant_product import ConstantProduct


class Seller(Trader):
    """Looks on."""

    def run(self):
        yield self.sleep(1)


def seller(*, seconds: float = 60, **options: object) -> Seller:
    market = SmallMarket(flat(), **options)
    trader = Seller(market.world, AGENT, place="home", gas=GAS)
    market.run(seconds)
    return trader


def test_all_is_sold_and_brings_what_the_pool_gives_less_the_slippage() -> None:
    trader = seller()
    sale = sale_of(trader, (trader.market("pool"),), ETH.amount(10), slippage_ppm=10_000)
    [swap] = sale.calls
    assert swap.arguments["amount_in"] == ETH.amount(10)
    assert swap.arguments["minimum_out"] == USDC.floor(sale.quote_tokens * 0.99)
    assert sale.quote_tokens == proceeds(selling_curves(trader, (trader.market("pool"),)), 10.0)
    assert 19_700 < sale.quote_tokens < 19_800


def test_nothing_is_sold_where_nobody_buys_or_there_is_nothing_to_sell() -> None:
    empty = seller(stocked=False)
    assert sale_of(empty, (empty.market("pool"),), ETH.amount(10), slippage_ppm=0) == NO_SALE
    trader = seller()
    assert sale_of(trader, (trader.market("pool"),), 0, slippage_ppm=0) == NO_SALE
    assert proceeds((), 1.0) == 0.0


def test_a_sale_after_another_is_planned_on_what_that_one_leaves() -> None:
    trader = seller()
    pools = (trader.market("pool"),)
    first = sale_of(trader, pools, ETH.amount(10), slippage_ppm=0)
    second = sale_of(trader, pools, ETH.amount(20), slippage_ppm=0, after=ETH.amount(10))
    both = sale_of(trader, pools, ETH.amount(30), slippage_ppm=0)
    assert second.calls[0].arguments["amount_in"] == ETH.amount(20)
    assert first.quote_tokens + second.quote_tokens == pytest.approx(both.quote_tokens)
    assert second.quote_tokens < 2 * first.quote_tokens


@pytest.mark.parametrize("after", [0, 7 * 10**18 + 11])
def test_of_several_pools_the_legs_add_up_to_the_last_unit(after: int) -> None:
    market = SmallMarket(flat())
    small = ConstantProduct("small", ETH, USDC, fee_ppm=500)
    market.chain.add(small)
    deposit = Call("small", "add_liquidity", {"amount_base": ETH.amount(50), "amount_quote": USDC.amount(100_000)})
    market.chain.submit(
        Transaction("somebody", (deposit,), max_fee_wei=10 * GWEI, max_tip_wei=GWEI), place="chain", answer=None
    )
    trader = Seller(market.world, AGENT, place="home", gas=GAS)
    market.run(60)
    amount = 10**19 // 3
    sale = sale_of(trader, (trader.market("pool"), trader.market("small")), amount, slippage_ppm=0, after=after)
    assert len(sale.calls) == 2
    assert sum(call.arguments["amount_in"] for call in sale.calls) == amount
