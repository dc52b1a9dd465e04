"""Balances of accounts: transfers conserve, minting and burning are counted."""

from __future__ import annotations

from collections.abc import Iterator

from shoal.sim.errors import InsufficientFunds
from shoal.sim.journal import ABSENT, Journal
from shoal.sim.units import Account, Asset


class Ledger:
    """Who holds how much of what, in base units; every change is written through the journal.

    At any moment, for every asset: minted - burned = the sum of all balances (``difference`` is 0).

    >>> from shoal.sim.units import Account, Asset
    >>> ledger, btc = Ledger(Journal()), Asset("BTC", 8)
    >>> ledger.mint(btc, Account("alice", "exchange"), 5)
    >>> ledger.transfer(btc, Account("alice", "exchange"), Account("bob", "exchange"), 2)
    >>> ledger.balance(btc, Account("bob", "exchange")), ledger.difference(btc)
    (2, 0)
    """

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self._balances: dict[Asset, dict[Account, int]] = {}
        self._minted: dict[tuple[Asset, str], int] = {}
        self._burned: dict[tuple[Asset, str], int] = {}

    @property
    def assets(self) -> tuple[Asset, ...]:
        """Every asset that anybody ever held, by symbol."""
        return tuple(sorted(asset for asset, cells in self._balances.items() if cells))

    def balance(self, asset: Asset, account: Account) -> int:
        """Base units that the account holds."""
        cells = self._balances.get(asset)
        return 0 if cells is None else cells.get(account, 0)

    def balances(self, account: Account) -> dict[Asset, int]:
        """Base units that the account holds of every asset it ever held."""
        return {asset: cells[account] for asset, cells in self._balances.items() if account in cells}

    def transfer(self, asset: Asset, source: Account, target: Account, amount: int) -> None:
        """Move base units between accounts.

        Raises:
            InsufficientFunds: the source holds less.
            ValueError: the amount is negative or not an int.
        """
        if type(amount) is not int or amount < 0:
            raise ValueError(f"transfer of {asset.symbol}: the amount must be a whole number >= 0, had {amount!r}")
        if amount == 0:
            return
        cells = self._balances.get(asset)
        had = 0 if cells is None else cells.get(source, 0)
        if cells is None or had < amount:
            raise InsufficientFunds(str(source), had, amount, f"{asset.symbol} base units")
        overwrite = self.journal.overwrite
        overwrite(cells, source, had, had - amount)
        held = cells.get(target)
        if held is None:
            overwrite(cells, target, ABSENT, amount)
        else:
            overwrite(cells, target, held, held + amount)

    def mint(self, asset: Asset, account: Account, amount: int) -> None:
        """Create base units and count them.

        Raises:
            ValueError: the amount is negative or not an int.
        """
        if type(amount) is not int or amount < 0:
            raise ValueError(f"minting {asset.symbol}: the amount must be a whole number >= 0, had {amount!r}")
        cells = self._cells(asset)
        self.journal.write(cells, account, cells.get(account, 0) + amount)
        self._count(self._minted, asset, account.host, amount)

    def burn(self, asset: Asset, account: Account, amount: int) -> None:
        """Destroy base units and count them.

        Raises:
            InsufficientFunds: the account holds less.
            ValueError: the amount is negative or not an int.
        """
        if type(amount) is not int or amount < 0:
            raise ValueError(f"burning {asset.symbol}: the amount must be a whole number >= 0, had {amount!r}")
        cells = self._cells(asset)
        had = cells.get(account, 0)
        if had < amount:
            raise InsufficientFunds(str(account), had, amount, f"{asset.symbol} base units")
        self.journal.write(cells, account, had - amount)
        self._count(self._burned, asset, account.host, amount)

    def minted(self, asset: Asset) -> int:
        """Base units ever created."""
        return sum(amount for (of, _), amount in self._minted.items() if of == asset)

    def burned(self, asset: Asset) -> int:
        """Base units ever destroyed."""
        return sum(amount for (of, _), amount in self._burned.items() if of == asset)

    def difference(self, asset: Asset) -> int:
        """Minted less burned less the sum of all balances: 0, or the ledger is broken."""
        return self.minted(asset) - self.burned(asset) - sum(self._balances.get(asset, {}).values())

    def holders(self, asset: Asset) -> Iterator[tuple[Account, int]]:
        """Accounts and balances, in the order of owner and host, without empty ones."""
        return ((account, held) for account, held in sorted(self._balances.get(asset, {}).items()) if held)

    def state_bytes(self, host: str | None = None) -> bytes:
        """All balances and counters in canonical order, of one host or of all; equal states, equal bytes."""
        lines = [
            f"{asset.symbol} {account.owner}@{account.host} {held}"
            for asset in self.assets
            for account, held in self.holders(asset)
            if host is None or account.host == host
        ]
        for name, counters in (("minted", self._minted), ("burned", self._burned)):
            lines += [
                f"{name} {asset.symbol}@{place} {amount}"
                for (asset, place), amount in sorted(counters.items())
                if amount and (host is None or place == host)
            ]
        return "\n".join(lines).encode()

    def _cells(self, asset: Asset) -> dict[Account, int]:
        cells = self._balances.get(asset)
        if cells is None:
            cells = self._balances[asset] = {}
        return cells

    def _count(self, counters: dict[tuple[Asset, str], int], asset: Asset, host: str, amount: int) -> None:
        key = (asset, host)
        self.journal.write(counters, key, counters.get(key, 0) + amount)
