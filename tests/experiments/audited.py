"""A small world to audit: a purse that trades for itself as a vault does, a lender, and senders of transactions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from tests.agents.laws import ETH, GWEI, SECOND_NS, START_NS, USDC, SmallMarket, flat, rows

from shoal.experiments.auditor import Auditor
from shoal.experiments.world_mid import WorldMid
from shoal.sim.calls import Bundle, Call, Outcome, Transaction
from shoal.sim.units import Asset
from shoal.sim.venue import Context, Venue

MANAGER, ATTACKER, TRADER, LIQUIDATOR = "manager", "attacker", "trader", "liquidator"
PURSE, LENDER = "purse", "lender"
START_S = 13
"""The first block has stocked the pool by then."""


class Purse(Venue):
    """Runs inner calls on its own behalf."""

    verbs: ClassVar[Mapping[str, str]] = {"trade": "trade"}

    def trade(self, context: Context, *, inner: tuple[Call, ...] = ()) -> Outcome:
        """Trade."""
        context.run(inner, self.name)
        return Outcome()

    def quote(self, call: Call, *, now_ns: int) -> Outcome:
        """Nothing."""
        return Outcome()

    def state_bytes(self) -> bytes:
        """It has no state of its own."""
        return b""

    def gas(self, verb: str) -> int:
        """Little."""
        return 40_000

    def published(self, now_ns: int) -> Any:
        """Nothing."""
        return None

    @property
    def assets(self) -> tuple[Asset, ...]:
        """What it trades."""
        return ETH, USDC


class Lender(Purse):
    """Says of a liquidation what the call says, and runs what sells the collateral."""

    verbs: ClassVar[Mapping[str, str]] = {"liquidate": "liquidate"}
    collateral: ClassVar[Asset] = ETH
    loan: ClassVar[Asset] = USDC

    def liquidate(self, context: Context, *, borrower: str, seized: int, inner: tuple[Call, ...] = ()) -> Outcome:
        """Hand out collateral, run the inner calls, take what was repaid."""
        context.ledger.transfer(ETH, self.account, context.sender_account, seized)
        context.run(inner)
        repaid = USDC.floor(ETH.tokens(seized) * 1_800.0)
        context.ledger.transfer(USDC, context.sender_account, self.account, repaid)
        details = {"borrower": borrower, "repaid": repaid, "seized": seized, "bad_debt": 7, "repaid_shares": 1}
        return Outcome(seized, details=details | {"oracle_answer": 1_950 * 10**8, "health_ppm": 980_000})


class AuditedMarket(SmallMarket):
    """The small market, with a purse of ETH and USDC whose manager is "manager", and an auditor."""

    def __init__(self, *, audited: bool = True, attackers: tuple[str, ...] = (), **options: Any) -> None:
        super().__init__(flat(120), **options)
        world = self.world
        self.chain.add(Purse(PURSE))
        self.chain.add(Lender(LENDER))
        for owner in (MANAGER, ATTACKER, TRADER, LIQUIDATOR):
            self.fund(owner=owner, eth="100", usdc="1000000")
        for owner in (PURSE, LENDER):
            world.endow(owner, "chain", ETH, ETH.amount(500))
            world.endow(owner, "chain", USDC, USDC.amount(1_000_000))
        self.reference = WorldMid(world, quote=USDC, markets={ETH: ("book", "pool", "outside")})
        if audited:
            self.auditor = Auditor(
                world,
                chain=self.chain,
                vaults={PURSE: MANAGER},
                reference=self.reference,
                quote=USDC,
                attackers=attackers,
            )
        self.run(START_S)

    def send(self, *transactions: Transaction) -> None:
        """Send to the public pool."""
        for one in transactions:
            self.chain.submit(one, place="chain", answer=None)
        self.world.run(until_ns=self.world.clock.now_ns + SECOND_NS // 10)

    def bundle(self, owner: str, *transactions: Transaction) -> None:
        """Send a bundle to the builder."""
        self.chain.submit(Bundle(transactions), place="chain", answer=None, builder="builder", sender=owner)

    def waiting(self, sender: str) -> Transaction:
        """What of a sender waits in the public pool."""
        return next(one.transactions[0] for one in self.chain.pool if one.sender == sender)

    def to(self, second: int) -> None:
        """Let time pass until so many seconds after the start."""
        self.world.run(until_ns=START_NS + second * SECOND_NS)

    def table(self, name: str) -> list[dict[str, Any]]:
        """A table's rows."""
        return rows(self.world, name)


def swap(asset: Asset, amount: int, *, venue: str = "pool") -> Call:
    """A swap with no limit."""
    return Call(venue, "swap_exact_in", {"asset_in": asset, "amount_in": amount, "minimum_out": 0})


def purse_trades(*calls: Call, tip: int = 1) -> Transaction:
    """The manager lets the purse trade."""
    return signed(MANAGER, Call(PURSE, "trade", {}, calls), tip=tip)


def signed(sender: str, *calls: Call, tip: int = 1, payment_wei: int = 0) -> Transaction:
    """A transaction with a tip in gwei; higher ones go first."""
    fee = 20 * GWEI
    return Transaction(sender, calls, max_fee_wei=fee, max_tip_wei=tip * GWEI, payment_wei=payment_wei)
