"""Vaults on the chain: one contract, depositor and executor for each policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, cast

from shoal.agents.depositor import Depositor
from shoal.agents.vaults.execution.at_once import AtOnce
from shoal.agents.vaults.execution.leveraged import HopTerms, Leveraged, Ripcord
from shoal.agents.vaults.execution.several_hosts import SeveralHosts
from shoal.agents.vaults.execution.sliced import Sliced
from shoal.agents.vaults.executor import VaultExecutor
from shoal.agents.vaults.log import RebalanceLog
from shoal.agents.vaults.rebalance import Execution
from shoal.experiments.market.hosts import CHAIN, COLOCATED, INTERNET
from shoal.experiments.market.loop_parameters import LEVERAGE, ExecutionGroup, VaultGroup
from shoal.experiments.market.parameters import GasGroup
from shoal.experiments.market.policies import held_weights, make_policy
from shoal.experiments.market.population import endow_gas, gas_terms
from shoal.experiments.market.venues import Pair
from shoal.experiments.vault_observer import WatchedVault
from shoal.sim.units import NANOSECONDS_PER_SECOND, Asset
from shoal.sim.world import World
from shoal.venues.credit.lending_market import LendingMarket
from shoal.venues.vault.guards import Guards
from shoal.venues.vault.vault import Vault

_DAY_S: Final = 86_400
# Where leverage has run away, getting out matters more than the price.
_RIPCORD_SLIPPAGE: Final = 4
_RIPCORD_SIZE: Final = 2


def vault_name(policy: str) -> str:
    """The name of a policy's vault."""
    return f"{policy}-vault"


def executor_name(policy: str) -> str:
    """The owner name of a policy's executor."""
    return f"{policy} executor"


def add_vaults(
    world: World,
    pairs: Sequence[Pair],
    lending: Mapping[Asset, LendingMarket],
    log: RebalanceLog,
    *,
    vaults: VaultGroup,
    execution: ExecutionGroup,
    gas: GasGroup,
) -> dict[str, str]:
    """Add a vault for each policy; returns the executor of each by name of the vault."""
    for policy in vaults.policies:
        _add_contract(world, pairs, lending, policy, execution)
        _add_depositor(world, pairs, policy, vaults, gas)
        _add_executor(world, pairs, log, policy, vaults, execution, gas)
    return {vault_name(policy): executor_name(policy) for policy in vaults.policies}


def watched_vaults(world: World, log: RebalanceLog, vaults: VaultGroup) -> tuple[WatchedVault, ...]:
    """What the experimenter samples of each vault."""
    return tuple(_watched(world, log, policy) for policy in vaults.policies)


def _watched(world: World, log: RebalanceLog, policy: str) -> WatchedVault:
    vault, executor = vault_name(policy), cast(VaultExecutor, world.agents[executor_name(policy)])
    return WatchedVault(vault, policy, lambda: log.twin_nav(vault), lambda: executor.wanted)


def _add_contract(
    world: World, pairs: Sequence[Pair], lending: Mapping[Asset, LendingMarket], policy: str, execution: ExecutionGroup
) -> None:
    held = pairs[:1] if policy == LEVERAGE else pairs
    borrows = {pair.base: lending[pair.base] for pair in held} if policy == LEVERAGE else {}
    guards = Guards(
        maximum_slippage_ppm=execution.guard_slippage_ppm,
        maximum_trade_ppm=execution.guard_trade_ppm,
        maximum_price_age_s=execution.guard_age_s,
        budget_ppm=execution.budget_ppm,
        budget_period_s=round(execution.budget_days * _DAY_S),
        cool_off_s=0,
    )
    contract = Vault(
        vault_name(policy),
        numeraire=pairs[0].quote,
        oracles={pair.base: pair.oracle for pair in held},
        manager=executor_name(policy),
        guards=guards,
        venues=(*(name for pair in held for name in pair.pool_names), *(market.name for market in borrows.values())),
        custody_cap_ppm=execution.custody_ppm if _uses_exchange(policy, execution) else 0,
        lending=borrows,
    )
    world.hosts[CHAIN].add(contract)


def _add_depositor(world: World, pairs: Sequence[Pair], policy: str, vaults: VaultGroup, gas: GasGroup) -> None:
    """Somebody who brings the starting weights in kind, so that no vault begins with a purchase of all it holds."""
    name, quote = f"{policy} depositor", pairs[0].quote
    capital = quote.tokens(quote.amount(vaults.capital_quote_tokens))
    weights = held_weights(policy, [pair.base for pair in pairs], vaults)
    amounts = {
        pair.base: pair.base.floor(capital * weights[pair.base] / pair.price) for pair in pairs if pair.base in weights
    }
    cash = capital * (1.0 - sum(weights.values()))
    if quote.floor(cash) > 0:
        amounts[quote] = quote.floor(cash)
    for asset, amount in amounts.items():
        world.endow(name, CHAIN, asset, amount)
    endow_gas(world, name, gas.user_tokens)
    Depositor(world, name, place=INTERNET, vault=vault_name(policy), amounts=amounts, gas=gas_terms(gas))


def _add_executor(
    world: World,
    pairs: Sequence[Pair],
    log: RebalanceLog,
    policy: str,
    vaults: VaultGroup,
    execution: ExecutionGroup,
    gas: GasGroup,
) -> None:
    held = pairs[:1] if policy == LEVERAGE else pairs
    decides = make_policy(policy, [pair.base for pair in held], vaults)
    books = {pair.base: (pair.book.name,) if _uses_exchange(policy, execution) else () for pair in held}
    endow_gas(world, executor_name(policy), gas.arbitrageur_tokens)
    VaultExecutor(
        world,
        executor_name(policy),
        place=COLOCATED,
        vault=vault_name(policy),
        target=decides.target,
        trigger=decides.trigger,
        execution=_execution(policy, held[0].base, vaults, execution),
        prices={pair.base: pair.oracle.name for pair in held},
        markets={pair.base: (*pair.pool_names, *books[pair.base]) for pair in held},
        interval_ns=_ns(vaults.look_s),
        gas=gas_terms(gas),
        builder="builder" if execution.private else None,
        log=log,
        policy=policy,
    )


def _uses_exchange(policy: str, execution: ExecutionGroup) -> bool:
    """Whether a vault also trades on the book, from a capped custody account; what is borrowed against stays."""
    return execution.form == "several hosts" and policy != LEVERAGE


def _execution(policy: str, asset: Asset, vaults: VaultGroup, execution: ExecutionGroup) -> Execution:
    slippage_ppm = execution.slippage_ppm
    if policy == LEVERAGE:
        size, rest_ns = execution.slice_quote_tokens, _ns(execution.cool_off_s)
        hops = HopTerms(slippage_ppm=slippage_ppm, maximum_quote_tokens=size, cool_off_ns=rest_ns)
        hasty = HopTerms(
            slippage_ppm=_RIPCORD_SLIPPAGE * slippage_ppm,
            maximum_quote_tokens=_RIPCORD_SIZE * size,
            cool_off_ns=rest_ns,
        )
        ripcord = Ripcord(leverage=vaults.ripcord, to=vaults.leverage_high, terms=hasty)
        # The ripcord asks no trigger: in the control it would rebalance after all.
        return Leveraged(asset, terms=hops, ripcord=ripcord if vaults.rebalance else None, maximum_hops=200)
    if execution.form == "at once":
        return AtOnce(slippage_ppm=slippage_ppm)
    if execution.form == "several hosts":
        return SeveralHosts(slippage_ppm=slippage_ppm, on_failure="retry", keeps_custody=True)
    return Sliced(
        slippage_ppm=slippage_ppm,
        cool_off_ns=_ns(execution.cool_off_s),
        maximum_quote_tokens=execution.slice_quote_tokens,
    )


def _ns(seconds: float) -> int:
    return max(1, round(seconds * NANOSECONDS_PER_SECOND))
