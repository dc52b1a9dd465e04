"""The table of attacks: what a landed sandwich gained, what of it was burnt and paid on, what its victim lost."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Final

from shoal.experiments.sandwiches import Sandwich
from shoal.experiments.swaps import Swap, swaps_of
from shoal.sim.calls import Receipt
from shoal.sim.hosts.block import Landed
from shoal.sim.records import Schema
from shoal.sim.units import Asset
from shoal.sim.world import World

ATTACKS: Final = Schema(
    "attacks",
    (
        ("time_ns", "int"),
        ("block", "int"),
        ("bundle", "int"),
        ("attacker", "text"),
        ("victim", "text"),
        ("victim_kind", "text"),
        ("victim_transaction", "int"),
        ("venue", "text"),
        ("side", "int"),
        ("front_in_raw", "raw"),
        ("front_out_raw", "raw"),
        ("back_in_raw", "raw"),
        ("back_out_raw", "raw"),
        ("gross_quote_tokens", "float"),
        ("gas_quote_tokens", "float"),
        ("burnt_quote_tokens", "float"),
        ("builder_quote_tokens", "float"),
        ("net_quote_tokens", "float"),
        ("victim_loss_quote_tokens", "float"),
    ),
)


class AttackAudit:
    """Writes one row for each sandwich that landed, valued at the world's mids at the top of its block.

    Args:
        world: the run.
        native: the asset that pays gas.
        quote: what everything is valued in.
        vault_of: by owner name of an executor, its vault, which is then the victim.
    """

    def __init__(self, world: World, *, native: Asset, quote: Asset, vault_of: Mapping[str, str]) -> None:
        self._world = world
        self._native = native
        self._quote = quote
        self._vault_of = vault_of
        self._table = world.records.table(ATTACKS)

    def swaps(self, attack: Sandwich) -> list[Swap]:
        """Everything that attacker and victims exchanged."""
        victims = [swap for one in attack.victims for swap in self._victim_swaps(one, one.receipt)]
        return [*attack.front, *attack.back, *victims]

    def record(self, attack: Sandwich, benign: Mapping[int, Receipt], prices: Mapping[Asset, float]) -> None:
        """Write one attack; ``benign`` is the block without attackers, ``prices`` those at its top.

        The amounts in and out are those of the venue that the attacker traded on first.
        """
        front, back = attack.front, attack.back
        if not front:
            return
        venue, asset_in = front[0].venue, front[0].asset_in
        there = [swap for swap in front if swap.venue == venue and swap.asset_in == asset_in]
        home = [swap for swap in back if swap.venue == venue and swap.asset_out == asset_in]
        victim = attack.victims[0]
        name = self._vault_of.get(victim.transaction.sender, victim.transaction.sender)
        receipts = [one.receipt for one in attack.own]
        gross = gain([*front, *back], prices)
        fee = worth(prices, self._native, sum(one.fee_wei for one in receipts))
        burnt = worth(prices, self._native, sum(one.burnt_wei for one in receipts))
        paid = worth(prices, self._native, sum(one.transaction.payment_wei for one in attack.own))
        self._table.append(
            (
                victim.receipt.time_ns,
                victim.receipt.block,
                attack.number,
                attack.attacker,
                name,
                self._kind(name),
                victim.receipt.number,
                venue,
                1 if asset_in == self._quote else -1,
                sum(swap.amount_in for swap in there),
                sum(swap.amount_out for swap in there),
                sum(swap.amount_in for swap in home),
                sum(swap.amount_out for swap in home),
                gross,
                fee,
                burnt,
                fee - burnt + paid,
                gross - fee - paid,
                math.fsum(self._loss(one, benign, prices) for one in attack.victims),
            )
        )

    def _victim_swaps(self, victim: Landed, receipt: Receipt) -> list[Swap]:
        sender = victim.transaction.sender
        vault = self._vault_of.get(sender)
        return swaps_of(receipt, sender, signed=True) if vault is None else swaps_of(receipt, vault, signed=False)

    def _loss(self, victim: Landed, benign: Mapping[int, Receipt], prices: Mapping[Asset, float]) -> float:
        """What the victim would have got more without attackers; NaN if it could not have traded at all."""
        without = benign.get(victim.receipt.number)
        if without is None or without.refusal is not None:
            return math.nan
        return gain(self._victim_swaps(victim, without), prices) - gain(
            self._victim_swaps(victim, victim.receipt), prices
        )

    def _kind(self, name: str) -> str:
        known: Any = self._world.agents.get(name) or self._world.venues.get(name)
        return name if known is None else type(known).__name__


def worth(prices: Mapping[Asset, float], asset: Asset, amount: int) -> float:
    """Base units in quote tokens; nothing is worth 0 whatever the price."""
    return asset.tokens(amount) * prices[asset] if amount else 0.0


def gain(swaps: Iterable[Swap], prices: Mapping[Asset, float]) -> float:
    """What came out of exchanges less what went in, in quote tokens, fees included."""
    net: dict[Asset, int] = {}
    for swap in swaps:
        net[swap.asset_out] = net.get(swap.asset_out, 0) + swap.amount_out
        net[swap.asset_in] = net.get(swap.asset_in, 0) - swap.amount_in
    return math.fsum(worth(prices, asset, amount) for asset, amount in net.items())
