"""Market conditions under which a lending market refuses a call."""

from __future__ import annotations

from shoal.sim.errors import VenueError


class InconsistentInput(VenueError):
    """Exactly one of two amounts must be above 0, and both or none were."""

    happened = "one of the two amounts must be 0 and the other not"


class ZeroAmount(VenueError):
    """Nothing was to be moved."""

    happened = "the amount is 0"


class HealthyPosition(VenueError):
    """The borrower's debt is within what its collateral allows, or it has none: nobody may liquidate it."""

    happened = "the position is healthy"


class InsufficientCollateral(VenueError):
    """The collateral is less than what is to be taken, or what would be left of it does not carry the debt."""

    happened = "insufficient collateral"


class InsufficientSupply(VenueError):
    """A lender takes out more than it has in."""

    happened = "more than the lender's supply"


class NothingToRepay(VenueError):
    """There is no debt."""

    happened = "nothing to repay"


class ExceedsDebt(VenueError):
    """More would be repaid than is owed."""

    happened = "more than the debt"
