"""Policies of vaults by name: which target, which trigger."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from shoal.agents.vaults.portfolio import Weights
from shoal.agents.vaults.realised_volatility import ExponentialVolatility
from shoal.agents.vaults.target import Target
from shoal.agents.vaults.targets.constant_leverage import ConstantLeverage
from shoal.agents.vaults.targets.constant_proportion import ConstantProportion
from shoal.agents.vaults.targets.constant_weights import ConstantWeights
from shoal.agents.vaults.targets.volatility_target import VolatilityTarget
from shoal.agents.vaults.trigger import Trigger
from shoal.agents.vaults.triggers.calendar import Calendar
from shoal.agents.vaults.triggers.combination import AnyOf
from shoal.agents.vaults.triggers.leverage_bounds import LeverageBounds
from shoal.agents.vaults.triggers.never import Never
from shoal.agents.vaults.triggers.once import Once
from shoal.agents.vaults.triggers.threshold import Threshold
from shoal.agents.vaults.triggers.volatility_weighted import VolatilityWeighted
from shoal.experiments.market.loop_parameters import LEVERAGE, VaultGroup
from shoal.sim.units import NANOSECONDS_PER_SECOND, Asset

_MINUTE_NS: Final = 60 * NANOSECONDS_PER_SECOND
_WIDEST: Final = 4.0
_DAY_NS: Final = 24 * 60 * _MINUTE_NS


@dataclass(frozen=True, slots=True)
class Policy:
    """What decides for a vault; both have a memory, so each agent that follows a policy makes its own."""

    target: Target
    trigger: Trigger


def make_policy(name: str, assets: Sequence[Asset], vaults: VaultGroup) -> Policy:
    """The policy of that name for these risky assets; the leveraged one holds the first alone.

    Where vaults do not rebalance, the trigger allows only what builds the leveraged position up.
    """
    policy = _POLICIES[name](tuple(assets), vaults)
    if vaults.rebalance:
        return policy
    return Policy(policy.target, Once(policy.trigger) if name == LEVERAGE else Never())


def held_weights(name: str, assets: Sequence[Asset], vaults: VaultGroup) -> Weights:
    """What a vault of that policy starts with: its depositor brings it in kind."""
    return {assets[0]: 1.0} if name == LEVERAGE else _fixed(tuple(assets), vaults)


def _fixed(assets: tuple[Asset, ...], vaults: VaultGroup) -> Weights:
    return dict.fromkeys(assets, vaults.exposure / len(assets))


def _basket(assets: tuple[Asset, ...]) -> Weights:
    return dict.fromkeys(assets, 1.0 / len(assets))


def _volatility(vaults: VaultGroup) -> ExponentialVolatility:
    half_life_s = vaults.volatility_half_life_minutes * 60
    return ExponentialVolatility(half_life_s=half_life_s, warm_up_s=half_life_s / 2)


def _calendar(assets: tuple[Asset, ...], vaults: VaultGroup) -> Policy:
    # Dates by the clock: counted from somebody's first look, nobody else could know them.
    dates = Calendar(interval_ns=round(vaults.calendar_minutes * _MINUTE_NS), start_ns=0)
    return Policy(ConstantWeights(_fixed(assets, vaults)), dates)


def _threshold(assets: tuple[Asset, ...], vaults: VaultGroup) -> Policy:
    return Policy(ConstantWeights(_fixed(assets, vaults)), Threshold(absolute=vaults.band))


def _volatility_weighted(assets: tuple[Asset, ...], vaults: VaultGroup) -> Policy:
    trigger = VolatilityWeighted(
        volatility=lambda: _volatility(vaults),
        width=vaults.band,
        usual=vaults.band_volatility,
        narrowest=vaults.band / 2,
        widest=_WIDEST * vaults.band,
    )
    return Policy(ConstantWeights(_fixed(assets, vaults)), trigger)


def _volatility_target(assets: tuple[Asset, ...], vaults: VaultGroup) -> Policy:
    target = VolatilityTarget(
        _basket(assets),
        volatility=lambda: _volatility(vaults),
        wanted=vaults.target_volatility,
        maximum=vaults.exposure,
    )
    return Policy(target, Threshold(relative=vaults.tolerance))


def _constant_proportion(assets: tuple[Asset, ...], vaults: VaultGroup) -> Policy:
    target = ConstantProportion(_basket(assets), multiplier=vaults.multiplier, floor=vaults.floor)
    return Policy(target, Threshold(relative=vaults.tolerance))


def _leverage(assets: tuple[Asset, ...], vaults: VaultGroup) -> Policy:
    low, high = vaults.leverage_low, vaults.leverage_high
    target = ConstantLeverage(
        assets[0],
        target=vaults.leverage,
        minimum=low,
        maximum=high,
        speed=vaults.leverage_speed,
    )
    return Policy(target, AnyOf(LeverageBounds(minimum=low, maximum=high), Calendar(interval_ns=_DAY_NS)))


def _hold(assets: tuple[Asset, ...], vaults: VaultGroup) -> Policy:
    return Policy(ConstantWeights(_fixed(assets, vaults)), Never())


_POLICIES: Final[Mapping[str, Callable[[tuple[Asset, ...], VaultGroup], Policy]]] = {
    "calendar": _calendar,
    "threshold": _threshold,
    "volatility-weighted": _volatility_weighted,
    "volatility-target": _volatility_target,
    "CPPI": _constant_proportion,
    LEVERAGE: _leverage,
    "hold": _hold,
}
