from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.agents.laws import AGENT, ETH, GAS, SECOND_NS, USDC, SmallMarket, flat, rows

from shoal.agents.rebalancing import Rebalancer, Rebalancing
from shoal.agents.trader import Trader
from shoal.sim.agent import Process
from shoal.sim.units import Account
from shoal.sim.world import World


class Mover(Trader):
    """Does nothing but keep its hosts supplied."""

    def __init__(self, world: World, hosts: tuple[str, ...], terms: Rebalancing | None) -> None:
        super().__init__(world, AGENT, place="home", gas=GAS)
        self.hosts, self.terms = hosts, terms

    def run(self) -> Process:
        for host in self.hosts:
            self.statement(host)
        rebalancer = Rebalancer(self, self.terms, hosts=self.hosts, assets=(ETH, USDC))
        while True:
            yield self.sleep(SECOND_NS)
            yield from rebalancer.run()


@given(st.integers(0, 10**24), st.integers(0, 10**24), st.floats(0.0, 0.5))
def test_a_move_makes_both_equal_or_is_not_made(here: int, there: int, skew: float) -> None:
    amount = Rebalancing(interval_ns=1, skew=skew).move(here, there)
    if amount:
        assert abs((here - amount) - (there + amount)) <= 1
        assert min(here, there) < skew * (here + there)
    else:
        assert min(here, there) >= skew * (here + there) or abs(here - there) <= 1


def test_money_goes_from_where_most_is_to_where_least_is_and_not_twice() -> None:
    market = SmallMarket(flat())
    market.world.endow(AGENT, "abroad", USDC, USDC.amount(900))
    market.world.endow(AGENT, "exchange", USDC, USDC.amount(500))
    market.world.endow(AGENT, "chain", USDC, USDC.amount(100))
    market.world.endow(AGENT, "chain", ETH, ETH.amount(1))
    Mover(market.world, ("exchange", "abroad", "chain"), Rebalancing(interval_ns=100 * SECOND_NS, skew=0.4))
    market.run(99)
    departed = [row for row in rows(market.world, "transfers") if row["stage"] == "departed" and row["asset"] == "USDC"]
    assert [(row["source"], row["target"], int(row["raw"])) for row in departed] == [
        ("abroad", "chain", USDC.amount(400) - 1_000)
    ]
    assert market.world.ledger.balance(USDC, Account(AGENT, "chain")) == USDC.amount(500) - 1_000
    assert market.world.conservation() == dict.fromkeys(market.world.conservation(), 0)


def test_without_terms_or_a_second_host_nothing_moves() -> None:
    terms = Rebalancing(interval_ns=1, skew=0.5)
    for hosts, these in ((("exchange", "abroad"), None), (("exchange", "exchange"), terms)):
        market = SmallMarket(flat())
        market.world.endow(AGENT, "abroad", USDC, 100)
        Mover(market.world, hosts, these)
        market.run(60)
        assert not rows(market.world, "transfers")


def test_a_host_without_custody_is_named() -> None:
    market = SmallMarket(flat())
    mover = Mover(market.world, (), None)
    del market.world.venues["abroad custody"]
    with pytest.raises(ValueError, match="from abroad it needs a custody"):
        Rebalancer(mover, Rebalancing(interval_ns=1, skew=0.1), hosts=("exchange", "abroad"), assets=(ETH,))


@pytest.mark.parametrize("changes", [{"interval_ns": 0}, {"skew": 0.6}, {"skew": -0.1}])
def test_parameters_out_of_range_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="rebalancing"):
        Rebalancing(**{"interval_ns": 1, "skew": 0.1, **changes})
