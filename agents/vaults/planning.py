"""From orders to legs: what is traded where, as the router splits it, with exact amounts and limits."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, NamedTuple

from shoal.agents.market import Market
from shoal.agents.vaults.orders import Order
from shoal.routing.curves import curve_of
from shoal.routing.one_pair import route
from shoal.sim.calls import Call
from shoal.sim.units import PPM, Asset

type Where = Literal["chain", "exchanges", "anywhere"]

# What stays of an order below this share is rounding.
_SMALL: Final = 1e-6
# Floats that stand for all there is may be a few units above it.
_GUARD: Final = 2.0**-48


@dataclass(frozen=True, slots=True)
class PlannedLeg:
    """One swap of a plan: exact in what is paid, with what is expected and what is accepted at least.

    Args:
        market: where.
        risky: the asset that is not the numeraire.
        asset_in: what is paid.
        asset_out: what is got.
        amount_in: base units paid.
        expected_out: tokens expected, fees taken off.
        minimum_out: base units accepted at least.
    """

    market: Market
    risky: Asset
    asset_in: Asset
    asset_out: Asset
    amount_in: int
    expected_out: float
    minimum_out: int

    @property
    def swap(self) -> Call:
        """The swap that carries it out."""
        arguments = {"asset_in": self.asset_in, "amount_in": self.amount_in, "minimum_out": self.minimum_out}
        return Call(self.market.venue, "swap_exact_in", arguments)

    def part(self, amount_in: int) -> PlannedLeg:
        """So much of the leg, base units paid, at its average price."""
        share = amount_in / self.amount_in
        least = self.minimum_out * amount_in // self.amount_in
        return replace(self, amount_in=amount_in, expected_out=self.expected_out * share, minimum_out=least)


class Planned(NamedTuple):
    """What routing made of orders: legs, and why something of the orders is missing."""

    legs: tuple[PlannedLeg, ...]
    why: str


def plan_orders(
    orders: Sequence[Order],
    markets: Mapping[Asset, Sequence[Market]],
    views: Mapping[str, Any],
    *,
    numeraire: Asset,
    slippage_ppm: int,
    minimum_value: float,
    where: Where,
) -> Planned:
    """Split each order over its markets at the optimum.

    Legs worth less than the minimum are left to the largest leg of their order.

    Args:
        orders: what to trade.
        markets: by risky asset.
        views: by venue, what its feed shows; None before anything has arrived.
        numeraire: what the markets price in.
        slippage_ppm: how much less than planned a leg may bring.
        minimum_value: numeraire tokens below which a leg is not worth sending.
        where: on the vault's chain, on exchanges, or anywhere.
    """
    legs: list[PlannedLeg] = []
    missing: list[str] = []
    for order in orders:
        known = {one.venue: one for one in markets.get(order.asset, ()) if where in ("anywhere", _side(one))}
        found = (curve_of(name, views.get(name), side=order.side) for name in known)
        curves = [curve for curve in found if curve is not None]
        plan = route(curves, order.amount_in) if curves else None
        if plan is None or not plan.legs:
            missing.append(f"no venue with liquidity for {order.asset}")
            continue
        if plan.unfilled > _SMALL * order.amount_in:
            missing.append(f"venues take only part of the order in {order.asset}")
        shares = [(leg.venue, leg.amount_in, leg.amount_out) for leg in plan.legs]
        parts = (
            _leg(known[venue], order, numeraire, amount_in, amount_out, slippage_ppm)
            for venue, amount_in, amount_out in _without_dust(shares, order, minimum_value)
        )
        whole = [leg for leg in parts if leg is not None]
        if not whole:
            missing.append(f"less than one base unit in {order.asset}")
        legs += whole
    return Planned(tuple(legs), "; ".join(missing))


def _leg(
    market: Market, order: Order, numeraire: Asset, amount_in: float, amount_out: float, slippage_ppm: int
) -> PlannedLeg | None:
    asset_in, asset_out = order.ways(numeraire)
    exact_in = asset_in.floor(amount_in * (1.0 - _GUARD))
    least = asset_out.floor(amount_out * (PPM - slippage_ppm) / PPM)
    if exact_in <= 0 or least <= 0:
        return None
    return PlannedLeg(market, order.asset, asset_in, asset_out, exact_in, amount_out, least)


def _side(market: Market) -> Where:
    return "chain" if market.on_chain else "exchanges"


def _without_dust(
    shares: list[tuple[str, float, float]], order: Order, minimum_value: float
) -> list[tuple[str, float, float]]:
    """Venue, input and output of each leg, with what is not worth sending added to the largest leg."""
    if len(shares) < 2:
        return shares
    least = minimum_value / order.value * order.amount_in
    kept = [share for share in shares if share[1] >= least]
    if not kept or len(kept) == len(shares):
        return shares if kept else [max(shares, key=lambda share: share[1])]
    left = math.fsum(share[1] for share in shares) - math.fsum(share[1] for share in kept)
    index = max(range(len(kept)), key=lambda place: kept[place][1])
    venue, amount_in, amount_out = kept[index]
    # At the leg's average price: dust moves no price.
    kept[index] = venue, amount_in + left, amount_out * (amount_in + left) / amount_in
    return kept
