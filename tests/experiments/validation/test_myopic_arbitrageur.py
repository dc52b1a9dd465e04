import math
from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.agents.laws import AGENT, ETH, RUN_S, AgentLaws, SmallMarket, fills_of, flat, wave

from shoal.experiments.validation.myopic_arbitrageur import MyopicArbitrageur, best_swap
from shoal.sim.agent import Agent
from shoal.sim.units import Asset
from shoal.sim.world import World
from shoal.venues.amm import constant_product_math as exact
from shoal.venues.amm.constant_product_view import ConstantProductView

BASE, QUOTE = Asset("BASE", 18), Asset("QUOTE", 6)


class TestMyopicArbitrageur(AgentLaws):
    """It offers no gas price, so its chain here asks for none."""

    def make(self, world: World) -> Agent:
        return MyopicArbitrageur(world, AGENT, place="home", chain="chain", pool="pool", outside="outside")

    def live(
        self, prices: Sequence[float], *, funded: bool = True, seconds: float = RUN_S, **options: Any
    ) -> SmallMarket:
        return super().live(prices, funded=funded, seconds=seconds, **{"base_fee_wei": 0, **options})

    def test_it_brings_the_pool_to_the_edge_of_its_band(self) -> None:
        market = self.live(flat(30) + flat(30, 2_020.0), seconds=60)
        view = market.pool.published(0)
        (fill,) = fills_of(market.world)
        assert fill["side"] == 1
        # The fee stays in the reserves: the pool ends beyond the edge, by the fee on half the step at most.
        assert 2_020.0 * 0.997 <= (view.mid or 0.0) < 2_020.0 * 0.997 * (1 + 0.003 * 0.01)

    def test_it_leaves_the_band_alone(self) -> None:
        assert not fills_of(self.live(flat(30) + flat(30, 2_005.0), seconds=60).world)


def view(base: int, quote: int, fee_ppm: int) -> ConstantProductView:
    return ConstantProductView(BASE, QUOTE, base, quote, fee_ppm, 1, 0, 0, 0)


def profit(state: ConstantProductView, sells_base: bool, amount: int, price: float) -> float:
    """In quote tokens at the outside price; 0 for no trade."""
    if amount <= 0:
        return 0.0
    reserves = (state.reserve_base, state.reserve_quote) if sells_base else (state.reserve_quote, state.reserve_base)
    out = exact.amount_out(amount, *reserves, fee_ppm=state.fee_ppm)
    if sells_base:
        return QUOTE.tokens(out) - BASE.tokens(amount) * price
    return BASE.tokens(out) * price - QUOTE.tokens(amount)


@given(
    fee_ppm=st.sampled_from([0, 500, 3_000, 10_000]),
    log_price=st.floats(-0.5, 0.5),
    stretch=st.floats(0.9, 1.1),
)
def test_no_other_amount_earns_more(fee_ppm: int, log_price: float, stretch: float) -> None:
    state = view(1_000 * BASE.unit, 2_000_000 * QUOTE.unit, fee_ppm)
    price = 2_000.0 * math.exp(log_price)
    call = best_swap("pool", state, price)
    if call is None:
        amount = 10**15 if stretch < 1 else 2 * 10**6
        assert profit(state, stretch < 1, amount, price) <= 1e-6
        return
    amount, sells_base = int(call.arguments["amount_in"]), call.arguments["asset_in"] == BASE
    best = profit(state, sells_base, amount, price)
    assert best >= profit(state, sells_base, int(amount * stretch), price) - 1e-5
    assert best > -1e-5


def test_an_unknown_pool_state_gives_no_trade() -> None:
    market = SmallMarket(wave(60), stocked=False, base_fee_wei=0)
    market.fund()
    MyopicArbitrageur(market.world, AGENT, place="home", chain="chain", pool="pool", outside="outside")
    market.run(60)
    assert not fills_of(market.world)
    assert market.world.ledger.balance(ETH, market.pool.account) == 0
