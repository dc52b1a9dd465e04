"""Which weights have left their bands, and where to take them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal, get_args

from shoal.agents.vaults.portfolio import Portfolio, Weights
from shoal.agents.vaults.trigger import Move
from shoal.sim.units import Asset

To = Literal["target", "half-way", "edge"]


def check_to(who: str, to: str) -> None:
    """Check that this is a place to trade to.

    Raises:
        ValueError: it is not.
    """
    if to not in get_args(To):
        raise ValueError(f"{who}: to must be one of {', '.join(get_args(To))}, had {to!r}")


def move(portfolio: Portfolio, target: Weights, widths: Mapping[Asset, float], to: To, dust: float) -> Move | None:
    """The move of a portfolio with a weight outside its band, strictly and by more than dust; None where none is.

    To the target or half-way every weight is moved. To the edge only those outside are, each to the nearer edge of its
    band; where cash would then leave the range between what it is and what it should be, the others give or take the
    rest in proportion to their own drift, never beyond their targets.

    Args:
        portfolio: with net asset value, or nothing moves.
        target: assets that are held and not in it should go: their target is 0.
        widths: largest drift that is left alone, as a share of the net asset value, of every asset.
        to: where the move goes.
        dust: share of the net asset value by which a weight may lie outside: fees and rounding leave a trade to the
            edge a little short of it, which is no reason for another.

    Source: Magill and Constantinides (1976); Davis and Norman (1990): with proportional costs, trade to the nearest
    boundary of the no-trade region and no further.
    """
    now = portfolio.weights
    if now is None:
        return None
    assets = tuple(dict.fromkeys((*target, *now)))
    wanted = {asset: target.get(asset, 0.0) for asset in assets}
    drifts = {asset: now.get(asset, 0.0) - wanted[asset] for asset in assets}
    outside = [asset for asset in assets if abs(drifts[asset]) > widths[asset] + dust]
    if not outside:
        return None
    worst = max(outside, key=lambda asset: abs(drifts[asset]) - widths[asset])
    reason = f"{worst} drifted {drifts[worst]:+.4f}, band {widths[worst]:.4f}"
    if to == "target":
        return Move(wanted, reason)
    if to == "half-way":
        return Move({asset: wanted[asset] + drifts[asset] / 2.0 for asset in assets}, reason)
    kept = {
        asset: math.copysign(widths[asset], drift) if asset in outside else drift for asset, drift in drifts.items()
    }
    kept = _with_cash(kept, math.fsum(drifts.values()))
    return Move({asset: wanted[asset] + kept[asset] for asset in assets}, reason)


def _with_cash(kept: dict[Asset, float], before: float) -> dict[Asset, float]:
    """Drifts such that their sum, which cash mirrors, lies between 0 and what it was before the trade."""
    total = math.fsum(kept.values())
    excess = total - max(0.0, before) if total > 0.0 else total - min(0.0, before)
    if total * excess <= 0.0:
        return kept
    giving = math.copysign(1.0, excess)
    room = math.fsum(drift for drift in kept.values() if drift * giving > 0.0)
    share = 1.0 - excess / room
    return {asset: drift * share if drift * giving > 0.0 else drift for asset, drift in kept.items()}
