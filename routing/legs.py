"""From a plan in floats to the whole base units that calls carry."""

from __future__ import annotations

from shoal.routing.plan import Plan
from shoal.sim.errors import RoutingError
from shoal.sim.units import Asset


def inputs(plan: Plan, asset: Asset, amount: int) -> tuple[int, ...]:
    """Base units that each leg of an exact input pays, rounded down; the largest leg takes what rounding left over.

    Together they are the order if the plan fills it, and never more than it: the sum of rounded floats can be.

    Args:
        plan: what ``route`` answered.
        asset: that is paid.
        amount: base units of the order that was routed.

    Raises:
        RoutingError: the plan pays more than the amount by more than rounding explains: it is of another order.

    >>> from shoal.routing.plan import Leg, Status
    >>> legs = Leg("a", 0.1, 1.0), Leg("b", 0.2, 2.0)
    >>> inputs(Plan(Status.OPTIMAL, 0.3, 3.0, 0.0, 3.0, 0.0, 10.0, legs), Asset("ETH", 18), 3 * 10**17)
    (100000000000000000, 200000000000000000)
    """
    paid = [asset.floor(leg.amount_in) for leg in plan.legs]
    left = amount - sum(paid)
    if not paid or (plan.unfilled > 0.0 and left >= 0):
        return tuple(paid)
    largest = max(range(len(paid)), key=paid.__getitem__)
    # Doubles hold 15 digits of each leg; beside that, each was rounded down by less than one unit.
    if abs(left) > len(paid) + amount // 10**12:
        raise RoutingError("a plan", f"{plan.amount_in} {asset.symbol} in", f"{asset.tokens(amount)} as ordered")
    paid[largest] += left
    return tuple(paid)
