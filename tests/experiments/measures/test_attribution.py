"""Shortfall of rebalances, from recorded tables of small worlds and from rows made by hand."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.agents.laws import ETH, START_NS, USDC, rows
from tests.experiments.audited import ATTACKER, MANAGER, PURSE, TRADER, AuditedMarket, purse_trades, signed, swap
from tests.experiments.loop_tables import frame

from shoal.agents.vaults.log import REBALANCES, VAULT_ORDERS
from shoal.experiments.auditor import AUDITS
from shoal.experiments.measures.attribution import TOTAL, Valuation, attribution, attribution_by_policy
from shoal.experiments.measures.frames import frame_of
from shoal.experiments.measures.reference_price import ReferencePrices
from shoal.experiments.measures.shortfall import PARTS
from shoal.experiments.measures.world_mids import WorldMids
from shoal.experiments.observer import PRICES

S = 10**9
ORDER = {
    "decided_ns": START_NS, "sent_ns": START_NS, "landed_ns": START_NS + 12 * S, "vault": "fund", "rebalance": 1,
    "part": 1, "host": "chain", "venue": "pool", "asset_in": "ETH", "asset_out": "USDC",
    "planned_in_raw": 10 * 10**18, "amount_in_raw": 10 * 10**18, "amount_out_raw": 19_600 * 10**6,
    "reference": 2_000.0, "native_reference": 2_000.0, "transaction": 5, "gas_raw": 10**16, "visibility": "public",
    "result": "ok",
}  # fmt: skip
AUDIT = {
    "time_ns": START_NS + 12 * S, "block": 1, "transaction": 5, "vault": "fund", "part": 0, "venue": "pool",
    "asset_in": "ETH", "asset_out": "USDC", "amount_in_raw": 10 * 10**18, "arrival_reference": 1_990.0,
    "alone_out_raw": 19_700 * 10**6, "alone_fee_raw": 3 * 10**16, "benign_out_raw": 19_650 * 10**6,
    "actual_out_raw": 19_600 * 10**6, "attackers": 2,
}  # fmt: skip
REBALANCE = {
    "decided_ns": START_NS, "ended_ns": START_NS + 13 * S, "vault": "fund", "rebalance": 1, "policy": "monthly",
    "reason": "calendar", "result": "done", "why": "", "nav_tokens": 1e6, "twin_nav_tokens": 1e6, "first": 0,
}  # fmt: skip


def valuation(later: float = 1_900.0) -> Valuation:
    """ETH at 2,000, and at another price from half an hour after the decision on."""
    times = [START_NS, START_NS + 30 * S, START_NS + 1_800 * S, START_NS + 7_200 * S]
    mids = [2_000.0, 2_000.0, later, later]
    states = pd.DataFrame({"time_ns": times, "mid": mids, "kind": "book", "base": "ETH", "depth_quote_tokens": 1.0})
    price = {"venue": "outside", "kind": "outside", "base": "ETH", "quote": "USDC"}
    prices = frame(PRICES, *(price | {"time_ns": time, "mid": mid, "bid": mid, "ask": mid}
                             for time, mid in zip(times, mids, strict=True)))  # fmt: skip
    return Valuation(
        "USDC",
        {"ETH": 10**18, "USDC": 10**6},
        {"chain": 10**18},
        WorldMids.of(states),
        ReferencePrices.of(prices),
        pd.Series([START_NS + 12 * S, START_NS + 24 * S]).to_numpy(),
    )


def attributed(*orders: dict[str, Any], audits: tuple[dict[str, Any], ...] = (AUDIT,), **options: Any) -> Any:
    table = attribution(
        frame(VAULT_ORDERS, *orders), frame(REBALANCES, REBALANCE), frame(AUDITS, *audits), valuation(), **options
    )
    assert len(table) == 1
    return table.iloc[0]


def parts(row: Any) -> dict[str, float]:
    return {part: row[f"{part}_quote_tokens"] for part in PARTS}


def test_one_order_by_hand() -> None:
    row = attributed(ORDER)
    assert parts(row) == {
        "delay": 100.0, "fee": 59.7, "impact": 140.3, "ordering": 50.0, "adversary": 50.0, "gas": 20.0, "unfilled": 0.0,
    }  # fmt: skip
    assert row["total_quote_tokens"] == 420.0
    assert row["total_bps"] == 210.0
    assert (row["policy"], row["result"], row["orders"], row["unaudited_orders"]) == ("monthly", "done", 1, 0)
    assert row["traded_quote_tokens"] == row["intended_quote_tokens"] == 20_000.0


def test_markouts_are_worth_got_less_worth_paid_later() -> None:
    row = attributed(ORDER)
    # 10 ETH sold for 19,600: worth 20,000 a block and a minute later, 19,000 after an hour.
    assert row["markout_block_bps"] == pytest.approx(-200.0)
    assert row["markout_minute_bps"] == pytest.approx(-200.0)
    assert row["markout_hour_bps"] == pytest.approx(300.0)


LEFT = ORDER | {
    "part": 2, "venue": "", "amount_in_raw": 0, "amount_out_raw": 0, "result": "unfilled", "transaction": -1,
    "gas_raw": 0,
}  # fmt: skip


def test_a_failed_attempt_costs_gas_and_what_was_left_what_the_price_did() -> None:
    failed = ORDER | {"amount_in_raw": 0, "amount_out_raw": 0, "result": "SlippageExceeded"}
    row = attributed(failed, LEFT, audits=())
    assert parts(row)["gas"] == 20.0
    assert parts(row)["unfilled"] == 1_000.0
    assert row["total_bps"] == pytest.approx(1_020 / 20_000 * 1e4)
    assert (row["traded_quote_tokens"], row["intended_quote_tokens"]) == (0.0, 20_000.0)
    assert attributed(failed, LEFT, audits=(), horizon_s=60.0)["unfilled_raw"] == 0


def test_an_attempt_that_was_made_up_for_leaves_nothing() -> None:
    failed = ORDER | {"amount_in_raw": 0, "amount_out_raw": 0, "result": "SlippageExceeded", "transaction": 4}
    row = attributed(failed, ORDER | {"part": 2})
    assert parts(row)["unfilled"] == 0.0
    assert parts(row)["gas"] == 40.0


def test_what_the_next_decision_sees_to_counts_until_then() -> None:
    again = ORDER | {"rebalance": 2, "decided_ns": START_NS + 60 * S}
    table = attribution(frame(VAULT_ORDERS, LEFT, again), frame(REBALANCES), frame(AUDITS), valuation())
    assert table["unfilled_raw"].tolist() == [0, 0]
    assert table["left_quote_tokens"].tolist() == [0.0, 0.0]
    turned = again | {"asset_in": "USDC", "asset_out": "ETH", "amount_in_raw": 10**9, "amount_out_raw": 10**17}
    table = attribution(frame(VAULT_ORDERS, LEFT, turned), frame(REBALANCES), frame(AUDITS), valuation())
    assert table["unfilled_raw"].tolist() == [0, 0]
    assert table["left_quote_tokens"].tolist() == [20_000.0, 0.0]
    other = again | {"vault": "another"}
    table = attribution(frame(VAULT_ORDERS, LEFT, other), frame(REBALANCES), frame(AUDITS), valuation())
    assert table["unfilled_raw"].tolist() == [1_000 * 10**6, 0]
    assert table["left_quote_tokens"].tolist() == [20_000.0, 0.0]


def test_legs_on_exchanges_are_matched_by_their_instant() -> None:
    leg = ORDER | {"transaction": -1, "host": "exchange", "venue": "book", "gas_raw": 0}
    other = AUDIT | {"transaction": -1, "block": -1, "venue": "book"}
    assert attributed(leg, audits=(other,))["unaudited_orders"] == 0
    assert attributed(leg, audits=(other | {"time_ns": START_NS},))["unaudited_orders"] == 1


def test_what_has_no_price_is_counted_and_left_out() -> None:
    row = attributed(ORDER | {"reference": math.nan, "native_reference": math.nan})
    assert row["unpriced_orders"] == 2
    assert row["total_raw"] == 0
    assert math.isnan(row["total_bps"])


def test_a_rebalance_that_never_ended_is_open() -> None:
    found = attribution(frame(VAULT_ORDERS, ORDER), frame(REBALANCES), frame(AUDITS, AUDIT), valuation())
    assert (found["result"].item(), found["ended_ns"].item()) == ("open", -1)


def test_by_policy_leaves_the_first_investment_out() -> None:
    orders = [ORDER | {"rebalance": number, "transaction": number} for number in (1, 2, 3)]
    audits = [AUDIT | {"transaction": number, "arrival_reference": 2_000.0 - 10 * number} for number in (1, 2, 3)]
    book = [REBALANCE | {"rebalance": number, "first": int(number == 1)} for number in (1, 2, 3)]
    table = attribution(frame(VAULT_ORDERS, *orders), frame(REBALANCES, *book), frame(AUDITS, *audits), valuation())
    row = attribution_by_policy(table).iloc[0]
    assert (row["policy"], row["vaults"], row["rebalances"]) == ("monthly", 1, 2)
    assert row["delay_quote_tokens"] == 500.0
    assert row["delay_bps"] == pytest.approx(125.0)
    assert row["delay_median_bps"] == row["delay_mean_bps"] == pytest.approx(125.0)
    assert row["total_quote_tokens"] == pytest.approx(sum(row[f"{part}_quote_tokens"] for part in PARTS))


def test_by_policy_counts_what_is_tried_again_once() -> None:
    orders = [LEFT | {"decided_ns": START_NS - 60 * S}, ORDER | {"rebalance": 2}]
    book = [REBALANCE, REBALANCE | {"rebalance": 2}]
    table = attribution(frame(VAULT_ORDERS, *orders), frame(REBALANCES, *book), frame(AUDITS, AUDIT), valuation())
    assert table["intended_quote_tokens"].tolist() == [20_000.0, 20_000.0]
    row = attribution_by_policy(table).iloc[0]
    assert (row["rebalances"], row["intended_quote_tokens"]) == (2, 20_000.0)
    assert row["fee_bps"] == pytest.approx(59.7 / 20_000 * 1e4)


def test_policies_stand_in_the_order_asked_for() -> None:
    orders = [ORDER | {"vault": vault} for vault in ("a", "b", "c")]
    book = [REBALANCE | {"vault": vault, "policy": vault} for vault in ("a", "b", "c")]
    table = attribution(frame(VAULT_ORDERS, *orders), frame(REBALANCES, *book), frame(AUDITS), valuation())
    assert attribution_by_policy(table, ["unknown", "c"])["policy"].tolist() == ["c", "a", "b"]


def test_nothing_traded_is_an_empty_table() -> None:
    table = attribution(frame(VAULT_ORDERS), frame(REBALANCES, REBALANCE), frame(AUDITS), valuation())
    assert table.empty
    assert attribution_by_policy(table).empty


AMOUNT = st.integers(0, 10**24)
LEGS = st.fixed_dictionaries(
    {
        "rebalance": st.integers(1, 2),
        "part": st.integers(1, 3),
        "asset_in": st.sampled_from(["ETH", "USDC", "BTC"]),
        "asset_out": st.sampled_from(["ETH", "USDC"]),
        "planned_in_raw": AMOUNT,
        "amount_in_raw": AMOUNT,
        "amount_out_raw": AMOUNT,
        "reference": st.one_of(st.floats(1e-6, 1e6), st.just(math.nan)),
        "transaction": st.integers(-1, 3),
        "gas_raw": AMOUNT,
        "result": st.sampled_from(["ok", "unfilled", "Expired"]),
    }
)
FOUND = st.fixed_dictionaries(
    {
        "transaction": st.integers(-1, 3),
        "asset_in": st.sampled_from(["ETH", "USDC"]),
        "arrival_reference": st.one_of(st.floats(1e-6, 1e6), st.just(math.nan)),
        "alone_out_raw": AMOUNT,
        "alone_fee_raw": AMOUNT,
        "benign_out_raw": AMOUNT,
    }
)


@given(st.lists(LEGS, max_size=6), st.lists(FOUND, max_size=6))
def test_parts_sum_exactly_whatever_was_recorded(legs: list[dict[str, Any]], found: list[dict[str, Any]]) -> None:
    orders = frame(VAULT_ORDERS, *(ORDER | leg for leg in legs))
    table = attribution(
        orders, frame(REBALANCES, REBALANCE), frame(AUDITS, *(AUDIT | one for one in found)), valuation()
    )
    assert len(table) == len({leg["rebalance"] for leg in legs})
    for _, row in table.iterrows():
        assert row["total_raw"] == sum(row[f"{part}_raw"] for part in PARTS)
        assert all(type(row[f"{part}_raw"]) is int for part in (*PARTS, TOTAL))


def world_parts(market_: AuditedMarket, *, reference: float) -> dict[str, float]:
    """The parts of the one trade of a small world's purse, decided at a reference."""
    market_.world.records.close()
    audits = frame_of(market_.world.records.tables["audits"].arrow())
    one = audits.iloc[0]
    order = ORDER | {
        "vault": PURSE, "landed_ns": int(one["time_ns"]), "asset_in": one["asset_in"], "asset_out": one["asset_out"],
        "planned_in_raw": int(one["amount_in_raw"]), "amount_in_raw": int(one["amount_in_raw"]),
        "amount_out_raw": int(one["actual_out_raw"]), "reference": reference, "transaction": int(one["transaction"]),
        "gas_raw": 0,
    }  # fmt: skip
    names = ("fills", "transactions", "blocks")
    tables = {name: frame_of(market_.world.records.tables[name].arrow()) for name in names}
    states = pd.DataFrame(columns=["time_ns", "mid", "kind", "base", "depth_quote_tokens"])
    valued = Valuation.of(**tables, prices=frame(PRICES), venue_states=states)
    assert valued.quote == "USDC"
    return parts(attribution(frame(VAULT_ORDERS, order), frame(REBALANCES), audits, valued).iloc[0])


BUY = swap(USDC, USDC.amount(50_000))


def test_alone_in_a_block_only_fee_and_impact_cost() -> None:
    small = AuditedMarket()
    mid = small.reference(ETH)
    assert mid is not None
    base, quote = small.pool.reserve_base, small.pool.reserve_quote
    small.send(purse_trades(BUY))
    small.to(30)
    found = world_parts(small, reference=mid)
    assert found["fee"] == pytest.approx(150.0)
    # After the fee, x^2 / (y + x) of a constant product, and the pool's distance from the world's mid.
    paid = 50_000 * 0.997
    bought = ETH.tokens(base) * paid / (USDC.tokens(quote) + paid)
    assert found["impact"] == pytest.approx(paid - bought * mid, rel=1e-6)
    assert found["delay"] == found["ordering"] == found["adversary"] == 0.0


def test_a_price_that_moved_before_the_block_is_delay() -> None:
    small = AuditedMarket()
    mid = small.reference(ETH)
    assert mid is not None
    small.send(purse_trades(BUY))
    small.to(30)
    found = world_parts(small, reference=mid / 1.01)
    assert found["delay"] == pytest.approx(50_000 * (1 - 1 / 1.01))


def test_who_came_before_is_ordering_and_who_attacked_is_adversary() -> None:
    small = AuditedMarket()
    mid = small.reference(ETH)
    assert mid is not None
    small.send(purse_trades(BUY, tip=2), signed(TRADER, BUY, tip=19))
    front = signed(ATTACKER, swap(USDC, USDC.amount(100_000)), tip=9)
    back = signed(ATTACKER, swap(ETH, ETH.amount(40)), tip=9)
    small.bundle(ATTACKER, front, small.waiting(MANAGER), back)
    small.to(30)
    found = world_parts(small, reference=mid)
    row = rows(small.world, "audits")[0]
    for part, first, last in (("ordering", "alone", "benign"), ("adversary", "benign", "actual")):
        lost = ETH.tokens(int(row[f"{first}_out_raw"]) - int(row[f"{last}_out_raw"])) * mid
        assert lost > 100.0
        assert found[part] == pytest.approx(lost)
    assert found["delay"] == 0.0
