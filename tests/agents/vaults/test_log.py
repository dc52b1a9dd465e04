import math
from typing import Any

import pytest
from tests.agents.laws import ETH, GAS, SECOND_NS, START_NS, USDC, flat, rows, wave
from tests.agents.vaults.market import Scene, reference

from shoal.agents.depositor import Depositor
from shoal.agents.vaults.log import REBALANCES, VAULT_ORDERS, Leg, RebalanceLog
from shoal.agents.vaults.triggers.never import Never
from shoal.sim.calls import AllOf, Call, Transaction
from shoal.sim.records import Schema
from shoal.sim.units import PPM, Asset


def names(schema: Schema) -> str:
    return " ".join(name for name, _ in schema.columns)


def test_the_columns_that_others_read() -> None:
    assert names(REBALANCES) == (
        "decided_ns ended_ns vault rebalance policy reason result why nav_tokens twin_nav_tokens first"
    )
    assert names(VAULT_ORDERS) == (
        "decided_ns sent_ns landed_ns vault rebalance part host venue asset_in asset_out planned_in_raw amount_in_raw "
        "amount_out_raw reference native_reference transaction gas_raw visibility result"
    )


def log_of(scene: Scene) -> RebalanceLog:
    assert scene.log is not None
    return scene.log


def test_there_is_no_twin_before_the_first_deposit() -> None:
    scene = Scene(flat(), seconds=5)
    assert math.isnan(log_of(scene).twin_nav("vault"))
    assert log_of(scene).nav("vault") == 0.0


def test_the_twin_follows_the_world_s_price_and_not_the_oracle_s() -> None:
    scene = Scene(wave(), seconds=200, executor={"trigger": Never()})
    price = reference(scene.world, ETH)
    assert price is not None
    [row] = scene.rebalances
    # It begins anew with what the initial investment left.
    bought, paid = scene.orders[0]["amount_out_raw"], scene.orders[0]["amount_in_raw"]
    cash, held = 100_000 - float(paid) / 1e6, float(bought) / 1e18
    assert log_of(scene).twin_nav("vault") == pytest.approx(cash + held * price)
    assert row["decided_ns"] < row["ended_ns"]


def redeemed(shares: Any, **terms: Any) -> tuple[float, float]:
    """The twin before and after the saver hands in shares."""
    scene = Scene(flat(), seconds=150, vault=terms, executor={"trigger": Never()})
    before = log_of(scene).twin_nav("vault")
    call = Call("vault", "redeem", {"shares": shares(scene)})
    scene.market.chain.submit(
        Transaction("saver", (call,), max_fee_wei=10**11, max_tip_wei=1), place="chain", answer=None
    )
    scene.market.run(200)
    [row] = [row for row in rows(scene.world, "orders") if row["verb"] == "redeem"]
    assert row["result"] == "ok"
    return before, log_of(scene).twin_nav("vault")


def test_a_redemption_takes_its_share_of_the_twin() -> None:
    before, after = redeemed(lambda scene: scene.vault.supply // 4)
    assert after == pytest.approx(0.75 * before, rel=1e-9)


def test_all_of_somebody_s_shares() -> None:
    before, after = redeemed(lambda scene: AllOf(scene.vault.share_asset))
    assert after == pytest.approx(0.0, abs=1e-6)
    assert before > 90_000


def test_fees_do_not_feed_the_twin() -> None:
    fees = {"management_fee_ppm": PPM // 2, "fee_recipient": "house"}
    before, after = redeemed(lambda scene: scene.vault.supply // 2, **fees)
    assert after == pytest.approx(0.5 * before, rel=1e-5)


def test_a_second_deposit() -> None:
    scene = Scene(flat(), seconds=150, executor={"trigger": Never()})
    before, nav = log_of(scene).twin_nav("vault"), log_of(scene).nav("vault")
    scene.world.endow("late", "chain", USDC, USDC.amount("50000"))
    scene.world.endow("late", "chain", ETH, ETH.amount("1"))
    Depositor(scene.world, "late", place="home", vault="vault", amounts={USDC: USDC.amount("50000")}, gas=GAS)
    scene.market.run(250)
    assert log_of(scene).twin_nav("vault") == pytest.approx(before * (1 + 50_000 / nav), rel=1e-6)


def test_a_vault_that_was_left_by_all_gets_a_new_twin() -> None:
    scene = Scene(flat(), seconds=150, executor={"trigger": Never()})
    call = Call("vault", "redeem", {"shares": AllOf(scene.vault.share_asset)})
    scene.market.chain.submit(
        Transaction("saver", (call,), max_fee_wei=10**11, max_tip_wei=1), place="chain", answer=None
    )
    scene.market.run(200)
    assert log_of(scene).twin_nav("vault") == 0.0
    scene.world.endow("late", "chain", USDC, USDC.amount("50000"))
    scene.world.endow("late", "chain", ETH, ETH.amount("1"))
    Depositor(scene.world, "late", place="home", vault="vault", amounts={USDC: USDC.amount("50000")}, gas=GAS)
    scene.market.run(250)
    assert log_of(scene).twin_nav("vault") == pytest.approx(50_000)


def test_a_rebalance_by_hand() -> None:
    """Weights of None leave the twin alone, and the first trade of a vault is told from the others."""
    scene = Scene(flat(), seconds=60, executor={"active": False})
    log = log_of(scene)
    opened = log.open(vault="vault", policy="hand", number=7, reason="test", weights={ETH: 1.0}, assets=(ETH,))
    assert opened.references == {ETH: 2_000.0}
    assert opened.first
    assert opened.decided_ns == START_NS + 60 * SECOND_NS
    log.close(opened, "refused", "by hand")
    assert scene.rebalances[-1]["why"] == "by hand"
    assert log.twin_nav("vault") == pytest.approx(100_000)


def leg(asset_in: Asset, asset_out: Asset, amount_in: int, amount_out: int) -> Leg:
    return Leg(1, 0, 0, "chain", "pool", ETH, asset_in, asset_out, amount_in, amount_in, amount_out, 1, 0, "", "ok")


def test_what_later_slices_add_is_measured_from_then_on() -> None:
    """100,000 USDC, half of it wanted in ETH: what was decided is 25 ETH at 2,000."""
    scene = Scene(flat(), seconds=60, executor={"active": False})
    opened = log_of(scene).open(vault="vault", policy="hand", number=7, reason="", weights={ETH: 0.5}, assets=(ETH,))
    assert opened.left == {ETH: pytest.approx(25.0)}
    opened.latest = {ETH: 1_800.0}
    buy = leg(USDC, ETH, USDC.amount("40000"), ETH.amount("20"))
    assert opened.reference_of(buy._replace(amount_in=0, amount_out=0, result="SlippageExceeded")) == 2_000.0
    assert [opened.reference_of(buy) for _ in range(3)] == pytest.approx([2_000.0, 1_850.0, 1_800.0])
    # Nothing was to be sold.
    assert opened.reference_of(leg(ETH, USDC, ETH.amount("1"), USDC.amount("1800"))) == 1_800.0


def test_without_weights_the_decision_s_mid_stands() -> None:
    scene = Scene(flat(), seconds=60, executor={"active": False})
    opened = log_of(scene).open(vault="vault", policy="hand", number=7, reason="", weights=None, assets=(ETH,))
    opened.latest = {ETH: 1_800.0}
    assert opened.reference_of(leg(USDC, ETH, USDC.amount("40000"), ETH.amount("20"))) == 2_000.0


def test_a_slice_begun_later_sees_later_mids() -> None:
    scene = Scene(wave(), seconds=60, executor={"active": False})
    log = log_of(scene)
    opened = log.open(vault="vault", policy="hand", number=7, reason="", weights={ETH: 0.5}, assets=(ETH,))
    decided = opened.references[ETH]
    scene.market.run(100)
    log.start(opened)
    assert opened.latest == {ETH: reference(scene.world, ETH)}
    assert opened.references == {ETH: decided} != opened.latest


def test_a_vault_on_an_exchange_is_not_followed() -> None:
    scene = Scene(flat(), run=False)
    with pytest.raises(ValueError, match="no chain"):
        log_of(scene).follow("book", "agent")
