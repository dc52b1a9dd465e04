"""Tables of a run with vaults, adversaries and a lending market, made by hand, beside those of the synthetic run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd
import pyarrow as pa
from tests.experiments.synthetic import START_NS

from shoal.agents.vaults.log import REBALANCES, VAULT_ORDERS
from shoal.experiments.attack_audit import ATTACKS
from shoal.experiments.auditor import AUDITS
from shoal.experiments.liquidation_audit import LIQUIDATIONS
from shoal.experiments.measures.frames import frame_of
from shoal.experiments.vault_observer import VAULT_STATES
from shoal.sim.records import Records, Schema

S: Final = 10**9
MINUTE: Final = 60 * S
POLICIES: Final = ("calendar", "threshold")


def recorded(schema: Schema, *values: Mapping[str, Any]) -> pa.Table:
    """Rows as a run would have recorded them."""
    table = Records().table(schema)
    for one in values:
        table.append(tuple(one[name] for name, _ in schema.columns))
    table.flush()
    return table.arrow()


def frame(schema: Schema, *values: Mapping[str, Any]) -> pd.DataFrame:
    """The same as measures see them."""
    return frame_of(recorded(schema, *values))


def _order(policy: str, number: int, venue: str, transaction: int) -> dict[str, Any]:
    decided_ns = START_NS + number * 20 * MINUTE
    return {
        "decided_ns": decided_ns, "sent_ns": decided_ns, "landed_ns": decided_ns + 12 * S, "vault": f"{policy} vault",
        "rebalance": number, "part": 1, "host": "chain", "venue": venue, "asset_in": "ETH", "asset_out": "USDC",
        "planned_in_raw": 10**19, "amount_in_raw": 10**19, "amount_out_raw": 1_950 * 10**6, "reference": 198.0,
        "native_reference": 198.0, "transaction": transaction, "gas_raw": 10**16, "visibility": "public",
        "result": "ok",
    }  # fmt: skip


def _audit(order: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "time_ns": order["landed_ns"], "block": 1, "transaction": order["transaction"], "vault": order["vault"],
        "part": 0, "venue": order["venue"], "asset_in": "ETH", "asset_out": "USDC",
        "amount_in_raw": order["amount_in_raw"], "arrival_reference": 197.5, "alone_out_raw": 1_965 * 10**6,
        "alone_fee_raw": 3 * 10**16, "benign_out_raw": 1_960 * 10**6, "actual_out_raw": order["amount_out_raw"],
        "attackers": 2,
    }  # fmt: skip


def _rebalance(order: Mapping[str, Any], policy: str, *, first: bool, result: str = "done") -> dict[str, Any]:
    return {
        "decided_ns": order["decided_ns"], "ended_ns": order["landed_ns"] + S, "vault": order["vault"],
        "rebalance": order["rebalance"], "policy": policy, "reason": "drift", "result": result,
        "why": "" if result == "done" else "StalePrice: the oracle's answer is 4000 s old", "nav_tokens": 99_000.0,
        "twin_nav_tokens": 99_100.0, "first": int(first),
    }  # fmt: skip


def _states(policy: str, cost: float) -> list[dict[str, Any]]:
    return [
        {
            "time_ns": START_NS + minute * MINUTE, "vault": f"{policy} vault", "policy": policy,
            "nav_tokens": 100_000.0 - 100 * minute - cost * minute, "twin_nav_tokens": 100_000.0 - 100 * minute,
            "asset": asset, "weight": weight, "target_weight": target, "exposure": 0.6,
        }
        for minute in range(0, 241, 5)
        for asset, weight, target in (("BTC", 0.2, 0.25), ("ETH", 0.4, 0.35), ("USDC", 0.4, 0.4))
    ]  # fmt: skip


def _attack(number: int, attacker: str, victim: str, kind: str, net: float) -> dict[str, Any]:
    return {
        "time_ns": START_NS + number * 30 * MINUTE, "block": number, "bundle": number, "attacker": attacker,
        "victim": victim, "victim_kind": kind, "victim_transaction": number, "venue": "ETH pool", "side": -1,
        "front_in_raw": 10**18, "front_out_raw": 200 * 10**6, "back_in_raw": 200 * 10**6, "back_out_raw": 10**18 + 1,
        "gross_quote_tokens": net + 9.0, "gas_quote_tokens": 3.0, "burnt_quote_tokens": 2.0,
        "builder_quote_tokens": 7.0, "net_quote_tokens": net, "victim_loss_quote_tokens": net + 11.0,
    }  # fmt: skip


def _liquidation(minute: int, borrower: str, price: float) -> dict[str, Any]:
    return {
        "time_ns": START_NS + minute * MINUTE, "block": minute, "transaction": 100 + minute, "market": "ETH lending",
        "asset": "ETH", "liquidator": "liquidator-1", "borrower": borrower, "repaid_raw": 10**9,
        "repaid_tokens": 1_000.0, "seized_raw": 6 * 10**18, "seized_tokens": 6.0, "bad_debt_raw": 5 * 10**6,
        "bad_debt_tokens": 5.0, "oracle_price": price, "mid": price * 0.99, "health": 0.98, "sold_tokens": 3.0,
    }  # fmt: skip


def loop_tables() -> dict[str, pa.Table]:
    """Two vaults with three rebalances each, three attacks, three liquidations."""
    orders = [
        _order(policy, number, "ETH pool", 10 * index + number)
        for index, policy in enumerate(POLICIES, start=1)
        for number in (1, 2, 3)
    ]
    book = [
        _rebalance(order, str(order["vault"]).removesuffix(" vault"), first=order["rebalance"] == 1) for order in orders
    ]
    book.append(_rebalance(_order("calendar", 4, "", -1), "calendar", first=False, result="refused"))
    return {
        "rebalances": recorded(REBALANCES, *book),
        "vault_orders": recorded(VAULT_ORDERS, *orders),
        "vault_states": recorded(VAULT_STATES, *_states("calendar", 2.0), *_states("threshold", 1.0)),
        "audits": recorded(AUDITS, *(_audit(order) for order in orders)),
        "attacks": recorded(
            ATTACKS,
            _attack(1, "searcher-1", "calendar vault", "Vault", 4.0),
            _attack(2, "searcher-1", "noise-1", "NoiseTrader", 1.0),
            _attack(3, "searcher-2", "noise-2", "NoiseTrader", -0.5),
        ),
        "liquidations": recorded(
            LIQUIDATIONS,
            *(_liquidation(*one) for one in ((60, "ann", 180.0), (61, "bob", 180.0), (90, "cyd", 150.0))),
        ),
    }
