"""What legs may spend: what lies on the chain and on exchanges, and what the cap on custody leaves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from shoal.agents.vaults.execution.custody_account import CustodyAccount
from shoal.agents.vaults.planning import PlannedLeg
from shoal.agents.vaults.portfolio import Portfolio
from shoal.sim.units import PPM, Asset

if TYPE_CHECKING:
    from shoal.agents.vaults.desk import Desk

# The cap holds at the oracle's price when the money is sent; it may move until then.
_ROOM: Final = 0.99


class CustodyBudget:
    """What exchanges' legs may still take: what is there, what the vault can spare, and what the cap leaves.

    Args:
        desk: the vault's.
        custody: its account on the exchanges.
        portfolio: what the vault has, custody included, and at what prices.
        legs: all that is planned; what the chain's pay cannot be spared.
    """

    def __init__(self, desk: Desk, custody: CustodyAccount, portfolio: Portfolio, legs: Sequence[PlannedLeg]) -> None:
        assets = (*desk.assets, desk.numeraire)
        there = sum(asset.tokens(custody.total(asset)) * portfolio.prices.get(asset, 1.0) for asset in assets)
        chain = paid_on_chain(legs)
        self._custody = custody
        self._prices = portfolio.prices
        self._room = max(0.0, portfolio.nav * desk.custody_cap_ppm / PPM * _ROOM - there)
        self._spare = {asset: max(0, desk.held(asset) - chain.get(asset, 0)) for asset in assets}
        self._there: dict[tuple[str, Asset], int] = {}

    def take(self, leg: PlannedLeg, reserve: int) -> int:
        """How much of a leg, base units paid, can be reserved; noted as taken."""
        asset, key = leg.asset_in, (leg.market.host, leg.asset_in)
        there, price = self._there.get(key, self._custody.held(*key)), self._prices.get(asset, 1.0)
        # A fee for getting there comes on top.
        fee = self._custody.fee(*key)
        sent = min(asset.floor(self._room / price), self._spare[asset]) - fee
        reserved = min(reserve, there + max(0, sent))
        brought = max(0, reserved - there)
        spent = brought + fee if brought else 0
        self._there[key] = max(0, there - reserved)
        self._spare[asset] -= spent
        self._room -= asset.tokens(spent) * price
        return leg.amount_in * reserved // reserve if reserve else 0


def afforded(desk: Desk, legs: Sequence[PlannedLeg]) -> tuple[list[PlannedLeg], dict[Asset, int]]:
    """The legs, the chain's cut to what the vault holds there, and by risky asset what was cut off."""
    paid = paid_on_chain(legs)
    found: list[PlannedLeg] = []
    excess: dict[Asset, int] = {}
    for leg in legs:
        held, total = desk.held(leg.asset_in), paid.get(leg.asset_in, 0)
        amount = leg.amount_in * held // total if leg.market.on_chain and total > held else leg.amount_in
        if amount < leg.amount_in:
            excess[leg.risky] = excess.get(leg.risky, 0) + leg.amount_in - amount
        if amount:
            found.append(leg.part(amount))
    return found, excess


def paid_on_chain(legs: Iterable[PlannedLeg]) -> dict[Asset, int]:
    """What the chain's legs pay, by asset."""
    paid: dict[Asset, int] = {}
    for leg in legs:
        if leg.market.on_chain:
            paid[leg.asset_in] = paid.get(leg.asset_in, 0) + leg.amount_in
    return paid
