from dataclasses import replace
from typing import Any

import pytest
from tests.agents.laws import ETH, GWEI, SECOND_NS, USDC, AgentLaws, flat
from tests.agents.vaults.market import GUARDS, Scene, add_executor, add_oracle, add_vault

from shoal.agents.vaults.execution.leveraged import HopTerms, Leveraged, Ripcord
from shoal.agents.vaults.portfolio import Portfolio
from shoal.agents.vaults.targets.constant_leverage import ConstantLeverage
from shoal.agents.vaults.targets.constant_weights import ConstantWeights
from shoal.agents.vaults.trigger import Move
from shoal.agents.vaults.triggers.leverage_bounds import LeverageBounds
from shoal.agents.vaults.triggers.threshold import Threshold
from shoal.sim.agent import Agent
from shoal.sim.calls import Call, Transaction
from shoal.sim.hosts.chain import Chain
from shoal.sim.latency import LogNormalLatency
from shoal.sim.world import World
from shoal.venues.credit.kinked_rate import KinkedRate
from shoal.venues.credit.lending_market import LendingMarket

LOOSE = replace(GUARDS, maximum_slippage_ppm=300_000, maximum_trade_ppm=5_000_000, budget_ppm=1_000_000)
TERMS = HopTerms(slippage_ppm=200_000)
RIPCORD = Ripcord(leverage=2.6, to=2.3, terms=TERMS)
DEPOSIT = {USDC: USDC.amount("10000")}


def lent(world: World, *, lltv_ppm: int = 860_000, supply: str = "1000000", **terms: Any) -> dict[str, Any]:
    """Terms of a vault that may borrow USDC against ETH, from a market with somebody's money in it."""
    chain = world.hosts["chain"]
    assert isinstance(chain, Chain)
    market = LendingMarket(
        "lending", collateral=ETH, loan=USDC, oracle=add_oracle(world), lltv_ppm=lltv_ppm, rate=KinkedRate()
    )
    chain.add(market)
    deposit = Call("lending", "supply", {"amount": USDC.amount(supply)})
    chain.submit(
        Transaction("somebody", (deposit,), max_fee_wei=10 * GWEI, max_tip_wei=GWEI), place="chain", answer=None
    )
    return {"lending": {ETH: market}, "venues": ("lending",), "guards": LOOSE, "deposit": DEPOSIT, **terms}


def executor(execution: Leveraged | None = None, **changes: Any) -> dict[str, Any]:
    return {
        "target": ConstantLeverage(ETH),
        "trigger": LeverageBounds(minimum=1.7, maximum=2.3),
        "execution": execution or Leveraged(ETH, terms=TERMS, ripcord=RIPCORD),
        **changes,
    }


class TestLeveraged(AgentLaws):
    def make(self, world: World) -> Agent:
        add_vault(world, **lent(world))
        return add_executor(world, **executor())


def test_it_levers_up_in_hops_to_the_target() -> None:
    scene = Scene(flat(), vault=lent, executor=executor())
    assert [row["result"] for row in scene.rebalances] == ["done"]
    # The first hop spends what is idle, the next ones what may be borrowed, and what the hops themselves have cost.
    assert len({order["transaction"] for order in scene.orders}) in (2, 3)
    assert scene.weight == pytest.approx(2.0, abs=0.02)
    view = scene.vault.published(scene.world.clock.now_ns)
    assert view.debt > USDC.amount(9_000)
    assert view.holdings.get(ETH, 0) == 0
    assert set(scene.world.conservation().values()) == {0}


@pytest.mark.parametrize("seed", range(4))
def test_a_hop_is_not_planned_before_the_last_one_is_known(seed: int) -> None:
    """The vault and the market it borrows from publish in one block, and are heard of at different times."""
    scene = Scene(flat(), vault=lent, market={"seed": seed}, executor=executor(), run=False)
    scene.world.network.link("chain", "home", LogNormalLatency(50_000_000, 0.5))
    scene.market.run()
    assert [row["result"] for row in scene.rebalances] == ["done"]
    assert {order["result"] for order in scene.orders} == {"ok"}
    assert scene.weight == pytest.approx(2.0, abs=0.02)


def test_no_hop_borrows_more_than_the_limit_and_the_rest_stays_undone() -> None:
    """Leverage 5 needs a debt of 80 % of the collateral; the market lends 70 %."""
    scene = Scene(
        flat(),
        vault=lambda world: lent(world, lltv_ppm=700_000),
        executor=executor(
            Leveraged(ETH, terms=TERMS),
            target=ConstantWeights({ETH: 5.0}, cash=-4.0),
            trigger=Threshold(absolute=0.1),
        ),
    )
    row = scene.rebalances[0]
    assert row["result"] == "partial"
    assert row["why"].startswith("nothing left to borrow") or "hops were not enough" in row["why"]
    assert 2.5 < scene.weight < 1 / (1 - 0.7 * 0.99) + 0.01


def test_the_market_must_have_what_is_to_be_borrowed() -> None:
    scene = Scene(flat(), vault=lambda world: lent(world, supply="3000"), executor=executor())
    assert scene.rebalances[0]["result"] == "partial"
    assert scene.rebalances[0]["why"].startswith("nothing left to borrow")
    assert scene.weight == pytest.approx(1.3, abs=0.02)


def test_a_fall_is_answered_by_paying_back() -> None:
    prices = [*flat(150), *flat(150, price=1_800.0)]
    scene = Scene(prices, vault=lent, executor=executor(trigger=LeverageBounds(minimum=1.9, maximum=2.1)))
    down = [order for order in scene.orders if order["asset_in"] == "ETH"]
    assert down
    assert scene.rebalances[-1]["result"] == "done"
    assert scene.weight < 2.25


def test_the_ripcord_is_pulled_whatever_the_trigger_says() -> None:
    class Silent:
        def __init__(self) -> None:
            self.done = False

        def destination(self, portfolio: Portfolio, target: Any) -> Any:
            return None if self.done else Move(target, "once")

        def fired(self, now_ns: int) -> None:
            self.done = True

    prices = [*flat(150), *flat(150, price=1_550.0)]
    scene = Scene(prices, vault=lent, executor=executor(trigger=Silent()))
    first, second, *_ = scene.rebalances
    assert first["reason"] == "once"
    assert second["reason"].startswith("ripcord: leverage 2.")
    assert scene.weight < 2.4


def test_all_debt_can_be_paid_back() -> None:
    class Down:
        """Twice long, and after 120 s nothing."""

        def observe(self, now_ns: int, prices: Any) -> None:
            self.late = now_ns > 1_700_000_120 * SECOND_NS

        def weights(self, portfolio: Portfolio) -> dict[Any, float]:
            return {ETH: 0.0 if self.late else 2.0}

    scene = Scene(
        flat(600), seconds=600, vault=lent, executor=executor(target=Down(), trigger=Threshold(absolute=0.01))
    )
    view = scene.vault.published(scene.world.clock.now_ns)
    assert view.debt == 0
    assert scene.weight == pytest.approx(0.0, abs=1e-3)
    assert scene.rebalances[-1]["result"] in ("done", "held")


def test_near_liquidation_nothing_can_be_freed() -> None:
    """The debt has reached what may be borrowed: a hop would have to free collateral that is needed."""
    prices = [*flat(150), *flat(150, price=1_150.0)]
    scene = Scene(prices, vault=lent, executor=executor())
    assert scene.rebalances[-1]["result"] == "refused"
    assert scene.rebalances[-1]["why"].startswith("nothing left to free")


def test_without_a_lending_market_it_does_not_start() -> None:
    with pytest.raises(Exception, match="vault has no lending market for ETH"):
        Scene(flat(), seconds=1, executor=executor())


def test_parameters_out_of_range() -> None:
    with pytest.raises(ValueError, match="unused"):
        Leveraged(ETH, terms=TERMS, unused=1.0)
    with pytest.raises(ValueError, match="0 < to <= leverage"):
        Ripcord(leverage=2.0, to=2.5, terms=TERMS)
    with pytest.raises(ValueError, match="slippage_ppm"):
        HopTerms(slippage_ppm=-1)
