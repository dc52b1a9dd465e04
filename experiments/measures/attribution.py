"""Where each basis point of a vault's rebalance went: implementation shortfall in parts that sum exactly."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd

from shoal.agents.vaults.log import UNFILLED
from shoal.experiments.measures.base_units import asset_units, native_units
from shoal.experiments.measures.frames import rows
from shoal.experiments.measures.reference_price import ReferencePrices
from shoal.experiments.measures.shortfall import (
    EXECUTED,
    PARTS,
    Audit,
    Trade,
    executed_parts,
    unfilled_part,
)
from shoal.experiments.measures.world_mids import WorldMids

BPS: Final = 10_000.0
NS: Final = 1_000_000_000
HORIZON_S: Final = 3_600.0
MARKOUTS: Final = {"minute": 60 * NS, "hour": 3_600 * NS}
TOTAL: Final = "total"
_WHAT: Final = ("vault", "policy", "rebalance", "decided_ns", "ended_ns", "reason", "result", "first")
_SIZE: Final = (
    "orders",
    "unaudited_orders",
    "unpriced_orders",
    "traded_quote_tokens",
    "intended_quote_tokens",
    "left_quote_tokens",
)
_MARKOUT: Final = tuple(f"markout_{name}_bps" for name in ("block", *MARKOUTS))


@dataclass(slots=True)
class _Shortfall:
    """The shortfall of one rebalance while its orders are gone through, in base units of quote."""

    parts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PARTS, 0))
    traded: int = 0
    intended: int = 0
    left: int = 0
    orders: int = 0
    unaudited: int = 0
    unpriced: int = 0
    markouts: dict[str, float] = field(default_factory=lambda: dict.fromkeys(("block", *MARKOUTS), 0.0))


@dataclass(frozen=True, slots=True)
class Valuation:
    """What orders are valued with.

    Args:
        quote: symbol of the numeraire.
        units: base units in a token, by asset.
        native_units: the same of what pays gas, by chain.
        mids: the world's mids.
        outside: outside prices, which markouts are taken against.
        blocks_ns: times of blocks.
    """

    quote: str
    units: Mapping[str, int]
    native_units: Mapping[str, int]
    mids: WorldMids
    outside: ReferencePrices
    blocks_ns: np.ndarray[Any, np.dtype[np.int64]]

    def trade(self, order: Any, *, amount_in: int, amount_out: int = 0) -> Trade | None:
        """The order as a trade of one asset against quote; None if it has no price or trades something else."""
        side = 1 if order.asset_in == self.quote else -1
        asset = order.asset_out if side > 0 else order.asset_in
        other = order.asset_in if side > 0 else order.asset_out
        usable = math.isfinite(order.reference) and order.reference > 0 and other == self.quote
        if not usable or asset not in self.units or self.quote not in self.units:
            return None
        units = self.units[asset], self.units[self.quote]
        return Trade(side, amount_in, amount_out, float(order.reference), *units)

    @staticmethod
    def of(fills: pd.DataFrame, transactions: pd.DataFrame, blocks: pd.DataFrame, prices: pd.DataFrame,
           venue_states: pd.DataFrame) -> Valuation:  # fmt: skip
        """Take it from recorded tables; the quote is what most fills were quoted in."""
        quotes = fills["quote"].mode()
        return Valuation(
            str(quotes.iloc[0]) if len(quotes) else "",
            asset_units(fills),
            native_units(transactions),
            WorldMids.of(venue_states),
            ReferencePrices.of(prices),
            np.sort(blocks["time_ns"].to_numpy(np.int64)),
        )


def attribution(
    vault_orders: pd.DataFrame,
    rebalances: pd.DataFrame,
    audits: pd.DataFrame,
    valuation: Valuation,
    *,
    horizon_s: float = HORIZON_S,
) -> pd.DataFrame:
    """One row a rebalance that sent or wanted to send something: its implementation shortfall.

    The reference is the depth-weighted mid over the world's venues when it was decided; for what a later slice trades
    beyond what was decided then, because prices have moved on, when that slice was begun. Parts, each a cost if
    positive:

    * ``delay``: what the mid moved from the decision to the top of the block, or to the arrival at an exchange;
    * ``fee``: the venue's fee;
    * ``impact``: spread and impact, executed alone at the top of the block;
    * ``ordering``: what others in the block before it did, attackers left out;
    * ``adversary``: what attackers took: as it happened less that;
    * ``gas``: of all transactions, failed ones included, at the native asset's mid at the decision;
    * ``unfilled``: what was left undone when it ended, by what the mid had moved ``horizon_s`` after the decision, or
      by the vault's next decision, which sees to it again, or by the end of the run if these are sooner.

    They are whole base units of quote and sum to ``total`` exactly. Basis points are of ``intended_quote_tokens``, what
    the rebalance wanted to trade at the decision's mid. Markouts are the worth of what was got less the worth of what
    was paid, at the outside price of one block, one minute and one hour later, in basis points of what was traded.

    Returns:
        vault, policy, rebalance, decided_ns, ended_ns, reason, result, first, ``orders`` executed, of these
        ``unaudited_orders`` and ``unpriced_orders`` (left out); ``traded_quote_tokens``, ``intended_quote_tokens``, and
        ``left_quote_tokens``, what was left and no next decision within the horizon wanted again; for each part and the
        total ``_raw`` (exact ints), ``_quote_tokens``, ``_bps``; three markouts.
    """
    known = _audits(audits)
    found: dict[tuple[str, int], _Shortfall] = defaultdict(_Shortfall)
    decided: dict[tuple[str, int], int] = {}
    orders: dict[tuple[str, int], list[Any]] = defaultdict(list)
    for order in rows(vault_orders):
        key = str(order.vault), int(order.rebalance)
        orders[key].append(order)
        decided.setdefault(key, int(order.decided_ns))
    following = _following(decided)
    for key, mine in orders.items():
        horizon_ns, then = decided[key] + round(horizon_s * NS), following[key]
        until_ns = horizon_ns if then is None else min(horizon_ns, decided[then])
        again = {_way(order) for order in orders[then]} if then is not None and decided[then] <= horizon_ns else set()
        for order in mine:
            if order.result == UNFILLED:
                _leave(found[key], order, until_ns, valuation, again=_way(order) in again)
            else:
                _execute(found[key], order, valuation, known)
    return _table(found, decided, rebalances, valuation)


def _execute(total: _Shortfall, order: Any, valuation: Valuation, audits: dict[tuple[Any, ...], list[Audit]]) -> None:
    _pay_gas(total, order, valuation)
    amount_in, amount_out = int(order.amount_in_raw), int(order.amount_out_raw)
    if amount_in <= 0:
        return
    total.orders += 1
    trade = valuation.trade(order, amount_in=amount_in, amount_out=amount_out)
    waiting = audits.get(_key(order, int(order.transaction), int(order.landed_ns)))
    audit = waiting.pop(0) if waiting else None
    if trade is None:
        total.unpriced += 1
        return
    total.unaudited += audit is None
    for part, cost in zip(EXECUTED, executed_parts(trade, audit), strict=True):
        total.parts[part] += cost
    worth = _worth(trade)
    total.traded += worth
    total.intended += worth
    for name, later_ns in _horizons(valuation, int(order.landed_ns)).items():
        total.markouts[name] += _markout(trade, _outside(order, valuation, later_ns))


def _pay_gas(total: _Shortfall, order: Any, valuation: Valuation) -> None:
    gas, unit = int(order.gas_raw), valuation.native_units.get(str(order.host))
    if gas and unit and math.isfinite(order.native_reference):
        total.parts["gas"] += round(gas * (order.native_reference * valuation.units.get(valuation.quote, 0) / unit))
    elif gas:
        total.unpriced += 1


def _following(decided: Mapping[tuple[str, int], int]) -> dict[tuple[str, int], tuple[str, int] | None]:
    """The next decision of the same vault; None after its last."""
    found: dict[tuple[str, int], tuple[str, int] | None] = {}
    later: dict[str, tuple[str, int]] = {}
    for key, _ in sorted(decided.items(), key=lambda item: item[1], reverse=True):
        found[key] = later.get(key[0])
        later[key[0]] = key
    return found


def _way(order: Any) -> tuple[str, str]:
    return str(order.asset_in), str(order.asset_out)


def _leave(total: _Shortfall, order: Any, until_ns: int, valuation: Valuation, *, again: bool) -> None:
    trade = valuation.trade(order, amount_in=int(order.planned_in_raw))
    if trade is None:
        total.unpriced += 1
        return
    asset = order.asset_out if trade.side > 0 else order.asset_in
    later = valuation.mids.at(str(asset), until_ns)
    total.parts["unfilled"] += unfilled_part(trade, later)
    total.intended += _worth(trade)
    if not again:
        total.left += _worth(trade)


def _worth(trade: Trade) -> int:
    """What was paid, in base units of quote at the decision's mid."""
    return trade.amount_in if trade.side > 0 else round(trade.amount_in * _price(trade, trade.reference))


def _price(trade: Trade, price: float) -> float:
    return price * trade.quote_unit / trade.asset_unit


def _markout(trade: Trade, later: float) -> float:
    """Worth of what was got less worth of what was paid at a later price, in base units of quote."""
    if trade.side > 0:
        return trade.amount_out * _price(trade, later) - trade.amount_in
    return trade.amount_out - trade.amount_in * _price(trade, later)


def _horizons(valuation: Valuation, landed_ns: int) -> dict[str, int]:
    after = int(np.searchsorted(valuation.blocks_ns, landed_ns, side="right"))
    block_ns = int(valuation.blocks_ns[after]) if after < len(valuation.blocks_ns) else -1
    return {"block": block_ns} | {name: landed_ns + later_ns for name, later_ns in MARKOUTS.items()}


def _outside(order: Any, valuation: Valuation, time_ns: int) -> float:
    asset = order.asset_out if order.asset_in == valuation.quote else order.asset_in
    steps = valuation.outside.pairs.get((str(asset), valuation.quote))
    return math.nan if steps is None or time_ns < 0 else float(steps.at(np.array([time_ns]))[0])


def _audits(audits: pd.DataFrame) -> dict[tuple[Any, ...], list[Audit]]:
    """Audits in their order by what tells which order they are of."""
    found: dict[tuple[Any, ...], list[Audit]] = defaultdict(list)
    for row in rows(audits):
        audit = Audit(
            float(row.arrival_reference), int(row.alone_fee_raw), int(row.alone_out_raw), int(row.benign_out_raw)
        )
        found[_key(row, int(row.transaction), int(row.time_ns))].append(audit)
    return found


def _key(row: Any, transaction: int, time_ns: int) -> tuple[Any, ...]:
    """A chain numbers its transactions; on an exchange the instant has to do."""
    return str(row.vault), transaction, time_ns if transaction < 0 else 0, str(row.venue), str(row.asset_in)


def _table(
    found: Mapping[tuple[str, int], _Shortfall],
    decided: Mapping[tuple[str, int], int],
    rebalances: pd.DataFrame,
    valuation: Valuation,
) -> pd.DataFrame:
    ended = {(str(row.vault), int(row.rebalance)): row for row in rows(rebalances)}
    policies = {str(row.vault): str(row.policy) for row in rows(rebalances)}
    unit = valuation.units.get(valuation.quote, 1)
    records = []
    for key, one in found.items():
        row = ended.get(key)
        # A run that was stopped leaves rebalances that never ended.
        after = (int(row.ended_ns), row.reason, row.result, int(row.first)) if row is not None else (-1, "", "open", 0)
        parts = one.parts | {TOTAL: sum(one.parts.values())}
        records.append(
            (
                key[0],
                policies.get(key[0], ""),
                key[1],
                decided[key],
                *after,
                one.orders,
                one.unaudited,
                one.unpriced,
                one.traded / unit,
                one.intended / unit,
                one.left / unit,
                *(value for cost in parts.values() for value in (cost, cost / unit, _bps(cost, one.intended))),
                *(_bps(value, one.traded) for value in one.markouts.values()),
            )
        )
    names = [f"{part}{end}" for part in (*PARTS, TOTAL) for end in ("_raw", "_quote_tokens", "_bps")]
    table = pd.DataFrame(records, columns=[*_WHAT, *_SIZE, *names, *_MARKOUT])
    table = table.astype({f"{part}_raw": object for part in (*PARTS, TOTAL)})
    return table.sort_values(["decided_ns", "vault"], kind="stable", ignore_index=True)


def _bps(value: float, base: int) -> float:
    return value / base * BPS if base else math.nan


def attribution_by_policy(attributed: pd.DataFrame, policies: Sequence[str] = ()) -> pd.DataFrame:
    """One row a policy: the shortfall of its rebalances, a vault's initial investment left out.

    They stand in the order of ``policies``, others after them by name.

    Returns:
        policy, ``vaults``, ``rebalances``, ``traded_quote_tokens``; ``intended_quote_tokens``, what was traded and what
        was left for good, so that what is tried again counts once; for each part and the total ``_quote_tokens``, the
        sum; ``_bps``, the sum over what was intended; ``_mean_bps`` and ``_median_bps`` over rebalances; markouts
        weighted by what was traded.
    """
    records = []
    later = {str(policy): mine for policy, mine in attributed[attributed["first"] == 0].groupby("policy", sort=True)}
    for policy in (*(one for one in policies if one in later), *(one for one in later if one not in policies)):
        mine = later[policy]
        traded = float(mine["traded_quote_tokens"].sum())
        intended = traded + float(mine["left_quote_tokens"].sum())
        record: dict[str, object] = {
            "policy": policy,
            "vaults": mine["vault"].nunique(),
            "rebalances": len(mine),
            "traded_quote_tokens": traded,
            "intended_quote_tokens": intended,
        }
        for part in (*PARTS, TOTAL):
            cost = float(mine[f"{part}_quote_tokens"].sum())
            record |= {
                f"{part}_quote_tokens": cost,
                f"{part}_bps": cost / intended * BPS if intended else math.nan,
                f"{part}_mean_bps": float(mine[f"{part}_bps"].mean()),
                f"{part}_median_bps": float(mine[f"{part}_bps"].median()),
            }
        for name in _MARKOUT:
            seen = mine[mine[name].notna()]
            weight = float(seen["traded_quote_tokens"].sum())
            record[name] = float((seen[name] * seen["traded_quote_tokens"]).sum()) / weight if weight else math.nan
        records.append(record)
    return pd.DataFrame(records, columns=list(_BY_POLICY))


_BY_POLICY: Final = (
    "policy",
    "vaults",
    "rebalances",
    "traded_quote_tokens",
    "intended_quote_tokens",
    *(f"{part}{end}" for part in (*PARTS, TOTAL) for end in ("_quote_tokens", "_bps", "_mean_bps", "_median_bps")),
    *_MARKOUT,
)
