"""The Uniswap v2 pair: the laws of venues, its own invariants, flash swaps, donations, the protocol's fee."""

import math
from collections.abc import Mapping
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.venues.laws import (
    START_NS,
    VenueLaws,
    attempt,
    balances,
    fund,
    make_chain,
    make_exchange,
    next_instant_ns,
    perform,
    state_of,
)

from shoal.sim.calls import AllOf, Call, Outcome
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
    fund(chain, (base, quote), tokens=10**17)
    return chain.world, pool


def deposit(world: World, pool: ConstantProduct, base: int, quote: int, *, sender: str = "bob") -> Outcome:
    return perform(world, pool, call("mint", amount_base=base, amount_quote=quote), sender=sender)


def verbs(amount: st.SearchStrategy[object], limit: st.SearchStrategy[object]) -> st.SearchStrategy[Call]:
    """Calls of every verb that can be quoted, with these amounts and limits."""
    asset = st.sampled_from((BTC, USDC))
    arguments: dict[str, dict[str, st.SearchStrategy[object]]] = {
        "swap_exact_in": {"asset_in": asset, "amount_in": amount, "minimum_out": limit},
        "swap_exact_out": {
            "asset_out": asset,
            "amount_out": amount,
            "maximum_in": limit.map(lambda one: one or 2**200),
        },
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
    }
    return st.one_of([st.fixed_dictionaries(each).map(partial(Call, "pool", verb)) for verb, each in arguments.items()])


def sensible() -> st.SearchStrategy[Call]:
    return verbs(st.one_of(st.integers(1, 10**4), st.integers(1, 3 * 10**9)), st.sampled_from((0, 0, 0, 10**6)))


def nonsense() -> st.SearchStrategy[Call]:
    amount = st.sampled_from((0, 0, 1, 2**112, 2**256 - 1, 2**256, -1, 1.5, math.nan, True, "1", None))
    return st.one_of(verbs(amount, amount), st.just(call("nonsense")))


def donations() -> st.SearchStrategy[Call]:
    amount = st.integers(0, 10**9)
    arguments = {"amount_base": amount, "amount_quote": amount, "liquidity": st.sampled_from((0, 0, 5))}
    return st.fixed_dictionaries(arguments).map(partial(Call, "pool", "donate"))


class TestConstantProductOnChain(VenueLaws):
    fee_ppm = 3000
    fee_recipient: str | None = "treasury"

    def make(self) -> tuple[World, Venue]:
        world, pool = deploy(BTC, USDC, fee_ppm=self.fee_ppm, fee_recipient=self.fee_recipient)
        deposit(world, pool, BTC.amount(10), USDC.amount(200_000))
        return world, pool

    def operations(self) -> st.SearchStrategy[Call]:
        return st.one_of(self.quotable_operations(), donations())

    def quotable_operations(self) -> st.SearchStrategy[Call]:
        """All but donations: what lies beyond the reserves is no part of a quote, see the test of the opposite."""
        return st.one_of(sensible(), sensible(), nonsense())

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
    def test_reserves_are_owned_and_all_liquidity_is_counted(self, data: st.DataObject) -> None:
        world, pool = self.make()
        assert isinstance(pool, ConstantProduct)
        for sent, answer in self.live(world, pool, self.history(data)):
            account = pool.account
            assert world.ledger.balance(BTC, account) >= pool.reserve_base
            assert world.ledger.balance(USDC, account) >= pool.reserve_quote
            assert world.ledger.minted(pool.liquidity_asset) - world.ledger.burned(pool.liquidity_asset) == pool.supply
            if isinstance(answer, Outcome) and sent.verb in {"swap", "swap_exact_in", "swap_exact_out"}:
                assert answer.output > 0

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
    """The same laws without fees, on the host that undoes nothing but refusals."""

    fee_ppm = 0
    fee_recipient = None

    def make(self) -> tuple[World, Venue]:
        exchange = make_exchange()
        pool = ConstantProduct("pool", BTC, USDC, fee_ppm=self.fee_ppm)
        exchange.add(pool)
        fund(exchange, (BTC, USDC), tokens=10**9)
        deposit(exchange.world, pool, BTC.amount(10), USDC.amount(200_000))
        return exchange.world, pool


# --- swaps ----------------------------------------------------------------------------------------------------

SWAPS = [
    (1, 5, 10, 1662497915624478906),
    (1, 10, 5, 453305446940074565),
    (2, 5, 10, 2851015155847869602),
    (2, 10, 5, 831248957812239453),
    (1, 10, 10, 906610893880149131),
    (1, 100, 100, 987158034397061298),
    (1, 1000, 1000, 996006981039903216),
]


@pytest.mark.parametrize(("paid", "base", "quote", "out"), SWAPS)
def test_the_router_gives_all_that_the_pair_allows(paid: int, base: int, quote: int, out: int) -> None:
    # Source of the figures: Uniswap v2-core, test/UniswapV2Pair.spec.ts.
    world, pool = deploy()
    deposit(world, pool, base * WEI.unit, quote * WEI.unit)
    swap = {"base_in": paid * WEI.unit, "quote_in": 0, "base_out": 0}
    assert isinstance(attempt(world, pool, call("swap", **swap, quote_out=out + 1)), InvariantViolated)
    routed = pool.quote(call("swap_exact_in", asset_in=WEI, amount_in=paid * WEI.unit, minimum_out=out), now_ns=0)
    assert routed.output == out
    assert perform(world, pool, call("swap", **swap, quote_out=out)).output == out


def test_reserves_and_accumulators_after_a_swap() -> None:
    world, pool = deploy()
    deposit(world, pool, 3 * WEI.unit, 3 * WEI.unit)
    assert (pool.price_base_cumulative, pool.updated_s) == (0, START_NS // 10**9 + 12)
    perform(world, pool, call("sync"))
    assert pool.price_base_cumulative == pool.price_quote_cumulative == 12 * 2**112
    perform(world, pool, call("donate", amount_base=3 * WEI.unit, amount_quote=0))
    perform(world, pool, call("sync"))
    assert pool.price_base_cumulative == 36 * 2**112
    perform(world, pool, call("sync"))
    assert pool.price_base_cumulative == 42 * 2**112
    assert pool.price_quote_cumulative == 60 * 2**112


def test_accumulators_count_through_the_end_of_32_bits() -> None:
    chain = make_chain(start_ns=(UINT32 - 13) * 10**9)
    pool = ConstantProduct("pool", WEI, GWEI)
    chain.add(pool)
    fund(chain, (WEI, GWEI), tokens=10)
    deposit(chain.world, pool, WEI.unit, WEI.unit)
    assert pool.updated_s == UINT32 - 1
    perform(chain.world, pool, call("sync"))
    assert (pool.updated_s, pool.price_base_cumulative) == (11, 12 * 2**112)


def test_accumulators_wrap_at_256_bits() -> None:
    world, pool = deploy()
    deposit(world, pool, 2**40, UINT112_MAXIMUM)
    world.journal.write(vars(pool), "price_base_cumulative", 2**256 - 1)
    perform(world, pool, call("sync"))
    assert pool.price_base_cumulative == UINT112_MAXIMUM * 2**112 // 2**40 * 12 - 1


def test_a_swap_of_both_assets_pays_the_fee_on_both() -> None:
    world, pool = deploy()
    deposit(world, pool, 10**6, 10**6)
    swap = {"base_in": 10_000, "quote_in": 10_000, "base_out": 9_970}
    assert isinstance(attempt(world, pool, call("swap", **swap, quote_out=9_971)), InvariantViolated)
    outcome = perform(world, pool, call("swap", **swap, quote_out=9_970))
    assert outcome.details == {"fee_base": 30, "fee_quote": 30}
    assert outcome.fills == ()


def test_fills_leave_the_fee_apart() -> None:
    world, pool = deploy(BTC, USDC)
    deposit(world, pool, BTC.amount(10), USDC.amount(200_000))
    before = balances(world, pool, "alice")
    (bought,) = perform(
        world, pool, call("swap_exact_out", asset_out=BTC, amount_out=BTC.amount(1), maximum_in=2**100)
    ).fills
    after = balances(world, pool, "alice")
    assert (bought.taker, bought.maker, bought.side, bought.fee_asset) == ("alice", "pool", +1, USDC)
    assert bought.base_amount == BTC.amount(1) == after[0] - before[0]
    assert bought.quote_amount + bought.taker_fee == before[1] - after[1]
    assert bought.taker_fee == -(-(before[1] - after[1]) * 3000 // 10**6)
    (sold,) = perform(world, pool, call("swap_exact_in", asset_in=BTC, amount_in=10**6, minimum_out=0)).fills
    assert (sold.side, sold.fee_asset, sold.base_amount, sold.taker_fee) == (-1, BTC, 997_000, 3_000)


@pytest.mark.parametrize(
    ("bad", "refusal"),
    [
        (call("swap", base_in=0, quote_in=0, base_out=0, quote_out=1), InsufficientInput),
        (call("swap", base_in=1, quote_in=0, base_out=0, quote_out=0), BadArguments),
        (call("swap", base_in=2**60, quote_in=0, base_out=0, quote_out=10**6), InsufficientLiquidity),
        (call("swap", base_in=2**60, quote_in=0, base_out=10**6, quote_out=0), InsufficientLiquidity),
        (call("swap", base_in=1, quote_in=0, base_out=0, quote_out=1), InvariantViolated),
        (call("swap", base_in=UINT112_MAXIMUM, quote_in=0, base_out=0, quote_out=1), Overflow),
        (call("swap_exact_in", asset_in=WEI, amount_in=1, minimum_out=0), InsufficientInput),
        (call("swap_exact_in", asset_in=WEI, amount_in=0, minimum_out=0), InsufficientInput),
        (call("swap_exact_in", asset_in=WEI, amount_in=1000, minimum_out=997), SlippageExceeded),
        (call("swap_exact_in", asset_in=WEI, amount_in=2**250, minimum_out=0), Overflow),
        (call("swap_exact_in", asset_in=BTC, amount_in=1, minimum_out=0), BadArguments),
        (call("swap_exact_out", asset_out=WEI, amount_out=0, maximum_in=1), InsufficientInput),
        (call("swap_exact_out", asset_out=WEI, amount_out=10**6, maximum_in=2**255), InsufficientLiquidity),
        (call("swap_exact_out", asset_out=WEI, amount_out=1000, maximum_in=1004), SlippageExceeded),
        (call("mint", amount_base=1, amount_quote=0), InsufficientInput),
        (call("mint", amount_base=UINT112_MAXIMUM, amount_quote=UINT112_MAXIMUM), Overflow),
        (call("burn", liquidity=0), InsufficientInput),
        (call("burn", liquidity=1), InsufficientFunds),
        (call("add_liquidity", amount_base=0, amount_quote=5), InsufficientInput),
        (call("add_liquidity", amount_base=5, amount_quote=5, minimum_liquidity=6), SlippageExceeded),
        (call("add_liquidity", amount_base=9, amount_quote=5, minimum_base=6), SlippageExceeded),
        (call("add_liquidity", amount_base=5, amount_quote=9, minimum_quote=6), SlippageExceeded),
    ],
)
def test_refusals_by_name(bad: Call, refusal: type[Refusal]) -> None:
    world, pool = deploy()
    deposit(world, pool, 10**6, 10**6)
    before = state_of(world, pool)
    answer = attempt(world, pool, bad)
    assert type(answer) is refusal, answer
    assert state_of(world, pool) == before


def test_an_empty_pool_trades_nothing() -> None:
    world, pool = deploy()
    for bad in (
        call("swap_exact_in", asset_in=WEI, amount_in=1, minimum_out=0),
        call("swap", base_in=1, quote_in=0, base_out=0, quote_out=1),
        call("burn", liquidity=0),
    ):
        assert type(attempt(world, pool, bad)) is InsufficientLiquidity
    view = pool.published(0)
    assert (view.mid, view.bid, view.ask, view.depth, view.quote_tokens(1, 1.0)) == (None, None, None, 0.0, None)


# --- liquidity ------------------------------------------------------------------------------------------------


def test_a_share_counts_wherever_its_owner_holds_the_liquidity() -> None:
    chain = make_chain()
    pool = ConstantProduct("pool", WEI, GWEI)
    ledger = chain.world.ledger
    ledger.mint(pool.liquidity_asset, Account("alice", "chain"), 1)
    ledger.mint(pool.liquidity_asset, Account("alice", "transit"), 2)
    pool.reserve_base, pool.reserve_quote, pool.supply = 30, 60, 3
    assert pool.claims(ledger) == {"alice": {WEI: 30, GWEI: 60}}


def test_the_first_thousand_units_stay_locked() -> None:
    world, pool = deploy()
    assert isinstance(attempt(world, pool, call("mint", amount_base=1000, amount_quote=1000)), InsufficientInput)
    minted = deposit(world, pool, WEI.unit, 4 * WEI.unit)
    assert minted.output == 2 * WEI.unit - 1000
    assert world.ledger.balance(pool.liquidity_asset, Account("pool.locked", "chain")) == 1000
    burned = perform(world, pool, call("burn", liquidity=minted.output), sender="bob")
    assert burned.details == {"base": WEI.unit - 500, "quote": 4 * WEI.unit - 2000}
    assert (pool.reserve_base, pool.reserve_quote, pool.supply) == (500, 2000, 1000)


@pytest.mark.parametrize(("fee_recipient", "expected"), [(None, 0), ("treasury", 249750499251388)])
def test_a_sixth_of_the_growth_goes_to_the_protocol(fee_recipient: str | None, expected: int) -> None:
    # Source of the figures: Uniswap v2-core, test/UniswapV2Pair.spec.ts, "feeTo:on" and "feeTo:off".
    world, pool = deploy(fee_recipient=fee_recipient)
    minted = deposit(world, pool, 1000 * WEI.unit, 1000 * WEI.unit).output
    perform(world, pool, call("swap", base_in=0, quote_in=WEI.unit, base_out=996006981039903216, quote_out=0))
    perform(world, pool, call("burn", liquidity=minted), sender="bob")
    assert world.ledger.balance(pool.liquidity_asset, Account("treasury", "chain")) == expected
    assert pool.supply == 1000 + expected
    if fee_recipient is not None:
        assert pool.reserve_base == 1000 + 249501683697445
        assert pool.reserve_quote == 1000 + 250000187312969


def test_liquidity_is_added_at_the_pools_ratio_from_either_side() -> None:
    world, pool = deploy()
    deposit(world, pool, 10**9, 10**6)
    # One quote unit is worth a thousand base units: which asset is taken whole depends on which is tried first.
    base_first = pool.quote(call("add_liquidity", amount_base=1_500, amount_quote=1), now_ns=0)
    quote_first = pool.quote(call("add_liquidity", amount_base=1_500, amount_quote=1, quote_first=True), now_ns=0)
    assert base_first.details == {"base": 1_500, "quote": 1}
    assert quote_first.details == {"base": 1_000, "quote": 1}
    before = balances(world, pool, "alice")
    outcome = perform(world, pool, call("add_liquidity", amount_base=10**9, amount_quote=10**5))
    after = balances(world, pool, "alice")
    assert (before[0] - after[0], before[1] - after[1]) == (10**8, 10**5) == tuple(outcome.details.values())


def test_liquidity_is_removed_within_limits() -> None:
    world, pool = deploy()
    deposit(world, pool, 10**9, 10**6)
    remove = {"liquidity": 10**6, "minimum_base": 31_622_777}
    assert isinstance(
        attempt(world, pool, call("remove_liquidity", **remove, minimum_quote=31_623), sender="bob"), SlippageExceeded
    )
    outcome = perform(world, pool, call("remove_liquidity", **remove, minimum_quote=31_622), sender="bob")
    assert outcome.output == 31_622_777


# --- donations ------------------------------------------------------------------------------------------------


def test_a_donation_moves_the_price_only_by_sync_and_skim_takes_it_back() -> None:
    world, pool = deploy()
    deposit(world, pool, 10**6, 10**6)
    donation = call("donate", amount_base=1_000, amount_quote=500)
    perform(world, pool, donation)
    assert pool.published(0).mid == 1.0
    taken = perform(world, pool, call("skim"), sender="bob")
    assert taken.details == {"base": 1_000, "quote": 500}
    perform(world, pool, donation)
    perform(world, pool, call("sync"))
    assert (pool.reserve_base, pool.reserve_quote) == (1_001_000, 1_000_500)
    assert perform(world, pool, call("skim")).details == {"base": 0, "quote": 0}


def test_quotes_of_balances_leave_donations_out() -> None:
    """The opposite of the law of quotes: whoever mints next owns the donation, and no view of the contract says so.

    Source: Uniswap v2-core, ``UniswapV2Pair.mint`` (balance less reserve).
    """
    world, pool = deploy()
    deposit(world, pool, 10**6, 10**6)
    perform(world, pool, call("donate", amount_base=1_000, amount_quote=1_000))
    mint = call("mint", amount_base=500, amount_quote=500)
    swap = call("swap_exact_in", asset_in=WEI, amount_in=10_000, minimum_out=0)
    quoted, quoted_swap = (pool.quote(one, now_ns=next_instant_ns(world, pool)).output for one in (mint, swap))
    assert perform(world, pool, mint).output == quoted + 1_000 == 1_500
    assert quoted_swap == 9_871


def test_donated_liquidity_belongs_to_who_burns_next() -> None:
    world, pool = deploy()
    deposit(world, pool, 10**6, 10**6)
    perform(world, pool, call("donate", amount_base=0, amount_quote=0, liquidity=1_000), sender="bob")
    assert perform(world, pool, call("burn", liquidity=0)).details == {"base": 1_000, "quote": 1_000}


# --- flash swaps ----------------------------------------------------------------------------------------------


def flash(inner: tuple[Call, ...], **amounts: int) -> Call:
    return Call("pool", "swap", {"base_in": 0, "quote_in": 0, "base_out": 0, "quote_out": 0, **amounts}, inner)


def test_a_flash_swap_is_paid_back_in_kind_with_the_fee() -> None:
    # Source of the figures: Uniswap v2-core, test/UniswapV2Pair.spec.ts, optimistic swaps.
    world, pool = deploy()
    deposit(world, pool, 5 * WEI.unit, 10 * WEI.unit)
    nothing = (call("donate", amount_base=0, amount_quote=0),)
    lent = 997000000000000000
    assert isinstance(attempt(world, pool, flash(nothing, base_out=lent + 1, base_in=WEI.unit)), InvariantViolated)
    outcome = perform(world, pool, flash(nothing, base_out=lent, base_in=WEI.unit))
    assert outcome.fills == ()
    assert isinstance(attempt(world, pool, flash(nothing, base_out=lent)), InsufficientInput)


def test_an_arbitrage_between_two_pools_needs_no_capital() -> None:
    world, pool = deploy()
    other = ConstantProduct("other", WEI, GWEI)
    world.hosts["chain"].add(other)
    deposit(world, pool, 10**9, 10**9)
    perform(world, other, Call("other", "mint", {"amount_base": 10**9, "amount_quote": 2 * 10**9}), sender="bob")
    world.endow("carol", "chain", WEI, 0)
    sell = Call("other", "swap_exact_in", {"asset_in": WEI, "amount_in": AllOf(WEI), "minimum_out": 0})
    owed = pool.quote(call("swap_exact_out", asset_out=WEI, amount_out=10**8, maximum_in=2**255), now_ns=0).details[
        "amount_in"
    ]
    outcome = perform(world, pool, flash((sell,), base_out=10**8, quote_in=owed), sender="carol")
    assert outcome.fills[0].side == +1
    base, quote = balances(world, pool, "carol")
    assert base == 0
    assert quote == 181_322_178 - owed > 0


@pytest.mark.parametrize(
    "inner",
    [
        call("swap_exact_in", asset_in=WEI, amount_in=1, minimum_out=0),
        call("swap_exact_out", asset_out=WEI, amount_out=1, maximum_in=2**200),
        call("swap", base_in=1, quote_in=0, base_out=0, quote_out=1),
        call("mint", amount_base=1, amount_quote=1),
        call("burn", liquidity=1),
        call("add_liquidity", amount_base=1, amount_quote=1),
        call("remove_liquidity", liquidity=1),
        call("skim"),
        call("sync"),
    ],
)
def test_nobody_enters_a_pool_that_waits_for_its_money(inner: Call) -> None:
    world, pool = deploy()
    deposit(world, pool, 10**9, 10**9, sender="alice")
    before = state_of(world, pool)
    answer = attempt(world, pool, flash((inner,), base_out=1_000, base_in=10**6))
    assert isinstance(answer, Locked)
    assert state_of(world, pool) == before
    perform(world, pool, flash((call("donate", amount_base=10**6, amount_quote=0),), base_out=1_000))


# --- construction ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fee_ppm", [-1, 10**6, 0.003, True, "3000"])
def test_fees_that_are_none(fee_ppm: object) -> None:
    with pytest.raises(ValueError, match="whole ppm"):
        ConstantProduct("pool", BTC, USDC, fee_ppm=fee_ppm)  # type: ignore[arg-type]


def test_one_asset_is_no_pair() -> None:
    with pytest.raises(ValueError, match="both BTC"):
        ConstantProduct("pool", BTC, BTC)
