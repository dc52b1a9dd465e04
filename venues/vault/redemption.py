"""What so many shares of a vault are due, and what they owe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shoal.sim.calls import Call
from shoal.sim.errors import InsufficientInput
from shoal.sim.units import Asset
from shoal.venues.credit.lending_market import LendingMarket
from shoal.venues.vault.positions import Positions
from shoal.venues.vault.refusals import HeldInCustody, ZeroNetAssetValue
from shoal.venues.vault.shares import Shares


@dataclass(frozen=True, slots=True)
class Redemption:
    """The part of each position that shares own: base units by asset, what is due rounded down, what is owed up.

    Args:
        due: of what lies on chain and in custody, all of it to be paid from what is on chain.
        freed: of the collateral in lending markets.
        owed: of the debts, in base units of the numeraire, by collateral.
    """

    due: Mapping[Asset, int]
    freed: Mapping[Asset, int]
    owed: Mapping[Asset, int]

    @classmethod
    def of(cls, vault: str, amount: int, shares: Shares, positions: Positions) -> Redemption:
        """The part of an amount of shares, while these still count.

        Raises:
            HeldInCustody: more of an asset is due than lies on chain.
            InsufficientInput, ZeroNetAssetValue: nothing would be paid out: too few shares, or nothing is there.
        """
        due = {}
        for asset, on_chain in positions.on_chain.items():
            due[asset] = shares.part_down(on_chain + positions.custody.get(asset, 0), amount)
            if due[asset] > on_chain:
                raise HeldInCustody(vault, on_chain, due[asset], f"{asset.symbol} base units")
        freed = {asset: shares.part_down(held, amount) for asset, held in positions.collateral.items()}
        owed = {asset: shares.part_up(debt, amount) for asset, debt in positions.debts.items()}
        if not any(due.values()) and not any(freed.values()):
            if any(map(positions.net, positions.on_chain)):
                unit = f"{shares.asset.symbol} base units"
                raise InsufficientInput(vault, amount, "enough for one base unit of anything", unit)
            raise ZeroNetAssetValue(vault, 0, 1, f"{positions.numeraire.symbol} base units")
        return cls(due, freed, owed)

    @property
    def debt(self) -> int:
        """All that is owed, base units of the numeraire."""
        return sum(self.owed.values())

    def paid_out(self, numeraire: Asset) -> dict[Asset, int]:
        """What the redeemer gets, its part of the debts paid out of its part of the numeraire as far as that goes."""
        got = {asset: due + self.freed.get(asset, 0) for asset, due in self.due.items()}
        return got | {numeraire: max(0, self.due[numeraire] - self.debt)}

    def unwinding(self, vault: str, lending: Mapping[Asset, LendingMarket], positions: Positions) -> tuple[Call, ...]:
        """Calls that pay the debts back and free the collateral."""
        calls = []
        for asset, market in lending.items():
            if repaid := self.owed[asset]:
                owed = {"amount": repaid}
                if repaid == positions.debts[asset]:
                    # By amount, a market may reckon with more shares of debt than there are: all goes by shares alone.
                    owed = {"shares": market.published(0).positions[vault].borrow_shares}
                calls.append(Call(market.name, "repay", owed))
            if freed := self.freed[asset]:
                calls.append(Call(market.name, "withdraw_collateral", {"amount": freed}))
        return tuple(calls)
