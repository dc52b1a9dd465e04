"""The audit of blocks, in small worlds where every figure can be worked out by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest
from tests.agents.laws import ETH, GWEI, USDC
from tests.experiments.audited import (
    ATTACKER,
    LENDER,
    LIQUIDATOR,
    MANAGER,
    PURSE,
    TRADER,
    AuditedMarket,
    purse_trades,
    signed,
    swap,
)

from shoal.sim.calls import Call
from shoal.venues.amm.constant_product_math import amount_out

BUY = swap(USDC, USDC.amount(50_000))
SELL = swap(ETH, ETH.amount(20))


def out(reserve_in: int, reserve_out: int, amount_in: int) -> int:
    return amount_out(amount_in, reserve_in, reserve_out, fee_ppm=3_000, who="test")


def only(rows: list[dict[str, Any]]) -> dict[str, Any]:
    assert len(rows) == 1
    return rows[0]


def test_alone_in_its_block_all_stages_are_one() -> None:
    market = AuditedMarket()
    expected = out(market.pool.reserve_quote, market.pool.reserve_base, USDC.amount(50_000))
    mid = market.reference(ETH)
    market.send(purse_trades(BUY))
    market.to(30)
    row = only(market.table("audits"))
    assert {row["alone_out_raw"], row["benign_out_raw"], row["actual_out_raw"]} == {expected}
    assert (row["vault"], row["venue"], row["part"], row["asset_in"], row["asset_out"]) == (
        PURSE, "pool", 0, "USDC", "ETH",
    )  # fmt: skip
    assert row["amount_in_raw"] == USDC.amount(50_000)
    assert row["alone_fee_raw"] == USDC.amount(150)
    assert row["arrival_reference"] == mid
    assert market.reference(ETH) != mid
    assert row["attackers"] == 0


def test_a_benign_swap_before_it_is_between_alone_and_benign() -> None:
    market = AuditedMarket()
    alone = out(market.pool.reserve_quote, market.pool.reserve_base, USDC.amount(50_000))
    market.send(purse_trades(BUY, tip=1), signed(TRADER, BUY, tip=5))
    market.to(30)
    row = only(market.table("audits"))
    assert row["alone_out_raw"] == alone
    assert row["benign_out_raw"] == row["actual_out_raw"] < alone
    assert market.table("attacks") == []


def test_a_sandwich_is_between_benign_and_actual_and_is_written_down() -> None:
    market = AuditedMarket()
    base, quote = market.pool.reserve_base, market.pool.reserve_quote
    benign = out(quote, base, USDC.amount(50_000))
    market.send(purse_trades(BUY, tip=2))
    front = USDC.amount(100_000)
    bought = out(quote, base, front)
    market.bundle(
        ATTACKER,
        signed(ATTACKER, swap(USDC, front)),
        market.waiting(MANAGER),
        signed(ATTACKER, swap(ETH, bought), payment_wei=10**15),
    )
    price = market.reference(ETH)
    market.to(30)
    row, attack = only(market.table("audits")), only(market.table("attacks"))
    assert row["alone_out_raw"] == row["benign_out_raw"] == benign
    assert row["actual_out_raw"] < benign
    assert row["attackers"] == 2
    assert (attack["attacker"], attack["victim"], attack["victim_kind"]) == (ATTACKER, PURSE, "Purse")
    assert (attack["venue"], attack["side"], attack["victim_transaction"]) == ("pool", 1, row["transaction"])
    assert (attack["front_in_raw"], attack["front_out_raw"], attack["back_in_raw"]) == (front, bought, bought)
    assert price is not None
    assert attack["gross_quote_tokens"] == pytest.approx(USDC.tokens(int(attack["back_out_raw"]) - front))
    lost = ETH.tokens(int(row["benign_out_raw"] - row["actual_out_raw"])) * price
    assert attack["victim_loss_quote_tokens"] == pytest.approx(lost)
    gas = [one for one in market.table("transactions") if one["sender"] == ATTACKER]
    assert attack["gas_quote_tokens"] == pytest.approx(sum(one["fee_tokens"] for one in gas) * price)
    burnt = sum(one["gas_used"] * one["base_fee_wei"] for one in gas)
    assert attack["burnt_quote_tokens"] == pytest.approx(ETH.tokens(burnt) * price)
    assert attack["builder_quote_tokens"] == pytest.approx(
        attack["gas_quote_tokens"] - attack["burnt_quote_tokens"] + 0.001 * price
    )
    assert attack["gross_quote_tokens"] == pytest.approx(
        attack["net_quote_tokens"] + attack["burnt_quote_tokens"] + attack["builder_quote_tokens"]
    )
    assert attack["bundle"] == gas[0]["bundle"]


def test_whoever_else_was_there_stays_when_attackers_are_left_out() -> None:
    market = AuditedMarket()
    base, quote = market.pool.reserve_base, market.pool.reserve_quote
    market.send(purse_trades(BUY, tip=2), signed(TRADER, BUY, tip=19))
    front = swap(USDC, USDC.amount(100_000))
    market.bundle(ATTACKER, signed(ATTACKER, front, tip=9), market.waiting(MANAGER), signed(ATTACKER, SELL, tip=9))
    market.to(30)
    row = only(market.table("audits"))
    first = out(quote, base, USDC.amount(50_000))
    second = out(quote + USDC.amount(50_000), base - first, USDC.amount(50_000))
    assert (row["alone_out_raw"], row["benign_out_raw"]) == (first, second)
    assert row["actual_out_raw"] < second


def test_a_bundle_that_only_follows_is_no_attack() -> None:
    market = AuditedMarket()
    market.send(purse_trades(BUY, tip=2))
    market.bundle(ATTACKER, market.waiting(MANAGER), signed(ATTACKER, SELL))
    market.to(30)
    row = only(market.table("audits"))
    assert row["actual_out_raw"] == row["benign_out_raw"]
    assert row["attackers"] == 0
    assert market.table("attacks") == []


def test_a_named_attacker_is_left_out_whatever_it_sends() -> None:
    market = AuditedMarket(attackers=(TRADER,))
    market.send(purse_trades(BUY, tip=1), signed(TRADER, BUY, tip=5))
    market.to(30)
    row = only(market.table("audits"))
    assert row["alone_out_raw"] == row["benign_out_raw"] > row["actual_out_raw"]
    assert row["attackers"] == 1


def test_another_victim_than_a_vault_is_named_by_its_class() -> None:
    market = AuditedMarket()
    market.send(signed(TRADER, SELL, tip=2))
    market.bundle(ATTACKER, signed(ATTACKER, SELL, tip=9), market.waiting(TRADER), signed(ATTACKER, BUY))
    market.to(30)
    attack = only(market.table("attacks"))
    assert (attack["victim"], attack["side"]) == (TRADER, -1)
    assert attack["victim_loss_quote_tokens"] > 0
    assert market.table("audits") == []


def test_each_swap_of_a_transaction_is_one_part() -> None:
    market = AuditedMarket()
    market.send(purse_trades(BUY, SELL), signed(TRADER, BUY, tip=5))
    market.to(30)
    first, second = market.table("audits")
    assert (first["part"], second["part"]) == (0, 1)
    assert (first["asset_in"], second["asset_in"]) == ("USDC", "ETH")
    # Who sells after somebody else has bought gets more than alone.
    assert first["actual_out_raw"] < first["alone_out_raw"]
    assert second["actual_out_raw"] > second["alone_out_raw"]


def test_a_refused_transaction_is_none() -> None:
    market = AuditedMarket()
    impossible = Call("pool", "swap_exact_in", {"asset_in": USDC, "amount_in": 10**9, "minimum_out": 10**30})
    market.send(purse_trades(impossible))
    market.to(30)
    assert market.table("audits") == []


def test_what_could_not_be_executed_alone_keeps_the_next_figure() -> None:
    """The limit holds only because somebody sold before: alone, the purse's purchase is refused."""
    market = AuditedMarket()
    alone = out(market.pool.reserve_quote, market.pool.reserve_base, USDC.amount(50_000))
    limited = Call(
        "pool", "swap_exact_in", {"asset_in": USDC, "amount_in": USDC.amount(50_000), "minimum_out": alone + 1}
    )
    market.send(purse_trades(limited, tip=1), signed(TRADER, SELL, tip=5))
    market.to(30)
    row = only(market.table("audits"))
    assert row["alone_out_raw"] == row["benign_out_raw"] == row["actual_out_raw"] > alone


def test_an_order_on_an_exchange_has_the_mid_before_it() -> None:
    market = AuditedMarket()
    before = market.reference(ETH)
    order = Call("book", "market", {"side": -1, "quantity": ETH.amount(12)})
    market.exchange.submit(order, sender=MANAGER, place="exchange", answer=None)
    market.to(14)
    row = only(market.table("audits"))
    fills = [one for one in market.table("fills") if one["taker"] == MANAGER]
    got = sum(one["quote_raw"] - one["taker_fee_raw"] for one in fills)
    assert row["alone_out_raw"] == row["benign_out_raw"] == row["actual_out_raw"] == got
    assert (row["block"], row["transaction"], row["attackers"]) == (-1, -1, 0)
    assert row["amount_in_raw"] == ETH.amount(12)
    assert row["arrival_reference"] == before
    assert market.reference(ETH) != before
    # A fee in what came out, as the same part of what went in.
    fee = sum(one["taker_fee_raw"] for one in fills)
    assert int(row["alone_fee_raw"]) / int(ETH.amount(12)) == pytest.approx(int(fee) / int(got + fee))


def test_liquidations_are_found_inside_whatever_they_run_in() -> None:
    market = AuditedMarket()
    sale = swap(ETH, ETH.amount(3))
    first = Call(LENDER, "liquidate", {"borrower": "ann", "seized": ETH.amount(1)})
    second = Call(LENDER, "liquidate", {"borrower": "bob", "seized": ETH.amount(3)}, (sale,))
    market.send(signed(LIQUIDATOR, first, second))
    market.to(30)
    ann, bob = market.table("liquidations")
    assert (ann["borrower"], ann["liquidator"], ann["market"], ann["asset"]) == ("ann", LIQUIDATOR, LENDER, "ETH")
    assert (bob["seized_tokens"], bob["repaid_tokens"], bob["bad_debt_raw"]) == (3.0, 5_400.0, 7)
    assert (bob["oracle_price"], bob["health"]) == (1_950.0, 0.98)
    assert bob["mid"] == market.reference(ETH)
    assert (ann["sold_tokens"], bob["sold_tokens"]) == (0.75, 2.25)


def test_blocks_are_executed_again_only_where_a_vault_traded_behind_somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    market = AuditedMarket()

    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("a block was executed again")

    monkeypatch.setattr(market.chain, "replay_last_block", refuse)
    market.send(signed(TRADER, BUY), signed(LIQUIDATOR, SELL))
    market.to(30)
    market.send(purse_trades(BUY, tip=5), signed(TRADER, BUY))
    market.to(42)
    assert len(market.table("audits")) == 1


def test_nothing_is_any_different_for_being_audited() -> None:
    worlds = []
    for audited in (True, False):
        market = AuditedMarket(audited=audited)
        market.send(purse_trades(BUY, tip=2), signed(TRADER, BUY, tip=19))
        market.bundle(ATTACKER, signed(ATTACKER, BUY, tip=9), market.waiting(MANAGER), signed(ATTACKER, SELL, tip=9))
        market.to(50)
        worlds.append(market)
    seen, unseen = worlds
    for name in ("orders", "fills", "transactions", "blocks"):
        assert seen.table(name) == unseen.table(name), name
    assert len(seen.table("audits")) == 1
    assert "audits" not in unseen.world.records.tables
    assert seen.world.ledger.state_bytes() == unseen.world.ledger.state_bytes()
    assert seen.pool.state_bytes() == unseen.pool.state_bytes()


def test_without_a_price_the_arrival_is_no_number() -> None:
    market = AuditedMarket()
    market.auditor._reference = lambda asset: None
    market.send(purse_trades(BUY, tip=GWEI // GWEI))
    market.to(30)
    assert math.isnan(only(market.table("audits"))["arrival_reference"])
