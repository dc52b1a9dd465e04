"""Who earned from whom: every owner's change in value, split into parts that sum to it exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from shoal.experiments.measures.kinds import FEES, LOCKED, is_provider, kind_of_each, with_providers
from shoal.experiments.measures.marks import Marks
from shoal.experiments.measures.reference_price import Floats
from shoal.sim.hosts.chain import BURNT, PROPOSER

PARTS: Final = (
    "trading_edge_quote_tokens",
    "fees_quote_tokens",
    "selection_quote_tokens",
    "inventory_quote_tokens",
    "gas_quote_tokens",
    "moved_quote_tokens",
    "holding_quote_tokens",
)
HORIZON_S: Final = 300.0
TOTAL: Final = "value_change_quote_tokens"
RESIDUAL: Final = "residual_quote_tokens"
_TRADING_VERBS: Final = frozenset(
    {"limit", "market", "cancel", "cancel_all", "replace", "swap_exact_in", "swap_exact_out"}
)


@dataclass(frozen=True, slots=True)
class Flow:
    """What one side of every fill got, row by row: base and quote tokens, fees taken off.

    ``fee_value`` is the part of it that is fees, in quote at the outside price of the fill; negative is paid.
    """

    owner: pd.Series[str]
    base: Floats
    quote: Floats
    fee_value: Floats


def earned(
    fills: pd.DataFrame,
    prices: pd.DataFrame,
    agents: pd.DataFrame,
    venue_states: pd.DataFrame,
    transactions: pd.DataFrame | None = None,
    blocks: pd.DataFrame | None = None,
    orders: pd.DataFrame | None = None,
    *,
    horizon_s: float = HORIZON_S,
) -> pd.DataFrame:
    """One row an owner: where its change in value came from, in quote tokens.

    A trade of signed base b against quote q when the outside price was m, h the price ``horizon_s`` later (at most the
    last one), valued at the last price M, gave

        b M - q = (b m - q - fee) + fee + b (h - m) + b (M - h) = trading edge + fees + selection + inventory.

    ``gas`` is what was paid for block space (to the proposer, or burnt). ``moved`` is what changed hands otherwise:
    a pool's result passed on to its providers, custody fees, payments to builders; it is what the ledger shows beyond
    trades and gas, and is allowed to owners that are venues, provide liquidity, sent such a call, or had a transaction
    in a bundle; it sums to 0 over all owners. For everybody else it must be 0, and what is not is the ``residual``.
    ``holding`` is the change in price of what was owned at the start: nobody earned it from anybody.

    Gas and fees are valued at the time they were paid; what their assets then gained or lost is part of inventory.

    Returns:
        owner, kind, the seven parts, ``residual_quote_tokens``, ``value_change_quote_tokens``: parts and residual sum
        to the value change, up to the rounding of floats.
    """
    marks = Marks.of(prices, agents)
    parts = pd.DataFrame(0.0, index=_owners(agents, fills), columns=[*PARTS, RESIDUAL, TOTAL])
    explained = agents.assign(tokens=0.0).groupby(["owner", "asset"], sort=True)["tokens"].sum()
    kinds = pd.Series(kind_of_each(parts.index, agents, otherwise="venue"), index=parts.index, dtype=str)
    now, later, end = marks.at_fill(fills), marks.later(fills, horizon_s), marks.at_end(fills)
    worth = marks.quote_worth(fills)
    for flow in _flows(fills, marks, set(parts.index)):
        explained = explained.add(_by_asset(flow, fills), fill_value=0.0)
        edge = flow.base * now + flow.quote
        _add(parts, "trading_edge_quote_tokens", flow.owner, (edge - flow.fee_value) * worth)
        _add(parts, "fees_quote_tokens", flow.owner, flow.fee_value * worth)
        _add(parts, "selection_quote_tokens", flow.owner, flow.base * (later - now) * worth)
        _add(parts, "inventory_quote_tokens", flow.owner, flow.base * (end - later) * worth)
    for owner, asset, tokens, paid_value in _gas(transactions, blocks, agents, marks):
        explained = explained.add(_single(owner, asset, tokens), fill_value=0.0)
        _add(parts, "gas_quote_tokens", owner, paid_value)
        _add(parts, "inventory_quote_tokens", owner, tokens * marks.end_price(asset) - paid_value)
    _state_movements(parts, agents, explained, _may_move(kinds, venue_states, orders, transactions), marks)
    parts.insert(0, "kind", kinds)
    return parts.rename_axis("owner").reset_index()


def earned_by_kind(by_owner: pd.DataFrame, venue_states: pd.DataFrame) -> pd.DataFrame:
    """The same, one row a kind, best first; pools count with their providers, whose trades theirs are.

    Returns:
        kind, ``owners``, and the columns of ``earned``.
    """
    kind = with_providers(by_owner.set_index("owner")["kind"], venue_states)
    figures = [*PARTS, RESIDUAL, TOTAL]
    grouped = by_owner.assign(kind=by_owner["owner"].map(kind)).groupby("kind", sort=True)
    result = grouped[figures].sum()
    result.insert(0, "owners", grouped.size())
    without_holding = result[TOTAL] - result["holding_quote_tokens"]
    return result.loc[without_holding.sort_values(ascending=False, kind="stable").index].reset_index()


def transfers_between_kinds(
    fills: pd.DataFrame, prices: pd.DataFrame, agents: pd.DataFrame, venue_states: pd.DataFrame
) -> pd.DataFrame:
    """One row a pair of kinds that traded: what makers of one kind got from takers of the other.

    Returns:
        ``taker_kind``, ``maker_kind``, ``fills``, ``volume_quote_tokens``; ``edge_quote_tokens``, what the makers
        gained at the outside price of the fill, fees apart; ``fees_quote_tokens``, what both paid to the venue (a
        pool's go to its providers); ``to_end_quote_tokens``, what the makers gained at the last price, fees apart.
        A pool is its providers' kind.
    """
    marks = Marks.of(prices, agents)
    owners = _owners(agents, fills)
    known = pd.Series(kind_of_each(owners, agents, otherwise="venue"), index=owners, dtype=str)
    kinds = with_providers(known, venue_states)
    base = fills["side"].to_numpy(np.float64) * fills["base_tokens"].to_numpy(np.float64)
    quote = fills["side"].to_numpy(np.float64) * fills["quote_tokens"].to_numpy(np.float64)
    worth = marks.quote_worth(fills)
    fees = fills["taker_fee_tokens"].to_numpy(np.float64) + fills["maker_fee_tokens"].to_numpy(np.float64)
    table = pd.DataFrame(
        {
            "taker_kind": fills["taker"].astype(str).map(kinds),
            "maker_kind": fills["maker"].astype(str).map(kinds),
            "fills": 1,
            "volume_quote_tokens": fills["quote_tokens"].to_numpy(np.float64) * worth,
            "edge_quote_tokens": (quote - base * marks.at_fill(fills)) * worth,
            "fees_quote_tokens": fees * marks.fee_price(fills) * worth,
            "to_end_quote_tokens": (quote - base * marks.at_end(fills)) * worth,
        }
    )
    return table.groupby(["taker_kind", "maker_kind"], sort=True).sum().reset_index()


def _owners(agents: pd.DataFrame, fills: pd.DataFrame) -> pd.Index[str]:
    """Everybody who traded, also a pool whose every unit is its providers'."""
    owners = set(agents["owner"].astype(str)) | set(fills["taker"].astype(str)) | set(fills["maker"].astype(str))
    return pd.Index(sorted(owners))


def _add(parts: pd.DataFrame, column: str, owner: pd.Series[str], values: Floats) -> None:
    sums = pd.Series(values).groupby(owner.to_numpy()).sum()
    parts[column] = parts[column].add(sums, fill_value=0.0).reindex(parts.index)


def _flows(fills: pd.DataFrame, marks: Marks, owners: set[str]) -> tuple[Flow, Flow, Flow]:
    """Takers, makers, and whoever keeps the fees: a book's fee account, else the maker, as pools do."""
    side = fills["side"].to_numpy(np.float64)
    base, quote = fills["base_tokens"].to_numpy(np.float64), fills["quote_tokens"].to_numpy(np.float64)
    taker_fee = fills["taker_fee_tokens"].to_numpy(np.float64)
    maker_fee = fills["maker_fee_tokens"].to_numpy(np.float64)
    in_base = (fills["fee_asset"].astype(str) == fills["base"].astype(str)).to_numpy()
    price = marks.fee_price(fills)

    def flow(owner: pd.Series[str], signed: Floats, fee: Floats) -> Flow:
        return Flow(
            owner,
            signed * base - np.where(in_base, fee, 0.0),
            -signed * quote - np.where(in_base, 0.0, fee),
            -fee * price,
        )

    maker, account = fills["maker"].astype(str), fills["venue"].astype(str) + FEES
    keeper = account.where(account.isin(owners), maker)
    return (
        flow(fills["taker"].astype(str), side, taker_fee),
        flow(maker, -side, maker_fee),
        flow(keeper, np.zeros(len(fills)), -(taker_fee + maker_fee)),
    )


def _by_asset(flow: Flow, fills: pd.DataFrame) -> pd.Series[float]:
    """Tokens by owner and asset."""
    owner = flow.owner.to_numpy()
    both = pd.DataFrame(
        {
            "owner": np.concatenate([owner, owner]),
            "asset": np.concatenate([fills["base"].astype(str).to_numpy(), fills["quote"].astype(str).to_numpy()]),
            "tokens": np.concatenate([flow.base, flow.quote]),
        }
    )
    return both.groupby(["owner", "asset"])["tokens"].sum()


def _single(owner: pd.Series[str], asset: str, tokens: Floats) -> pd.Series[float]:
    table = pd.DataFrame({"owner": owner.to_numpy(), "asset": asset, "tokens": tokens})
    return table.groupby(["owner", "asset"])["tokens"].sum()


def _gas(
    transactions: pd.DataFrame | None, blocks: pd.DataFrame | None, agents: pd.DataFrame, marks: Marks
) -> list[tuple[pd.Series[str], str, Floats, Floats]]:
    """Owners, native asset, tokens (negative is paid) and their value when paid."""
    if transactions is None or blocks is None or not len(blocks):
        return []
    native = _native(agents)
    if native is None:
        return []
    sides = [
        (transactions["sender"].astype(str), -transactions["fee_tokens"].to_numpy(np.float64), transactions["time_ns"]),
        (_constant(BURNT, blocks), blocks["burnt_tokens"].to_numpy(np.float64), blocks["time_ns"]),
        (_constant(PROPOSER, blocks), blocks["tips_tokens"].to_numpy(np.float64), blocks["time_ns"]),
    ]
    return [(owner, native, tokens, tokens * marks.value_at(native, times)) for owner, tokens, times in sides]


def _constant(owner: str, table: pd.DataFrame) -> pd.Series[str]:
    return pd.Series(owner, index=table.index, dtype=str)


def _native(agents: pd.DataFrame) -> str | None:
    """The asset that was burnt is the one in which gas is paid."""
    rows = agents[(agents["owner"] == BURNT) & (agents["change_tokens"] > 0)]
    return str(rows["asset"].iloc[0]) if len(rows) else None


def _may_move(
    kinds: pd.Series[str], venue_states: pd.DataFrame, orders: pd.DataFrame | None, transactions: pd.DataFrame | None
) -> set[str]:
    """Owners that may gain or lose without a trade: venues, providers, builders, who withdrew, gave, minted or bid.

    Who bid for a bundle is not recorded apart from whom it carried.
    """
    movers = {str(owner) for owner, kind in kinds.items() if is_provider(str(kind)) or "builder" in str(kind)}
    venues = set(venue_states["venue"].astype(str))
    movers |= venues | {venue + LOCKED for venue in venues}
    if orders is not None:
        accepted = orders[(orders["result"] == "ok") & ~orders["verb"].isin(_TRADING_VERBS)]
        movers |= set(accepted["sender"].astype(str)) | set(accepted["venue"].astype(str))
    if transactions is not None:
        movers |= set(transactions["sender"][transactions["bundle"] > 0].astype(str))
    return movers


def _state_movements(
    parts: pd.DataFrame, agents: pd.DataFrame, explained: pd.Series[float], movers: set[str], marks: Marks
) -> None:
    """What trades and gas do not explain, and the change in price of what was held."""
    changes = agents.groupby(["owner", "asset"], sort=True)["change_tokens"].sum()
    beyond = changes.sub(explained, fill_value=0.0)
    ends = beyond.index.get_level_values("asset").map(marks.ends).to_numpy(np.float64)
    beyond_value = (beyond * np.nan_to_num(ends)).groupby(level="owner").sum().reindex(parts.index, fill_value=0.0)
    moves = parts.index.isin(movers)
    parts["moved_quote_tokens"] = beyond_value.where(moves, 0.0)
    parts[RESIDUAL] = beyond_value.where(~moves, 0.0)
    first, last = agents["start_price"].fillna(0.0), agents["end_price"].fillna(0.0)
    owner = agents["owner"].astype(str)
    held = ((last - first) * agents["start_tokens"]).groupby(owner.to_numpy()).sum()
    gained = (agents["change_tokens"] * last).groupby(owner.to_numpy()).sum()
    parts["holding_quote_tokens"] = held.reindex(parts.index, fill_value=0.0)
    parts[TOTAL] = (held + gained).reindex(parts.index, fill_value=0.0)
