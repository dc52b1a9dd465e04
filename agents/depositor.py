"""A depositor of a vault: buys shares at the start and may sell them later."""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import simpy

from shoal.agents.gas import GasTerms
from shoal.agents.parameters import whole_number, within
from shoal.agents.trader import Trader, received
from shoal.sim.calls import Call
from shoal.sim.units import Asset
from shoal.venues.vault.vault import Vault

if TYPE_CHECKING:
    from shoal.sim.agent import Process
    from shoal.sim.world import World


class Depositor(Trader):
    """Deposits given amounts in a vault as soon as the vault's oracles have answers, and may redeem at a time.

    Knows: the vault's oracles as they were published, one latency late; its balances by statement, its shares by
    receipt. All deposits go in one transaction, as soon as it has the money; one that is refused is sent again after
    the next block. It sells its shares for what the vault holds, in kind.

    Args:
        world: the run it belongs to.
        name: the owner of its accounts.
        place: where it is on the network.
        vault: the vault's name.
        amounts: base units by asset, deposited in this order.
        gas: how it pays.
        redeem_after_ns: how long after the start of its life it redeems; None never.
        redeemed_share: part of its shares that it redeems then; 0 to 1.

    Raises:
        ValueError: a parameter is out of range.

    Source: a vault's depositors as ERC-4626 knows them, holding and leaving in kind.
    """

    def __init__(
        self,
        world: World,
        name: str,
        *,
        place: str,
        vault: str,
        amounts: Mapping[Asset, int],
        gas: GasTerms,
        redeem_after_ns: int | None = None,
        redeemed_share: float = 1.0,
    ) -> None:
        super().__init__(world, name, place=place, gas=gas)
        whole_number(name, **{f"amount of {asset}": amount for asset, amount in amounts.items()})
        within(name, 0.0, 1.0, redeemed_share=redeemed_share)
        if redeem_after_ns is not None:
            whole_number(name, redeem_after_ns=redeem_after_ns)
        if not amounts:
            raise ValueError(f"{name}: amounts is empty; name at least one asset to deposit")
        self.vault = vault
        self.amounts = dict(amounts)
        self.redeem_after_ns = redeem_after_ns
        self.redeemed_share = redeemed_share
        self.shares = 0

    def run(self) -> Process:
        """Deposit, and at its time redeem."""
        contract = self.world.venues.get(self.vault)
        if not isinstance(contract, Vault):
            raise ValueError(f"{self.name}: {self.vault!r} is no vault of this world")
        began_ns, chain = self.now_ns, self.world.host_of[self.vault].name
        self.statement(chain)
        oracles = [oracle.name for oracle in contract.oracles.values()]
        yield from self._deposit(chain, oracles)
        if self.redeem_after_ns is None:
            return
        if (left_ns := began_ns + self.redeem_after_ns - self.now_ns) > 0:
            yield self.sleep(left_ns)
        # A float of so many digits could be more than it has.
        shares = math.floor(Fraction(self.redeemed_share) * self.shares)
        while shares and (yield from self.settle(chain, Call(self.vault, "redeem", {"shares": shares}))) is None:
            yield self.changed(chain)
        self.shares -= shares

    def _deposit(self, chain: str, oracles: list[str]) -> Generator[simpy.Event, Any, None]:
        """Wait for the oracles and the money, then deposit, again after each block until it is done."""
        for oracle in oracles:
            while (item := self.view(oracle)) is None or item.price is None:
                yield self.changed(oracle)
        calls = tuple(
            Call(self.vault, "deposit", {"asset": asset, "amount": amount, "minimum_shares": 1})
            for asset, amount in self.amounts.items()
        )
        # Asking without the money would cost gas at every block.
        yield from self.funded(chain, self.amounts)
        receipt = None
        while receipt is None:
            event = self.submit(chain, *calls)
            if event is not None:
                receipt = yield from received(event)
            if receipt is None:
                yield self.changed(chain)
        self.shares = sum(outcome.output for outcome in receipt.outcomes)
