"""The experimenter's audit of blocks: what vaults' trades would have given otherwise, attacks, liquidations."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

from shoal.experiments.attack_audit import AttackAudit
from shoal.experiments.liquidation_audit import LiquidationAudit
from shoal.experiments.sandwiches import sandwiches
from shoal.experiments.swaps import Swap, swap_of, swaps_of
from shoal.experiments.world_mid import Reference, WorldMid, worth_of_one
from shoal.sim.calls import Receipt
from shoal.sim.hosts.block import Landed
from shoal.sim.hosts.chain import Chain
from shoal.sim.hosts.exchange import Exchange
from shoal.sim.records import Schema
from shoal.sim.units import Asset
from shoal.sim.world import World

AUDITS: Final = Schema(
    "audits",
    (
        ("time_ns", "int"),
        ("block", "int"),
        ("transaction", "int"),
        ("vault", "text"),
        ("part", "int"),
        ("venue", "text"),
        ("asset_in", "text"),
        ("asset_out", "text"),
        ("amount_in_raw", "raw"),
        ("arrival_reference", "float"),
        ("alone_out_raw", "raw"),
        ("alone_fee_raw", "raw"),
        ("benign_out_raw", "raw"),
        ("actual_out_raw", "raw"),
        ("attackers", "int"),
    ),
)
NOWHERE: Final = -1
"""Block and transaction of what happened on an exchange."""

type _Found = tuple[str, Landed, list[Swap]]


class Auditor:
    """Looks at every block after it has landed and executes it again where that tells what a trade cost.

    A vault's transaction is executed again alone at the top of its block, and in its own place with the attackers'
    transactions left out. Attackers are those named, and who put a transaction of its own before somebody else's in a
    bundle. What can no longer be executed that way (it needed what came before it) keeps the next figure: alone that
    without attackers, without attackers what happened. Blocks are executed again only if a vault traded behind
    somebody, or a bundle attacked; no agent sees any of it, and nothing is changed.

    Args:
        world: the run.
        chain: the chain that is audited.
        vaults: by name of a vault, the owner name of its executor.
        reference: the world's mid now.
        quote: what everything is valued in.
        attackers: names whose transactions count as attacks whatever they are, such as those of anticipators.
    """

    def __init__(
        self,
        world: World,
        *,
        chain: Chain,
        vaults: Mapping[str, str],
        reference: Reference,
        quote: Asset,
        attackers: Collection[str] = (),
    ) -> None:
        self._world = world
        self._chain = chain
        self._vault_of = {executor: vault for vault, executor in vaults.items()}
        self._reference = reference
        self._quote = quote
        self._attackers = attackers
        self._audits = world.records.table(AUDITS)
        self._attacks = AttackAudit(world, native=chain.native, quote=quote, vault_of=self._vault_of)
        self._liquidations = LiquidationAudit(world, reference=reference)
        chain.watch(self._audit)
        for host in world.hosts.values():
            if isinstance(host, Exchange):
                for executor in self._vault_of:
                    host.watch(executor, self._audit_exchange(executor))

    # --- blocks -----------------------------------------------------------------------------------------------

    def _audit(self, landed: Sequence[Landed]) -> None:
        attacks = sandwiches(landed)
        found = list(self._vault_swaps(landed))
        if attacks or found:
            searchers = {one.attacker for one in attacks}
            spared = self._without(landed, searchers)
            hostile = searchers.union(self._attackers)
            numbers = [one.receipt.number for one in landed if one.transaction.sender in hostile]
            # Somebody who is attacked may be named as an attacker of vaults.
            benign = spared if hostile == searchers else self._without(landed, hostile)
            swaps = [swap for _, _, mine in found for swap in mine]
            swaps += [swap for attack in attacks for swap in self._attacks.swaps(attack)]
            prices = self._prices_at_top(swaps)
            for one in found:
                self._audit_vault(one, landed, benign, prices, len(numbers))
            for attack in attacks:
                self._attacks.record(attack, spared, prices)
        for each in landed:
            self._liquidations.record(each)

    def _without(self, landed: Sequence[Landed], senders: Collection[str]) -> dict[int, Receipt]:
        """Receipts by number had these senders not been there; nothing where they were not."""
        numbers = [one.receipt.number for one in landed if one.transaction.sender in senders]
        return self._chain.replay_last_block(without=numbers) if numbers else {}

    def _vault_swaps(self, landed: Sequence[Landed]) -> Iterator[_Found]:
        for one in landed:
            vault = self._vault_of.get(one.transaction.sender)
            if vault is not None and one.receipt.refusal is None:
                swaps = swaps_of(one.receipt, vault, signed=False)
                if swaps:
                    yield vault, one, swaps

    def _prices_at_top(self, swaps: Iterable[Swap]) -> dict[Asset, float]:
        """What everything traded was worth at the top of the block, exchanges as they are now."""
        assets = dict.fromkeys(asset for swap in swaps for asset in (swap.asset_in, swap.asset_out))
        with self._chain.rewound():
            return {asset: worth_of_one(self._reference, asset) for asset in (*assets, self._chain.native)}

    def _audit_vault(
        self,
        found: _Found,
        landed: Sequence[Landed],
        benign: Mapping[int, Receipt],
        prices: Mapping[Asset, float],
        attackers: int,
    ) -> None:
        vault, one, actual = found
        receipt = one.receipt
        kept = self._executed_again(benign.get(receipt.number), vault, actual)
        alone = kept
        if receipt.position:
            others = [each.receipt.number for each in landed if each is not one]
            again = self._chain.replay_last_block(without=others)
            alone = self._executed_again(again.get(receipt.number), vault, kept)
        for part, (did, without, first) in enumerate(zip(actual, kept, alone, strict=True)):
            self._append(
                (receipt.time_ns, self._chain.number, receipt.number, vault, part),
                did,
                prices[self._risky(did)],
                first.scaled_out(did.amount_in),
                first.scaled_fee(did.amount_in),
                without.scaled_out(did.amount_in),
                attackers,
            )

    def _executed_again(self, receipt: Receipt | None, vault: str, otherwise: list[Swap]) -> list[Swap]:
        """A vault's swaps of a transaction executed again, if all of them were."""
        if receipt is None or receipt.refusal is not None:
            return otherwise
        swaps = swaps_of(receipt, vault, signed=False)
        same = [(one.venue, one.asset_in) for one in swaps] == [(one.venue, one.asset_in) for one in otherwise]
        return swaps if same else otherwise

    def _risky(self, swap: Swap) -> Asset:
        return swap.asset_out if swap.asset_in == self._quote else swap.asset_in

    def _append(
        self, where: tuple[int, int, int, str, int], did: Swap, arrival: float, alone: int, fee: int, benign: int,
        attackers: int,
    ) -> None:  # fmt: skip
        self._audits.append(
            (
                *where,
                did.venue,
                did.asset_in.symbol,
                did.asset_out.symbol,
                did.amount_in,
                arrival,
                alone,
                fee,
                benign,
                did.amount_out,
                attackers,
            )
        )

    # --- exchanges ----------------------------------------------------------------------------------------------

    def _audit_exchange(self, executor: str) -> Callable[[Receipt], None]:
        vault = self._vault_of[executor]

        def audit(receipt: Receipt) -> None:
            for part, (call, outcome) in enumerate(zip(receipt.calls, receipt.outcomes, strict=True)):
                did = swap_of(call.venue, outcome)
                if did is not None:
                    arrival, out = self._before(self._risky(did), did.venue), did.amount_out
                    where = receipt.time_ns, NOWHERE, NOWHERE, vault, part
                    self._append(where, did, arrival, out, did.fee_in, out, 0)

        return audit

    def _before(self, asset: Asset, venue: str) -> float:
        """The mid before a call that has been executed already: at its venue as last published."""
        reference = self._reference
        if isinstance(reference, WorldMid):
            return worth_of_one(lambda one: reference.before(one, venue), asset)
        return worth_of_one(reference, asset)
