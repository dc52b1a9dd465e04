from tests.agents.laws import AGENT, ETH, GAS, USDC, SmallMarket, flat

from shoal.agents.selling import NO_SALE, proceeds, sale_of, selling_curves
from shoal.agents.trader import Trader


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
