"""What vaults held, were worth, and paid for their trading against paper twins that trade free at mid."""

from __future__ import annotations

import math
from typing import Any, Final

import pandas as pd

from shoal.experiments.measures.attribution import BPS, NS, Valuation
from shoal.experiments.measures.frames import rows

_YEAR_S: Final = 365.25 * 86_400
_NAV: Final = (
    "vault",
    "policy",
    "time_ns",
    "nav_tokens",
    "twin_nav_tokens",
    "cost_tokens",
    "cost_bps",
    "exposure",
)
_RESULT: Final = (
    "vault",
    "policy",
    "start_nav_tokens",
    "end_nav_tokens",
    "lowest_nav_tokens",
    "return_bps",
    "deepest_fall_bps",
    "twin_return_bps",
    "cost_tokens",
    "cost_bps",
    "rebalances",
    "refused",
    "traded_quote_tokens",
    "turnover",
    "turnover_per_year",
    "mean_exposure",
    "largest_exposure",
)


def nav_series(vault_states: pd.DataFrame) -> pd.DataFrame:
    """One row a vault and sample: its net asset value beside its paper twin's; vaults in the order of their samples.

    Returns:
        vault, policy, time_ns, nav_tokens, twin_nav_tokens; ``cost_tokens``, twin less vault, and ``cost_bps`` of the
        twin's value; exposure.
    """
    firsts = vault_states.drop_duplicates(["time_ns", "vault"])
    place = firsts["vault"].map({vault: at for at, vault in enumerate(firsts["vault"].unique())})
    cost = firsts["twin_nav_tokens"] - firsts["nav_tokens"]
    table = firsts.assign(cost_tokens=cost, cost_bps=cost / firsts["twin_nav_tokens"] * BPS, place=place)
    return table.sort_values(["place", "time_ns"], kind="stable", ignore_index=True)[list(_NAV)]


def vault_results(
    vault_states: pd.DataFrame, vault_orders: pd.DataFrame, rebalances: pd.DataFrame, valuation: Valuation
) -> pd.DataFrame:
    """One row a vault: what became of it, and what its trading cost.

    Returns:
        vault, policy; net asset value first, last and lowest; ``return_bps``, ``deepest_fall_bps`` from a high,
        ``twin_return_bps``; ``cost_tokens`` and ``cost_bps``, twin less vault at the end; ``rebalances`` that traded
        and decisions ``refused``, the initial investment apart; ``traded_quote_tokens`` and ``turnover``, that over the
        mean net asset value, both without the initial investment, and a year; exposure, mean and largest.
    """
    series = nav_series(vault_states)
    firsts = {(str(row.vault), int(row.rebalance)) for row in rows(rebalances) if row.first}
    traded: dict[str, float] = {}
    unit = valuation.units.get(valuation.quote, 1)
    for order in rows(vault_orders):
        trade = valuation.trade(order, amount_in=int(order.amount_in_raw))
        if trade is not None and (str(order.vault), int(order.rebalance)) not in firsts:
            paid = trade.amount_in / unit if trade.side > 0 else trade.amount_in / trade.asset_unit * trade.reference
            traded[str(order.vault)] = traded.get(str(order.vault), 0.0) + paid
    later = rebalances[rebalances["first"] == 0]
    done = later[later["result"].isin(["done", "partial"])].groupby("vault").size()
    refused = later[later["result"] == "refused"].groupby("vault").size()
    records = []
    for (vault, policy), mine in series.groupby(["vault", "policy"], sort=False):
        name = str(vault)
        counts = int(done.get(name, 0)), int(refused.get(name, 0))
        records.append((name, str(policy), *_worth(mine), *counts, *_turnover(mine, traded.get(name, 0.0))))
    return pd.DataFrame(records, columns=list(_RESULT))


def _worth(mine: pd.DataFrame) -> tuple[float, ...]:
    nav, twin = mine["nav_tokens"], mine["twin_nav_tokens"].dropna()
    first, last = float(nav.iloc[0]), float(nav.iloc[-1])
    fall = float((nav / nav.cummax() - 1).min()) * BPS
    twin_return = (float(twin.iloc[-1]) / float(twin.iloc[0]) - 1) * BPS if len(twin) else math.nan
    cost: Any = mine.iloc[-1]
    return (
        first,
        last,
        float(nav.min()),
        (last / first - 1) * BPS if first else math.nan,
        fall,
        twin_return,
        float(cost["cost_tokens"]),
        float(cost["cost_bps"]),
    )


def _turnover(mine: pd.DataFrame, traded: float) -> tuple[float, ...]:
    span_s = (int(mine["time_ns"].iloc[-1]) - int(mine["time_ns"].iloc[0])) / NS
    mean = float(mine["nav_tokens"].mean())
    turnover = traded / mean if mean else math.nan
    a_year = turnover * _YEAR_S / span_s if span_s else math.nan
    return traded, turnover, a_year, float(mine["exposure"].mean()), float(mine["exposure"].max())
