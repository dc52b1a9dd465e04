import math
from typing import Any

import pytest
from tests.agents.laws import (
    AGENT,
    ETH,
    GAS,
    SECOND_NS,
    USDC,
    AgentLaws,
    SmallMarket,
    calls_of,
    fills_of,
    flat,
    rows,
    wave,
)
from tests.agents.managed_vault import add_manager

from shoal.agents.anticipator import Anticipator
from shoal.agents.vaults.targets.constant_weights import ConstantWeights
from shoal.agents.vaults.trigger import Trigger
from shoal.agents.vaults.triggers.calendar import Calendar
from shoal.agents.vaults.triggers.never import Never
from shoal.agents.vaults.triggers.threshold import Threshold
from shoal.sim.agent import Agent
from shoal.sim.units import Account
from shoal.sim.world import World


def make(world: World, **changes: Any) -> Anticipator:
    parameters: dict[str, Any] = {
        "place": "home",
        "vault": "vault",
        "references": {ETH: "outside"},
        "markets": {ETH: ("pool",)},
        "gas": GAS,
        "interval_ns": SECOND_NS,
        "hold_ns": 120 * SECOND_NS,
        "minimum_profit_quote_tokens": 1.0,
        "slippage_ppm": 20_000,
    }
    if not changes.get("learn"):
        parameters |= {"target": ConstantWeights({ETH: 0.5}), "trigger": Threshold(absolute=0.005)}
    return Anticipator(world, AGENT, **{**parameters, **changes})


class TestAnticipator(AgentLaws):
    def make(self, world: World) -> Agent:
        add_manager(world, trigger=Threshold(absolute=0.002))
        return make(world, trigger=Threshold(absolute=0.002))


def jump(seconds: int, at: int, factor: float) -> list[float]:
    prices = flat(seconds)
    return prices[:at] + [price * factor for price in prices[at:]]


class ThinBook(SmallMarket):
    """A small market whose book is no deeper than its pool."""

    def quote_book(self, mid: float, **_: Any) -> None:
        super().quote_book(mid, size="0.5")


def lived(
    prices: list[float], *, vault: Trigger | None = None, kind: type[SmallMarket] = SmallMarket, **changes: Any
) -> SmallMarket:
    market = kind(prices)
    market.fund(eth="20", usdc="40000")
    add_manager(market.world, trigger=vault or Threshold(absolute=0.005))
    make(market.world, **changes)
    market.run(len(prices))
    assert market.world.failure is None
    return market


def pool_fills(world: World) -> list[tuple[str, int, float]]:
    return [(row["taker"], row["side"], row["base_tokens"]) for row in rows(world, "fills") if row["venue"] == "pool"]


def worth(market: SmallMarket, price: float = 2_000.0) -> float:
    ledger = market.world.ledger
    accounts = [Account(AGENT, host) for host in ("exchange", "abroad", "chain")]
    eth = ETH.tokens(sum(ledger.balance(ETH, account) for account in accounts))
    return eth * price + USDC.tokens(sum(ledger.balance(USDC, account) for account in accounts))


def test_it_sells_before_the_vault_sells_and_buys_back_after() -> None:
    """ETH jumps by 3 %: the vault, at half ETH, must sell about 7 of it; its oracle lags, the market does not."""
    market = lived(jump(300, 100, 1.03))
    fills = pool_fills(market.world)
    assert [one[:2] for one in fills] == [(AGENT, -1), ("vault", -1), (AGENT, +1)]
    sold, _, bought = (one[2] for one in fills)
    # What was paid in includes the fee, what came out does not.
    assert bought == pytest.approx(sold / 0.997, rel=1e-9)
    assert worth(market) > 240_000.0 + 1.0


def test_it_buys_before_the_vault_buys_and_sells_after() -> None:
    market = lived(jump(300, 100, 0.97))
    assert [one[:2] for one in pool_fills(market.world)] == [(AGENT, +1), ("vault", +1), (AGENT, -1)]
    assert worth(market) > 240_000.0 + 1.0


def test_it_trades_no_more_than_its_money_pays_for() -> None:
    market = SmallMarket(jump(300, 100, 0.97))
    market.fund(eth="1", usdc="5000")
    add_manager(market.world, trigger=Threshold(absolute=0.005))
    make(market.world, minimum_profit_quote_tokens=0.0)
    market.run()
    first = next(row for row in fills_of(market.world) if row["venue"] == "pool")
    assert first["side"] == +1
    assert 4_000 < first["quote_tokens"] <= 5_000


def test_it_sells_all_it_has_where_no_float_holds_the_number() -> None:
    held = 1_234_567_890_123_456_700
    assert ETH.floor(ETH.tokens(held)) > held
    market = SmallMarket(jump(300, 100, 1.03), outside_fee_ppm=0)
    market.world.endow(AGENT, "abroad", ETH, held)
    market.world.endow(AGENT, "abroad", USDC, USDC.amount(1_000))
    add_manager(market.world, trigger=Threshold(absolute=0.005))
    make(market.world, markets={ETH: ("outside",)}, minimum_profit_quote_tokens=0.0)
    market.run()
    first = next(row for row in calls_of(market.world) if row["venue"] == "outside")
    assert (first["verb"], first["result"]) == ("swap_exact_in", "ok")


def test_it_trades_on_book_and_pool() -> None:
    market = lived(
        jump(300, 100, 1.03), kind=ThinBook, markets={ETH: ("pool", "book")}, minimum_profit_quote_tokens=0.0
    )
    venues = [(row["venue"], row["side"]) for row in fills_of(market.world)]
    assert {venue for venue, _ in venues} == {"pool", "book"}
    assert venues[0] == ("book", -1)
    # Flat again, but for less than a lot.
    ledger = market.world.ledger
    held = ledger.balance(ETH, Account(AGENT, "exchange"))
    assert abs(held - ETH.amount(20)) < 10**15


def test_a_band_it_knows_is_not_crossed_nor_a_small_order_anticipated() -> None:
    assert not calls_of(lived(jump(300, 100, 1.01)).world)
    assert not calls_of(lived(jump(300, 100, 1.03), minimum_profit_quote_tokens=10_000.0).world)


def test_dates_are_foreseen_by_the_lead() -> None:
    start_ns = 1_700_000_000 * SECOND_NS
    date = start_ns + 200 * SECOND_NS

    def calendar() -> Calendar:
        return Calendar(interval_ns=3_600 * SECOND_NS, start_ns=date)

    market = lived(jump(300, 60, 1.03), vault=calendar(), trigger=calendar(), lead_ns=40 * SECOND_NS)
    assert [one[:2] for one in pool_fills(market.world)] == [(AGENT, -1), ("vault", -1), (AGENT, +1)]
    sent = [row["sent_ns"] for row in calls_of(market.world)]
    assert date - 41 * SECOND_NS < sent[0] < date - 38 * SECOND_NS


def test_in_vain_it_closes_after_its_time_and_stays_out_as_long_again() -> None:
    market = lived(jump(300, 50, 1.03), vault=Never(), hold_ns=60 * SECOND_NS)
    calls = calls_of(market.world)
    sides = [row["side"] for row in fills_of(market.world)]
    assert sides[:2] == [-1, +1]
    first, second, third = (row["sent_ns"] for row in calls[:3])
    assert second - first >= 60 * SECOND_NS
    assert third - second >= 60 * SECOND_NS


def test_it_learns_the_band_from_what_the_vault_did() -> None:
    prices = [2_000.0 * math.exp(0.03 * math.sin(2 * math.pi * (second / 400) ** 1.3)) for second in range(2_400)]
    market = lived(prices, learn=True)
    world = market.world
    vaults = [row["time_ns"] for row in rows(world, "fills") if row["taker"] == "vault"]
    own = [row["time_ns"] for row in fills_of(world)]
    assert len(vaults) > 5
    assert own
    # It begins once it has seen four trades.
    assert own[0] > vaults[3]


@pytest.mark.parametrize(
    "placebo", [{"minimum_profit_quote_tokens": math.inf}, {"active": False, "minimum_profit_quote_tokens": 0.0}]
)
def test_one_who_asks_too_much_or_is_switched_off_leaves_all_records_as_they_were(placebo: dict[str, Any]) -> None:
    digests = []
    for anticipates in (False, True):
        market = SmallMarket(jump(300, 100, 1.03))
        add_manager(market.world, trigger=Threshold(absolute=0.005))
        if anticipates:
            market.fund(eth="1000", usdc="2000000")
            make(market.world, **placebo)
        market.run()
        digests.append(market.world.records.digest())
        assert [one[0] for one in pool_fills(market.world)] == ["vault"]
    assert digests[0] == digests[1]


def test_the_vault_pays_for_it() -> None:
    """The paired world without it: the same vault gets more for what it sells."""
    got = []
    for changes in ({"active": False}, {}):
        market = lived(jump(300, 100, 1.03), **changes)
        (sale,) = [row for row in rows(market.world, "fills") if row["taker"] == "vault"]
        got.append(sale["quote_tokens"] / sale["base_tokens"])
    assert got[1] < got[0]


@pytest.mark.parametrize(
    "changes",
    [
        {"interval_ns": 0},
        {"hold_ns": 0},
        {"lead_ns": -1},
        {"slippage_ppm": -1},
        {"minimum_profit_quote_tokens": math.nan},
        {"markets": {}},
        {"markets": {ETH: ()}},
        {"target": None},
        {"target": None, "trigger": None},
        {"learn": True, "target": ConstantWeights({ETH: 0.5}), "trigger": Never()},
    ],
)
def test_parameters_out_of_range_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        make(SmallMarket(flat()).world, **changes)


def test_without_a_vault_there_is_nothing_to_look_at() -> None:
    market = SmallMarket(wave(60))
    make(market.world, vault="pool")
    market.run(60)
    assert not calls_of(market.world)
