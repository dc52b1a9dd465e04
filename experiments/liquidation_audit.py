"""The table of liquidations: what was repaid, seized and sold, at which oracle and market price."""

from __future__ import annotations

from typing import Any, Final

from shoal.experiments.swaps import swap_of
from shoal.experiments.world_mid import Reference, worth_of_one
from shoal.sim.calls import Outcome
from shoal.sim.hosts.block import Landed
from shoal.sim.records import Schema
from shoal.sim.units import PPM, Asset
from shoal.sim.world import World
from shoal.venues.oracle import DECIMALS

LIQUIDATIONS: Final = Schema(
    "liquidations",
    (
        ("time_ns", "int"),
        ("block", "int"),
        ("transaction", "int"),
        ("market", "text"),
        ("asset", "text"),
        ("liquidator", "text"),
        ("borrower", "text"),
        ("repaid_raw", "raw"),
        ("repaid_tokens", "float"),
        ("seized_raw", "raw"),
        ("seized_tokens", "float"),
        ("bad_debt_raw", "raw"),
        ("bad_debt_tokens", "float"),
        ("oracle_price", "float"),
        ("mid", "float"),
        ("health", "float"),
        ("sold_tokens", "float"),
    ),
)
LIQUIDATE: Final = "liquidate"


class LiquidationAudit:
    """Writes one row for each liquidation that landed, whichever transaction, flash loan or venue it ran inside.

    ``sold_tokens`` is the collateral exchanged in the same transaction; several liquidations of one transaction sell
    together, and each counts by what it seized.

    Args:
        world: the run.
        reference: the world's mid now.
    """

    def __init__(self, world: World, *, reference: Reference) -> None:
        self._world = world
        self._reference = reference
        self._table = world.records.table(LIQUIDATIONS)

    def record(self, landed: Landed) -> None:
        """Write the liquidations of one transaction."""
        receipt, sender = landed.receipt, landed.transaction.sender
        if receipt.refusal is not None:
            return
        done = [(inner.call, inner.outcome, inner.sender) for inner in receipt.inner]
        done += [(call, outcome, sender) for call, outcome in zip(receipt.calls, receipt.outcomes, strict=True)]
        mine = [
            (call.venue, outcome, actor)
            for call, outcome, actor in done
            if call.verb == LIQUIDATE and "borrower" in outcome.details
        ]
        if not mine:
            return
        sold, seized = dict[Asset, int](), dict[Asset, int]()
        for call, outcome, _ in done:
            swap = swap_of(call.venue, outcome)
            if swap is not None:
                sold[swap.asset_in] = sold.get(swap.asset_in, 0) + swap.amount_in
        for venue, outcome, _ in mine:
            collateral: Asset = self._market(venue).collateral
            seized[collateral] = seized.get(collateral, 0) + outcome.details["seized"]
        for venue, outcome, actor in mine:
            collateral = self._market(venue).collateral
            share = outcome.details["seized"] / (seized[collateral] or 1)
            self._append(landed, actor, venue, outcome, share * collateral.tokens(sold.get(collateral, 0)))

    def _append(self, landed: Landed, liquidator: str, venue: str, outcome: Outcome, sold_tokens: float) -> None:
        details, market, receipt = outcome.details, self._market(venue), landed.receipt
        collateral, loan = market.collateral, market.loan
        self._table.append(
            (
                receipt.time_ns,
                receipt.block,
                receipt.number,
                venue,
                collateral.symbol,
                liquidator,
                details["borrower"],
                details["repaid"],
                loan.tokens(details["repaid"]),
                details["seized"],
                collateral.tokens(details["seized"]),
                details["bad_debt"],
                loan.tokens(details["bad_debt"]),
                details["oracle_answer"] / 10**DECIMALS,
                worth_of_one(self._reference, collateral),
                details["health_ppm"] / PPM,
                sold_tokens,
            )
        )

    def _market(self, venue: str) -> Any:
        """The lending market, which knows its collateral and its loan asset."""
        return self._world.venues[venue]
