"""The experimenter's instrument on vaults: samples what each holds, is worth, and would be worth free of cost."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import simpy

from shoal.experiments.observer import OBSERVER
from shoal.experiments.world_mid import Reference, worth_of_one
from shoal.sim.records import Schema
from shoal.sim.units import Asset
from shoal.sim.world import World

if TYPE_CHECKING:
    from shoal.venues.vault.vault_view import VaultView

VAULT_STATES: Final = Schema(
    "vault_states",
    (
        ("time_ns", "int"),
        ("vault", "text"),
        ("policy", "text"),
        ("nav_tokens", "float"),
        ("twin_nav_tokens", "float"),
        ("asset", "text"),
        ("weight", "float"),
        ("target_weight", "float"),
        ("exposure", "float"),
    ),
)


def _unknown() -> float:
    return math.nan


def _no_target() -> Mapping[Asset, float] | None:
    return None


@dataclass(frozen=True, slots=True)
class WatchedVault:
    """One vault to sample.

    Args:
        vault: its name.
        policy: what decides for it, in words.
        twin_nav: what its paper twin is worth now, numeraire tokens; NaN while there is none.
        target: the weights it wants of risky assets; None while it wants none. It must change nothing.
    """

    vault: str
    policy: str
    twin_nav: Callable[[], float] = _unknown
    target: Callable[[], Mapping[Asset, float] | None] = _no_target


class VaultObserver:
    """Samples vaults into the table ``vault_states``, one row a vault and asset; a vault without shares has none.

    Values are at the world's mids. What lies in custody counts as last reported, as it does for the vault itself.

    Args:
        world: the run.
        vaults: what to sample.
        reference: the world's mid now.
        interval_ns: time between samples; the first is at the present instant.
        until_ns: the last sample is at this time at the latest.
    """

    def __init__(
        self,
        world: World,
        vaults: Sequence[WatchedVault],
        *,
        reference: Reference,
        interval_ns: int,
        until_ns: int,
    ) -> None:
        self._world = world
        self._vaults = tuple(vaults)
        self._reference = reference
        self._interval_ns = interval_ns
        self._until_ns = until_ns
        self._table = world.records.table(VAULT_STATES)
        world.clock.at(world.clock.now_ns, OBSERVER, self._sample)

    def _sample(self, _event: simpy.Event) -> None:
        clock = self._world.clock
        for one in self._vaults:
            view: VaultView = self._world.venues[one.vault].published(clock.now_ns)
            if view.supply:
                self._write(one, view, clock.now_ns)
        if clock.now_ns + self._interval_ns <= self._until_ns:
            clock.at(clock.now_ns + self._interval_ns, OBSERVER, self._sample)

    def _write(self, one: WatchedVault, view: VaultView, now_ns: int) -> None:
        numeraire = view.numeraire
        held = {asset: asset.tokens(view.net(asset)) for asset in (*view.answers, numeraire)}
        values = {asset: held and held * worth_of_one(self._reference, asset) for asset, held in held.items()}
        nav = math.fsum(values.values())
        weights = {asset: value / nav if nav > 0 else math.nan for asset, value in values.items()}
        exposure = math.fsum(weight for asset, weight in weights.items() if asset != numeraire)
        wanted = one.target()
        targets = {} if wanted is None else {**wanted, numeraire: 1.0 - math.fsum(wanted.values())}
        otherwise = math.nan if wanted is None else 0.0
        twin_nav = one.twin_nav()
        for asset in sorted(weights, key=lambda asset: (asset == numeraire, asset.symbol)):
            target = targets.get(asset, otherwise)
            self._table.append(
                (now_ns, one.vault, one.policy, nav, twin_nav, asset.symbol, weights[asset], target, exposure)
            )
