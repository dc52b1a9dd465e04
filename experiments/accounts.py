"""Who owns what at a moment, and who won and lost between two moments; the sum is 0 in every asset."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from shoal.sim.hosts.chain import BURNT
from shoal.sim.records import Schema
from shoal.sim.units import Asset
from shoal.sim.world import World

Holding = Mapping[tuple[str, Asset], int]

AGENTS: Final = Schema(
    "agents",
    (
        ("owner", "text"),
        ("kind", "text"),
        ("asset", "text"),
        ("start_raw", "raw"),
        ("start_tokens", "float"),
        ("end_raw", "raw"),
        ("end_tokens", "float"),
        ("change_raw", "raw"),
        ("change_tokens", "float"),
        ("start_price", "float"),
        ("end_price", "float"),
        ("value_change_quote_tokens", "float"),
    ),
)


def holdings(world: World) -> dict[tuple[str, Asset], int]:
    """Base units by owner and asset over all hosts and money in flight.

    What a venue holds for others (escrow, shares of reserves) counts as theirs; what a venue has at another venue (a
    vault's collateral and debt) as that of those who hold its shares. Share tokens themselves are left out, being
    nothing but such claims; what was burnt counts as the holding of "burnt gas".
    """
    shares = {asset for venue in world.venues.values() for asset in venue.share_assets}
    held: dict[tuple[str, Asset], int] = {}
    for asset in world.ledger.assets:
        if asset in shares:
            continue
        for account, amount in world.ledger.holders(asset):
            held[account.owner, asset] = held.get((account.owner, asset), 0) + amount
        held[BURNT, asset] = world.ledger.burned(asset)
    for name, venue in world.venues.items():
        for claimant, claimed in venue.claims(world.ledger).items():
            for asset, amount in claimed.items():
                for owner, part in _owners(world, claimant, amount):
                    held[owner, asset] = held.get((owner, asset), 0) + part
                held[name, asset] = held.get((name, asset), 0) - amount
    return held


def _owners(world: World, claimant: str, amount: int) -> Iterator[tuple[str, int]]:
    """Whose a claim is: the claimant's own, or that of a venue's share holders, whose parts add up to it."""
    venue = world.venues.get(claimant)
    shares: dict[str, int] = {}
    for asset in () if venue is None else venue.share_assets:
        for account, held in world.ledger.holders(asset):
            shares[account.owner] = shares.get(account.owner, 0) + held
    left, supply = amount, sum(shares.values())
    for owner, held in sorted(shares.items()):
        part = amount * held // supply
        left -= part
        yield owner, part
    yield claimant, left


def record_results(
    world: World,
    before: Holding,
    after: Holding,
    *,
    kinds: Mapping[str, str],
    start_prices: Mapping[str, float],
    end_prices: Mapping[str, float],
) -> None:
    """Write the table ``agents``: one row an owner and asset.

    Who is named and held nothing at both times (what a vault has is its share holders') has one row of zeros.
    ``kinds`` names what an owner is; prices are in quote tokens per whole token, by symbol. The change in value is
    the value at the end less the value at the start, each at its own prices.
    """
    table = world.records.table(AGENTS)
    known = {owner for held in (before, after) for (owner, _), amount in held.items() if amount}
    for owner, asset in sorted(set(before) | set(after)):
        start, end = before.get((owner, asset), 0), after.get((owner, asset), 0)
        if start == end == 0 and (owner in known or owner not in kinds):
            continue
        known.add(owner)
        first, last = start_prices[asset.symbol], end_prices[asset.symbol]
        table.append(
            (
                owner,
                kinds.get(owner, owner),
                asset.symbol,
                start,
                asset.tokens(start),
                end,
                asset.tokens(end),
                end - start,
                asset.tokens(end - start),
                first,
                last,
                asset.tokens(end) * last - asset.tokens(start) * first,
            )
        )
