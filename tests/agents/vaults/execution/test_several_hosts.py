from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from tests.agents.laws import AGENT, ETH, SECOND_NS, START_NS, USDC, AgentLaws, flat, rows, wave
from tests.agents.vaults.market import GUARDS, Scene, add_executor, add_vault

from shoal.agents.vaults.execution.several_hosts import SeveralHosts
from shoal.agents.vaults.portfolio import Portfolio
from shoal.agents.vaults.targets.constant_weights import ConstantWeights
from shoal.agents.vaults.triggers.never import Never
from shoal.agents.vaults.triggers.threshold import Threshold
from shoal.sim.agent import Agent
from shoal.sim.calls import Call
from shoal.sim.errors import AgentFailed
from shoal.sim.units import Account
from shoal.sim.world import World

TERMS: dict[str, Any] = {"custody_cap_ppm": 500_000, "guards": replace(GUARDS, maximum_slippage_ppm=200_000)}
MARKETS = {ETH: ("pool", "book")}


def executor(execution: SeveralHosts, **changes: Any) -> dict[str, Any]:
    return {"execution": execution, "markets": MARKETS, "trigger": Never(), **changes}


def scene(prices: Sequence[float] | None = None, *, vault: dict[str, Any] | None = None, **parameters: Any) -> Scene:
    """A vault that trades at the pool and at the book, with 50000 USDC to invest."""
    execution = SeveralHosts(**{"slippage_ppm": 50_000, **parameters})
    return Scene(
        flat(400) if prices is None else prices, seconds=400, vault=vault or TERMS, executor=executor(execution)
    )


class TestSeveralHosts(AgentLaws):
    def make(self, world: World) -> Agent:
        add_vault(world, **TERMS)
        execution = SeveralHosts(slippage_ppm=20_000, on_failure="retry")
        return add_executor(world, execution=execution, markets=MARKETS)


class TestSeveralHostsThatKeepCustody(AgentLaws):
    def make(self, world: World) -> Agent:
        add_vault(world, **TERMS)
        execution = SeveralHosts(slippage_ppm=20_000, on_failure="reverse", keeps_custody=True)
        return add_executor(world, execution=execution, markets=MARKETS)


def test_legs_of_both_hosts_are_sent_at_once_and_everything_comes_back() -> None:
    one = scene()
    [row] = one.rebalances
    assert (row["result"], row["why"]) == ("done", "")
    assert {order["host"] for order in one.orders} == {"chain", "exchange"}
    assert len({order["sent_ns"] for order in one.orders}) == 1
    assert one.weight == pytest.approx(0.5, abs=0.02)
    view = one.vault.published(one.world.clock.now_ns)
    assert not view.custody
    assert set(one.world.conservation().values()) == {0}


def test_what_the_manager_owns_itself_is_not_touched() -> None:
    one = scene()
    balance = one.world.ledger.balance
    for host in ("exchange", "abroad"):
        assert balance(USDC, Account(AGENT, host)) == USDC.amount("200000")
        assert balance(ETH, Account(AGENT, host)) == ETH.amount("100")
    assert balance(USDC, Account(AGENT, "chain")) == USDC.amount("200000")


def test_a_leg_on_an_exchange_is_what_the_fill_says() -> None:
    one = scene()
    [order] = [order for order in one.orders if order["host"] == "exchange"]
    fills = [fill for fill in rows(one.world, "fills") if fill["taker"] == AGENT]
    paid = sum(fill["quote_raw"] + fill["taker_fee_raw"] for fill in fills)
    assert order["amount_in_raw"] == paid
    assert order["amount_out_raw"] == sum(fill["base_raw"] for fill in fills)
    assert {fill["time_ns"] for fill in fills} == {order["landed_ns"]}
    assert (order["transaction"], order["gas_raw"], order["visibility"]) == (-1, 0, "exchange")


def test_custody_may_stay_and_is_reported() -> None:
    one = scene(keeps_custody=True)
    view = one.vault.published(one.world.clock.now_ns)
    [order] = [order for order in one.orders if order["host"] == "exchange"]
    assert view.custody[ETH] == order["amount_out_raw"]
    assert view.net(ETH) == sum(order["amount_out_raw"] for order in one.orders)
    assert one.rebalances[0]["result"] == "done"


def test_the_cap_on_custody_sends_the_rest_to_the_chain() -> None:
    one = scene(vault={**TERMS, "custody_cap_ppm": 50_000})
    [order] = [order for order in one.orders if order["host"] == "exchange"]
    assert order["amount_in_raw"] <= USDC.amount("5000")
    assert one.rebalances[0]["result"] == "done"
    assert one.weight == pytest.approx(0.5, abs=0.03)


def emptied(on_failure: str) -> Scene:
    """The book is taken away while the money is on its way there."""
    execution = SeveralHosts(slippage_ppm=50_000, on_failure=on_failure)  # type: ignore[arg-type]
    one = Scene(flat(900), vault=TERMS, executor=executor(execution), run=False)
    one.market.run(60)
    one.market.exchange.submit(Call("book", "cancel_all"), sender="somebody", place="exchange", answer=None)
    one.market.run(900)
    return one


def test_a_failed_leg_is_left() -> None:
    one = emptied("leave")
    [row] = one.rebalances
    assert row["result"] == "partial"
    assert row["why"].startswith("legs failed: book filled 0 of")
    assert 0.02 < one.weight < 0.45
    assert not one.vault.published(one.world.clock.now_ns).custody
    assert one.unfilled


def test_a_failed_leg_is_tried_again_elsewhere() -> None:
    one = emptied("retry")
    [row] = one.rebalances
    assert row["result"] == "done"
    assert one.weight == pytest.approx(0.5, abs=0.03)
    assert [order["host"] for order in one.orders if order["part"] == 2] == ["chain"]


def test_a_failed_leg_takes_the_others_back() -> None:
    one = emptied("reverse")
    row = one.rebalances[0]
    assert row["result"] == "partial"
    assert row["why"] == "legs failed: book; the others were reversed"
    assert one.weight == pytest.approx(0.0, abs=0.001)


class Leaving:
    """Half in ETH, and after 400 s nothing."""

    def observe(self, now_ns: int, prices: Any) -> None:
        self.late = now_ns > START_NS + 400 * SECOND_NS

    def weights(self, portfolio: Portfolio) -> dict[Any, float]:
        return {ETH: 0.0 if self.late else 0.5}


@pytest.mark.parametrize("keeps_custody", [False, True])
def test_sales_go_the_same_way(keeps_custody: bool) -> None:
    execution = SeveralHosts(slippage_ppm=50_000, keeps_custody=keeps_custody)
    changes = executor(execution, target=Leaving(), trigger=Threshold(absolute=0.05))
    one = Scene(flat(900), seconds=900, vault=TERMS, executor=changes)
    sales = [order for order in one.orders if order["asset_in"] == "ETH"]
    assert {order["host"] for order in sales} == {"chain", "exchange"}
    assert all(order["amount_out_raw"] > 0 for order in sales)
    assert one.weight == pytest.approx(0.0, abs=0.01)
    assert {row["result"] for row in one.rebalances} == {"done"}


def test_a_sale_taken_back_at_any_price_does_not_end_the_run() -> None:
    """Twice a slippage of a half leaves no least output by which an exchange's order could be priced."""
    execution = SeveralHosts(slippage_ppm=500_000, on_failure="reverse")
    changes = executor(execution, target=Leaving(), trigger=Threshold(absolute=0.05))
    one = Scene(flat(900), vault=TERMS, executor=changes, run=False)
    one.market.run(430)
    one.market.exchange.submit(Call("book", "cancel_all"), sender="somebody", place="exchange", answer=None)
    one.market.quote_book(2_000.0, size="0.1")
    one.market.run(900)
    assert one.world.failure is None
    whys = [row["why"] for row in one.rebalances]
    assert "legs failed: in part; could not be reversed at book" in whys


def test_the_fees_of_getting_to_two_exchanges_are_both_put_aside() -> None:
    """All the USDC that the vault has goes out; getting to either costs 0.001 of it."""
    execution = SeveralHosts(slippage_ppm=20_000)
    savings = {USDC: USDC.amount(50_000), ETH: ETH.amount(25)}
    terms = {**TERMS, "custody_cap_ppm": 1_000_000, "deposit": savings}
    markets, target = {ETH: ("book", "outside")}, ConstantWeights({ETH: 1.0})
    everything = executor(execution, target=target, markets=markets, trigger=Threshold(absolute=0.05))
    one = Scene(flat(400), seconds=400, vault=terms, market={"depth_quote_tokens": 3e5}, executor=everything)
    sent = [row for row in rows(one.world, "orders") if row["verb"] == "send_to_custody"]
    assert {row["result"] for row in sent} == {"ok"}
    assert {order["host"] for order in one.orders} == {"exchange", "abroad"}
    assert one.weight > 0.9


@pytest.mark.parametrize(
    ("vault", "changes", "words"),
    [
        ({}, {}, "allows no custody"),
        (TERMS, {"markets": {ETH: ("pool",)}}, "need a market on an exchange"),
    ],
)
def test_what_it_needs_is_checked_at_the_start(vault: dict[str, Any], changes: dict[str, Any], words: str) -> None:
    execution = SeveralHosts(slippage_ppm=1)
    with pytest.raises(AgentFailed, match=words):
        Scene(wave(), seconds=1, vault=vault, executor=executor(execution, **changes))


@pytest.mark.parametrize("changes", [{"slippage_ppm": -1}, {"on_failure": "pray"}, {"retries": 0}])
def test_parameters_out_of_range(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(changes))):
        SeveralHosts(**{"slippage_ppm": 1, **changes})
