"""Selling base on the pools of a chain, split by the router, as calls of one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from shoal.agents.market import Market
from shoal.agents.trader import Trader
from shoal.routing.curve import Curve
from shoal.routing.curves import curve_of
from shoal.routing.legs import inputs
from shoal.routing.one_pair import route
from shoal.sim.calls import Call
from shoal.sim.units import PPM, Asset


class Sale(NamedTuple):
    """Swaps that sell base, and the quote tokens they are planned to bring."""

    calls: tuple[Call, ...]
    quote_tokens: float


NO_SALE = Sale((), 0.0)


class _Leg(NamedTuple):
    """Base units that a venue takes, and quote tokens that it gives."""

    amount_in: int
    amount_out: float


def selling_curves(trader: Trader, markets: Sequence[Market]) -> tuple[Curve, ...]:
    """What the markets give for base, as they were published one latency ago."""
    curves = (curve_of(market.venue, trader.view(market.venue), side=-1) for market in markets)
    return tuple(curve for curve in curves if curve is not None)


def proceeds(curves: Sequence[Curve], base_tokens: float) -> float:
    """Quote tokens that so much base brings at the optimum; what no venue takes brings nothing."""
    return route(curves, base_tokens).amount_out if curves and base_tokens > 0.0 else 0.0


def sale_of(trader: Trader, markets: Sequence[Market], amount: int, *, slippage_ppm: int, after: int = 0) -> Sale:
    """The swaps that sell base units of base at the optimum, each bringing its planned output less the slippage.

    Args:
        trader: who sells; it knows the markets one latency late.
        markets: pools of one pair on one chain.
        amount: base units; what no market takes is not sold.
        slippage_ppm: how much less than planned each swap may bring.
        after: base units of which the same trader's sale goes before this one.
    """
    curves = selling_curves(trader, markets)
    if not curves or amount <= 0:
        return NO_SALE
    base, quote = markets[0].base, markets[0].quote
    before = _legs(curves, base, after)
    legs = {venue: _less(leg, before.get(venue)) for venue, leg in _legs(curves, base, after + amount).items()}
    # Two optima differ from leg to leg, but for roundings, by what the second sale adds.
    excess = sum(leg.amount_in for leg in legs.values()) - amount
    if excess > 0:
        largest = max(legs, key=lambda venue: legs[venue].amount_in)
        legs[largest] = legs[largest]._replace(amount_in=legs[largest].amount_in - excess)
    calls = tuple(
        Call(
            venue,
            "swap_exact_in",
            {
                "asset_in": base,
                "amount_in": leg.amount_in,
                "minimum_out": quote.floor(leg.amount_out * (PPM - slippage_ppm) / PPM),
            },
        )
        for venue, leg in legs.items()
        if leg.amount_in > 0
    )
    return Sale(calls, sum(leg.amount_out for leg in legs.values())) if calls else NO_SALE


def _legs(curves: Sequence[Curve], base: Asset, amount: int) -> dict[str, _Leg]:
    """What each venue takes of an amount at the optimum."""
    if amount <= 0:
        return {}
    plan = route(curves, base.tokens(amount))
    paid = inputs(plan, base, amount)
    return {leg.venue: _Leg(units, leg.amount_out) for leg, units in zip(plan.legs, paid, strict=True)}


def _less(leg: _Leg, before: _Leg | None) -> _Leg:
    if before is None:
        return leg
    return _Leg(max(0, leg.amount_in - before.amount_in), max(0.0, leg.amount_out - before.amount_out))
