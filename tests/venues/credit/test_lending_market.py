"""The lending market: the laws of venues, its books, rounding against who moves, liquidation and bad debt."""

import math
from collections.abc import Mapping
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.venues.credit.market import (
    BTC,
    ETH,
    FREE,
    USDC,
    call,
    do,
    indebt,
    open_market,
    report,
)
from tests.venues.laws import VenueLaws, attempt, make_exchange, pause, perform, state_of

from shoal.experiments.accounts import holdings
from shoal.sim.calls import AllOf, Call, Outcome, Transaction
from shoal.sim.errors import BadArguments, InsufficientFunds, InsufficientLiquidity, Overflow, Refusal, UnknownVerb
from shoal.sim.hosts.chain import Chain
from shoal.sim.units import PPM, Account, Asset
from shoal.sim.venue import Venue
from shoal.sim.world import World
from shoal.venues.amm.constant_product import ConstantProduct
from shoal.venues.credit.kinked_rate import KinkedRate
from shoal.venues.credit.lending_market import LendingMarket
from shoal.venues.credit.refusals import (
    ExceedsDebt,
    HealthyPosition,
    InconsistentInput,
    InsufficientCollateral,
    InsufficientSupply,
    NothingToRepay,
    ZeroAmount,
)
from shoal.venues.oracle import NoAnswer, Oracle, StalePrice, answer_of

LLTV_PPM = 860_000
SECONDS_PER_DAY = 86_400


def verbs(amount: st.SearchStrategy[object], shares: st.SearchStrategy[object]) -> st.SearchStrategy[Call]:
    """Calls of every verb with these amounts."""
    either = st.one_of(
        st.fixed_dictionaries({"amount": amount}),
        st.fixed_dictionaries({"shares": shares}),
    )
    who = st.sampled_from(("bob", "alice", "nobody"))
    arguments: dict[str, st.SearchStrategy[dict[str, object]]] = {
        "supply": either,
        "withdraw": either,
        "borrow": either,
        "repay": either,
        "supply_collateral": st.fixed_dictionaries({"amount": amount}),
        "withdraw_collateral": st.fixed_dictionaries({"amount": amount}),
        "liquidate": st.one_of(
            st.fixed_dictionaries({"borrower": who, "seized": amount}),
            st.fixed_dictionaries({"borrower": who, "repaid_shares": shares}),
        ),
        "flash_loan": st.fixed_dictionaries({"asset": st.sampled_from((BTC, USDC)), "amount": amount}),
    }
    return st.one_of([each.map(partial(Call, "lending", verb)) for verb, each in arguments.items()])


def sensible() -> st.SearchStrategy[Call]:
    amounts = st.one_of(st.integers(1, 10**4), st.integers(1, 2 * 10**9), st.integers(1, 2 * 10**11))
    return verbs(amounts, amounts.map(lambda one: one * 10**6 + one % 999_983))


def nonsense() -> st.SearchStrategy[Call]:
    amount = st.sampled_from((0, 0, 1, 2**127, 2**255, 2**256, -1, 1.5, math.nan, True, "1", None))
    return st.one_of(verbs(amount, amount), st.just(call("nonsense")), st.just(call("supply", amount=1, shares=1)))


class TestLendingMarketOnChain(VenueLaws):
    trading = False
    # What these give depends on what the sender has in the market, and a quote knows no sender.
    unquotable = frozenset({"withdraw", "borrow", "repay", "withdraw_collateral"})

    def make(self) -> tuple[World, Venue]:
        world, market = open_market(fee_ppm=100_000)
        self.prepare(world, market)
        return world, market

    def prepare(self, world: World, market: LendingMarket) -> None:
        """Alice is healthy, Bob is not."""
        do(world, market, "lender", "supply", amount=USDC.amount(1_000_000))
        do(world, market, "alice", "supply", amount=USDC.amount(1_000))
        indebt(world, market, "alice", collateral=BTC.amount(10), debt=USDC.amount(50_000))
        indebt(world, market, "bob", collateral=BTC.amount(10), debt=USDC.amount(150_000))
        report(world, market, 17_000.0)

    def operations(self) -> st.SearchStrategy[Call]:
        return st.one_of(sensible(), sensible(), nonsense())

    def good_calls(self, world: World, venue: Venue) -> Mapping[str, Call]:
        return {
            "supply": call("supply", amount=10**6),
            "withdraw": call("withdraw", shares=10**12),
            "borrow": call("borrow", amount=10**6),
            "repay": call("repay", shares=10**12),
            "supply_collateral": call("supply_collateral", amount=10**6),
            "withdraw_collateral": call("withdraw_collateral", amount=10**6),
            "liquidate": call("liquidate", borrower="bob", seized=10**6),
            "flash_loan": call("flash_loan", asset=USDC, amount=10**6),
        }

    @settings(max_examples=40)
    @given(data=st.data())
    def test_claims_are_covered_by_what_the_venue_holds(self, data: st.DataObject) -> None:
        """The opposite of one part of the law: who owes has a claim below 0. All together still claim what is there.

        Source: Morpho Blue 1.0: the market's balance is what was supplied less what was borrowed.
        """
        world, venue = self.make()
        assert venue.claims(world.ledger)["bob"][USDC] < 0
        for _ in self.live(world, venue, self.history(data)):
            claims = venue.claims(world.ledger).values()
            for asset in venue.assets:
                assert sum(one[asset] for one in claims) <= world.ledger.balance(asset, venue.account)
            assert all(one[BTC] >= 0 for one in claims)
            assert sum(holdings(world).values()) == sum(world.ledger.minted(asset) for asset in world.ledger.assets)

    @settings(max_examples=60)
    @given(data=st.data())
    def test_the_books_are_the_balances_to_the_last_unit(self, data: st.DataObject) -> None:
        world, market = self.make()
        assert isinstance(market, LendingMarket)
        for _ in self.live(world, market, self.history(data)):
            view, book = market.published(world.clock.now_ns), market._book
            cash = world.ledger.balance(USDC, market.account)
            assert cash == view.total_supply - view.total_borrow + book.surplus == book.cash
            assert 0 <= book.surplus <= 8
            assert view.total_borrow <= view.total_supply
            assert sum(one.collateral for one in view.positions.values()) == world.ledger.balance(BTC, market.account)
            assert sum(one.borrow_shares for one in view.positions.values()) == view.total_borrow_shares
            assert sum(view.supply_shares.values()) == view.total_supply_shares
            assert sum(map(view.supplied, view.supply_shares)) <= view.total_supply

    @settings(max_examples=40)
    @given(data=st.data(), price=st.floats(10_000.0, 30_000.0))
    def test_nobody_can_borrow_into_liquidation(self, data: st.DataObject, price: float) -> None:
        world, market = self.make()
        assert isinstance(market, LendingMarket)
        report(world, market, price)
        amount = data.draw(st.integers(1, USDC.amount(200_000)), label="amount")
        verb = data.draw(st.sampled_from(("borrow", "withdraw_collateral")), label="verb")
        answer = attempt(world, market, call(verb, amount=amount), sender="alice")
        view = market.published(world.clock.now_ns)
        if isinstance(answer, Outcome):
            assert view.health("alice") >= 1
            assert not view.liquidatable("alice")
            assert isinstance(attempt(world, market, call("liquidate", borrower="alice", seized=1)), Refusal)

    @settings(max_examples=40)
    @given(data=st.data())
    def test_there_and_back_never_gains(self, data: st.DataObject) -> None:
        world, market = self.make()
        assert isinstance(market, LendingMarket)
        for _ in self.live(world, market, [("bob", wait, one) for _, wait, one in self.history(data, most=3)]):
            pass
        host = world.hosts[market.account.host]
        if not isinstance(host, Chain):
            # Exchanges simulate nothing, and a second call would come after some interest.
            return
        amount = data.draw(st.integers(1, 10**10), label="amount")
        there, back = data.draw(st.sampled_from((("supply", "withdraw"), ("borrow", "repay"))), label="verbs")
        by = data.draw(st.sampled_from(("shares", "amount")), label="by")
        (single,) = host.simulate([Transaction("alice", (call(there, amount=amount),))])
        if single.refusal is None:
            value = single.outcome.details["shares"] if by == "shares" else amount
            both = call(there, amount=amount), call(back, **{by: value})
            (receipt,) = host.simulate([Transaction("alice", both)])
            if receipt.refusal is None:
                moved, moved_back = (one.details["assets"] for one in receipt.outcomes)
                assert moved_back <= moved if there == "supply" else moved_back >= moved

    @settings(max_examples=60)
    @given(seized=st.integers(1, BTC.amount(10)), price=st.floats(12_000.0, 17_400.0))
    def test_liquidation_heals_below_the_threshold_and_harms_above(self, seized: int, price: float) -> None:
        world, market = self.make()
        assert isinstance(market, LendingMarket)
        report(world, market, price)
        # Interest until the block that liquidates counts before it.
        do(world, market, "lender", "supply", amount=1)
        pause(world, 1)
        had, owed = market.position("bob", world.clock.now_ns // 10**9 + 12)
        answer = attempt(world, market, call("liquidate", borrower="bob", seized=seized), sender="alice")
        if not isinstance(answer, Outcome):
            assert type(answer) in {ExceedsDebt, HealthyPosition}
            return
        details = answer.details
        assert details["seized"] == seized == answer.output
        left, owes = market.position("bob", 0)
        assert left == had - seized
        if details["bad_debt"]:
            assert left == owes == 0
            return
        assert owed - details["repaid"] <= owes <= owed - details["repaid"] + 2
        value = had * answer_of(price)
        # LTV x incentive factor against 1, in integers: a debt unit is 10**(8 + 8 - 6) of an answer's.
        critical = owed * 10**10 * market.incentive_factor_wad - value * 10**18
        grew = (owes - 2) * had - owed * left
        if critical <= 0:
            assert grew <= 0
        elif left and critical > 10**12 * market.incentive_factor_wad:
            assert (owes + 2) * had - owed * left >= 0


class TestLendingMarketOnExchange(TestLendingMarketOnChain):
    """The same laws where calls execute on arrival and nothing is simulated."""

    def make(self) -> tuple[World, Venue]:
        exchange = make_exchange()
        oracle = Oracle("oracle", BTC, USDC, reporter="reporter", deviation_ppm=1, heartbeat_s=10**9)
        exchange.add(oracle)
        market = LendingMarket(
            "lending", collateral=BTC, loan=USDC, oracle=oracle, lltv_ppm=LLTV_PPM, rate=KinkedRate()
        )
        exchange.add(market)
        for owner in ("alice", "bob", "lender"):
            for asset in (BTC, USDC):
                exchange.world.endow(owner, exchange.name, asset, 10**7 * asset.unit)
        world = exchange.world
        perform(world, oracle, Call("oracle", "report", {"answer": answer_of(20_000.0)}), sender="reporter")
        do(world, market, "lender", "supply", amount=USDC.amount(1_000_000))
        do(world, market, "alice", "supply", amount=USDC.amount(1_000))
        indebt(world, market, "alice", collateral=BTC.amount(10), debt=USDC.amount(50_000))
        indebt(world, market, "bob", collateral=BTC.amount(10), debt=USDC.amount(150_000))
        perform(world, oracle, Call("oracle", "report", {"answer": answer_of(17_000.0)}), sender="reporter")
        return world, market

    def test_nobody_can_borrow_into_liquidation(self) -> None:  # type: ignore[override]
        """On a chain above; here the world has no chain for its oracle."""
        world, market = self.make()
        assert isinstance(attempt(world, market, call("borrow", amount=10**12)), InsufficientCollateral)

    def test_liquidation_heals_below_the_threshold_and_harms_above(self) -> None:  # type: ignore[override]
        """On a chain above; here at one price."""
        world, market = self.make()
        assert isinstance(market, LendingMarket)
        before = market.published(0).health("bob")
        perform(world, market, call("liquidate", borrower="bob", seized=10**7))
        assert market.published(0).health("bob") > before


# --- figures worked out by hand ---------------------------------------------------------------------------------


def test_bad_debt_is_the_lenders_at_once() -> None:
    world, market = open_market(collateral=ETH, price=1_000.0, lltv_ppm=800_000, rate=FREE)
    do(world, market, "lender", "supply", amount=750 * 10**6)
    do(world, market, "alice", "supply", amount=250 * 10**6)
    indebt(world, market, "bob", collateral=ETH.unit, debt=800 * 10**6)
    report(world, market, 500.0)
    outcome = do(world, market, "alice", "liquidate", borrower="bob", seized=ETH.unit)
    # 500 / 1.063829787234042553 is a hair above 470: one unit more, against the liquidator.
    assert dict(outcome.details) == {
        "borrower": "bob",
        "repaid": 470_000_001,
        "seized": ETH.unit,
        "bad_debt": 329_999_999,
        "repaid_shares": 470_000_001 * 10**6,
        "oracle_answer": 500 * 10**8,
        "health_ppm": 500_000,
    }
    view = market.published(0)
    assert (view.total_supply, view.total_borrow, view.total_borrow_shares) == (670_000_001, 0, 0)
    assert dict(view.positions) == {}
    # Three quarters and one quarter of what is left, rounded down.
    assert (view.supplied("lender"), view.supplied("alice")) == (502_500_000, 167_500_000)
    assert world.ledger.balance(USDC, market.account) == 670_000_001


def test_half_a_position_is_liquidated_by_shares() -> None:
    world, market = open_market(collateral=ETH, price=1_000.0, lltv_ppm=800_000, rate=FREE)
    do(world, market, "lender", "supply", amount=1_000 * 10**6)
    indebt(world, market, "bob", collateral=ETH.unit, debt=800 * 10**6)
    report(world, market, 950.0)
    outcome = do(world, market, "alice", "liquidate", borrower="bob", repaid_shares=400 * 10**12)
    # 400 x 1.063829787234042553 / 950 ether, with the worth rounded down to 425.531914 dollars.
    assert outcome.output == 425_531_914 * 10**12 // 950
    assert (outcome.details["repaid"], outcome.details["bad_debt"]) == (400 * 10**6, 0)
    assert outcome.details["health_ppm"] == 950_000
    assert market.position("bob", 0) == (ETH.unit - outcome.output, 400 * 10**6)


def test_interest_of_a_day_and_the_fee_on_it() -> None:
    rate = KinkedRate(base_ppm=0, kink_ppm=800_000, slope_below_ppm=40_000, slope_above_ppm=0)
    world, market = open_market(rate=rate, fee_ppm=100_000)
    do(world, market, "lender", "supply", amount=USDC.amount(1_000_000))
    do(world, market, "bob", "supply_collateral", amount=BTC.amount(100))
    do(world, market, "bob", "borrow", amount=USDC.amount(800_000))
    start_s = market.published(0).updated_s
    pause(world, SECONDS_PER_DAY * 10**9)
    do(world, market, "alice", "supply", amount=1)
    view = market.published(0)
    elapsed_s = view.updated_s - start_s
    exponent = elapsed_s * (40_000 * 10**12 // (365 * SECONDS_PER_DAY)) / 1e18
    grown = view.total_borrow - USDC.amount(800_000)
    assert grown == pytest.approx(USDC.amount(800_000) * math.expm1(exponent), abs=1.5)
    assert view.total_supply == USDC.amount(1_000_000) + grown + 1
    assert view.supplied("treasury") == pytest.approx(grown / 10, abs=2)
    assert view.supplied("lender") == pytest.approx(USDC.amount(1_000_000) + 0.9 * grown, abs=2)
    assert view.debt("bob") == market.position("bob", view.updated_s)[1] == view.total_borrow


def test_the_view_knows_the_debt_and_the_health_of_the_next_block() -> None:
    world, market = open_market()
    do(world, market, "lender", "supply", amount=USDC.amount(200_000))
    indebt(world, market, "bob", collateral=BTC.amount(10), debt=USDC.amount(171_995))
    seen = market.published(0)
    pause(world, SECONDS_PER_DAY * 10**9)
    do(world, market, "alice", "supply", amount=1)
    then = market.published(0)
    assert seen.debt("bob", now_s=then.updated_s) == then.debt("bob") > seen.debt("bob")
    assert seen.total_debt(now_s=then.updated_s) == then.total_borrow
    assert seen.health("bob", now_s=then.updated_s) == then.health("bob") < 1 < seen.health("bob")
    assert seen.liquidatable("bob", now_s=then.updated_s)
    assert not seen.liquidatable("bob")


# --- by whom, how much, at what price ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bad", "refusal"),
    [
        (call("supply"), InconsistentInput),
        (call("supply", amount=1, shares=1), InconsistentInput),
        (call("supply", amount=2**128), Overflow),
        (call("supply", shares=2**128), Overflow),
        (call("withdraw"), InconsistentInput),
        (call("withdraw", amount=USDC.amount(1_001)), InsufficientSupply),
        (call("withdraw", shares=10**21), InsufficientSupply),
        (call("borrow"), InconsistentInput),
        (call("borrow", amount=USDC.amount(130_000)), InsufficientCollateral),
        (call("repay", shares=0), InconsistentInput),
        (call("repay", amount=USDC.amount(50_001)), ExceedsDebt),
        (call("repay", shares=51_000 * 10**12), ExceedsDebt),
        (call("supply_collateral", amount=0), ZeroAmount),
        (call("supply_collateral", amount=2**128), Overflow),
        (call("withdraw_collateral", amount=0), ZeroAmount),
        (call("withdraw_collateral", amount=BTC.amount(11)), InsufficientCollateral),
        (call("withdraw_collateral", amount=BTC.amount(8)), InsufficientCollateral),
        (call("liquidate", borrower="bob"), InconsistentInput),
        (call("liquidate", borrower="bob", seized=1, repaid_shares=1), InconsistentInput),
        (call("liquidate", borrower=["bob"], seized=1), BadArguments),
        (call("liquidate", borrower="alice", seized=1), HealthyPosition),
        (call("liquidate", borrower="nobody", seized=1), HealthyPosition),
        (call("liquidate", borrower="bob", seized=BTC.amount(10)), ExceedsDebt),
        (call("liquidate", borrower="bob", seized=2**200), Overflow),
        (call("liquidate", borrower="bob", repaid_shares=150_001 * 10**12), ExceedsDebt),
        (call("flash_loan", asset=ETH, amount=1), BadArguments),
        (call("flash_loan", asset=USDC, amount=0), ZeroAmount),
        (call("flash_loan", asset=USDC, amount=USDC.amount(801_001)), InsufficientLiquidity),
    ],
)
def test_refusals_by_name(bad: Call, refusal: type[Refusal]) -> None:
    world, market = TestLendingMarketOnChain().make()
    before = state_of(world, market)
    answer = attempt(world, market, bad)
    assert type(answer) is refusal, answer
    assert state_of(world, market) == before


def test_a_crash_leaves_less_collateral_than_the_debt_would_seize() -> None:
    world, market = TestLendingMarketOnChain().make()
    assert isinstance(market, LendingMarket)
    report(world, market, 10_000.0)
    whole = market.published(0).positions["bob"].borrow_shares
    assert isinstance(
        attempt(world, market, call("liquidate", borrower="bob", repaid_shares=whole)), InsufficientCollateral
    )
    assert do(world, market, "alice", "liquidate", borrower="bob", seized=BTC.amount(10)).details["bad_debt"] > 0


def test_nobody_repays_for_nothing() -> None:
    world, market = open_market()
    assert isinstance(attempt(world, market, call("repay", amount=1)), NothingToRepay)


def test_what_is_lent_out_cannot_be_taken_out() -> None:
    world, market = open_market()
    do(world, market, "lender", "supply", amount=10**9)
    indebt(world, market, "bob", collateral=BTC.unit, debt=9 * 10**8)
    assert isinstance(
        attempt(world, market, call("withdraw", amount=10**8 + 1), sender="lender"), InsufficientLiquidity
    )
    assert isinstance(attempt(world, market, call("borrow", amount=10**8 + 1), sender="bob"), InsufficientLiquidity)
    assert do(world, market, "lender", "withdraw", amount=10**8).output == 10**8


def test_debt_is_cleared_by_shares_and_collateral_comes_back() -> None:
    world, market = open_market()
    do(world, market, "lender", "supply", amount=10**9)
    indebt(world, market, "bob", collateral=BTC.unit, debt=9 * 10**8)
    pause(world, 10 * SECONDS_PER_DAY * 10**9)
    owed = market.published(0).positions["bob"].borrow_shares
    assert do(world, market, "bob", "repay", shares=owed).output > 9 * 10**8
    do(world, market, "bob", "withdraw_collateral", amount=BTC.unit)
    assert dict(market.published(0).positions) == {}
    assert world.ledger.balance(BTC, market.account) == 0


def test_borrowing_up_to_the_threshold_and_not_beyond() -> None:
    world, market = open_market(rate=FREE)
    do(world, market, "lender", "supply", amount=USDC.amount(100_000))
    do(world, market, "bob", "supply_collateral", amount=BTC.unit)
    assert isinstance(
        attempt(world, market, call("borrow", amount=USDC.amount(17_200) + 1), sender="bob"), InsufficientCollateral
    )
    do(world, market, "bob", "borrow", amount=USDC.amount(17_200))
    assert market.published(0).health("bob") == 1.0
    assert isinstance(attempt(world, market, call("liquidate", borrower="bob", seized=1)), HealthyPosition)
    report(world, market, 19_999.99)
    do(world, market, "alice", "liquidate", borrower="bob", seized=1)


def test_without_an_answer_nothing_is_judged() -> None:
    world, market = open_market(price=None)
    do(world, market, "lender", "supply", amount=10**9)
    do(world, market, "bob", "supply_collateral", amount=BTC.unit)
    for bad in (call("borrow", amount=1), call("liquidate", borrower="bob", seized=1)):
        assert isinstance(attempt(world, market, bad, sender="bob"), NoAnswer)
    # Without debt nobody asks for a price.
    do(world, market, "bob", "withdraw_collateral", amount=BTC.unit)


def test_a_stale_answer_is_refused_where_its_age_is_limited() -> None:
    world, market = open_market(maximum_price_age_s=3_600)
    do(world, market, "lender", "supply", amount=10**9)
    indebt(world, market, "bob", collateral=BTC.unit, debt=10**6)
    pause(world, 3_600 * 10**9)
    for bad in (
        call("borrow", amount=1),
        call("withdraw_collateral", amount=1),
        call("liquidate", borrower="bob", seized=1),
    ):
        assert isinstance(attempt(world, market, bad, sender="bob"), StalePrice)
    do(world, market, "bob", "repay", amount=10)
    report(world, market, 20_000.0)
    do(world, market, "bob", "borrow", amount=1)


# --- inner calls ------------------------------------------------------------------------------------------------


def with_pool(world: World, *, price: int = 20_000) -> ConstantProduct:
    pool = ConstantProduct("pool", BTC, USDC)
    world.hosts["chain"].add(pool)
    world.endow("lender", "chain", USDC, USDC.amount(price * 1_000))
    deposit = Call("pool", "mint", {"amount_base": BTC.amount(1_000), "amount_quote": USDC.amount(price * 1_000)})
    perform(world, pool, deposit, sender="lender")
    return pool


def test_a_liquidator_without_capital_sells_what_it_seizes() -> None:
    world, market = TestLendingMarketOnChain().make()
    assert isinstance(market, LendingMarket)
    with_pool(world, price=17_000)
    sell = Call("pool", "swap_exact_in", {"asset_in": BTC, "amount_in": AllOf(BTC), "minimum_out": 0})
    seize = call("liquidate", borrower="bob", seized=BTC.unit)
    assert isinstance(attempt(world, market, seize, sender="carol"), InsufficientFunds)
    outcome = perform(world, market, seize._replace(inner=(sell,)), sender="carol")
    account = Account("carol", "chain")
    assert world.ledger.balance(BTC, account) == 0
    assert 0 < world.ledger.balance(USDC, account) < USDC.amount(17_000) - outcome.details["repaid"]


def test_leverage_in_one_transaction() -> None:
    world, market = open_market(rate=FREE)
    with_pool(world)
    do(world, market, "lender", "supply", amount=USDC.amount(100_000))
    world.endow("carol", "chain", BTC, BTC.unit)
    lever = (
        call("borrow", amount=USDC.amount(20_000)),
        Call("pool", "swap_exact_in", {"asset_in": USDC, "amount_in": AllOf(USDC), "minimum_out": 0}),
    )
    pledge = call("supply_collateral", amount=BTC.amount("1.99"))._replace(inner=lever)
    perform(world, market, pledge, sender="carol")
    view = market.published(0)
    assert view.positions["carol"].collateral == BTC.amount("1.99")
    assert view.debt("carol") == USDC.amount(20_000)
    # And back: repay is paid out of the collateral it frees.
    unlever = (
        call("withdraw_collateral", amount=BTC.amount("1.99")),
        Call("pool", "swap_exact_in", {"asset_in": BTC, "amount_in": BTC.amount("1.5"), "minimum_out": 0}),
    )
    owed = view.positions["carol"].borrow_shares
    perform(world, market, call("repay", shares=owed)._replace(inner=unlever), sender="carol")
    assert dict(market.published(0).positions) == {}


def test_a_flash_loan_is_free_and_must_come_back() -> None:
    world, market = TestLendingMarketOnChain().make()
    pool = with_pool(world, price=17_000)
    lent = USDC.amount(100_000)
    spend = Call("pool", "swap_exact_in", {"asset_in": USDC, "amount_in": lent, "minimum_out": 0})
    flash = call("flash_loan", asset=USDC, amount=lent)
    before = state_of(world, pool)
    assert isinstance(attempt(world, market, flash._replace(inner=(spend,)), sender="carol"), InsufficientFunds)
    assert state_of(world, pool) == before
    again = call("supply", amount=5)
    world.endow("carol", "chain", USDC, 5)
    assert perform(world, market, flash._replace(inner=(again,)), sender="carol").output == lent


# --- what is shown ----------------------------------------------------------------------------------------------


def test_positions_are_copied_only_when_one_has_changed() -> None:
    world, market = TestLendingMarketOnChain().make()
    assert isinstance(market, LendingMarket)
    first = market.published(0)
    report(world, market, 17_100.0)
    assert market.published(0).positions is first.positions
    host = world.hosts["chain"]
    assert isinstance(host, Chain)
    host.simulate([Transaction("alice", (call("repay", amount=5),))])
    assert market.published(0).positions is first.positions
    do(world, market, "alice", "repay", amount=5)
    later = market.published(0)
    assert later.positions != first.positions
    with host.rewound():
        assert market.published(0).positions == first.positions
    assert market.published(0).positions == later.positions
    with pytest.raises(TypeError):
        later.positions["alice"] = later.positions["bob"]  # type: ignore[index]


def test_a_quote_knows_no_sender() -> None:
    _, market = TestLendingMarketOnChain().make()
    with pytest.raises(UnknownVerb, match="the sender's position"):
        market.quote(call("borrow", amount=1), now_ns=0)


def test_its_label_says_that_gas_is_estimated() -> None:
    _, market = open_market()
    assert market.labels == ("lending: gas of lending verbs is an estimate from Aave v3",)


# --- construction -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"loan": BTC}, "both BTC"),
        ({"collateral": ETH}, "must price ETH in USDC"),
        ({"lltv_ppm": PPM}, "LLTV"),
        ({"lltv_ppm": -1}, "LLTV"),
        ({"lltv_ppm": 0.86}, "LLTV"),
        ({"fee_ppm": 250_001, "fee_recipient": "treasury"}, "fee"),
        ({"fee_ppm": 1}, "recipient"),
        ({"maximum_price_age_s": -1}, "seconds"),
        ({"maximum_price_age_s": 1.5}, "seconds"),
    ],
)
def test_parameters_out_of_range(changes: dict[str, Any], why: str) -> None:
    oracle = Oracle("oracle", BTC, USDC, reporter="reporter", deviation_ppm=1, heartbeat_s=1)
    arguments: dict[str, Any] = {
        "collateral": BTC,
        "loan": USDC,
        "oracle": oracle,
        "lltv_ppm": LLTV_PPM,
        "rate": KinkedRate(),
        **changes,
    }
    with pytest.raises(ValueError, match=why):
        LendingMarket("lending", **arguments)


def test_a_collateral_too_fine_for_its_loan() -> None:
    fine, coarse = Asset("FINE", 36), Asset("COARSE", 2)
    oracle = Oracle("oracle", fine, coarse, reporter="reporter", deviation_ppm=1, heartbeat_s=1)
    with pytest.raises(ValueError, match="cannot be priced"):
        LendingMarket("lending", collateral=fine, loan=coarse, oracle=oracle, lltv_ppm=1, rate=FREE)
