"""What a vault has at a moment, and what it is worth at given answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shoal.sim.units import Asset
from shoal.venues.oracle import DECIMALS

_PAR = 10**DECIMALS


@dataclass(frozen=True, slots=True)
class Positions:
    """Base units on chain, in custody and as collateral; debts in base units of the numeraire by collateral.

    What is posted as collateral still counts as the asset itself, and a debt as less of the numeraire.

    >>> eth, usdc = Asset("ETH", 18), Asset("USDC", 6)
    >>> held = Positions(usdc, {eth: 3 * 10**18, usdc: 5}, {}, {eth: 10**18}, {eth: 10**9})
    >>> held.net(eth), held.net(usdc), held.nav_down({eth: 2_000 * 10**8})
    (4000000000000000000, -999999995, 7000000005)
    """

    numeraire: Asset
    on_chain: Mapping[Asset, int]
    custody: Mapping[Asset, int]
    collateral: Mapping[Asset, int]
    debts: Mapping[Asset, int]

    @property
    def debt(self) -> int:
        """All debts, base units of the numeraire."""
        return sum(self.debts.values())

    def net(self, asset: Asset) -> int:
        """Base units wherever they lie; of the numeraire, less all debts."""
        held = self.on_chain.get(asset, 0) + self.custody.get(asset, 0) + self.collateral.get(asset, 0)
        return held - self.debt if asset == self.numeraire else held

    @property
    def risky(self) -> tuple[Asset, ...]:
        """Assets other than the numeraire of which there is any: those whose price is needed."""
        known = dict.fromkeys((*self.on_chain, *self.custody, *self.collateral))
        return tuple(asset for asset in known if asset != self.numeraire and self.net(asset))

    def nav_down(self, answers: Mapping[Asset, int]) -> int:
        """Net asset value in base units of the numeraire, each asset's value rounded down.

        Raises:
            KeyError: no answer for an asset of which there is any.
        """
        values = (value_down(self.net(asset), asset, self.numeraire, answers[asset]) for asset in self.risky)
        return self.net(self.numeraire) + sum(values)

    def nav_up(self, answers: Mapping[Asset, int]) -> int:
        """Net asset value in base units of the numeraire, each asset's value rounded up.

        Raises:
            KeyError: no answer for an asset of which there is any.
        """
        values = (value_up(self.net(asset), asset, self.numeraire, answers[asset]) for asset in self.risky)
        return self.net(self.numeraire) + sum(values)

    def custody_up(self, answers: Mapping[Asset, int]) -> int:
        """What lies in custody, base units of the numeraire, each asset's value rounded up."""
        return sum(
            value_up(held, asset, self.numeraire, _PAR if asset == self.numeraire else answers[asset])
            for asset, held in self.custody.items()
            if held
        )


def exchanged(before: Positions, after: Positions, answers: Mapping[Asset, int]) -> tuple[int, int]:
    """Value of what there is less of afterwards, rounded up, and of what there is more of, rounded down.

    Moving an asset between chain and collateral exchanges nothing, nor does a loan.
    """
    numeraire, given, got = before.numeraire, 0, 0
    for asset in dict.fromkeys((*before.risky, *after.risky, numeraire)):
        answer = _PAR if asset == numeraire else answers[asset]
        change = after.net(asset) - before.net(asset)
        if change < 0:
            given += value_up(-change, asset, numeraire, answer)
        else:
            got += value_down(change, asset, numeraire, answer)
    return given, got


def value_down(amount: int, asset: Asset, numeraire: Asset, answer: int) -> int:
    """Base units of the numeraire that an amount is worth at an answer with 8 decimals, rounded down."""
    return amount * answer * numeraire.unit // (asset.unit * _PAR)


def value_up(amount: int, asset: Asset, numeraire: Asset, answer: int) -> int:
    """Base units of the numeraire that an amount is worth at an answer with 8 decimals, rounded up."""
    return -(-amount * answer * numeraire.unit // (asset.unit * _PAR))


def non_zero(amounts: Mapping[Asset, int]) -> dict[Asset, int]:
    """Amounts by asset, without the empty ones."""
    return {asset: amount for asset, amount in amounts.items() if amount}
