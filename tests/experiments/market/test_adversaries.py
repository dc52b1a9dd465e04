"""Adversaries of the study: how many, whom they watch, and what they know."""

from typing import Any

import pytest
from tests.experiments.market.stage import Stage, stage

from shoal.agents.anticipator import Anticipator
from shoal.agents.sandwicher import Sandwicher
from shoal.experiments.market.adversaries import ANTICIPATED, add_anticipators, add_sandwichers
from shoal.experiments.market.loop_parameters import POLICIES, AnticipationGroup, SandwichGroup, VaultGroup
from shoal.experiments.market.parameters import GasGroup
from shoal.sim.units import Asset

GAS = GasGroup()


def sandwichers(**changes: Any) -> tuple[Stage, list[Sandwicher]]:
    one = stage()
    names = add_sandwichers(one.world, one.pairs, SandwichGroup(**changes), gas=GAS)
    found = [agent for agent in one.world.agents.values() if isinstance(agent, Sandwicher)]
    assert [each.name for each in found] == list(names)
    return one, found


def anticipators(policies: tuple[str, ...] = POLICIES, **changes: Any) -> tuple[Stage, list[Anticipator]]:
    one = stage()
    anticipation, vaults = AnticipationGroup(**changes), VaultGroup(policies=policies)
    names = add_anticipators(one.world, one.pairs, anticipation, vaults=vaults, gas=GAS)
    found = [agent for agent in one.world.agents.values() if isinstance(agent, Anticipator)]
    assert [each.name for each in found] == list(names)
    return one, found


def test_each_next_sandwicher_bids_more_and_all_watch_every_pool() -> None:
    one, found = sandwichers(searchers=3)
    assert [each.bid_share for each in found] == pytest.approx([0.8, 0.82, 0.84])
    assert {each.pools for each in found} == {("BTC-pool", "ETH-pool")}
    assert one.world.endowments["sandwicher 0", Asset("USDC", 6)] == 5_000_000 * 10**6
    assert max(each.bid_share for each in sandwichers(searchers=30)[1]) == 1.0


@pytest.mark.parametrize("attack", [True, False])
def test_sandwichers_can_be_switched_off(attack: bool) -> None:
    assert [each.active for each in sandwichers(attack=attack)[1]] == [attack] * 2


def test_there_is_an_anticipator_for_every_public_rule() -> None:
    _, found = anticipators()
    assert {each.vault for each in found} == {f"{policy}-vault" for policy in ANTICIPATED}
    assert set(POLICIES) - set(ANTICIPATED) == {"leverage", "hold"}


def test_vaults_that_are_not_there_are_not_anticipated() -> None:
    assert [each.name for each in anticipators(("CPPI", "hold"))[1]] == ["CPPI anticipator"]


def test_they_know_the_rule_or_learn_it() -> None:
    assert {each.learned for each in anticipators()[1]} == {None}
    assert all(each.learned is not None for each in anticipators(learn=True)[1])


@pytest.mark.parametrize("anticipate", [True, False])
def test_anticipators_can_be_switched_off(anticipate: bool) -> None:
    assert {each.active for each in anticipators(anticipate=anticipate)[1]} == {anticipate}


def test_those_who_know_a_rule_have_a_memory_of_their_own() -> None:
    _, found = anticipators()
    assert len({id(each.trigger) for each in found}) == len(found)
