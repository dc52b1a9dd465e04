"""What a vault publishes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from shoal.sim.units import Asset
from shoal.venues.vault.guards import Guards
from shoal.venues.vault.holdings import Holdings
from shoal.venues.vault.positions import non_zero
from shoal.venues.vault.share_math import SHARE_DECIMALS, virtual_shares
from shoal.venues.vault.shares import Shares
from shoal.venues.vault.slippage_budget import SlippageBudget


@dataclass(frozen=True, slots=True)
class VaultView:
    """A vault as its feed shows it: as it was when it was last called, which markets and oracles do not wait for.

    Amounts in base units, times in whole seconds since the Unix epoch. Between its own calls its debt grows, its
    collateral may be liquidated and its oracles move: their own feeds tell.

    Args:
        name: the vault's name.
        numeraire: what values and debt are counted in.
        holdings: on the chain.
        custody: with the manager, as last reported.
        collateral: posted in lending markets.
        debt: owed to lending markets, with interest until this was published.
        supply: base units of share, 18 decimals.
        answers: of each risky asset, the oracle's last answer (8 decimals; None before the first) and its time.
        nav: base units of the numeraire at those answers however old; None if one is missing that is needed.
        guards: the limits of its trades.
        last_trade_s: None before the first.
        budget_left_ppm: what is left of the slippage budget, rounded down.
        high_water_mark: the share price above which the performance fee is due, as ``share_math.share_price``.
        custody_reported_s: when custody was last reported or moved; None before.
    """

    name: str
    numeraire: Asset
    holdings: Mapping[Asset, int]
    custody: Mapping[Asset, int]
    collateral: Mapping[Asset, int]
    debt: int
    supply: int
    answers: Mapping[Asset, tuple[int | None, int]]
    nav: int | None
    guards: Guards
    last_trade_s: int | None
    budget_left_ppm: int
    high_water_mark: int
    custody_reported_s: int | None

    @classmethod
    def of(
        cls, holdings: Holdings, shares: Shares, budget: SlippageBudget, *, last_trade_s: int | None, now_s: int
    ) -> VaultView:
        """What a vault of these parts shows: holdings as remembered from its last call, all else as of now."""
        positions = holdings.positions(holdings.on_chain, now_s)
        answers = {asset: (oracle.answer, oracle.updated_s) for asset, oracle in holdings.oracles.items()}
        known = {asset: answer for asset, (answer, _) in answers.items() if answer is not None}
        return cls(
            name=holdings.vault,
            numeraire=holdings.numeraire,
            holdings=MappingProxyType(non_zero(holdings.on_chain)),
            custody=MappingProxyType(non_zero(holdings.custody)),
            collateral=MappingProxyType(non_zero(positions.collateral)),
            debt=positions.debt,
            supply=shares.supply,
            answers=MappingProxyType(answers),
            nav=positions.nav_down(known) if known.keys() >= set(positions.risky) else None,
            guards=budget.guards,
            last_trade_s=last_trade_s,
            budget_left_ppm=budget.left_ppm(now_s),
            high_water_mark=shares.high_water_mark,
            custody_reported_s=holdings.custody_reported_s,
        )

    @property
    def share_price(self) -> float | None:
        """Tokens of the numeraire for one whole share, virtual ones counted; None where nav is unknown."""
        if self.nav is None:
            return None
        unit, shares = self.numeraire.unit, self.supply + virtual_shares(self.numeraire)
        return (self.nav + 1) * 10**SHARE_DECIMALS / (shares * unit)

    def net(self, asset: Asset) -> int:
        """Base units wherever they lie; of the numeraire, less the debt."""
        held = self.holdings.get(asset, 0) + self.custody.get(asset, 0) + self.collateral.get(asset, 0)
        return held - self.debt if asset == self.numeraire else held
