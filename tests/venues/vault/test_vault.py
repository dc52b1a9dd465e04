"""The vault: the laws of venues, its own laws of shares, its guards at their boundaries, custody and lending."""

import math
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.venues.laws import VenueLaws, next_instant_ns, pause, perform, state_of
from tests.venues.vault.deployed import BTC, DAY_NS, ETH, LOOSE, MANAGER, USDC, Deployed, deploy, lend, swap

from shoal.experiments.accounts import holdings
from shoal.sim.calls import AllOf, Call, OutputOf, Transaction
from shoal.sim.errors import BadArguments, InsufficientFunds, InsufficientInput, SlippageExceeded
from shoal.sim.hosts.chain import BURNT, Chain
from shoal.sim.units import Account, Asset
from shoal.sim.venue import Venue
from shoal.sim.world import World
from shoal.venues.oracle import NoAnswer, StalePrice
from shoal.venues.vault.guards import Guards
from shoal.venues.vault.refusals import (
    BudgetSpent,
    CoolingOff,
    CustodyCapExceeded,
    HeldInCustody,
    NotTheManager,
    SlippageAboveGuard,
    TradedThisSecond,
    TradeTooLarge,
    VenueNotAllowed,
    ZeroNetAssetValue,
)


def call(verb: str, **arguments: object) -> Call:
    return Call("vault", verb, arguments)


def worth(deployed: Deployed, amounts: Mapping[Asset, int]) -> Fraction:
    """Exact value in base units of USDC at the oracles' answers."""
    total = Fraction(amounts.get(USDC, 0))
    for asset, oracle in deployed.oracles.items():
        answer = oracle.answer
        assert answer is not None
        total += Fraction(amounts.get(asset, 0) * answer * USDC.unit, asset.unit * 10**8)
    return total


class TestVault(VenueLaws):
    """With both fees, custody and a debt; alice is the manager."""

    trading = False
    unquotable = frozenset({"trade"})

    def make(self) -> tuple[World, Venue]:
        deployed = deploy(
            guards=Guards(
                maximum_slippage_ppm=20_000,
                maximum_trade_ppm=500_000,
                maximum_price_age_s=6_000,
                budget_ppm=30_000,
                budget_period_s=86_400,
                cool_off_s=20,
            ),
            lent=True,
            management_fee_ppm=20_000,
            performance_fee_ppm=100_000,
            fee_recipient="treasury",
            custody_cap_ppm=300_000,
        )
        deployed.perform("deposit", sender="bob", asset=USDC, amount=USDC.amount(100_000))
        deployed.perform("deposit", asset=BTC, amount=BTC.amount(1))
        deployed.perform("deposit", asset=ETH, amount=ETH.amount(20))
        deployed.perform("trade", inner=(lend("supply_collateral", ETH.amount(10)), lend("borrow", USDC.amount(5_000))))
        deployed.perform("send_to_custody", asset=USDC, amount=USDC.amount(1_000))
        pause(deployed.world, 24 * 10**9)
        return deployed.world, deployed.vault

    def operations(self) -> st.SearchStrategy[Call]:
        asset = st.sampled_from((BTC, USDC, ETH))
        amount = st.one_of(st.integers(0, 10**6), st.integers(0, 10**10), st.sampled_from((10**18, -1, 1.5, None)))
        inner = st.one_of(
            st.builds(swap, st.sampled_from((BTC, USDC)), st.integers(1, 10**10)),
            st.builds(lend, st.sampled_from(("borrow", "repay")), st.integers(1, 10**9)),
            st.builds(lend, st.sampled_from(("supply_collateral", "withdraw_collateral")), st.integers(1, 10**19)),
            st.just(Call("pool", "donate", {"amount_base": 5, "amount_quote": 5})),
            st.just(Call("vault", "redeem", {"shares": 5})),
        )
        custody = st.fixed_dictionaries({"asset": asset, "amount": amount})
        return st.one_of(
            self.quotable_operations(),
            custody.map(partial(Call, "vault", "send_to_custody")),
            custody.map(partial(Call, "vault", "return_from_custody")),
            custody.map(partial(Call, "vault", "report_custody")),
            st.lists(inner, max_size=3).map(lambda calls: Call("vault", "trade", {}, tuple(calls))),
        )

    def quotable_operations(self) -> st.SearchStrategy[Call]:
        """What anybody may do: what is quoted of the manager's verbs is promised to the manager, see below."""
        asset = st.sampled_from((BTC, USDC, ETH))
        amount = st.one_of(st.integers(0, 10**6), st.integers(0, 10**13), st.sampled_from((2**256 - 1, -1, 1.5, None)))
        shares = st.one_of(st.integers(0, 10**3), st.integers(0, 10**23), st.sampled_from((2**256 - 1, -1, True)))
        minimum = st.sampled_from((0, 0, 10**12, 10**30))
        deposit = st.fixed_dictionaries({"asset": asset, "amount": amount, "minimum_shares": minimum})
        redeem = st.fixed_dictionaries({"shares": shares})
        return st.one_of(
            deposit.map(partial(Call, "vault", "deposit")),
            redeem.map(partial(Call, "vault", "redeem")),
            st.just(call("accrue")),
            st.just(call("nonsense")),
            st.just(Call("vault", "trade", {}, (swap(USDC, 10**6),))),
        )

    def good_calls(self, world: World, venue: Venue) -> Mapping[str, Call]:
        return {
            "deposit": call("deposit", asset=BTC, amount=10**6, minimum_shares=1),
            "redeem": call("redeem", shares=10**18),
            "trade": Call("vault", "trade", {}, (swap(USDC, 10**9),)),
            "send_to_custody": call("send_to_custody", asset=BTC, amount=10**6),
            "return_from_custody": call("return_from_custody", asset=USDC, amount=10**6),
            "report_custody": call("report_custody", asset=USDC, amount=10**6),
            "accrue": call("accrue"),
        }


# --- shares -----------------------------------------------------------------------------------------------------


def price_of(deployed: Deployed) -> Fraction:
    """The exact value of a share, virtual ones counted."""
    vault, ledger = deployed.vault, deployed.world.ledger
    held = {asset: ledger.balance(asset, vault.account) for asset in (BTC, ETH, USDC)}
    for asset, amount in vault.published(deployed.world.clock.now_ns).custody.items():
        held[asset] += amount
    return (worth(deployed, held) + 1) / (vault.supply + 10**12)


def gained(deployed: Deployed, before: Mapping[Asset, int], owner: str) -> Fraction:
    """What the owner has more than before, at the oracles' answers."""
    return worth(deployed, {asset: deployed.balance(asset, owner) - held for asset, held in before.items()})


def wallet(deployed: Deployed, owner: str) -> dict[Asset, int]:
    return {asset: deployed.balance(asset, owner) for asset in (BTC, ETH, USDC)}


def test_the_first_share_costs_one_token() -> None:
    deployed = deploy()
    assert deployed.perform("deposit", asset=USDC, amount=USDC.amount(1_000)).output == 1_000 * 10**18
    assert deployed.perform("deposit", sender="bob", asset=BTC, amount=BTC.amount("0.5")).output == 10_000 * 10**18
    view = deployed.vault.published(deployed.world.clock.now_ns)
    assert (view.nav, view.share_price) == (USDC.amount(11_000), 1.0)


def test_two_depositors_own_in_proportion_to_what_they_paid_at_the_prices_of_the_day() -> None:
    """Closed form: 100 paid in at 1, the vault's asset doubles, 100 paid in again: 2/3 and 1/3."""
    deployed = deploy()
    deployed.perform("deposit", sender="alice", asset=BTC, amount=BTC.amount(1))
    deployed.report(BTC, 40_000.0)
    deployed.perform("deposit", sender="bob", asset=USDC, amount=USDC.amount(20_000))
    share = deployed.vault.share_asset
    assert deployed.balance(share, "alice") == 20_000 * 10**18
    assert deployed.balance(share, "bob") == pytest.approx(10_000 * 10**18, rel=1e-9)
    deployed.report(BTC, 10_000.0)
    claims = deployed.vault.claims(deployed.world.ledger)
    assert worth(deployed, claims["alice"]) == pytest.approx(USDC.amount(20_000), abs=100)
    assert worth(deployed, claims["bob"]) == pytest.approx(USDC.amount(10_000), abs=100)
    got = deployed.perform("redeem", sender="bob", shares=deployed.balance(share, "bob"))
    assert got.output == pytest.approx(USDC.amount(20_000) / 3, abs=2)
    assert got.details["BTC"] == pytest.approx(BTC.amount(1) / 3, abs=2)
    assert got.details["debt_paid"] == 0


moves = st.lists(
    st.tuples(
        st.sampled_from(("alice", "bob")),
        st.sampled_from(("deposit", "redeem", "redeem part")),
        st.sampled_from((BTC, ETH, USDC)),
        st.one_of(st.integers(1, 1000), st.integers(1, 10**12)),
    ),
    min_size=1,
    max_size=8,
)


def apply(deployed: Deployed, move: tuple[str, str, Asset, int]) -> None:
    """A deposit, or a redemption of all or a few of the sender's shares, which may be refused."""
    sender, verb, asset, amount = move
    if verb == "deposit":
        deployed.attempt("deposit", sender=sender, asset=asset, amount=amount)
    else:
        held = deployed.balance(deployed.vault.share_asset, sender)
        deployed.attempt("redeem", sender=sender, shares=held if verb == "redeem" else min(held, amount))


@settings(max_examples=40)
@given(moves=moves, answers=st.tuples(st.integers(1, 10**14), st.integers(1, 10**14)))
def test_the_share_price_never_falls_by_deposits_and_redemptions(
    moves: list[tuple[str, str, Asset, int]], answers: tuple[int, int]
) -> None:
    deployed = deploy()
    for asset, answer in zip((BTC, ETH), answers, strict=True):
        deployed.report(asset, answer / 10**8)
    for move in moves:
        before = price_of(deployed)
        apply(deployed, move)
        assert price_of(deployed) >= before, move


@settings(max_examples=40)
@given(moves=moves, asset=st.sampled_from((BTC, ETH, USDC)), amount=st.integers(1, 10**12))
def test_a_deposit_redeemed_at_once_never_gains(
    moves: list[tuple[str, str, Asset, int]], asset: Asset, amount: int
) -> None:
    deployed = deploy()
    for move in moves:
        apply(deployed, move)
    before = wallet(deployed, "carol")
    deployed.attempt("deposit", sender="carol", asset=asset, amount=amount)
    deployed.attempt("redeem", sender="carol", shares=deployed.balance(deployed.vault.share_asset, "carol"))
    assert gained(deployed, before, "carol") <= 0


@settings(max_examples=60)
@given(
    first=st.integers(1, 10**6),
    donation=st.integers(0, 10**13),
    victim=st.integers(1, 10**12),
    donates_first=st.booleans(),
)
def test_a_donation_before_the_victims_deposit_never_pays(
    first: int, donation: int, victim: int, donates_first: bool
) -> None:
    deployed = deploy()
    before = wallet(deployed, "alice")
    if donates_first:
        deployed.donate(USDC, donation)
    deployed.attempt("deposit", sender="alice", asset=USDC, amount=first)
    if not donates_first:
        deployed.donate(USDC, donation)
    deployed.attempt("deposit", sender="bob", asset=USDC, amount=victim)
    deployed.attempt("redeem", sender="alice", shares=deployed.balance(deployed.vault.share_asset, "alice"))
    assert gained(deployed, before, "alice") <= 0


def test_a_victim_of_a_donation_loses_next_to_nothing() -> None:
    """The classic attack: one unit, a donation as large as the victim's deposit; here the donor pays for it all."""
    deployed = deploy()
    deployed.perform("deposit", sender="alice", asset=USDC, amount=1)
    deployed.donate(USDC, USDC.amount(10_000))
    deposit = deployed.perform("deposit", sender="bob", asset=USDC, amount=USDC.amount(10_000))
    got = deployed.perform("redeem", sender="bob", shares=deposit.output).output
    assert 0 <= USDC.amount(10_000) - got <= 1
    lost = USDC.amount(10_000) + 1 - deployed.perform("redeem", sender="alice", shares=10**12).output
    assert lost >= USDC.amount(5_000)


def test_more_shares_than_held_are_not_redeemed() -> None:
    deployed = deploy()
    shares = deployed.perform("deposit", asset=USDC, amount=USDC.amount(10)).output
    assert isinstance(deployed.attempt("redeem", shares=shares + 1), InsufficientFunds)
    assert isinstance(deployed.attempt("redeem", sender="bob", shares=1), InsufficientFunds)
    assert isinstance(deployed.attempt("redeem", shares=0), InsufficientInput)
    assert isinstance(deployed.attempt("redeem", shares=1), InsufficientInput)
    assert deployed.perform("redeem", shares=shares).output == USDC.amount(10) - 1


def test_too_small_a_deposit_and_too_few_shares_are_refused() -> None:
    deployed = deploy()
    assert isinstance(deployed.attempt("deposit", asset=BTC, amount=0), InsufficientInput)
    limit: dict[str, Any] = {"asset": USDC, "amount": 5, "minimum_shares": 5 * 10**12}
    assert isinstance(deployed.attempt("deposit", **limit | {"minimum_shares": 5 * 10**12 + 1}), SlippageExceeded)
    assert deployed.perform("deposit", **limit).output == 5 * 10**12


# --- prices -----------------------------------------------------------------------------------------------------

AGEING = replace(LOOSE, maximum_price_age_s=600)


def test_without_an_answer_nothing_is_valued() -> None:
    deployed = deploy(answered=False, custody_cap_ppm=10**6)
    assert isinstance(deployed.attempt("deposit", asset=BTC, amount=10**8), NoAnswer)
    deployed.perform("deposit", asset=USDC, amount=USDC.amount(1_000))
    deployed.donate(BTC, 1)
    assert isinstance(deployed.attempt("deposit", asset=USDC, amount=1), NoAnswer)
    assert isinstance(deployed.attempt("trade", inner=(swap(USDC, 10**6),)), NoAnswer)
    assert isinstance(deployed.attempt("send_to_custody", asset=USDC, amount=1), NoAnswer)
    deployed.perform("accrue")
    view = deployed.vault.published(deployed.world.clock.now_ns)
    assert (view.nav, view.share_price, view.answers[BTC]) == (None, None, (None, 0))


def test_a_stale_answer_stops_deposits_and_trades_but_locks_nobody_in() -> None:
    deployed = deploy(guards=AGEING, custody_cap_ppm=10**6, performance_fee_ppm=10**5, fee_recipient="treasury")
    shares = deployed.perform("deposit", asset=BTC, amount=10**8).output
    asked_s = next_instant_ns(deployed.world, deployed.vault) // 10**9 - deployed.oracles[BTC].updated_s
    pause(deployed.world, (600 - asked_s + 12) * 10**9)
    for verb in ("deposit", "send_to_custody"):
        assert isinstance(deployed.attempt(verb, amount=1, asset=BTC), StalePrice)
    assert isinstance(deployed.attempt("trade", inner=(swap(BTC, 10),)), StalePrice)
    deployed.report(BTC, 20_000.0)
    deployed.perform("trade", inner=(swap(BTC, 10),))
    pause(deployed.world, 3_600 * 10**9)
    assert deployed.perform("redeem", shares=shares).details["BTC"] == 10**8 - 10 - 1


def test_an_answer_of_the_oldest_age_still_counts() -> None:
    deployed = deploy(guards=replace(LOOSE, maximum_price_age_s=12))
    deployed.report(BTC, 20_000.0)
    deployed.perform("deposit", asset=BTC, amount=10**8)
    assert isinstance(deployed.attempt("deposit", asset=BTC, amount=10**8), StalePrice)


def test_what_is_bought_needs_a_price_too() -> None:
    deployed = deploy(answered=False)
    deployed.perform("deposit", asset=USDC, amount=USDC.amount(1_000))
    before = state_of(deployed.world, deployed.vault)
    assert isinstance(deployed.attempt("trade", inner=(swap(USDC, 10**6),)), NoAnswer)
    assert state_of(deployed.world, deployed.vault) == before


def test_a_vault_without_value_takes_no_deposit_and_no_trade() -> None:
    deployed = deploy(custody_cap_ppm=10**6)
    assert isinstance(deployed.attempt("trade", inner=(swap(USDC, 1),)), ZeroNetAssetValue)
    assert isinstance(deployed.attempt("send_to_custody", asset=USDC, amount=1), ZeroNetAssetValue)
    shares = deployed.perform("deposit", asset=USDC, amount=1_000).output
    deployed.perform("send_to_custody", asset=USDC, amount=1_000)
    deployed.perform("report_custody", asset=USDC, amount=0)
    assert isinstance(deployed.attempt("deposit", asset=USDC, amount=5), ZeroNetAssetValue)
    assert isinstance(deployed.attempt("redeem", shares=shares), ZeroNetAssetValue)


# --- trades -----------------------------------------------------------------------------------------------------


def invested(**terms: Any) -> Deployed:
    """A vault of 100000 USDC and 5 BTC."""
    deployed = deploy(**terms)
    deployed.perform("deposit", sender="bob", asset=USDC, amount=USDC.amount(100_000))
    deployed.perform("deposit", sender="bob", asset=BTC, amount=BTC.amount(5))
    return deployed


def test_inner_calls_run_as_the_vault() -> None:
    deployed = invested()
    chained = Call("pool", "swap_exact_in", {"asset_in": BTC, "amount_in": OutputOf(0), "minimum_out": 0})
    everything = Call("pool", "swap_exact_in", {"asset_in": BTC, "amount_in": AllOf(BTC), "minimum_out": 0})
    outcome = deployed.perform("trade", inner=(swap(USDC, USDC.amount(1_000)), chained))
    assert outcome.output == pytest.approx(USDC.amount(994), rel=1e-3)
    outcome = deployed.perform("trade", inner=(everything,))
    view = deployed.vault.published(deployed.world.clock.now_ns)
    assert BTC not in view.holdings
    assert outcome.details["given"] == USDC.amount(100_000)
    assert outcome.details["got"] == outcome.output
    assert outcome.details["loss"] == USDC.amount(100_000) - outcome.output
    assert (view.nav, view.last_trade_s) == (view.holdings[USDC], deployed.world.clock.now_ns // 10**9)


def test_only_the_manager_trades_and_moves_custody() -> None:
    deployed = invested(custody_cap_ppm=10**6)
    before = state_of(deployed.world, deployed.vault)
    assert isinstance(deployed.attempt("trade", sender="bob", inner=(swap(USDC, 10),)), NotTheManager)
    for verb in ("send_to_custody", "return_from_custody", "report_custody"):
        assert isinstance(deployed.attempt(verb, sender="bob", asset=USDC, amount=1), NotTheManager)
    assert state_of(deployed.world, deployed.vault) == before


@pytest.mark.parametrize(
    "inner",
    [
        Call("vault", "redeem", {"shares": 1}),
        Call("nowhere", "steal"),
        Call("BTC-oracle", "report", {"answer": 1}),
        Call("pool", "swap", {"base_in": 0, "quote_in": 1, "base_out": 1, "quote_out": 0}, (Call("vault", "accrue"),)),
    ],
)
def test_only_listed_venues_are_called_however_deep(inner: Call) -> None:
    deployed = invested()
    before = state_of(deployed.world, deployed.vault)
    assert isinstance(deployed.attempt("trade", inner=(swap(USDC, 10**6), inner)), VenueNotAllowed)
    assert isinstance(deployed.attempt("trade"), BadArguments)
    assert state_of(deployed.world, deployed.vault) == before


def selling(deployed: Deployed, amount: int) -> dict[str, int]:
    """What the guards would see of a sale of BTC base units, computed by hand."""
    got = deployed.pool.quote(swap(BTC, amount), now_ns=0).output
    return {"given": amount * 200, "loss": amount * 200 - got, "nav": USDC.amount(200_000)}


def test_each_guard_refuses_from_one_unit_above_its_limit() -> None:
    """The limits are set so that the same trade is exactly at one, and one unit beyond."""
    amount = 10**7
    seen = selling(invested(), amount)
    loss_of_value, loss_of_nav = (Fraction(seen["loss"] * 10**6, seen[of]) for of in ("given", "nav"))
    at = {
        "maximum_trade_ppm": (seen["given"] * 10**6 // seen["nav"], TradeTooLarge),
        "maximum_slippage_ppm": (math.ceil(loss_of_value), SlippageAboveGuard),
        "budget_ppm": (math.ceil(loss_of_nav), BudgetSpent),
    }
    assert seen["given"] * 10**6 % seen["nav"] == 0
    for name, (limit, refusal) in at.items():
        deployed = invested(guards=replace(LOOSE, **{name: limit}))
        before = state_of(deployed.world, deployed.vault)
        tight = invested(guards=replace(LOOSE, **{name: limit - 1}))
        assert isinstance(tight.attempt("trade", inner=(swap(BTC, amount),)), refusal)
        assert state_of(tight.world, tight.vault) == before
        assert deployed.perform("trade", inner=(swap(BTC, amount),)).details == seen | {
            "got": seen["given"] - seen["loss"]
        }
    larger = invested(guards=replace(LOOSE, maximum_trade_ppm=at["maximum_trade_ppm"][0]))
    assert isinstance(larger.attempt("trade", inner=(swap(BTC, amount + 1),)), TradeTooLarge)


@given(loss=st.integers(0, 10**6), value=st.integers(1, 10**6))
@settings(max_examples=20)
def test_a_gift_is_a_loss_to_the_last_unit(loss: int, value: int) -> None:
    """A trade that gives something away, at the boundary of the slippage guard: exactly its share passes."""
    limit = 10**6 * loss // (loss + value)
    deployed = invested(guards=replace(LOOSE, maximum_slippage_ppm=limit))
    given = loss + value
    most = given * limit // 10**6
    gift = Call("pool", "donate", {"amount_base": 0, "amount_quote": given})
    refused = deployed.attempt("trade", inner=(gift,))
    assert isinstance(refused, SlippageAboveGuard) == (given > most)


def test_trades_cool_off() -> None:
    deployed = invested(guards=replace(LOOSE, cool_off_s=24))
    deployed.perform("trade", inner=(swap(BTC, 10**6),))
    assert isinstance(deployed.attempt("trade", inner=(swap(BTC, 10**6),)), CoolingOff)
    deployed.perform("trade", inner=(swap(BTC, 10**6),))


def test_the_budget_adds_up_losses_and_comes_back_evenly() -> None:
    period_s = 1_200
    seen = selling(invested(), 10**7)
    budget = math.ceil(Fraction(seen["loss"] * 10**6, seen["nav"])) + 1
    deployed = invested(guards=replace(LOOSE, budget_ppm=budget, budget_period_s=period_s))
    assert budget_left(deployed) == budget
    deployed.perform("trade", inner=(swap(BTC, 10**7),))
    assert budget_left(deployed) == 1
    assert isinstance(deployed.attempt("trade", inner=(swap(BTC, 10**7),)), BudgetSpent)
    spent_ns = deployed.world.clock.now_ns - 12 * 10**9
    loss = Fraction(seen["loss"], seen["nav"]) * 10**6
    for elapsed_s in (12, 300, 600, 1_100, 1_200, 5_000):
        left = deployed.vault.published(spent_ns + elapsed_s * 10**9).budget_left_ppm
        assert left == min(budget, math.floor(budget - loss + Fraction(budget * elapsed_s, period_s)))
    pause(deployed.world, period_s * 10**9)
    deployed.perform("trade", inner=(swap(BTC, 10**7 // 2),))


def test_gains_do_not_refill_the_budget() -> None:
    deployed = invested(guards=replace(LOOSE, budget_ppm=100, budget_period_s=10**9))
    deployed.perform("trade", inner=(swap(BTC, 10**7),))
    left = budget_left(deployed)
    deployed.report(BTC, 22_000.0)
    gain = deployed.perform("trade", inner=(swap(USDC, USDC.amount(1_000)),))
    assert gain.details["loss"] == 0
    assert gain.details["got"] > gain.details["given"]
    assert budget_left(deployed) == left < 100


def budget_left(deployed: Deployed) -> int:
    return deployed.vault.published(deployed.world.clock.now_ns).budget_left_ppm


def test_nobody_deposits_in_the_second_of_a_trade() -> None:
    deployed = invested()
    world, vault = deployed.world, deployed.vault
    host = world.host_of["vault"]
    assert isinstance(host, Chain)
    trade, deposit = Call("vault", "trade", {}, (swap(BTC, 10**6),)), call("deposit", asset=USDC, amount=10**6)
    for first, second, refusal in ((trade, deposit, TradedThisSecond), (deposit, trade, None)):
        receipts = host.simulate([Transaction(MANAGER, (first,)), Transaction(MANAGER, (second,))])
        assert [None if one.refusal is None else type(one.refusal) for one in receipts] == [None, refusal]
    perform(world, vault, trade)
    perform(world, vault, deposit)


# --- custody ----------------------------------------------------------------------------------------------------


def test_custody_is_capped_and_counts_at_its_last_report() -> None:
    deployed = invested(custody_cap_ppm=250_000)
    most = USDC.amount(50_000)
    held, moved = deployed.balance(USDC, MANAGER), deployed.balance(USDC, "vault")
    before = state_of(deployed.world, deployed.vault)
    assert isinstance(deployed.attempt("send_to_custody", asset=USDC, amount=most + 1), CustodyCapExceeded)
    assert state_of(deployed.world, deployed.vault) == before
    deployed.perform("send_to_custody", asset=USDC, amount=most - 200)
    assert deployed.balance(USDC, MANAGER) - held == most - 200 == moved - deployed.balance(USDC, "vault")
    assert isinstance(deployed.attempt("send_to_custody", asset=BTC, amount=2), CustodyCapExceeded)
    deployed.perform("send_to_custody", asset=BTC, amount=1)
    view = deployed.vault.published(deployed.world.clock.now_ns)
    assert dict(view.custody) == {USDC: most - 200, BTC: 1}
    assert (view.nav, view.net(USDC), view.net(BTC)) == (USDC.amount(200_000), USDC.amount(100_000), BTC.amount(5))
    deployed.perform("report_custody", asset=USDC, amount=USDC.amount(60_000))
    view = deployed.vault.published(deployed.world.clock.now_ns)
    assert view.nav == USDC.amount(210_000) + 200 - 0
    assert view.custody_reported_s == deployed.world.clock.now_ns // 10**9
    deployed.perform("return_from_custody", asset=USDC, amount=USDC.amount(70_000))
    view = deployed.vault.published(deployed.world.clock.now_ns)
    assert dict(view.custody) == {BTC: 1}
    assert view.nav == USDC.amount(220_000) + 200


@settings(max_examples=25)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(("send_to_custody", "return_from_custody")),
            st.sampled_from((BTC, USDC)),
            st.integers(1, 10**9),
        ),
        max_size=6,
    )
)
def test_custody_neither_makes_nor_loses_anything(steps: list[tuple[str, Asset, int]]) -> None:
    deployed = invested(custody_cap_ppm=400_000)
    total = {asset: deployed.balance(asset, "vault") for asset in (BTC, USDC)}
    for verb, asset, amount in steps:
        in_custody = deployed.vault.published(0).custody.get(asset, 0)
        most = amount if verb == "send_to_custody" else min(amount, in_custody)
        deployed.attempt(verb, asset=asset, amount=most)
        view = deployed.vault.published(deployed.world.clock.now_ns)
        assert {one: view.net(one) for one in (BTC, USDC)} == total
        assert view.nav == USDC.amount(200_000)


def test_what_lies_in_custody_cannot_be_redeemed() -> None:
    deployed = invested(custody_cap_ppm=600_000)
    shares = deployed.balance(deployed.vault.share_asset, "bob")
    deployed.perform("send_to_custody", asset=USDC, amount=USDC.amount(60_000))
    assert isinstance(deployed.attempt("redeem", sender="bob", shares=shares // 2), HeldInCustody)
    got = deployed.perform("redeem", sender="bob", shares=shares * 2 // 5)
    assert (got.output, got.details["BTC"]) == (USDC.amount(40_000) - 1, BTC.amount(2) - 1)
    deployed.perform("return_from_custody", asset=USDC, amount=USDC.amount(60_000))
    deployed.perform("redeem", sender="bob", shares=deployed.balance(deployed.vault.share_asset, "bob"))


def test_quotes_of_the_managers_verbs_are_promised_to_the_manager() -> None:
    deployed = invested(custody_cap_ppm=250_000)
    for verb, amount in (("send_to_custody", 500), ("return_from_custody", 400), ("report_custody", 700)):
        wanted = call(verb, asset=BTC, amount=amount)
        quoted = deployed.vault.quote(wanted, now_ns=next_instant_ns(deployed.world, deployed.vault))
        assert quoted == perform(deployed.world, deployed.vault, wanted, sender=MANAGER)
    with pytest.raises(CustodyCapExceeded):
        deployed.vault.quote(call("send_to_custody", asset=BTC, amount=4 * 10**8), now_ns=0)


def test_a_quote_leaves_out_what_came_since_the_last_call() -> None:
    """The opposite of the law of quotes: a venue knows no ledger, and nobody told it of a donation."""
    deployed = invested()
    deployed.donate(USDC, USDC.amount(200_000))
    wanted = call("deposit", asset=USDC, amount=USDC.amount(1_000))
    quoted = deployed.vault.quote(wanted, now_ns=next_instant_ns(deployed.world, deployed.vault)).output
    assert quoted == 1_000 * 10**18
    assert perform(deployed.world, deployed.vault, wanted).output == pytest.approx(500 * 10**18, rel=1e-6)
    assert deployed.vault.published(0).holdings[USDC] == USDC.amount(301_000)


# --- lending ----------------------------------------------------------------------------------------------------


def leveraged(**terms: Any) -> Deployed:
    """A vault with 20 ETH, all of it collateral of a debt of 10000 USDC, which are on the chain."""
    deployed = deploy(lent=True, **terms)
    deployed.perform("deposit", sender="bob", asset=ETH, amount=ETH.amount(20))
    deployed.perform("trade", inner=(lend("supply_collateral", ETH.amount(20)), lend("borrow", USDC.amount(10_000))))
    return deployed


def test_collateral_and_debt_are_the_vaults() -> None:
    deployed = leveraged(block_ns=DAY_NS, guards=replace(LOOSE, maximum_slippage_ppm=0, budget_ppm=0))
    view = deployed.vault.published(deployed.world.clock.now_ns)
    assert (dict(view.collateral), dict(view.holdings)) == ({ETH: ETH.amount(20)}, {USDC: USDC.amount(10_000)})
    assert (view.debt, view.nav) == (USDC.amount(10_000), USDC.amount(40_000))
    assert deployed.market.claims(deployed.world.ledger)["vault"] == {ETH: ETH.amount(20), USDC: -USDC.amount(10_000)}
    pause(deployed.world, 365 * DAY_NS)
    late = deployed.vault.published(deployed.world.clock.now_ns)
    assert late.debt > view.debt
    assert late.nav == USDC.amount(50_000) - late.debt


def test_a_redeemer_pays_its_part_of_the_debt_and_takes_its_part_of_the_collateral() -> None:
    deployed = leveraged()
    shares = deployed.balance(deployed.vault.share_asset, "bob")
    wanted = call("redeem", shares=shares // 4)
    before = wallet(deployed, "bob")
    quoted = deployed.vault.quote(wanted, now_ns=next_instant_ns(deployed.world, deployed.vault))
    outcome = perform(deployed.world, deployed.vault, wanted, sender="bob")
    assert outcome == quoted
    assert outcome.details["debt_paid"] == pytest.approx(USDC.amount(2_500), abs=2)
    assert outcome.output == 0
    assert outcome.details["ETH"] == ETH.amount(5) - ETH.amount(5) // (4 * 10**10) == pytest.approx(ETH.amount(5))
    paid = before[USDC] - deployed.balance(USDC, "bob")
    assert 0 <= paid <= 2
    assert set(deployed.world.conservation().values()) == {0}


def test_a_redeemer_without_the_money_for_its_part_of_the_debt_is_refused() -> None:
    deployed = leveraged()
    deployed.perform(
        "trade", inner=(Call("pool", "swap_exact_in", {"asset_in": USDC, "amount_in": AllOf(USDC), "minimum_out": 0}),)
    )
    share, world = deployed.vault.share_asset, deployed.world
    bob, poor = Account("bob", "chain"), Account("poor", "chain")
    world.ledger.transfer(share, bob, poor, deployed.balance(share, "bob"))
    world.ledger.journal.commit()
    shares = deployed.balance(share, "poor")
    before = state_of(world, deployed.vault)
    assert isinstance(deployed.attempt("redeem", sender="poor", shares=shares), InsufficientFunds)
    assert state_of(world, deployed.vault) == before
    world.endow("poor", "chain", USDC, USDC.amount(10_001))
    got = deployed.perform("redeem", sender="poor", shares=shares)
    assert got.details["debt_paid"] == pytest.approx(USDC.amount(10_000), abs=2)
    assert got.details["ETH"] == pytest.approx(ETH.amount(20), rel=1e-9)


@settings(max_examples=25)
@given(parts=st.lists(st.integers(1, 99), min_size=1, max_size=4), days=st.integers(0, 400))
def test_redeeming_piece_by_piece_never_takes_more_than_a_due_part(parts: list[int], days: int) -> None:
    """Of everything there is, debts included, exactly; the last redeemer clears the debt."""
    deployed = leveraged(block_ns=DAY_NS)
    share, market, world = deployed.vault.share_asset, deployed.market, deployed.world
    for percent in (*parts, 100):
        pause(world, days * DAY_NS)
        held = deployed.balance(share, "bob")
        now_s = next_instant_ns(world, deployed.vault) // 10**9
        part = Fraction(held * percent // 100, held + 10**12)
        collateral, debt = market.position("vault", now_s)
        got = deployed.perform("redeem", sender="bob", shares=held * percent // 100)
        assert got.details["ETH"] <= part * collateral
        assert part * debt <= got.details["debt_paid"] <= part * debt + 1
    collateral, debt = market.position("vault", now_s)
    assert collateral <= 10**12
    assert debt <= 2


def test_a_debt_of_one_unit_is_cleared_by_its_shares() -> None:
    deployed = deploy(lent=True)
    deployed.perform("deposit", sender="bob", asset=ETH, amount=ETH.amount(20))
    deployed.perform("trade", inner=(lend("supply_collateral", ETH.amount(1)), lend("borrow", 1)))
    shares = deployed.balance(deployed.vault.share_asset, "bob")
    assert deployed.perform("redeem", sender="bob", shares=shares // 3).details["debt_paid"] == 1
    assert deployed.market.position("vault", deployed.world.clock.now_ns // 10**9)[1] == 0
    assert deployed.perform("redeem", sender="bob", shares=shares // 3).details["debt_paid"] == 0


def test_who_owns_what_sums_to_what_there_is() -> None:
    deployed = leveraged(custody_cap_ppm=500_000)
    deployed.perform("send_to_custody", asset=USDC, amount=USDC.amount(1_000))
    held = holdings(deployed.world)
    ledger = deployed.world.ledger
    for asset in (BTC, ETH, USDC):
        owned = sum(amount for (owner, one), amount in held.items() if one == asset and owner != BURNT)
        assert owned == sum(amount for _, amount in ledger.holders(asset))
    part = Fraction(deployed.vault.supply, deployed.vault.supply + 10**12)
    # The debt and the collateral are the vault's in the market, and so those of who holds its only shares.
    free = 10**9 * 10**6 + math.floor(USDC.amount(9_000) * part)
    assert held["bob", USDC] == pytest.approx(free - USDC.amount(10_000), abs=2)
    assert held["bob", ETH] >= ETH.amount(20)
    assert held["vault", ETH] == 0
    assert abs(held["vault", USDC]) <= 2


def test_a_liquidated_vault_is_worth_less_and_still_redeems() -> None:
    deployed = deploy(lent=True)
    deployed.perform("deposit", sender="bob", asset=ETH, amount=ETH.amount(20))
    deployed.perform("trade", inner=(lend("supply_collateral", ETH.amount(20)), lend("borrow", USDC.amount(30_000))))
    deployed.report(ETH, 1_700.0)
    seizing = Call("lending", "liquidate", {"borrower": "vault", "seized": ETH.amount(10)})
    perform(deployed.world, deployed.market, seizing, sender="carol")
    view = deployed.vault.published(deployed.world.clock.now_ns)
    assert view.collateral[ETH] == ETH.amount(10)
    assert view.nav is not None
    assert view.nav == pytest.approx(USDC.amount(10 * 1_700 + 30_000) - view.debt, abs=1)
    assert view.nav == pytest.approx(USDC.amount(33_286), rel=1e-4)
    got = deployed.perform("redeem", sender="bob", shares=deployed.balance(deployed.vault.share_asset, "bob"))
    assert got.details["ETH"] == pytest.approx(ETH.amount(10), rel=1e-9)
    assert set(deployed.world.conservation().values()) == {0}


def test_what_is_lent_without_a_listed_market_counts_as_lost() -> None:
    deployed = invested(guards=replace(LOOSE, maximum_slippage_ppm=500_000))
    refused = deployed.attempt("trade", inner=(Call("lending", "supply", {"amount": USDC.amount(10)}),))
    assert isinstance(refused, SlippageAboveGuard)


def test_a_leveraged_trade_gives_cash_and_gets_the_asset() -> None:
    deployed = deploy(guards=replace(LOOSE, maximum_trade_ppm=100_000), lent=True)
    deployed.perform("deposit", sender="bob", asset=ETH, amount=ETH.amount(20))
    deployed.perform("deposit", sender="bob", asset=BTC, amount=BTC.amount(1))
    outcome = deployed.perform(
        "trade",
        inner=(
            lend("supply_collateral", ETH.amount(20)),
            lend("borrow", USDC.amount(6_000)),
            swap(USDC, 6_000 * 10**6),
        ),
    )
    assert outcome.details["given"] == USDC.amount(6_000)
    assert outcome.details["loss"] == pytest.approx(USDC.amount(6_000) * 0.0033, rel=0.02)


# --- fees -------------------------------------------------------------------------------------------------------


@settings(max_examples=20)
@given(fee_ppm=st.integers(1, 500_000), days=st.lists(st.integers(1, 200), min_size=1, max_size=3))
def test_the_management_fee_follows_its_formula(fee_ppm: int, days: list[int]) -> None:
    deployed = invested(block_ns=DAY_NS, management_fee_ppm=fee_ppm, fee_recipient="treasury")
    supply, since_ns = deployed.vault.supply, deployed.world.clock.now_ns
    for each in days:
        pause(deployed.world, each * DAY_NS)
        minted = deployed.perform("accrue").output
        now_ns = deployed.world.clock.now_ns
        part = Fraction(fee_ppm * (now_ns // 10**9 - since_ns // 10**9), 10**6 * 365 * 86_400)
        assert minted == math.floor(supply * part / (1 - part))
        supply, since_ns = supply + minted, now_ns
    assert deployed.vault.supply == supply
    treasury = deployed.balance(deployed.vault.share_asset, "treasury")
    assert deployed.balance(deployed.vault.share_asset, "bob") + treasury == supply
    assert deployed.perform("redeem", sender="treasury", shares=treasury).output > 0


def test_the_performance_fee_is_due_above_the_high_water_mark_alone() -> None:
    deployed = invested(performance_fee_ppm=200_000, fee_recipient="treasury")
    share = deployed.vault.share_asset

    def fee_at(price: float) -> Fraction:
        """Value of the shares minted when BTC has that price."""
        deployed.report(BTC, price)
        nav = 100_000 * 10**6 + 5 * round(price * 10**6)
        return deployed.perform("accrue").output * Fraction(nav + 1, deployed.vault.supply + 10**12)

    assert fee_at(20_000.0) == fee_at(10_000.0) == 0
    # Bob's 200000 have become 250000: a fifth of the rise is the fee, and 240000 the mark.
    assert fee_at(30_000.0) == pytest.approx(USDC.amount(10_000), abs=2)
    assert fee_at(30_000.0) == fee_at(25_000.0) == fee_at(29_000.0) == 0
    # All shares, the fee's too, rise from 250000 to 300000 together.
    assert fee_at(40_000.0) == pytest.approx(USDC.amount(10_000), abs=2)
    assert deployed.balance(share, "bob") == 200_000 * 10**18


def test_a_donation_before_the_first_deposit_is_no_performance() -> None:
    deployed = deploy(performance_fee_ppm=200_000, fee_recipient="treasury")
    deployed.donate(USDC, USDC.amount(1_000))
    deployed.perform("deposit", sender="bob", asset=USDC, amount=USDC.amount(1_000))
    assert deployed.perform("accrue").output == 0


def test_a_redemption_without_fresh_prices_leaves_the_performance_fee_for_later() -> None:
    deployed = invested(
        guards=replace(LOOSE, maximum_price_age_s=600), performance_fee_ppm=200_000, fee_recipient="treasury"
    )
    deployed.report(BTC, 30_000.0)
    pause(deployed.world, 3_600 * 10**9)
    deployed.perform("redeem", sender="bob", shares=10**18)
    assert deployed.vault.claims(deployed.world.ledger).keys() == {"bob"}
    deployed.report(BTC, 30_000.0)
    deployed.perform("redeem", sender="bob", shares=10**18)
    assert deployed.vault.claims(deployed.world.ledger).keys() == {"bob", "treasury"}


# --- construction -----------------------------------------------------------------------------------------------


def test_labels_name_custody_where_there_may_be_any() -> None:
    assert len(deploy().vault.labels) == 1
    [_, custody] = deploy(custody_cap_ppm=250_000).vault.labels
    assert "25%" in custody
    assert "executor" in custody


@pytest.mark.parametrize(
    "terms",
    [
        {"venues": ("chain custody",)},
        {"venues": ("vault",)},
        {"custody_cap_ppm": 10**6 + 1},
        {"custody_cap_ppm": 0.1},
        {"management_fee_ppm": 500_001, "fee_recipient": "treasury"},
        {"performance_fee_ppm": 10**6, "fee_recipient": "treasury"},
        {"performance_fee_ppm": -1, "fee_recipient": "treasury"},
        {"management_fee_ppm": 1},
        {"numeraire": BTC},
        {"numeraire": ETH},
        {"numeraire": Asset("DAI", 18)},
    ],
)
def test_terms_that_make_no_sense(terms: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="vault: "):
        deploy(**terms)


def test_a_market_of_another_pair_is_none_to_borrow_from() -> None:
    deployed = deploy()
    with pytest.raises(ValueError, match="lending must lend USDC against BTC"):
        deploy(lending={BTC: deployed.market})


def test_a_redemption_declares_what_its_lending_markets_use() -> None:
    assert deploy().vault.inner_gas("redeem") == 0
    vault = deploy(lent=True).vault
    assert vault.inner_gas("redeem") > vault.gas("redeem")
    assert vault.inner_gas("deposit") == 0
