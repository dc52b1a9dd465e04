"""Who owns what: every base unit has one owner, and what one won another lost."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest
from tests.agents.laws import AGENT, ETH, GWEI, USDC, SmallMarket, rows, wave

from shoal.experiments.accounts import holdings, record_results
from shoal.sim.agent import Agent, Process
from shoal.sim.calls import Call
from shoal.sim.hosts.chain import BURNT
from shoal.sim.units import Account, Asset

PRICES = {"ETH": 2_000.0, "USDC": 1.0}


class Busy(Agent):
    """Rests an order, provides liquidity, trades everywhere, and has money in flight at the end."""

    def run(self) -> Process:
        price = 1_900 * 10**6
        yield self.send(Call("book", "limit", {"side": +1, "quantity": ETH.amount("3"), "price": price}))
        yield self.sleep(10**9)
        yield self.send(Call("book", "market", {"side": -1, "quantity": ETH.amount("1")}))
        swap = {"asset_in": USDC, "amount_in": USDC.amount("500"), "minimum_out": 0}
        yield self.send(Call("outside", "swap_exact_in", swap))
        deposit = Call("pool", "add_liquidity", {"amount_base": ETH.amount("2"), "amount_quote": USDC.amount("9000")})
        for call in (deposit, Call("pool", "swap_exact_in", swap)):
            yield self.transact("chain", call, max_fee_wei=10 * GWEI, max_tip_wei=GWEI)
        while True:
            yield self.send(self.withdraw("exchange", USDC, USDC.amount("5"), to="abroad"))
            yield self.sleep(10**9)


def busy_market(seconds: float = 100) -> SmallMarket:
    market = SmallMarket(wave(200))
    market.fund()
    Busy(market.world, AGENT, place="home")
    market.run(seconds)
    return market


def totals(held: Any) -> dict[Asset, int]:
    sums: dict[Asset, int] = defaultdict(int)
    for (_, asset), amount in held.items():
        sums[asset] += amount
    return dict(sums)


@pytest.mark.parametrize("seconds", [1e-9, 3, 30, 100])
def test_holdings_sum_to_what_was_minted(seconds: float) -> None:
    world = busy_market(seconds).world
    sums = totals(holdings(world))
    assert set(sums) == {ETH, USDC}
    for asset, amount in sums.items():
        assert amount == world.ledger.minted(asset)
        assert amount == sum(given for (_, one), given in world.endowments.items() if one == asset)


def test_escrow_shares_and_money_in_flight_are_their_owners() -> None:
    market = busy_market()
    world, held = market.world, holdings(market.world)
    free = sum(world.ledger.balance(USDC, Account(AGENT, host)) for host in ("exchange", "abroad", "chain"))
    in_flight = world.ledger.balance(USDC, Account(AGENT, "transit"))
    escrow = market.book.reserved(Account(AGENT, "exchange"))[USDC]
    share = market.pool.claims(world.ledger)[AGENT][USDC]
    assert min(free, in_flight, escrow, share) > 0
    assert held[AGENT, USDC] == free + in_flight + escrow + share
    assert held["book", USDC] == 0
    # What no share of the pool rounds to.
    assert 0 <= held["pool", USDC] < 3


def test_a_share_is_no_holding_and_burnt_gas_is_one() -> None:
    market = busy_market()
    held = holdings(market.world)
    assert market.pool.liquidity_asset in market.world.ledger.assets
    assert market.pool.liquidity_asset not in {asset for _, asset in held}
    assert held[BURNT, ETH] == market.world.ledger.burned(ETH) > 0
    assert held[BURNT, USDC] == 0


def test_results_sum_to_zero_in_every_asset() -> None:
    world = busy_market().world
    after = holdings(world)
    record_results(world, world.endowments, after, kinds={AGENT: "Busy"}, start_prices=PRICES, end_prices=PRICES)
    found = rows(world, "agents")
    sums: dict[str, int] = defaultdict(int)
    for row in found:
        assert row["end_raw"] - row["start_raw"] == row["change_raw"]
        sums[row["asset"]] += int(row["change_raw"])
    assert sums == {"ETH": 0, "USDC": 0}
    mine = [row for row in found if row["owner"] == AGENT]
    assert [row["kind"] for row in mine] == ["Busy", "Busy"]
    assert {row["asset"]: int(row["end_raw"]) for row in mine} == {"ETH": after[AGENT, ETH], "USDC": after[AGENT, USDC]}
    assert all(row["start_raw"] or row["end_raw"] for row in found)


def test_who_is_named_and_holds_nothing_has_one_row() -> None:
    world = SmallMarket([]).world
    before = {("fund", ETH): 0, ("fund", USDC): 0, ("nobody", ETH): 0}
    record_results(world, before, {}, kinds={"fund": "Vault"}, start_prices=PRICES, end_prices=PRICES)
    assert [(row["owner"], row["kind"], row["change_raw"]) for row in rows(world, "agents")] == [("fund", "Vault", 0)]


def test_the_change_in_value_is_each_moment_at_its_own_prices() -> None:
    world = SmallMarket([]).world
    before, after = {("anna", ETH): ETH.amount("2"), ("ben", ETH): 0}, {("anna", ETH): ETH.amount("1.5")}
    later = {"ETH": 3_000.0, "USDC": 1.0}
    record_results(world, before, after, kinds={}, start_prices=PRICES, end_prices=later)
    (row,) = rows(world, "agents")
    assert (row["owner"], row["kind"], row["asset"]) == ("anna", "anna", "ETH")
    assert (row["start_tokens"], row["end_tokens"], row["change_tokens"]) == (2.0, 1.5, -0.5)
    assert (row["start_price"], row["end_price"]) == (2_000.0, 3_000.0)
    assert row["value_change_quote_tokens"] == 1.5 * 3_000.0 - 2 * 2_000.0
