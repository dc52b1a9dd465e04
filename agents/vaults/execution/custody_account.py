"""A vault's money on exchanges: how it gets there, how much of it there is, and how it comes back."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import simpy

from shoal.agents.trader import received
from shoal.sim.calls import Call, Receipt
from shoal.sim.custody import Way
from shoal.sim.units import Asset

if TYPE_CHECKING:
    from shoal.agents.vaults.desk import Desk


class CustodyAccount:
    """Keeps count of what the manager's accounts on exchanges hold for the vault, by its own receipts alone.

    Money goes through the vault's ``send_to_custody`` and the chain's custody, in one transaction, and comes back
    through the exchange's custody and the vault's ``return_from_custody``; both ways cost the custody's fee and its
    delay. What the manager owns there besides is not touched.

    Args:
        desk: the vault's.
        hosts: the exchanges.

    Raises:
        ValueError: money cannot get there or back, or the vault allows no custody.
    """

    def __init__(self, desk: Desk, hosts: Sequence[str]) -> None:
        self._desk = desk
        self._held: dict[tuple[str, Asset], int] = {}
        # Money that is on its way back, or has come back to the manager and not yet to the vault.
        self._returning: dict[Asset, int] = {}
        self.hosts = tuple(hosts)
        who = desk.trader.name
        if desk.custody_cap_ppm == 0:
            raise ValueError(f"{who}: {desk.vault} allows no custody, which trading on {', '.join(hosts)} needs")
        for host in hosts:
            for asset in (*desk.assets, desk.numeraire):
                for source, target in ((desk.chain, host), (host, desk.chain)):
                    if self._way(source, target, asset) is None:
                        raise ValueError(f"{who}: no way for {asset} from {source} to {target}")

    def held(self, host: str, asset: Asset) -> int:
        """Base units of the vault's on an exchange."""
        return self._held.get((host, asset), 0)

    def add(self, host: str, asset: Asset, amount: int) -> None:
        """Note what a trade there brought, or, negative, cost."""
        self._held[host, asset] = self.held(host, asset) + amount

    def fee(self, host: str, asset: Asset) -> int:
        """Base units that getting an asset to an exchange costs."""
        way = self._way(self._desk.chain, host, asset)
        return 0 if way is None else way.fee

    def total(self, asset: Asset) -> int:
        """Base units of the vault's outside the chain, on their way included."""
        there = sum(self.held(host, asset) for host in self.hosts)
        return there + self._returning.get(asset, 0)

    # --- moving money -----------------------------------------------------------------------------------------------

    def bring(self, wanted: Mapping[tuple[str, Asset], int]) -> Generator[simpy.Event, Any, str]:
        """Get so much to the exchanges, fees on top, and wait for it; why it did not go, or nothing."""
        desk, chain = self._desk, self._desk.chain
        if not wanted:
            return ""
        calls: list[Call] = []
        for (host, asset), amount in wanted.items():
            gross = amount + self.fee(host, asset)
            calls.append(Call(desk.vault, "send_to_custody", {"asset": asset, "amount": gross}))
            calls.append(desk.trader.withdraw(chain, asset, gross, to=host))
        sent = yield from desk.transact(*calls)
        if sent.receipt is None:
            return sent.why
        for (host, asset), outcome in zip(wanted, sent.receipt.outcomes[1::2], strict=True):
            self.add(host, asset, outcome.output)
        yield from self._wait([sent.receipt])
        return ""

    def bring_back(self) -> Generator[simpy.Event, Any, str]:
        """Get everything back into the vault, and report what stays; why that failed, or nothing."""
        desk = self._desk
        receipts: list[Receipt] = []
        for (host, asset), amount in list(self._held.items()):
            way = self._way(host, desk.chain, asset)
            if way is None or amount <= way.fee:
                continue
            call = desk.trader.withdraw(host, asset, amount, to=desk.chain)
            receipt = yield from received(desk.trader.send(call))
            if receipt is not None:
                self.add(host, asset, -amount)
                self._returning[asset] = self._returning.get(asset, 0) + receipt.outcome.output
                receipts.append(receipt)
        yield from self._wait(receipts)
        return (yield from self.report())

    def report(self) -> Generator[simpy.Event, Any, str]:
        """Hand in what has come back and say what is in custody, in one transaction; why not, or nothing."""
        desk, calls = self._desk, list[Call]()
        returning, self._returning = self._returning, {}
        for asset in (*desk.assets, desk.numeraire):
            amount = returning.get(asset, 0)
            if amount:
                calls.append(Call(desk.vault, "return_from_custody", {"asset": asset, "amount": amount}))
            if amount or desk.reported(asset) != self.total(asset):
                calls.append(Call(desk.vault, "report_custody", {"asset": asset, "amount": self.total(asset)}))
        if not calls:
            return ""
        sent = yield from desk.transact(*calls)
        if sent.receipt is None:
            self._returning = returning
        return sent.why

    def _wait(self, receipts: Sequence[Receipt]) -> Generator[simpy.Event, Any, None]:
        """Wait until all that left has arrived: on a chain it is there from the next block on."""
        arrivals = [
            receipt.time_ns + departure.delay_ns
            for receipt in receipts
            for outcome in receipt.outcomes
            for departure in outcome.departures
        ]
        left_ns = max(arrivals, default=0) - self._desk.trader.now_ns
        if left_ns > 0:
            yield from self._desk.rest(left_ns)

    def _way(self, source: str, target: str, asset: Asset) -> Way | None:
        """The terms of a way, which never change."""
        custody = self._desk.trader.world.venues.get(f"{source} custody")
        way: Way | None = getattr(custody, "ways", {}).get((target, asset))
        return way
