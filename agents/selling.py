"""Selling base on the pools of a chain, split by the router, as calls of one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from shoal.agents.market import Market
from shoal.agents.trader import Trader
from shoal.routing.curve import Curve
from shoal.routing.curves import curve_of
from shoal.routing.one_pair import route
from shoal.sim.calls import Call
from shoal.sim.units import PPM


class Sale(NamedTuple):
    """Swaps that sell base, and the quote tokens they are planned to bring."""

    calls: tuple[Call, ...]
    quote_tokens: float


NO_SALE = Sale((), 0.0)


def selling_curves(trader: Trader, markets: Sequence[Market]) -> tuple[Curve, ...]:
    """What the markets give for base, as they were published one latency ago."""
    curves = (curve_of(market.venue, trader.view(market.venue), side=-1) for market in markets)
    return tuple(curve for curve in curves if curve is not None)


def proceeds(curves: Sequence[Curve], base_tokens: float) -> float:
    """Quote tokens that so much base brings at the optimum; what no venue takes brings nothing."""
    return route(curves, base_tokens).amount_out if curves and base_tokens > 0.0 else 0.0


def sale_of(trader: Trader, markets: Sequence[Market], amount: int, *, slippage_ppm: int) -> Sale:
    """The swaps that sell base units of base at the optimum, each bringing its planned output less the slippage.

    What rounding leaves of the amount goes to the largest leg.
    """
    curves = selling_curves(trader, markets)
    if not curves or amount <= 0:
        return NO_SALE
    base, quote = markets[0].base, markets[0].quote
    plan = route(curves, base.tokens(amount))
    if not plan.legs:
        return NO_SALE
    amounts = {leg.venue: base.floor(leg.amount_in) for leg in plan.legs}
    if plan.unfilled == 0.0:
        largest = max(plan.legs, key=lambda leg: leg.amount_in)
        amounts[largest.venue] += amount - sum(amounts.values())
    calls = tuple(
        Call(
            leg.venue,
            "swap_exact_in",
            {
                "asset_in": base,
                "amount_in": amounts[leg.venue],
                "minimum_out": quote.floor(leg.amount_out * (PPM - slippage_ppm) / PPM),
            },
        )
        for leg in plan.legs
        if amounts[leg.venue] > 0
    )
    return Sale(calls, plan.amount_out)
