"""The Uniswap v2 pair: the laws of venues, its own invariants, flash swaps, donations, the protocol's fee."""

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoal.sim.calls import Call, Outcome, OutputOf, Transaction
from shoal.sim.errors import (
    BadArguments,
    InsufficientFunds,
    InsufficientInput,
    InsufficientLiquidity,
    InvariantViolated,
    Locked,
    Overflow,
    Refusal,
    SlippageExceeded,
)
from shoal.sim.units import Account, Asset
from shoal.sim.venue import Venue
from shoal.sim.world import World
from shoal.venues.amm.constant_product import ConstantProduct
from shoal.venues.amm.constant_product_math import UINT32, UINT112_MAXIMUM
from tests.venues.laws import (
    BLOCK_NS,
    START_NS,
    VenueLaws,
    attempt,
    balances,
    fund,
    make_chain,
    make_exchange,
    next_instant_ns,
    pause,
    perform,
    state_of,
)

BTC, USDC = Asset("BTC", 8), Asset("USDC", 6)
WEI, GWEI = Asset("WEI", 18), Asset("GWEI", 18)


def call(verb: str, **arguments: object) -> Call:
    return Call("pool", verb, arguments)


def deploy(
    base: Asset = WEI, quote: Asset = GWEI, *, fee_ppm: int = 3000, fee_recipient: str | None = None
) -> tuple[World, ConstantProduct]:
    chain = make_chain()
    pool = ConstantProduct("pool", base, quote, fee_ppm=fee_ppm, fee_recipient=fee_recipient)
    chain.add(pool)
    fund(chain, (base, quote), tokens=10**15)
    return chain.world, pool


def deposit(world: World, pool: ConstantProduct, base: int, quote: int, *, sender: str = "bob") -> Outcome:
    return perform(world, pool, call("mint", amount_base=base, amount_quote=quote), sender=sender)


class TestConstantProductOnChain(VenueLaws):
    fee_ppm = 3000
    fee_recipient: str | None = "treasury"

    def make(self) -> tuple[World, Venue]:
        world, pool = deploy(BTC, USDC, fee_ppm=self.fee_ppm, fee_recipient=self.fee_recipient)
        deposit(world, pool, BTC.amount(10), USDC.amount(200_000))
        return world, pool

    def operations(self) -> st.SearchStrategy[Call]:
        return st.one_of(self.quotable_operations(), self.balance_operations())

    def quotable_operations(self) -> st.SearchStrategy[Call]:
        amount = st.one_of(st.integers(0, 10**13), st.sampled_from((0, 1, 10**3, 2**112, 2**256, -1, 1.5, True, "1")))
        limit = st.sampled_from((0, 0, 1, 10**9, 2**255))
        asset = st.sampled_from((BTC, USDC, BTC, USDC, Asset("NOPE", 2), "BTC"))
        verbs: dict[str, dict[str, st.SearchStrategy[object]]] = {
            "swap_exact_in": {"asset_in": asset, "amount_in": amount, "minimum_out": limit},
            "swap_exact_out": {"asset_out": asset, "amount_out": amount, "maximum_in": limit},
            "add_liquidity": {
                "amount_base": amount,
                "amount_quote": amount,
                "minimum_liquidity": limit,
                "quote_first": st.booleans(),
            },
            "remove_liquidity": {"liquidity": amount, "minimum_base": limit},
            "mint": {"amount_base": amount, "amount_quote": amount},
            "burn": {"liquidity": amount},
            "swap": {"base_in": amount, "quote_in": amount, "base_out": amount, "quote_out": amount},
            "skim": {},
            "sync": {},
            "nonsense": {},
        }
        return st.one_of(
            [st.fixed_dictionaries(arguments).map(lambda a, v=verb: call(v, **a)) for verb, arguments in verbs.items()]
        )

    def balance_operations(self) -> st.SearchStrategy[Call]:
        amount = st.integers(0, 10**10)
        return st.builds(
            lambda base, quote, liquidity: call("donate", amount_base=base, amount_quote=quote, liquidity=liquidity),
            amount,
            amount,
            st.sampled_from((0, 0, 5)),
        )

    def good_calls(self, world: World, venue: Venue) -> Mapping[str, Call]:
        perform(world, venue, call("add_liquidity", amount_base=10**6, amount_quote=10**9))
        return {
            "mint": call("mint", amount_base=10**6, amount_quote=10**9),
            "burn": call("burn", liquidity=10**6),
            "swap": call("swap", base_in=10**6, quote_in=10**6, base_out=0, quote_out=10**6),
            "skim": call("skim"),
            "sync": call("sync"),
            "donate": call("donate", amount_base=5, amount_quote=5, liquidity=5),
            "swap_exact_in": call("swap_exact_in", asset_in=BTC, amount_in=10**6, minimum_out=1),
            "swap_exact_out": call("swap_exact_out", asset_out=BTC, amount_out=10**6, maximum_in=10**12),
            "add_liquidity": call(
                "add_liquidity",
                amount_base=10**6,
                amount_quote=10**9,
                minimum_liquidity=1,
                minimum_base=1,
                minimum_quote=1,
                quote_first=True,
            ),
            "remove_liquidity": call("remove_liquidity", liquidity=10**6, minimum_base=1, minimum_quote=1),
        }

    @settings(max_examples=50)
    @given(data=st.data())
    def test_reserves_are_owned_and_the_product_of_reserves_a_share_never_falls(self, data: st.DataObject) -> None:
        world, pool = self.make()
        assert isinstance(pool, ConstantProduct)
        for sent, answer in self.live(world, pool, self.history(data)):
            account = pool.account
            assert world.ledger.balance(BTC, account) >= pool.reserve_base
            assert world.ledger.balance(USDC, account) >= pool.reserve_quote
            assert world.ledger.minted(pool.liquidity_asset) - world.ledger.burned(pool.liquidity_asset) == pool.supply
            assert sent.verb != "swap" or isinstance(answer, Refusal) or answer.output > 0

    @settings(max_examples=50)
    @given(data=st.data())
    def test_a_share_of_the_pool_is_never_worth_less(self, data: st.DataObject) -> None:
        world, pool = self.make()
        assert isinstance(pool, ConstantProduct)
        product, supply = pool.reserve_base * pool.reserve_quote, pool.supply
        for sent, _ in self.live(world, pool, self.history(data)):
            now, shares = pool.reserve_base * pool.reserve_quote, pool.supply
            # The protocol's sixth is minted from growth that came before; nothing else may dilute.
            if self.fee_recipient is None or sent.verb in {"swap", "swap_exact_in", "swap_exact_out"}:
                assert now * supply * supply >= product * shares * shares
            product, supply = now, shares

    @settings(max_examples=30)
    @given(data=st.data())
    def test_the_published_curve_is_the_pool_to_a_rounding(self, data: st.DataObject) -> None:
        world, pool = self.make()
        for _ in self.live(world, pool, self.history(data, most=3)):
            pass
        amount = data.draw(st.integers(1, 10**10), label="base units")
        view, now_ns = pool.published(0), next_instant_ns(world, pool)
        sold = pool.quote(call("swap_exact_in", asset_in=BTC, amount_in=amount, minimum_out=0), now_ns=now_ns)
        assert view.quote_tokens(-1, BTC.tokens(amount)) == pytest.approx(USDC.tokens(sold.output), rel=1e-9, abs=1e-6)
        try:
            bought = pool.quote(
                call("swap_exact_out", asset_out=BTC, amount_out=amount, maximum_in=2**200), now_ns=now_ns
            )
        except InsufficientLiquidity:
            assert view.quote_tokens(+1, BTC.tokens(amount)) is None
        else:
            paid = USDC.tokens(bought.details["amount_in"])
            assert view.quote_tokens(+1, BTC.tokens(amount)) == pytest.approx(paid, rel=1e-9, abs=1.1e-6)


class TestConstantProductOnExchange(TestConstantProductOnChain):
    fee_ppm = 0
    fee_recipient = None

    def make(self) -> tuple[World, Venue]:
        exchange = make_exchange()
        pool = ConstantProduct("pool", BTC, USDC, fee_ppm=self.fee_ppm)
        exchange.add(pool)
        fund(exchange, (BTC, USDC), tokens=10**9)
        deposit(exchange.world, pool, BTC.amount(10), USDC.amount(200_000))
        return exchange.world, pool
