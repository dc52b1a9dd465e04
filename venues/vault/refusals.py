"""Why a vault refuses a call."""

from __future__ import annotations

from shoal.sim.errors import VenueError


class NotTheManager(VenueError):
    """Somebody else than the vault's manager tried to trade for it or to move its custody."""

    happened = "only the manager may do that"


class VenueNotAllowed(VenueError):
    """An inner call goes to a venue that is not on the vault's list."""

    happened = "the vault may not call this venue"


class CoolingOff(VenueError):
    """The last trade was too short a time ago."""

    happened = "the vault cools off after its last trade"


class TradeTooLarge(VenueError):
    """The value given away in the trade is too large a part of the net asset value."""

    happened = "the trade is too large"


class SlippageAboveGuard(VenueError):
    """The trade loses too large a part of its value against the oracles."""

    happened = "the trade loses more against the oracle than the guard allows"


class BudgetSpent(VenueError):
    """The losses of recent trades together exceed what has been replenished."""

    happened = "the slippage budget is spent"


class CustodyCapExceeded(VenueError):
    """Too large a part of the net asset value would lie in custody."""

    happened = "custody would hold more than its cap"


class HeldInCustody(VenueError):
    """What the redeemer is due is not on the chain: it must return from custody first."""

    happened = "part of what is due lies in custody"


class ZeroNetAssetValue(VenueError):
    """There is nothing left to share, or the debts exceed the assets."""

    happened = "the net asset value is not above zero"


class TradedThisSecond(VenueError):
    """The vault has traded in this very second: what a share is worth now is known to whoever saw the trade."""

    happened = "no deposits in the second of a trade"
