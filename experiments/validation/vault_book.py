"""What a vault had at each price, by its fills, checked against the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from shoal.experiments.validation.statistics import Array
from shoal.sim.units import NANOSECONDS_PER_SECOND, Account, Asset
from shoal.sim.world import World
from shoal.venues.vault.vault import Vault

Amounts = npt.NDArray[np.object_]
"""Whole base units of any size."""

# A market's shares of debt round the debt up.
_LENDING_ROUNDS: Final = 2


@dataclass(frozen=True)
class Book:
    """What a vault had at each price from the one after its deposit on.

    Args:
        prices: one row a step, one column an asset, numeraire tokens.
        held: tokens after the trades of the step, likewise.
        cash: numeraire tokens after them.
        deposit: tokens of each asset, and of the numeraire last, before the first step.
        sold: value of the asset sold at each step, summed over assets, numeraire tokens.
        bought: numeraire tokens paid for assets at each step, the fee included.
        fees: numeraire tokens of it.
    """

    prices: Array
    held: Array
    cash: Array
    deposit: Array
    sold: Array
    bought: Array
    fees: Array

    @cached_property
    def arriving(self) -> Array:
        """Net asset value at each price before the trades of the step."""
        held = np.vstack([self.deposit[:-1], self.held[:-1]])
        cash = np.concatenate([self.deposit[-1:], self.cash[:-1]])
        value: Array = (held * self.prices).sum(axis=1) + cash
        return value

    @cached_property
    def leaving(self) -> Array:
        """Net asset value after the trades of the step."""
        value: Array = (self.held * self.prices).sum(axis=1) + self.cash
        return value

    @property
    def weights(self) -> Array:
        """Of each asset after the trades of the step."""
        weights: Array = self.held * self.prices / self.leaving[:, None]
        return weights


@dataclass(frozen=True, slots=True)
class Fills:
    """All fills of a world as columns.

    Args:
        takers: who traded.
        symbols: the asset.
        steps: at which price, counted from 0.
        sides: +1 bought it.
        base: base units of the asset.
        quote: base units of the numeraire, fees apart.
        fees: base units of the numeraire.
    """

    takers: Amounts
    symbols: Amounts
    steps: npt.NDArray[np.int64]
    sides: npt.NDArray[np.int64]
    base: Amounts
    quote: Amounts
    fees: Amounts

    @classmethod
    def of(cls, world: World, *, first_ns: int, step_ns: int) -> Fills:
        """The fills of a finished run whose prices change at ``first_ns`` and every ``step_ns`` after it."""
        world.records.close()
        table = world.records.tables["fills"].arrow()
        names = ("taker", "base", "base_raw", "quote_raw", "taker_fee_raw")
        takers, symbols, base, quote, fees = (np.array(table[name].to_pylist(), dtype=object) for name in names)
        steps = (table["time_ns"].to_numpy() - first_ns) // step_ns
        return cls(takers, symbols, steps, table["side"].to_numpy(), base, quote, fees)

    def by(self, taker: str) -> Fills:
        """Those of one taker."""
        rows = np.flatnonzero(self.takers == taker)
        return Fills(*(getattr(self, name)[rows] for name in self.__slots__))


def book_of(world: World, vault: Vault, *, prices: Array, deposit: Mapping[Asset, int], fills: Fills) -> Book:
    """The book of a vault.

    Args:
        world: a finished run.
        vault: a vault of it.
        prices: one row a step, one column an asset.
        deposit: base units that it began with, of each asset in the columns' order and of the numeraire last.
        fills: of the world.

    Raises:
        ValueError: the fills do not add up to what the ledger says the vault has.
    """
    own, quote, count = fills.by(vault.name), vault.numeraire, len(prices)
    paid = own.sides * own.quote + own.fees
    changes: Amounts = np.zeros((count, len(deposit)), dtype=object)
    for column, asset in zip(changes.T, deposit, strict=True):
        if asset == quote:
            np.subtract.at(column, own.steps, paid)
        else:
            mine = own.symbols == asset.symbol
            np.add.at(column, own.steps[mine], own.sides[mine] * own.base[mine])
    start = np.array(list(deposit.values()), dtype=object)
    held = start + np.cumsum(changes, axis=0)
    _check_ledger(world, vault, {asset: int(amount) for asset, amount in zip(deposit, held[-1], strict=True)})
    units = np.array([asset.unit for asset in deposit], dtype=object)
    tokens, buys = (held / units).astype(np.float64), own.sides > 0
    return Book(
        prices=prices,
        held=tokens[:, :-1],
        cash=tokens[:, -1],
        deposit=(start / units).astype(np.float64),
        sold=_by_step(own.steps[~buys], own.quote[~buys], quote, count),
        bought=_by_step(own.steps[buys], paid[buys], quote, count),
        fees=_by_step(own.steps, own.fees, quote, count),
    )


def _by_step(steps: npt.NDArray[np.int64], amounts: Amounts, asset: Asset, count: int) -> Array:
    """Tokens added up by step."""
    found: Array = np.zeros(count)
    np.add.at(found, steps, (amounts / asset.unit).astype(np.float64))
    return found


def _check_ledger(world: World, vault: Vault, held: Mapping[Asset, int]) -> None:
    account = Account(vault.name, world.host_of[vault.name].name)
    known = {asset: world.ledger.balance(asset, account) for asset in held}
    for asset, market in vault.lending.items():
        collateral, debt = market.position(vault.name, world.clock.now_ns // NANOSECONDS_PER_SECOND)
        known[asset] += collateral
        known[vault.numeraire] -= debt
    slack = _LENDING_ROUNDS if vault.lending else 0
    if any(abs(held[asset] - amount) > slack for asset, amount in known.items()):
        raise ValueError(f"{vault.name} holds {held} by its fills and {known} by the ledger")
