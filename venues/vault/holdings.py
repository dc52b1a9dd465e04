"""Where a vault's assets lie: on chain, in custody, in lending markets; and the oracles that price them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from shoal.sim.errors import BadArguments
from shoal.sim.ledger import Ledger
from shoal.sim.units import Account, Asset
from shoal.sim.venue import Context, shown
from shoal.venues.credit.lending_market import LendingMarket
from shoal.venues.oracle import NoAnswer, Oracle, StalePrice
from shoal.venues.vault.positions import Positions


class Holdings:
    """Adds up what a vault has; remembers what was on chain when it was last called, and what custody reported.

    Args:
        vault: the vault's name, under which it borrows.
        numeraire: what values and debts are counted in.
        oracles: by risky asset.
        lending: markets by collateral.
        maximum_price_age_s: the oldest answer that counts.

    Raises:
        ValueError: an oracle or a market of another pair.
    """

    def __init__(
        self,
        vault: str,
        numeraire: Asset,
        oracles: Mapping[Asset, Oracle],
        lending: Mapping[Asset, LendingMarket],
        *,
        maximum_price_age_s: int,
    ) -> None:
        if numeraire in oracles:
            raise ValueError(f"{vault}: {numeraire.symbol} is the numeraire and needs no oracle")
        for asset, oracle in oracles.items():
            if (oracle.base, oracle.quote_asset) != (asset, numeraire):
                raise ValueError(f"{vault}: {oracle.name} must price {asset} in {numeraire}")
        for asset, market in lending.items():
            if asset not in oracles or (market.collateral, market.loan) != (asset, numeraire):
                raise ValueError(f"{vault}: {market.name} must lend {numeraire} against {asset}, held here")
        self.vault = vault
        self.numeraire = numeraire
        self.oracles = dict(oracles)
        self.lending = dict(lending)
        self.maximum_price_age_s = maximum_price_age_s
        self.assets = (*self.oracles, numeraire)
        self.custody: dict[Asset, int] = {}
        self.custody_reported_s: int | None = None
        # Quotes and feeds know no ledger.
        self.on_chain: dict[Asset, int] = {}

    @property
    def state(self) -> tuple[object, ...]:
        """Custody, when it was reported, and what was on chain."""
        return sorted(self.custody.items()), self.custody_reported_s, sorted(self.on_chain.items())

    def check_asset(self, asset: object) -> None:
        """Accept only what the vault may hold.

        Raises:
            BadArguments: it is something else.
        """
        if type(asset) is not Asset or asset not in self.assets:
            known = " or ".join(one.symbol for one in self.assets)
            raise BadArguments(self.vault, f"asset={shown(asset)}", known)

    def balances(self, ledger: Ledger, account: Account) -> dict[Asset, int]:
        """What lies on the vault's account, by asset that it may hold."""
        return {asset: ledger.balance(asset, account) for asset in self.assets}

    def positions(self, on_chain: Mapping[Asset, int], now_s: int) -> Positions:
        """All there is, given what lies on chain; debts with interest until now."""
        lent = {asset: market.position(self.vault, now_s) for asset, market in self.lending.items()}
        return Positions(
            self.numeraire,
            on_chain,
            dict(self.custody),
            {asset: collateral for asset, (collateral, _) in lent.items()},
            {asset: debt for asset, (_, debt) in lent.items()},
        )

    def answers(self, assets: Iterable[Asset], now_s: int) -> dict[Asset, int]:
        """The oracles' last answers for these assets; the numeraire needs none.

        Raises:
            NoAnswer, StalePrice: one is missing or too old.
        """
        age_s = self.maximum_price_age_s
        risky = [asset for asset in assets if asset != self.numeraire]
        return {asset: self.oracles[asset].fresh_answer(now_s, age_s, self.vault) for asset in risky}

    def nav_or_none(self, positions: Positions, now_s: int) -> int | None:
        """Net asset value rounded down, or None where a fresh answer is missing."""
        try:
            return positions.nav_down(self.answers(positions.risky, now_s))
        except (NoAnswer, StalePrice):
            return None

    def remember(self, context: Context, account: Account) -> None:
        """Take note of what lies on chain now."""
        for asset, held in self.balances(context.ledger, account).items():
            if self.on_chain.get(asset, 0) != held:
                context.journal.write(self.on_chain, asset, held)

    def set_custody(self, context: Context, asset: Asset, amount: int) -> None:
        """Let this much of an asset be in custody."""
        context.journal.write(self.custody, asset, amount)
        context.journal.write(vars(self), "custody_reported_s", context.now_s)
