"""Vaults of the study: one contract, one depositor and one executor for each policy."""

from typing import Any, cast

import pytest
from tests.experiments.market.stage import Stage, stage

from shoal.agents.depositor import Depositor
from shoal.agents.vaults.execution.at_once import AtOnce
from shoal.agents.vaults.execution.leveraged import Leveraged
from shoal.agents.vaults.execution.sliced import Sliced
from shoal.agents.vaults.executor import VaultExecutor
from shoal.agents.vaults.log import RebalanceLog
from shoal.experiments.market.credit import add_lending
from shoal.experiments.market.loop_parameters import POLICIES, ExecutionGroup, LendingGroup, VaultGroup
from shoal.experiments.market.parameters import GasGroup
from shoal.experiments.market.vaults import add_vaults, executor_name, vault_name, watched_vaults
from shoal.experiments.study import Amount
from shoal.venues.vault.vault import Vault


def filled(*, capital: str = "10000000", rebalance: bool = True, **changes: Any) -> tuple[Stage, dict[str, str]]:
    one, gas = stage(), GasGroup()
    vaults = VaultGroup(capital_quote_tokens=Amount(capital), rebalance=rebalance)
    execution = ExecutionGroup(**changes)
    lending = {pair.base: add_lending(one.world, pair, LendingGroup(), gas=gas) for pair in one.pairs}
    log = RebalanceLog(one.world, lambda asset: None)
    return one, add_vaults(one.world, one.pairs, lending, log, vaults=vaults, execution=execution, gas=gas)


def executor(one: Stage, policy: str) -> VaultExecutor:
    return cast(VaultExecutor, one.world.agents[executor_name(policy)])


def test_each_policy_has_a_contract_a_depositor_and_an_executor() -> None:
    one, managers = filled()
    assert managers == {f"{policy}-vault": f"{policy} executor" for policy in POLICIES}
    for policy in POLICIES:
        assert isinstance(one.world.venues[vault_name(policy)], Vault)
        assert isinstance(one.world.agents[f"{policy} depositor"], Depositor)
        assert one.world.host_of[vault_name(policy)] is one.hosts.chain


@pytest.mark.parametrize("policy", POLICIES)
def test_what_depositors_bring_is_worth_the_capital(policy: str) -> None:
    one, _ = filled(capital="600000")
    worth = 0.0
    depositor = cast(Depositor, one.world.agents[f"{policy} depositor"])
    prices = {pair.base: pair.price for pair in one.pairs}
    for asset, amount in depositor.amounts.items():
        worth += asset.tokens(amount) * prices.get(asset, 1.0)
        assert one.world.endowments[depositor.name, asset] >= amount
    assert worth == pytest.approx(600_000, abs=0.01)


def test_only_the_leveraged_vault_borrows_and_it_holds_one_asset() -> None:
    one, _ = filled()
    for policy in POLICIES:
        contract = cast(Vault, one.world.venues[vault_name(policy)])
        assert len(contract.lending) == (1 if policy == "leverage" else 0)
        assert len(contract.oracles) == (1 if policy == "leverage" else 2)


@pytest.mark.parametrize(("form", "kind"), [("at once", AtOnce), ("sliced", Sliced)])
def test_the_form_of_execution_is_as_asked_for(form: str, kind: type) -> None:
    one, _ = filled(form=form)
    assert isinstance(executor(one, "threshold").execution, kind)
    assert isinstance(executor(one, "leverage").execution, Leveraged)


@pytest.mark.parametrize("rebalance", [False, True])
def test_the_control_has_no_ripcord(rebalance: bool) -> None:
    one, _ = filled(rebalance=rebalance)
    hops = executor(one, "leverage").execution
    assert isinstance(hops, Leveraged)
    assert (hops.ripcord is not None) is rebalance


@pytest.mark.parametrize("private", [False, True])
def test_private_vaults_send_to_the_builder(private: bool) -> None:
    one, _ = filled(private=private)
    assert {executor(one, policy).builder for policy in POLICIES} == {"builder" if private else None}


def test_the_observer_watches_every_vault_and_sees_nothing_before_it_holds_anything() -> None:
    one, _ = filled()
    log = RebalanceLog(one.world, lambda asset: None)
    watched = watched_vaults(one.world, log, VaultGroup())
    assert [each.vault for each in watched] == [vault_name(policy) for policy in POLICIES]
    assert all(each.twin_nav() != each.twin_nav() for each in watched)
    assert all(not each.target() for each in watched)
