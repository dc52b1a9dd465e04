"""One order in one pair, split over all venues at the optimum, with proof."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

from shoal.routing.clearing import Clearing
from shoal.routing.curve import Curve, positive
from shoal.routing.plan import Leg, Plan, Status
from shoal.sim.errors import RoutingError

# A plan is called optimal if the bound is this close, relative to the amount.
LARGEST_GAP: Final = 1e-9
_ROUNDING: Final = 1e-14


def route(curves: Sequence[Curve], amount_in: float, *, limit_price: float | None = None) -> Plan:
    """Split an input over venues for the most output.

    At the optimum every venue that trades is at one marginal rate, and every other is worse from its first unit on. The
    dual bound is price * input + sum of the curves' surpluses at that price. A level hit partly is split; what exceeds
    all capacity, or could only be traded beyond the limit, stays unfilled.

    Args:
        curves: one for each venue, all from the same asset to the same other.
        amount_in: whole tokens, fees included.
        limit_price: the worst rate, output for one more unit in, fees included; None takes any.

    Raises:
        RoutingError: no curves, two of one venue, or an amount or limit that is no finite number above 0.

    Source: Angeris, Evans, Chitra and Boyd (2022), "Optimal routing for constant function market makers".

    >>> from shoal.routing.constant_product import ConstantProductCurve
    >>> plan = route([ConstantProductCurve("a", 1e3, 1e3, 0.0), ConstantProductCurve("b", 3e3, 3e3, 0.0)], 100.0)
    >>> [round(leg.amount_in, 9) for leg in plan.legs], round(plan.amount_out, 9), plan.status.value
    ([25.0, 75.0], 97.56097561, 'optimal')
    """
    amount, limit = _checked(curves, amount_in, "amount in", limit_price)
    clearing = Clearing(curves, amount, of_output=False)
    reaching = [curve.rate(amount) for curve in curves if curve.capacity >= amount]
    if reaching:
        lowest = max(reaching)
    else:
        lowest = min(curve.last_rate for curve in curves)
        limit = max(limit, lowest)
    price, shares = _clear(clearing, lowest, limit)
    legs = _legs(curves, shares, lambda curve, share: (share, curve.output(share)))
    filled, received = math.fsum(leg.amount_in for leg in legs), math.fsum(leg.amount_out for leg in legs)
    bound = price * filled + math.fsum(curve.surplus(price) for curve in curves) if legs else 0.0
    return _plan(legs, _left(amount, filled), (filled, received), bound, bound - received, price)


def route_out(curves: Sequence[Curve], amount_out: float, *, limit_price: float | None = None) -> Plan:
    """Split an order for an exact output over venues for the least input.

    The dual bound is (output - sum of the curves' surpluses at the price) / price. Curves without end are followed
    until the rate has fallen to the lowest ``last_rate`` of all; what lies beyond stays unfilled.

    Args:
        curves: one for each venue, all from the same asset to the same other.
        amount_out: whole tokens, fees taken off.
        limit_price: the worst rate, output for one more unit in, fees included; None takes any.

    Raises:
        RoutingError: no curves, two of one venue, or an amount or limit that is no finite number above 0.

    >>> from shoal.routing.constant_product import ConstantProductCurve
    >>> plan = route_out([ConstantProductCurve("a", 1e3, 1e3, 0.0), ConstantProductCurve("b", 3e3, 3e3, 0.0)], 80.0)
    >>> [round(leg.amount_out, 9) for leg in plan.legs], round(plan.amount_in, 9)
    ([20.0, 60.0], 81.632653061)
    """
    amount, limit = _checked(curves, amount_out, "amount out", limit_price)
    clearing = Clearing(curves, amount, of_output=True)
    floor = min(curve.last_rate for curve in curves)
    reaching = [curve.rate(curve.input(amount)) for curve in curves if curve.largest_output > amount]
    lowest = max(reaching, default=floor)
    price, shares = _clear(clearing, max(lowest, floor), max(limit, floor))
    legs = _legs(curves, shares, lambda curve, share: (curve.input(share), share))
    paid, filled = math.fsum(leg.amount_in for leg in legs), math.fsum(leg.amount_out for leg in legs)
    bound = (filled - math.fsum(curve.surplus(price) for curve in curves)) / price if legs else 0.0
    return _plan(legs, _left(amount, filled), (paid, filled), bound, paid - bound, price)


def _checked(curves: Sequence[Curve], amount: float, name: str, limit: float | None) -> tuple[float, float]:
    """The amount and the limit, 0 for none, of an order that makes sense."""
    if not curves:
        raise RoutingError("an order", "no venue", "at least one")
    if len({curve.venue for curve in curves}) < len(curves):
        raise RoutingError("an order", "two curves of one venue", "one for each")
    return positive(amount, "an order", name), 0.0 if limit is None else positive(limit, "an order", "limit price")


def _clear(clearing: Clearing, lowest: float, limit: float) -> tuple[float, list[float]]:
    """The price, and what each venue trades there: the amount, or what there is down to the limit.

    The amount's price is ``lowest`` or better, so only a limit at least as high can bind.
    """
    if limit >= lowest:
        clearing.probe(limit)
        if not clearing.is_enclosed:
            return limit, clearing.high_amounts
    clearing.search(lowest)
    return clearing.price, clearing.shares()


def _legs(
    curves: Sequence[Curve], shares: Sequence[float], amounts: Callable[[Curve, float], tuple[float, float]]
) -> tuple[Leg, ...]:
    return tuple(
        Leg(curve.venue, *amounts(curve, share)) for curve, share in zip(curves, shares, strict=True) if share > 0.0
    )


def _plan(
    legs: tuple[Leg, ...], unfilled: float, amounts: tuple[float, float], bound: float, gap: float, price: float
) -> Plan:
    """The plan, under the name that it deserves."""
    if not legs:
        return Plan(Status.INFEASIBLE, 0.0, 0.0, unfilled, 0.0, 0.0, 0.0, legs)
    proven = abs(gap) <= LARGEST_GAP * bound
    status = Status.OPTIMAL if proven and unfilled == 0.0 else Status.FEASIBLE
    return Plan(status, *amounts, unfilled, bound, gap, price, legs)


def _left(amount: float, filled: float) -> float:
    """What stays of an order, short of what is mere rounding."""
    left = amount - filled
    return left if left > _ROUNDING * amount else 0.0
