"""What somebody's calls exchanged, read off their outcomes: venue, assets, amounts with fees."""

from __future__ import annotations

from dataclasses import dataclass

from shoal.sim.calls import Outcome, Receipt
from shoal.sim.units import Asset


@dataclass(frozen=True, slots=True)
class Swap:
    """One exchange as its taker saw it, in base units, fees included.

    ``fee_in`` is the part of ``amount_in`` that the fee took; a fee charged in what came out is turned into what
    went in at the swap's own price, rounded down.
    """

    venue: str
    asset_in: Asset
    asset_out: Asset
    amount_in: int
    amount_out: int
    fee_in: int

    def scaled_out(self, amount_in: int) -> int:
        """What it gave, for another amount paid at the same price, rounded down."""
        return self.amount_out if amount_in == self.amount_in else self.amount_out * amount_in // self.amount_in

    def scaled_fee(self, amount_in: int) -> int:
        """Its fee, for another amount paid, rounded down."""
        return self.fee_in if amount_in == self.amount_in else self.fee_in * amount_in // self.amount_in


def swap_of(venue: str, outcome: Outcome) -> Swap | None:
    """The exchange that a call made, all its fills together; None if it exchanged nothing."""
    if not outcome.fills:
        return None
    first = outcome.fills[0]
    base_amount = sum(fill.base_amount for fill in outcome.fills)
    quote_amount = sum(fill.quote_amount for fill in outcome.fills)
    fee = sum(fill.taker_fee for fill in outcome.fills)
    if first.side > 0:
        asset_in, asset_out, paid, received = first.quote, first.base, quote_amount, base_amount
    else:
        asset_in, asset_out, paid, received = first.base, first.quote, base_amount, quote_amount
    if first.fee_asset == asset_in:
        return Swap(venue, asset_in, asset_out, paid + fee, received, fee)
    fee_in = paid * fee // received if received else 0
    return Swap(venue, asset_in, asset_out, paid, received - fee, fee_in)


def swaps_of(receipt: Receipt, owner: str, *, signed: bool) -> list[Swap]:
    """The exchanges of a transaction on one owner's behalf, in the order they were done.

    ``signed`` says that the owner is the transaction's sender; a venue that trades for itself, as a vault does, is not.
    """
    done = [(one.call.venue, one.outcome) for one in receipt.inner if one.sender == owner]
    if signed and receipt.refusal is None:
        done += [(call.venue, outcome) for call, outcome in zip(receipt.calls, receipt.outcomes, strict=True)]
    return [swap for venue, outcome in done if (swap := swap_of(venue, outcome)) is not None]
