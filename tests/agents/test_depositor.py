from typing import Any

import pytest
from tests.agents.laws import AGENT, ETH, GAS, SECOND_NS, USDC, AgentLaws, SmallMarket, calls_of, flat
from tests.agents.vaults.market import add_vault

from shoal.agents.depositor import Depositor
from shoal.sim.agent import Agent
from shoal.sim.errors import AgentFailed
from shoal.sim.units import Account
from shoal.sim.world import World

AMOUNTS = {ETH: ETH.amount(10), USDC: USDC.amount(20_000)}


def make(world: World, **changes: Any) -> Depositor:
    add_vault(world, manager="nobody", deposit={})
    parameters: dict[str, Any] = {"place": "home", "vault": "vault", "amounts": AMOUNTS, "gas": GAS, **changes}
    return Depositor(world, AGENT, **parameters)


class TestDepositor(AgentLaws):
    def make(self, world: World) -> Agent:
        return make(world, redeem_after_ns=200 * SECOND_NS)


def deposited(prices: list[float], **changes: Any) -> tuple[SmallMarket, Depositor]:
    market = SmallMarket(prices)
    market.fund()
    agent = make(market.world, **changes)
    market.run()
    return market, agent


def shares_of(market: SmallMarket) -> int:
    vault: Any = market.world.venues["vault"]
    return market.world.ledger.balance(vault.share_asset, Account(AGENT, "chain"))


def test_it_deposits_once_when_the_oracle_has_an_answer() -> None:
    market, agent = deposited(flat())
    assert [(row["verb"], row["result"]) for row in calls_of(market.world)] == [("deposit", "ok")] * 2
    assert agent.shares == shares_of(market) > 0
    # The first share costs a token.
    assert agent.shares / 1e18 == pytest.approx(40_000)


def test_it_waits_for_an_oracle_that_never_answers() -> None:
    market, agent = deposited([])
    assert calls_of(market.world) == []
    assert agent.shares == 0


def test_it_redeems_a_part_at_its_time() -> None:
    market, agent = deposited(flat(), redeem_after_ns=200 * SECOND_NS, redeemed_share=0.25)
    [redeemed] = [row for row in calls_of(market.world) if row["verb"] == "redeem"]
    assert redeemed["sent_ns"] - market.world.agents[AGENT].now_ns <= -100 * SECOND_NS
    assert agent.shares == shares_of(market)
    assert agent.shares / 1e18 == pytest.approx(30_000)


def test_it_redeems_all_of_a_number_that_no_float_holds() -> None:
    odd = {ETH: 3_333_333_333_333_333_333, USDC: 12_345_678_901}
    market, agent = deposited(flat(), redeem_after_ns=200 * SECOND_NS, amounts=odd)
    assert [row["result"] for row in calls_of(market.world) if row["verb"] == "redeem"] == ["ok"]
    assert agent.shares == shares_of(market) == 0


def test_it_waits_until_it_has_the_money() -> None:
    market = SmallMarket(flat())
    market.world.endow(AGENT, "chain", ETH, ETH.amount(20))
    market.world.endow(AGENT, "exchange", USDC, 2 * AMOUNTS[USDC])
    agent = make(market.world)
    market.run(100)
    assert agent.shares == 0
    agent.post(agent.withdraw("exchange", USDC, 2 * AMOUNTS[USDC], to="chain"))
    market.run(200)
    assert agent.shares > 0
    assert [row["result"] for row in calls_of(market.world)] == ["ok"] * (1 + len(AMOUNTS))


def test_parameters_out_of_range() -> None:
    for changes, words in (
        ({"amounts": {}}, "amounts is empty"),
        ({"amounts": {ETH: 0}}, "amount of ETH"),
        ({"redeemed_share": 1.5}, "redeemed_share"),
        ({"redeem_after_ns": 0}, "redeem_after_ns"),
    ):
        with pytest.raises(ValueError, match=words):
            make(SmallMarket([]).world, **changes)


def test_a_vault_that_is_not_there() -> None:
    market = SmallMarket([])
    make(market.world, vault="pool")
    with pytest.raises(AgentFailed, match="'pool' is no vault"):
        market.run(1)
