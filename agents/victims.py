"""What a public transaction asks of pools that somebody watches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from shoal.agents.market import Market
from shoal.agents.sandwich import Swap
from shoal.sim.calls import Call, Transaction


class Wanted(NamedTuple):
    """A swap in a pool, and whether it puts in the pool's base."""

    sells_base: bool
    swap: Swap


class Victim(NamedTuple):
    """A transaction of somebody else, and what it wants of each watched pool with which it trades just once."""

    transaction: Transaction
    wanted: Mapping[str, Wanted]


def victim_of(transaction: Transaction, markets: Mapping[str, Market]) -> Victim | None:
    """The transaction as a victim; None if it wants nothing of those pools, or several things of each."""
    found: dict[str, list[Wanted]] = {}
    for call in unfolded(transaction.calls):
        market = markets.get(call.venue)
        wanted = None if market is None else wanted_of(call, market)
        if wanted is not None:
            found.setdefault(call.venue, []).append(wanted)
    once = {pool: swaps[0] for pool, swaps in found.items() if len(swaps) == 1}
    return Victim(transaction, once) if once else None


def wanted_of(call: Call, market: Market) -> Wanted | None:
    """What a call wants of a pool; None if it is no swap, or its amounts are not known before it runs."""
    exact_out = call.verb == "swap_exact_out"
    if not exact_out and call.verb != "swap_exact_in":
        return None
    names = ("asset_out", "amount_out", "maximum_in") if exact_out else ("asset_in", "amount_in", "minimum_out")
    asset, amount, limit = (call.arguments.get(name, 0) for name in names)
    if asset not in (market.base, market.quote) or not (type(amount) is type(limit) is int) or amount <= 0:
        return None
    return Wanted((asset == market.base) != exact_out, Swap(amount, limit, exact_out))


def unfolded(calls: Iterable[Call]) -> Iterator[Call]:
    """Calls, each after those inside it: a vault's trade, a flash loan."""
    for call in calls:
        yield from unfolded(call.inner)
        yield call
