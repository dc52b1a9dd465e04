"""Lending markets on a chain without fees or interest, each with its oracle: where results on liquidation are run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, cast

import simpy

from shoal.sim.calls import Call, Outcome, Receipt, Transaction
from shoal.sim.errors import Refusal
from shoal.sim.hosts.block_schedule import ConstantBlocks
from shoal.sim.hosts.chain import Chain
from shoal.sim.latency import ConstantLatency
from shoal.sim.units import NANOSECONDS_PER_SECOND
from shoal.sim.world import World
from shoal.venues.credit.kinked_rate import KinkedRate
from shoal.venues.credit.lending_market import LendingMarket
from shoal.venues.oracle import Oracle

REPORTER: Final = "reporter"
LIQUIDATOR: Final = "liquidator"
_PLACE: Final = "home"
_CHAIN: Final = "chain"
_START_NS: Final = 1_700_000_000 * NANOSECONDS_PER_SECOND
_GAS_LIMIT: Final = 10**12
# As many calls as one transaction may hold of a lending market's dearest verb, and some to spare.
_BATCH: Final = 40
_FREE: Final = KinkedRate(base_ppm=0, slope_below_ppm=0, slope_above_ppm=0)


class LendingStage:
    """A world with markets, to which anybody's transactions can be sent for the next block.

    Collateral and loan have 18 decimals, the chain asks no fee, nobody waits longer than 1 ns for a message.

    Args:
        seed: of the world.
        block_s: time between blocks, seconds.
        lltvs_ppm: one market each.
    """

    def __init__(self, *, seed: int, block_s: int, lltvs_ppm: Sequence[int]) -> None:
        self.block_ns = block_s * NANOSECONDS_PER_SECOND
        self.world = World(seed=seed, start_ns=_START_NS, latency=ConstantLatency(1))
        self.collateral, self.loan = self.world.asset("BASE", 18), self.world.asset("QUOTE", 18)
        self.chain = Chain(
            self.world,
            _CHAIN,
            native=self.world.asset("ETH", 18),
            schedule=ConstantBlocks(self.block_ns),
            base_fee_wei=0,
            gas_limit=_GAS_LIMIT,
            pool_lifetime_ns=2 * self.block_ns,
        )
        self.markets = tuple(self._market(index, lltv_ppm) for index, lltv_ppm in enumerate(lltvs_ppm))
        self._next_block_ns = _START_NS + self.block_ns

    def _market(self, index: int, lltv_ppm: int) -> LendingMarket:
        pair = self.collateral, self.loan
        oracle = Oracle(f"oracle-{index}", *pair, reporter=REPORTER, deviation_ppm=1, heartbeat_s=1)
        market = LendingMarket(
            f"lending-{index}", collateral=pair[0], loan=pair[1], oracle=oracle, lltv_ppm=lltv_ppm, rate=_FREE
        )
        self.chain.add(oracle)
        self.chain.add(market)
        return market

    def open(self, *, answer: int, collateral: int | Mapping[str, int], debts: Mapping[str, int]) -> None:
        """Give every market a first price and a lender, and each borrower a position in each; rich liquidators.

        Args:
            answer: of every oracle, 8 decimals.
            collateral: base units that each borrower puts up in each market, the same for all or by borrower.
            debts: by borrower, base units that it borrows in each market.

        Raises:
            Refusal: the borrowers may not owe that much.
        """
        total, count = sum(debts.values()), len(self.markets)
        self.world.endow("lender", _CHAIN, self.loan, total * count)
        self.world.endow(LIQUIDATOR, _CHAIN, self.loan, 2 * total * count)
        supplies = [Call(market.name, "supply", {"amount": total}) for market in self.markets]
        reports = [self.report(index, answer) for index in range(count)]
        done = [*self.send_all(REPORTER, reports), *self.send_all("lender", supplies)]
        self.next_block()
        for borrower, debt in debts.items():
            pledged = collateral if isinstance(collateral, int) else collateral[borrower]
            self.world.endow(borrower, _CHAIN, self.collateral, pledged * count)
            pledges = [Call(market.name, "supply_collateral", {"amount": pledged}) for market in self.markets]
            borrowings = [Call(market.name, "borrow", {"amount": debt}) for market in self.markets]
            done += [*self.send_all(borrower, pledges), *self.send_all(borrower, borrowings)]
        self.next_block()
        for answered in done:
            if isinstance(answered.value, Refusal):
                raise answered.value

    def report(self, index: int, answer: int) -> Call:
        """The call by which the reporter writes a market's price, 8 decimals."""
        return Call(self.markets[index].oracle.name, "report", {"answer": answer})

    def liquidate(self, index: int, borrower: str, repaid_shares: int) -> Call:
        """The call by which anybody repays part of a borrower's debt in a market."""
        return Call(self.markets[index].name, "liquidate", {"borrower": borrower, "repaid_shares": repaid_shares})

    def send(self, sender: str, *calls: Call) -> simpy.Event:
        """Send a transaction for the next block; the event holds the receipt or the refusal after it."""
        answer = simpy.Event(self.world.clock)
        self.chain.submit(Transaction(sender, calls), place=_PLACE, answer=answer)
        return answer

    def send_all(self, sender: str, calls: Sequence[Call]) -> list[simpy.Event]:
        """Send many calls in as few transactions as hold them."""
        return [self.send(sender, *calls[start : start + _BATCH]) for start in range(0, len(calls), _BATCH)]

    def next_block(self) -> None:
        """Let the next block execute what was sent, and its answers arrive."""
        self.world.run(until_ns=self._next_block_ns + 2)
        self._next_block_ns += self.block_ns


def outcome_of(answer: simpy.Event) -> Outcome | None:
    """What the last call of an answered transaction did; None if it was refused."""
    value = cast(Receipt | Refusal, answer.value)
    return None if isinstance(value, Refusal) else value.outcome
