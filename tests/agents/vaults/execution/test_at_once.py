from dataclasses import replace
from typing import Any

import pytest
from tests.agents.laws import ETH, GAS, GWEI, SECOND_NS, USDC, SmallMarket, flat, rows
from tests.agents.vaults.market import GUARDS, Scene, add_executor, add_oracle

from shoal.agents.depositor import Depositor
from shoal.agents.oracle_reporter import OracleReporter
from shoal.agents.vaults.execution.at_once import AtOnce
from shoal.agents.vaults.targets.constant_weights import ConstantWeights
from shoal.agents.vaults.triggers.never import Never
from shoal.agents.vaults.triggers.threshold import Threshold
from shoal.sim.calls import Call, Transaction
from shoal.sim.units import Asset
from shoal.venues.amm.constant_product import ConstantProduct
from shoal.venues.oracle import Oracle
from shoal.venues.vault.vault import Vault

BTC = Asset("BTC", 8)


class TwoAssets(Scene):
    """A vault all in BTC that wants half of it in ETH, and no cash."""

    def __init__(self, *, slippage_ppm: int = 10_000, pools: tuple[str, ...] = ("pool", "second-pool")) -> None:
        self.market = SmallMarket(flat())
        self.market.fund()
        self.world = world = self.market.world
        chain = self.market.chain
        btc_pool = ConstantProduct("btc-pool", BTC, USDC, fee_ppm=500)
        second = ConstantProduct("second-pool", ETH, USDC, fee_ppm=500)
        btc_oracle = Oracle("btc oracle", BTC, USDC, reporter="btc reporter", deviation_ppm=100_000, heartbeat_s=600)
        for venue in (btc_pool, second, btc_oracle):
            chain.add(venue)
        self.vault = Vault(
            "vault",
            numeraire=USDC,
            oracles={BTC: btc_oracle, ETH: add_oracle(world)},
            manager="agent",
            guards=replace(GUARDS, maximum_slippage_ppm=100_000),
            venues=("btc-pool", "pool", "second-pool"),
        )
        chain.add(self.vault)
        world.endow("somebody", "chain", BTC, BTC.amount(1_000))
        for name, base, quote in (
            ("btc-pool", BTC.amount(500), "10000000"),
            ("second-pool", ETH.amount(300), "600000"),
        ):
            call = Call(name, "add_liquidity", {"amount_base": base, "amount_quote": USDC.amount(quote)})
            chain.submit(
                Transaction("somebody", (call,), max_fee_wei=10 * GWEI, max_tip_wei=GWEI), place="chain", answer=None
            )
        for owner in ("btc reporter", "saver"):
            world.endow(owner, "chain", ETH, ETH.amount(10))
        world.endow("saver", "chain", BTC, BTC.amount(5))
        reporter: dict[str, Any] = {"place": "home", "interval_ns": SECOND_NS, "delay_ns": 0, "gas": GAS}
        OracleReporter(world, "btc reporter", oracle="btc oracle", sources=("btc-pool",), **reporter)
        Depositor(world, "saver", place="home", vault="vault", amounts={BTC: BTC.amount(5)}, gas=GAS)
        self.executor = add_executor(
            world,
            target=ConstantWeights({BTC: 0.5, ETH: 0.5}),
            trigger=Threshold(absolute=0.05),
            execution=AtOnce(slippage_ppm=slippage_ppm),
            prices={BTC: "btc oracle", ETH: "vault oracle"},
            markets={BTC: ("btc-pool",), ETH: pools},
        )
        self.log = self.executor.log
        self.market.run(300)


def test_sales_and_purchases_of_several_assets_over_several_pools_are_one_transaction() -> None:
    scene = TwoAssets()
    assert [row["result"] for row in scene.rebalances] == ["done"]
    assert [(order["venue"], order["asset_in"], order["asset_out"]) for order in scene.orders] == [
        ("btc-pool", "BTC", "USDC"),
        ("pool", "USDC", "ETH"),
        ("second-pool", "USDC", "ETH"),
    ]
    assert len({order["transaction"] for order in scene.orders}) == 1
    assert [order["gas_raw"] > 0 for order in scene.orders] == [True, False, False]
    # Purchases count on what the sale brings at least; what it brought more is left in cash.
    cash = scene.vault.published(scene.world.clock.now_ns).holdings[USDC]
    sold = scene.orders[0]["amount_out_raw"]
    assert 0 < cash < 0.02 * float(sold)
    assert set(scene.world.conservation().values()) == {0}


def test_the_better_pool_gets_more() -> None:
    _, first, second = TwoAssets().orders
    # 300 ETH at 5 bp against 1000 ETH at 30 bp.
    assert first["amount_in_raw"] > second["amount_in_raw"]
    assert second["amount_in_raw"] > 0.3 * float(first["amount_in_raw"])


def test_one_leg_beyond_its_limit_undoes_all() -> None:
    """Somebody moves the pool between the decision and the block."""
    scene = Scene(flat(), executor={"trigger": Never(), "execution": AtOnce(slippage_ppm=1_000)}, run=False)
    scene.market.run(40)
    push = Call("pool", "swap_exact_in", {"asset_in": USDC, "amount_in": USDC.amount(100_000), "minimum_out": 0})
    scene.market.chain.submit(
        Transaction("somebody", (push,), max_fee_wei=100 * GWEI, max_tip_wei=50 * GWEI), place="chain", answer=None
    )
    scene.market.run(60)
    assert [row["result"] for row in scene.rebalances] == ["refused"]
    assert [order["result"] for order in scene.orders] == ["SlippageExceeded"]
    assert [row["result"] for row in rows(scene.world, "orders") if row["verb"] == "trade"] == ["SlippageExceeded"]


def test_dust_is_held_and_said_once() -> None:
    execution = AtOnce(slippage_ppm=10_000, minimum_quote_tokens=1e6)
    scene = Scene(flat(), executor={"execution": execution})
    assert [(row["result"], row["why"].partition(":")[0]) for row in scene.rebalances] == [("held", "dust")]


@pytest.mark.parametrize("changes", [{"slippage_ppm": -1}, {"slippage_ppm": 10**6}, {"minimum_quote_tokens": -1.0}])
def test_parameters_out_of_range(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(changes))):
        AtOnce(**{"slippage_ppm": 1, **changes})
