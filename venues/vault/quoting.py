"""A ledger on which a vault's call can be tried without touching anything."""

from __future__ import annotations

from shoal.sim.calls import Call, Outcome
from shoal.sim.journal import Journal
from shoal.sim.ledger import Ledger
from shoal.sim.units import Account
from shoal.sim.venue import Context
from shoal.venues.vault.holdings import Holdings
from shoal.venues.vault.shares import Shares


def quoting_context(account: Account, sender: Account, holdings: Holdings, shares: Shares, *, now_ns: int) -> Context:
    """What a call sees for a quote: the vault as remembered, and a sender with all shares and unlimited assets.

    No other venue runs; what a lending market would hand back as collateral is there.
    """
    ledger = Ledger(Journal())
    for asset in holdings.assets:
        ledger.mint(asset, account, holdings.on_chain.get(asset, 0))
        ledger.mint(asset, sender, 2**257)
    ledger.mint(shares.asset, sender, shares.supply)
    collateral = {market.name: asset for asset, market in holdings.lending.items()}

    def run(calls: tuple[Call, ...], sender: str | None = None) -> tuple[Outcome, ...]:
        for one in calls:
            if one.verb == "withdraw_collateral":
                ledger.mint(collateral[one.venue], account, one.arguments["amount"])
        return ()

    return Context(ledger, sender.host, sender.owner, now_ns, run)
