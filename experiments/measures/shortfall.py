"""What one swap of a vault cost, stage by stage, in base units of the quote asset: the parts sum exactly."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise
from typing import Final, NamedTuple

PARTS: Final = ("delay", "fee", "impact", "ordering", "adversary", "gas", "unfilled")
"""Decision to arrival; venue fee; spread and impact; benign ordering; adversary; gas; what stayed unfilled."""
EXECUTED: Final = PARTS[:5]


class Trade(NamedTuple):
    """A swap of a vault, exact in what it paid.

    Args:
        side: +1 bought the asset with quote, -1 sold it.
        amount_in: base units paid.
        amount_out: base units got.
        reference: mid at the decision, quote tokens for one token of the asset.
        asset_unit: base units in one token of the asset.
        quote_unit: base units in one quote token.
    """

    side: int
    amount_in: int
    amount_out: int
    reference: float
    asset_unit: int
    quote_unit: int


class Audit(NamedTuple):
    """What the audit found of a swap; amounts as the swap's own, in base units.

    Args:
        arrival: mid at the top of the block, or when an exchange executed it.
        alone_fee: of what was paid, the venue's fee, executed alone.
        alone_out: got alone at the top of the block.
        benign_out: got in its own place without attackers.
    """

    arrival: float
    alone_fee: int
    alone_out: int
    benign_out: int


def executed_parts(trade: Trade, audit: Audit | None) -> tuple[int, ...]:
    """The five parts of an executed swap, in base units of quote: a cost is positive, a gain negative.

    Each is the difference of two successive values of what the vault got, and so they sum to the first less the last:
    the worth of what it paid at the decision's mid, less the worth of what it got there. Without an audit, or a mid at
    arrival, what is not known stays in the part that follows it.
    """
    values = stages(trade, audit)
    return tuple(before - after for before, after in pairwise(values))


def stages(trade: Trade, audit: Audit | None) -> tuple[int, int, int, int, int, int]:
    """What the vault would have got at each stage, in base units of quote at the decision's mid, to the nearest.

    At the decision's mid; at the mid at arrival; that less the venue's fee; executed alone; in its place without
    attackers; as it happened. Quote received counts as it is; the asset received counts at the decision's mid.
    """
    got = _worth_of_output(trade, trade.amount_out)
    first = _worth_of_input(trade, trade.amount_in, trade.reference)
    if audit is None:
        return first, first, first, got, got, got
    arrival = audit.arrival if math.isfinite(audit.arrival) and audit.arrival > 0 else trade.reference
    return (
        first,
        _worth_of_input(trade, trade.amount_in, arrival),
        _worth_of_input(trade, trade.amount_in - audit.alone_fee, arrival),
        _worth_of_output(trade, audit.alone_out),
        _worth_of_output(trade, audit.benign_out),
        got,
    )


def unfilled_part(trade: Trade, later: float) -> int:
    """What not trading an amount cost by the time of a later mid, in base units of quote; 0 where it is not known.

    ``trade.amount_in`` is what was not traded. A sale not done lost what the price fell; a purchase not done lost what
    the asset, which it would have got at the decision's mid, rose.
    """
    if not (math.isfinite(later) and later > 0):
        return 0
    intended = _worth_of_input(trade, trade.amount_in, trade.reference)
    if trade.side < 0:
        return intended - _worth_of_input(trade, trade.amount_in, later)
    return round(Fraction(trade.amount_in) * Fraction(later) / Fraction(trade.reference)) - intended


def _worth_of_input(trade: Trade, amount: int, price: float) -> int:
    """What an amount paid buys at a mid, valued at the decision's mid where it buys the asset."""
    if trade.side < 0:
        return _quote(trade, amount, price)
    return round(Fraction(amount) * Fraction(trade.reference) / Fraction(price))


def _worth_of_output(trade: Trade, amount: int) -> int:
    return amount if trade.side < 0 else _quote(trade, amount, trade.reference)


def _quote(trade: Trade, amount: int, price: float) -> int:
    """Base units of the asset in base units of quote."""
    return round(Fraction(price) * amount * trade.quote_unit / trade.asset_unit)
