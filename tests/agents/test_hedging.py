import pytest
from tests.agents.laws import AGENT, ETH, SECOND_NS, USDC, SmallMarket, fills_of, flat

from shoal.agents.hedging import Hedger
from shoal.agents.market import Market
from shoal.agents.trader import Trader
from shoal.sim.agent import Process
from shoal.sim.units import Account
from shoal.sim.world import World


class Holder(Trader):
    """Hedges an amount at the given markets, once a second."""

    def __init__(self, world: World, markets: tuple[str, ...], amount: int, *, slippage_ppm: int = 1_000) -> None:
        super().__init__(world, AGENT, place="home")
        self.hedger = Hedger(self, tuple(Market.of(world, name) for name in markets), slippage_ppm=slippage_ppm)
        self.hedger.add(amount)
        self.earned = 0.0

    def run(self) -> Process:
        while True:
            yield self.sleep(SECOND_NS)
            self.earned += yield from self.hedger.run()


@pytest.mark.parametrize("amount", [3 * ETH.unit, -3 * ETH.unit, 1])
def test_it_trades_exactly_what_is_open_and_says_what_it_earned(amount: int) -> None:
    market = SmallMarket(flat())
    market.fund()
    holder = Holder(market.world, ("outside",), amount)
    market.run(20)
    ledger, account = market.world.ledger, Account(AGENT, "abroad")
    if abs(amount) > 1:
        assert holder.hedger.open_base == 0
        assert ledger.balance(ETH, account) == ETH.amount(100) - amount
    assert holder.earned == pytest.approx(USDC.tokens(ledger.balance(USDC, account) - USDC.amount(200_000)))


@pytest.mark.parametrize(("price", "venue"), [(2_010.0, "outside"), (1_990.0, "book")])
def test_it_sells_where_it_gets_most(price: float, venue: str) -> None:
    market = SmallMarket(flat(300, price))
    market.fund()
    Holder(market.world, ("outside", "book"), 2 * ETH.unit)
    market.run(20)
    assert {row["venue"] for row in fills_of(market.world)} == {venue}


def test_what_a_book_cannot_take_stays_open() -> None:
    market = SmallMarket(flat())
    market.fund()
    holder = Holder(market.world, ("book",), 7 * ETH.unit + 5, slippage_ppm=0)
    market.run(20)
    # Seven ETH reach into the second level, beyond the average price; less than a lot is never sold.
    assert holder.hedger.open_base % (ETH.unit // 1000) == 5
    assert holder.hedger.open_base < 7 * ETH.unit


def test_nothing_open_sends_nothing() -> None:
    market = SmallMarket(flat())
    market.fund()
    Holder(market.world, ("book", "outside"), 0)
    market.run(20)
    assert not fills_of(market.world)
