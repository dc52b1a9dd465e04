"""Policies of vaults by name."""

from dataclasses import replace

import pytest

from shoal.agents.vaults.portfolio import Portfolio
from shoal.experiments.market.loop_parameters import LEVERAGE, POLICIES, VaultGroup
from shoal.experiments.market.policies import Policy, held_weights, make_policy
from shoal.sim.units import Asset

BTC, ETH = Asset("BTC", 8), Asset("ETH", 18)
BOTH = (BTC, ETH)
MINUTE_NS = 60 * 10**9
START = {BTC: 30_000.0, ETH: 2_000.0}
CAPITAL = 1_000_000.0


def assets_of(name: str) -> tuple[Asset, ...]:
    return (BTC,) if name == LEVERAGE else BOTH


def moves(name: str, policy: Policy, vaults: VaultGroup, *, minutes: int = 180) -> list[str]:
    """Reasons of the moves of a vault that trades free at prices that fall by a half, more and more nervously."""
    assets = assets_of(name)
    weights = held_weights(name, assets, vaults)
    holdings = {asset: CAPITAL * weights[asset] / START[asset] for asset in assets}
    cash, reasons = CAPITAL * (1.0 - sum(weights.values())), []
    for minute in range(minutes):
        shake = 1.0 + (minute / 60_000.0 if minute % 2 else 0.0)
        prices = {asset: START[asset] * (1.0 - 0.5 * minute / minutes) * shake for asset in assets}
        portfolio = Portfolio(minute * MINUTE_NS, prices, holdings, cash)
        policy.target.observe(portfolio.now_ns, prices)
        wanted = policy.target.weights(portfolio)
        move = None if wanted is None else policy.trigger.destination(portfolio, wanted)
        if move is not None:
            reasons.append(move.reason)
            nav = portfolio.nav
            holdings = holdings | {asset: nav * weight / prices[asset] for asset, weight in move.weights.items()}
            cash = nav - sum(holdings[asset] * prices[asset] for asset in assets)
            policy.trigger.fired(portfolio.now_ns)
    return reasons


@pytest.mark.parametrize("name", [name for name in POLICIES if name != "hold"])
def test_every_policy_moves_when_prices_fall_by_half(name: str) -> None:
    vaults = VaultGroup(calendar_minutes=30.0)
    reasons = moves(name, make_policy(name, assets_of(name), vaults), vaults)
    assert reasons
    assert all(reasons)


def test_who_holds_never_moves() -> None:
    assert moves("hold", make_policy("hold", BOTH, VaultGroup()), VaultGroup()) == []


@pytest.mark.parametrize("name", POLICIES)
def test_without_rebalancing_only_leverage_is_built_up_and_once(name: str) -> None:
    vaults = VaultGroup(calendar_minutes=30.0, rebalance=False)
    reasons = moves(name, make_policy(name, assets_of(name), vaults), vaults)
    assert len(reasons) == (1 if name == LEVERAGE else 0)


@pytest.mark.parametrize("name", POLICIES)
def test_who_follows_the_same_policy_has_a_memory_of_its_own(name: str) -> None:
    first, second = (make_policy(name, assets_of(name), VaultGroup()) for _ in range(2))
    assert first.target is not second.target
    assert first.trigger is not second.trigger


def test_dates_are_the_same_for_everybody_whenever_they_first_look() -> None:
    """Who looks every 60 s from the start on, and who first looks 7 s later, agree on when the next date is."""
    policies = [make_policy("calendar", BOTH, VaultGroup(calendar_minutes=30.0)) for _ in range(2)]

    def asks(policy: Policy, now_ns: int) -> bool:
        return policy.trigger.destination(Portfolio(now_ns, START, {}, cash=1.0), {}) is not None

    for policy, first_ns in zip(policies, (0, 7 * 10**9), strict=True):
        assert asks(policy, first_ns)
        policy.trigger.fired(first_ns)
    assert [asks(policy, 30 * MINUTE_NS - 1) for policy in policies] == [False, False]
    assert [asks(policy, 30 * MINUTE_NS) for policy in policies] == [True, True]


def test_an_unknown_policy_is_nobodys() -> None:
    with pytest.raises(KeyError, match="momentum"):
        make_policy("momentum", BOTH, VaultGroup())


@pytest.mark.parametrize("name", POLICIES)
def test_depositors_bring_the_weights_that_policies_begin_with(name: str) -> None:
    vaults = VaultGroup(exposure=0.5)
    held = held_weights(name, BOTH, vaults)
    assert dict(held) == ({BTC: 1.0} if name == LEVERAGE else {BTC: 0.25, ETH: 0.25})


@pytest.mark.parametrize("name", ["calendar", "threshold", "volatility-weighted", "hold"])
def test_at_the_start_fixed_weights_are_held_already(name: str) -> None:
    vaults = VaultGroup()
    policy = make_policy(name, BOTH, vaults)
    weights = held_weights(name, BOTH, vaults)
    portfolio = Portfolio(0, START, {asset: weights[asset] * CAPITAL / START[asset] for asset in BOTH}, 0.4 * CAPITAL)
    policy.target.observe(0, START)
    wanted = policy.target.weights(portfolio)
    assert wanted == pytest.approx(weights)
    # By the calendar it is a date, and nothing is to be traded.
    assert name == "calendar" or policy.trigger.destination(portfolio, weights) is None


def test_cppi_begins_with_its_multiple_of_the_cushion() -> None:
    vaults = replace(VaultGroup(), multiplier=3.0, floor=0.8)
    policy = make_policy("CPPI", BOTH, vaults)
    portfolio = Portfolio(0, START, {}, CAPITAL)
    policy.target.observe(0, START)
    assert sum((policy.target.weights(portfolio) or {}).values()) == pytest.approx(0.6)
