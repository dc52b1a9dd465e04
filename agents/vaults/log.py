"""The experimenter's book of rebalances: decisions, legs, what they cost in gas, and the paper twin of each vault."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from shoal.agents.vaults.paper_twin import PaperTwin
from shoal.agents.vaults.portfolio import Weights
from shoal.sim.calls import Call, Outcome, Receipt
from shoal.sim.hosts.block import Landed
from shoal.sim.hosts.chain import Chain
from shoal.sim.records import Schema
from shoal.sim.units import Asset
from shoal.venues.vault.vault import Vault

if TYPE_CHECKING:
    from shoal.sim.world import World

REBALANCES: Final = Schema(
    "rebalances",
    (
        ("decided_ns", "int"),
        ("ended_ns", "int"),
        ("vault", "text"),
        ("rebalance", "int"),
        ("policy", "text"),
        ("reason", "text"),
        ("result", "text"),
        ("why", "text"),
        ("nav_tokens", "float"),
        ("twin_nav_tokens", "float"),
        ("first", "int"),
    ),
)
VAULT_ORDERS: Final = Schema(
    "vault_orders",
    (
        ("decided_ns", "int"),
        ("sent_ns", "int"),
        ("landed_ns", "int"),
        ("vault", "text"),
        ("rebalance", "int"),
        ("part", "int"),
        ("host", "text"),
        ("venue", "text"),
        ("asset_in", "text"),
        ("asset_out", "text"),
        ("planned_in_raw", "raw"),
        ("amount_in_raw", "raw"),
        ("amount_out_raw", "raw"),
        ("reference", "float"),
        ("native_reference", "float"),
        ("transaction", "int"),
        ("gas_raw", "raw"),
        ("visibility", "text"),
        ("result", "text"),
    ),
)
NO_TRANSACTION: Final = -1
UNFILLED: Final = "unfilled"
"""The result of a row that stands for what a rebalance left undone when it ended; nothing was sent for it."""


@dataclass(slots=True)
class Opened:
    """A rebalance that has been decided and has not ended.

    Args:
        vault: the vault's name.
        policy: what decided, in words.
        number: counts the vault's decisions from 1.
        reason: why the trigger wanted it.
        decided_ns: when it was decided.
        references: the world's mids at the decision, quote tokens for one base token; NaN where there is none.
        native_reference: the mid of the asset that pays gas, likewise.
        first: whether this is the initial investment: the vault had not traded, and held no risky asset, or no debt
            where it may borrow.
        weights: where the twin trades to; None once it has, or if it does not.
        left: tokens that are to be bought (or, negative, sold) of what was decided; assets without a price are not in.
        latest: the world's mids when the latest slice was begun.
    """

    vault: str
    policy: str
    number: int
    reason: str
    decided_ns: int
    references: dict[Asset, float]
    native_reference: float
    first: bool
    weights: Weights | None
    left: dict[Asset, float]
    latest: dict[Asset, float]

    def reference_of(self, leg: Leg) -> float:
        """The mid that a leg is measured against, and note what it did.

        It is the decision's for what was decided. What a later slice trades beyond that, because prices have moved on,
        is decided when the slice is begun, and measured against the mid then: a leg that does both, against their mean.
        """
        asset, side = leg.risky, 1 if leg.risky == leg.asset_out else -1
        decided = self.references.get(asset, math.nan)
        tokens = asset.tokens(leg.amount_out if side > 0 else leg.amount_in)
        if not tokens or asset not in self.left:
            return decided
        within = min(tokens, max(0.0, side * self.left[asset]))
        self.left[asset] -= side * within
        beyond = 1.0 - within / tokens
        return decided + beyond * (self.latest[asset] - decided) if beyond else decided


class Leg(NamedTuple):
    """One leg of a slice as it was sent and what it did; amounts in base units, exact in what is paid.

    ``risky`` is the asset of the leg that is not the numeraire; ``transaction`` counts the chain's transactions and is
    -1 on exchanges and for what never landed; ``gas_raw`` is the fee of the whole transaction, on its first leg only.
    """

    part: int
    sent_ns: int
    landed_ns: int
    host: str
    venue: str
    risky: Asset
    asset_in: Asset
    asset_out: Asset
    planned_in: int
    amount_in: int
    amount_out: int
    transaction: int
    gas_raw: int
    visibility: str
    result: str


class RebalanceLog:
    """Writes the tables ``rebalances`` and ``vault_orders``, and keeps a paper twin of each vault.

    It is the experimenter's: it sees the world's prices now and every block, and no agent sees it. A twin starts with
    what its vault holds when it is first seen to hold something, and anew when the initial investment has been made,
    which is no cost of rebalancing, or all shares had been redeemed. It trades
    to the same destination weights whenever a rebalance is recorded that was not a control's, refused ones included, at
    the references of the decision, free of cost and of interest. Deposits and redemptions change it by the share by
    which they change the vault's supply; shares minted for fees do not.

    Both net asset values of a rebalance are taken at the references when it ended.

    Args:
        world: the run whose records it writes to.
        reference: the world's price of an asset now, quote tokens for one base token; None while it has none.
    """

    def __init__(self, world: World, reference: Callable[[Asset], float | None]) -> None:
        self.world = world
        self._reference = reference
        self._rebalances = world.records.table(REBALANCES)
        self._orders = world.records.table(VAULT_ORDERS)
        self._twins: dict[str, PaperTwin | None] = {}
        self._natives: dict[str, Asset] = {}
        self._traded: set[str] = set()
        self._receipts: dict[str, tuple[int, Receipt] | None] = {}
        self._supplies: dict[str, int] = {}
        self._chains: set[str] = set()

    def follow(self, vault: str, sender: str) -> None:
        """Keep the book of a vault, whose executor sends its transactions; executors do this themselves.

        Raises:
            ValueError: the vault lives on no chain.
        """
        chain = self.world.host_of[vault]
        if not isinstance(chain, Chain):
            raise ValueError(f"vault {vault} lives on {chain.name}, which is no chain")
        self._twins.setdefault(vault, None)
        self._natives[vault] = chain.native
        self._receipts[sender] = None
        if chain.name not in self._chains:
            self._chains.add(chain.name)
            chain.watch(self._see)

    # --- what executors tell ------------------------------------------------------------------------------------

    def open(
        self, *, vault: str, policy: str, number: int, reason: str, weights: Weights | None, assets: Sequence[Asset]
    ) -> Opened:
        """Note a decision now, and to which weights the twin trades if anything comes of it; None leaves it alone."""
        self._fund(vault)
        references = {asset: self.reference(asset) for asset in assets}
        return Opened(
            vault=vault,
            policy=policy,
            number=number,
            reason=reason,
            decided_ns=self.world.clock.now_ns,
            references=references,
            native_reference=self.reference(self._natives[vault]),
            first=vault not in self._traded and not self._is_invested(vault),
            weights=weights,
            left=self._to_trade(vault, weights or {}, references),
            latest=references,
        )

    def _to_trade(self, vault: str, weights: Weights, prices: Mapping[Asset, float]) -> dict[Asset, float]:
        """Tokens from what the vault holds to these weights, of assets whose price is known."""
        holdings, cash = self._held(vault)
        nav = PaperTwin(holdings, cash).nav(prices)
        moves = {
            asset: weight * nav / prices.get(asset, math.nan) - holdings.get(asset, 0.0)
            for asset, weight in weights.items()
        }
        return {asset: tokens for asset, tokens in moves.items() if math.isfinite(tokens)}

    def _is_invested(self, vault: str) -> bool:
        contract = cast(Vault, self.world.venues[vault])
        view = contract.published(self.world.clock.now_ns)
        return view.debt > 0 if contract.lending else any(view.net(asset) > 0 for asset in contract.oracles)

    def start(self, opened: Opened) -> None:
        """A slice is begun, or the end recorded: the twin trades, once, at the references of the decision."""
        opened.latest = {asset: self.reference(asset) for asset in opened.references}
        twin, weights = self._twins[opened.vault], opened.weights
        if twin is not None and weights is not None and not opened.first:
            twin.trade(weights, opened.references)
        opened.weights = None

    def leg(self, opened: Opened, leg: Leg) -> None:
        """Write one leg."""
        if leg.amount_out > 0:
            self._traded.add(opened.vault)
        self._orders.append(
            (
                opened.decided_ns,
                leg.sent_ns,
                leg.landed_ns,
                opened.vault,
                opened.number,
                leg.part,
                leg.host,
                leg.venue,
                leg.asset_in.symbol,
                leg.asset_out.symbol,
                leg.planned_in,
                leg.amount_in,
                leg.amount_out,
                opened.reference_of(leg),
                opened.native_reference,
                leg.transaction,
                leg.gas_raw,
                leg.visibility,
                leg.result,
            )
        )

    def close(self, opened: Opened, result: str, why: str) -> None:
        """Write how a rebalance ended: done, partial, refused or held."""
        self.start(opened)
        if opened.first and result in ("done", "partial"):
            self._twins[opened.vault] = None
            self._fund(opened.vault)
        self._rebalances.append(
            (
                opened.decided_ns,
                self.world.clock.now_ns,
                opened.vault,
                opened.number,
                opened.policy,
                opened.reason,
                result,
                why,
                self.nav(opened.vault),
                self.twin_nav(opened.vault),
                int(opened.first),
            )
        )

    def receipt_of(self, sender: str, sent_ns: int) -> Receipt | None:
        """What landed of a sender's transaction of that instant, refused ones included; None if nothing did."""
        known = self._receipts.get(sender)
        return known[1] if known is not None and known[0] == sent_ns else None

    # --- what it is worth ---------------------------------------------------------------------------------------

    def reference(self, asset: Asset) -> float:
        """The world's price of an asset now, NaN while it has none."""
        price = self._reference(asset)
        return math.nan if price is None else price

    def nav(self, vault: str) -> float:
        """What the vault holds now, in custody and as collateral too and debt taken off, at the world's prices."""
        holdings, cash = self._held(vault)
        return PaperTwin(holdings, cash).nav({asset: self.reference(asset) for asset in holdings})

    def twin_nav(self, vault: str) -> float:
        """What the vault's twin is worth now at the world's prices; NaN before it is funded."""
        twin = self._twins.get(vault)
        if twin is None:
            return math.nan
        return twin.nav({asset: self.reference(asset) for asset in twin.holdings})

    # --- inside -------------------------------------------------------------------------------------------------

    def _held(self, vault: str) -> tuple[dict[Asset, float], float]:
        """Risky tokens and numeraire tokens of a vault as it stands now."""
        view: Any = self.world.venues[vault].published(self.world.clock.now_ns)
        held: dict[Asset, float] = {}
        for amounts in (view.holdings, view.custody, view.collateral):
            for asset, amount in amounts.items():
                held[asset] = held.get(asset, 0.0) + asset.tokens(amount)
        cash = held.pop(view.numeraire, 0.0) - view.numeraire.tokens(view.debt)
        return held, cash

    def _fund(self, vault: str) -> None:
        if self._twins[vault] is None:
            holdings, cash = self._held(vault)
            if cash or any(holdings.values()):
                self._twins[vault] = PaperTwin(holdings, cash)

    def _see(self, block: Sequence[Landed]) -> None:
        """After each block: executors' receipts, and depositors who came or went."""
        minted: dict[str, int] = {}
        for landed in block:
            sender, receipt = landed.transaction.sender, landed.receipt
            if sender in self._receipts:
                self._receipts[sender] = landed.pending.sent_ns, receipt
            if receipt.refusal is None:
                for call, outcome in _done(receipt):
                    if call.venue in self._twins and call.verb in ("deposit", "redeem"):
                        minted[call.venue] = minted.get(call.venue, 0) + self._shares(call, outcome)
        for vault, shares in minted.items():
            self._flow(vault, shares)

    def _flow(self, vault: str, shares: int) -> None:
        twin = self._twins[vault]
        supply = self._supplies[vault] = self._supply(vault)
        if twin is not None and supply > shares:
            twin.scale(supply / (supply - shares))
            return
        # Nobody had shares before: it begins, or begins anew.
        self._twins[vault] = None
        self._fund(vault)

    def _supply(self, vault: str) -> int:
        supply: int = self.world.venues[vault].published(self.world.clock.now_ns).supply
        return supply

    def _shares(self, call: Call, outcome: Outcome) -> int:
        """Shares minted by a deposit, or, negative, burned by a redemption."""
        if call.verb == "deposit":
            return outcome.output
        shares = call.arguments["shares"]
        # Of "all I have" the supply tells, fees minted since the last flow apart.
        return -shares if type(shares) is int else self._supply(call.venue) - self._supplies.get(call.venue, 0)


def _done(receipt: Receipt) -> Iterator[tuple[Call, Outcome]]:
    """Every call of a transaction that succeeded, inner ones too, with what it did."""
    yield from zip(receipt.calls, receipt.outcomes, strict=True)
    for one in receipt.inner:
        yield one.call, one.outcome
