"""What a router answers: who trades how much, and the proof that nothing better was possible."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """How far a plan goes.

    ``OPTIMAL``: the whole order, and the bound proves it to a relative 1e-9. ``FEASIBLE``: it can be carried out, but a
    part stays unfilled, or the bound does not meet it. ``INFEASIBLE``: nothing can be traded within the limit.
    """

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"
    INFEASIBLE = "infeasible"


@dataclass(frozen=True, slots=True)
class Leg:
    """What one venue trades, in whole tokens, fees included.

    Args:
        venue: its name.
        amount_in: what is paid there.
        amount_out: what comes back.
    """

    venue: str
    amount_in: float
    amount_out: float


@dataclass(frozen=True, slots=True)
class Plan:
    """A split of one order over venues, in whole tokens, with a bound on what any split could reach.

    Amounts are floats: a plan is a search result, and each leg is quoted again by its venue, in integers, when it is
    carried out.

    Args:
        status: how far it goes.
        amount_in: what is paid in all.
        amount_out: what comes back in all: of an exact input the primal value.
        unfilled: what stays of the order, in the asset in which it was stated.
        dual_bound: of an exact input, what no split of ``amount_in`` can exceed; of an exact output, what no split can
            pay less than for ``amount_out``. Worked out from the curves and the price alone, not from the legs.
        gap: how far the plan is from the bound; rounding can put it some 1e-16 of the amount below 0.
        price: what one more unit in would give at the optimum, fees included; every venue with a leg trades up to
            this rate and no further. 0 if nothing trades.
        legs: the venues that trade, in the order in which their curves were given.
    """

    status: Status
    amount_in: float
    amount_out: float
    unfilled: float
    dual_bound: float
    gap: float
    price: float
    legs: tuple[Leg, ...]
