"""Adversaries: sandwichers on every pool, and an anticipator for every vault with a public rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from shoal.agents.anticipator import Anticipator
from shoal.agents.sandwicher import Sandwicher
from shoal.experiments.market.hosts import CHAIN, COLOCATED, EXCHANGE
from shoal.experiments.market.loop_parameters import AnticipationGroup, SandwichGroup, VaultGroup
from shoal.experiments.market.parameters import GasGroup
from shoal.experiments.market.policies import make_policy
from shoal.experiments.market.population import endow_gas, endow_half, gas_terms
from shoal.experiments.market.vaults import vault_name
from shoal.experiments.market.venues import Pair
from shoal.sim.units import NANOSECONDS_PER_SECOND
from shoal.sim.world import World

ANTICIPATED: Final = ("calendar", "threshold", "volatility-weighted", "volatility-target", "CPPI")
"""Policies whose trades follow from what everybody can see; leverage goes in hops, and who holds does nothing."""
_BID_STEP: Final = 0.02


def add_sandwichers(world: World, pairs: Sequence[Pair], sandwich: SandwichGroup, *, gas: GasGroup) -> tuple[str, ...]:
    """Add searchers that watch all pools; each next one bids a little more. Returns their names."""
    names = tuple(f"sandwicher {index}" for index in range(sandwich.searchers))
    for index, name in enumerate(names):
        for pair in pairs:
            endow_half(world, name, (CHAIN,), pair, sandwich.capital_quote_tokens, gas_tokens=gas.user_tokens)
        endow_gas(world, name, gas.arbitrageur_tokens)
        Sandwicher(
            world,
            name,
            place=COLOCATED,
            pools=tuple(name for pair in pairs for name in pair.pool_names),
            gas=gas_terms(gas),
            minimum_profit_quote_tokens=sandwich.minimum_profit_quote_tokens,
            bid_share=min(1.0, sandwich.bid_share + _BID_STEP * index),
            active=sandwich.attack,
        )
    return names


def add_anticipators(
    world: World, pairs: Sequence[Pair], anticipation: AnticipationGroup, *, vaults: VaultGroup, gas: GasGroup
) -> tuple[str, ...]:
    """Add one anticipator for each vault whose rule is public. Returns their names."""
    foreseen = {f"{policy} anticipator": policy for policy in vaults.policies if policy in ANTICIPATED}
    for name, policy in foreseen.items():
        for pair in pairs:
            endow_half(
                world,
                name,
                (EXCHANGE, CHAIN),
                pair,
                anticipation.capital_quote_tokens,
                gas_tokens=gas.arbitrageur_tokens,
            )
        rule = make_policy(policy, [pair.base for pair in pairs], vaults)
        Anticipator(
            world,
            name,
            place=COLOCATED,
            vault=vault_name(policy),
            references={pair.base: pair.outside.name for pair in pairs},
            markets={pair.base: (pair.book.name, *pair.pool_names) for pair in pairs},
            gas=gas_terms(gas),
            interval_ns=_ns(anticipation.interval_s),
            hold_ns=_ns(anticipation.hold_minutes * 60),
            lead_ns=_ns(anticipation.lead_s),
            minimum_profit_quote_tokens=anticipation.minimum_profit_quote_tokens,
            slippage_ppm=anticipation.slippage_ppm,
            target=None if anticipation.learn else rule.target,
            trigger=None if anticipation.learn else rule.trigger,
            learn=anticipation.learn,
            active=anticipation.anticipate,
        )
    return tuple(foreseen)


def _ns(seconds: float) -> int:
    return max(1, round(seconds * NANOSECONDS_PER_SECOND))
