"""A vault's guards, asked before anything is sent."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from shoal.agents.vaults.planning import PlannedLeg
from shoal.sim.errors import Refusal
from shoal.sim.units import NANOSECONDS_PER_SECOND, PPM, Asset
from shoal.venues.vault.guards import LOSS_UNIT, Guards

if TYPE_CHECKING:
    from shoal.agents.vaults.desk import Desk


def objection_to(legs: Sequence[PlannedLeg], *, desk: Desk) -> str | None:
    """Why the vault's guards would refuse these legs, at the oracles as they were published; None if they pass.

    The contract checks again when they land; asking first saves the gas of a refusal.
    """
    news, answers, guards = desk.trader.read(desk.vault), _answers(desk), desk.guards
    if isinstance(answers, str):
        return answers
    portfolio = None if news is None else desk.portfolio(answers)
    if news is None or portfolio is None or not portfolio.nav > 0.0:
        return "ZeroNetAssetValue: nothing to trade with at the oracles' prices"
    changes = dict.fromkeys((*answers, desk.numeraire), 0.0)
    for leg in legs:
        changes[leg.asset_in] -= leg.asset_in.tokens(leg.amount_in)
        changes[leg.asset_out] += leg.expected_out
    worth = [change * answers.get(asset, 1.0) for asset, change in changes.items()]
    unit = desk.numeraire.unit
    nav, loss = int(portfolio.nav * unit), int(-math.fsum(worth) * unit)
    given = int(-math.fsum(value for value in worth if value < 0.0) * unit)
    now_ns, who = desk.trader.now_ns, desk.vault
    left = min(guards.budget_ppm, news.item.budget_left_ppm + _replenished(guards, now_ns - news.published_ns))
    try:
        guards.check_time(who, now_s=now_ns // NANOSECONDS_PER_SECOND, last_trade_s=news.item.last_trade_s)
        guards.check_size(who, given=given, nav=nav)
        guards.check_slippage(who, given=given, loss=loss)
        guards.spend(who, spent=(guards.budget_ppm - left) * (LOSS_UNIT // PPM), loss=loss, nav=nav)
    except Refusal as refusal:
        return f"{refusal.code}: {refusal}"
    return None


def _answers(desk: Desk) -> dict[Asset, float] | str:
    """The prices of the vault's own oracles, or why one does not count."""
    now_s, most = desk.trader.now_ns // NANOSECONDS_PER_SECOND, desk.guards.maximum_price_age_s
    answers = {}
    for asset, oracle in desk.oracles.items():
        item = desk.trader.view(oracle)
        if item is None or item.price is None:
            return f"StalePrice: {oracle} has no answer for {asset} yet"
        if now_s - item.updated_s > most:
            return f"StalePrice: {oracle}'s price of {asset} is {now_s - item.updated_s} s old, at most {most} s"
        answers[asset] = item.price
    return answers


def _replenished(guards: Guards, elapsed_ns: int) -> int:
    """Millionths of the budget that have come back since the vault spoke."""
    return guards.budget_ppm * (elapsed_ns // NANOSECONDS_PER_SECOND) // guards.budget_period_s
