import math
from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from tests.agents.laws import (
    AGENT,
    ETH,
    GAS,
    GWEI,
    SECOND_NS,
    START_NS,
    USDC,
    AgentLaws,
    SmallMarket,
    calls_of,
    flat,
    rows,
    wave,
)
from tests.agents.managed_vault import LOOSE, add_manager

from shoal.agents.noise_trader import NoiseTrader
from shoal.agents.sandwich import Reserves, Swap, best_sandwich
from shoal.agents.sandwicher import Sandwicher
from shoal.agents.trader import Trader
from shoal.agents.vaults.execution.at_once import AtOnce
from shoal.agents.vaults.triggers.threshold import Threshold
from shoal.sim.agent import Agent, Process
from shoal.sim.calls import AllOf, Call, OutputOf
from shoal.sim.units import Account
from shoal.sim.world import World

PARAMETERS: dict[str, Any] = {
    "place": "home",
    "pools": ("pool",),
    "gas": GAS,
    "minimum_profit_quote_tokens": 1.0,
    "bid_share": 0.5,
}
POOL = Reserves(ETH.amount(1_000), USDC.amount(2_000_000), 3_000)


def make(world: World, **changes: Any) -> Sandwicher:
    return Sandwicher(world, changes.pop("name", AGENT), **{**PARAMETERS, **changes})


def crowd(world: World) -> None:
    """Takers whose orders are worth attacking."""
    for host in ("exchange", "abroad", "chain"):
        world.endow("victim", host, ETH, ETH.amount(5_000))
        world.endow("victim", host, USDC, USDC.amount(10_000_000))
    NoiseTrader(
        world,
        "victim",
        place="home",
        venues=("pool",),
        interval_ns=10 * SECOND_NS,
        size_quote_tokens=40_000.0,
        size_sigma=0.5,
        slippage_ppm=10_000,
        gas=GAS,
    )


class TestSandwicher(AgentLaws):
    def make(self, world: World) -> Agent:
        crowd(world)
        return make(world)


class Sender(Trader):
    """Sends each of its transactions at its second, and keeps what came back."""

    def __init__(
        self, world: World, plan: Iterable[tuple[float, Call]], *, tip_wei: int = GWEI, name: str = "victim"
    ) -> None:
        super().__init__(world, name, place="home", gas=GAS)
        self.plan = list(plan)
        self.tip_wei = tip_wei
        world.endow(name, "chain", ETH, ETH.amount(1_000))
        world.endow(name, "chain", USDC, USDC.amount(2_000_000))

    def run(self) -> Process:
        for second, call in self.plan:
            yield self.sleep_until(START_NS + int(second * SECOND_NS))
            self.submit("chain", call, tip_wei=self.tip_wei)


def sale(eth: float, slippage: float, *, pool: Reserves = POOL) -> Call:
    amount = ETH.floor(eth)
    executed = Swap(amount, 0).executed(pool)
    assert executed is not None
    least = math.ceil(executed[1] * (1 - slippage))
    return Call("pool", "swap_exact_in", {"asset_in": ETH, "amount_in": amount, "minimum_out": least})


def purchase(usdc: float, slippage: float) -> Call:
    amount = USDC.floor(usdc)
    executed = Swap(amount, 0).executed(POOL.turned)
    assert executed is not None
    least = math.ceil(executed[1] * (1 - slippage))
    return Call("pool", "swap_exact_in", {"asset_in": USDC, "amount_in": amount, "minimum_out": least})


def market_with(*plan: tuple[float, Call], tip_wei: int = GWEI, **options: Any) -> SmallMarket:
    market = SmallMarket(flat(120), **options)
    market.fund(eth="1000", usdc="2000000")
    Sender(market.world, plan, tip_wei=tip_wei)
    return market


def swaps(world: World) -> list[tuple[str, int, int, int]]:
    """Who swapped in the pool, which way, and what went in and came out, fees included."""
    found = []
    for row in rows(world, "fills"):
        if row["venue"] == "pool":
            base, quote, fee = int(row["base_raw"]), int(row["quote_raw"]), int(row["taker_fee_raw"])
            paid_got = (quote + fee, base) if row["side"] > 0 else (base + fee, quote)
            found.append((row["taker"], row["side"], *paid_got))
    return found


def landed(world: World, sender: str = AGENT) -> list[dict[str, Any]]:
    return [row for row in rows(world, "transactions") if row["sender"] == sender and row["block"] >= 0]


def held(market: SmallMarket, owner: str = AGENT) -> tuple[int, int]:
    account = Account(owner, "chain")
    return market.world.ledger.balance(ETH, account), market.world.ledger.balance(USDC, account)


# --- one victim -------------------------------------------------------------------------------------------------


def test_it_takes_what_the_closed_form_says_and_the_victim_gets_its_limit() -> None:
    call = sale(10.0, 0.005)
    market = market_with((13.0, call))
    make(market.world)
    market.run(60)
    front, victim, back = swaps(market.world)
    assert [one[0] for one in (front, victim, back)] == [AGENT, "victim", AGENT]
    expected = best_sandwich(POOL, Swap(ETH.amount(10), call.arguments["minimum_out"]), most=10**30)
    assert expected is not None
    assert front[2:] == (expected.front_in, expected.bought)
    assert back[2:] == (expected.bought, expected.back_out)
    assert victim[3] == expected.victim_out
    assert 0 <= victim[3] - call.arguments["minimum_out"] < 10
    assert ETH.tokens(front[2]) == pytest.approx(2.525669, abs=1e-6)
    assert ETH.tokens(expected.profit) == pytest.approx(0.035102, abs=1e-6)


def test_its_gain_splits_into_its_own_the_builders_and_what_is_burnt() -> None:
    market = market_with((13.0, sale(10.0, 0.005)))
    make(market.world, bid_share=0.5)
    before = held(market)
    market.run(60)
    after = held(market)
    front, _, back = swaps(market.world)
    paid = market.world.ledger.balance(ETH, Account("builder", "chain"))
    own = landed(market.world)
    burnt = sum(int(row["fee_raw"]) for row in own)
    assert [row["tip_wei"] for row in own] == [0, 0]
    assert after[1] == before[1]
    assert after[0] - before[0] == back[3] - front[2] - paid - burnt
    expected = (ETH.tokens(back[3] - front[2]) - ETH.tokens(burnt)) / 2
    # It reckons its profit at the pool's price and gas at the outside price.
    assert ETH.tokens(paid) == pytest.approx(expected, rel=0.01)
    assert after[0] > before[0]


def test_buyers_are_attacked_in_quote() -> None:
    market = market_with((13.0, purchase(20_000.0, 0.01)))
    make(market.world)
    before = held(market)
    market.run(60)
    front, victim, back = swaps(market.world)
    assert [one[1] for one in (front, victim, back)] == [+1, +1, -1]
    assert front[3] == back[2]
    gained = USDC.tokens(held(market)[1] - before[1])
    expected = best_sandwich(
        POOL.turned, Swap(victim[2], purchase(20_000.0, 0.01).arguments["minimum_out"]), most=10**30
    )
    assert expected is not None
    assert gained == pytest.approx(USDC.tokens(expected.profit), abs=1e-6)


def test_exact_outputs_are_attacked_too() -> None:
    call = Call(
        "pool", "swap_exact_out", {"asset_out": ETH, "amount_out": ETH.amount(10), "maximum_in": 20_500 * 10**6}
    )
    market = market_with((13.0, call))
    make(market.world)
    market.run(60)
    front, victim, back = swaps(market.world)
    assert victim[3] == ETH.amount(10)
    assert 0 <= 20_500 * 10**6 - victim[2] < 100
    assert back[3] > front[2]


def test_a_victim_without_a_limit_is_attacked_as_far_as_the_money_goes() -> None:
    call = Call("pool", "swap_exact_in", {"asset_in": USDC, "amount_in": 50_000 * 10**6, "minimum_out": 0})
    market = SmallMarket(flat(120))
    market.fund(eth="10", usdc="30000")
    Sender(market.world, [(13.0, call)])
    make(market.world)
    market.run(60)
    front, _, back = swaps(market.world)
    assert front[2] == 30_000 * 10**6
    assert back[3] > front[2]


def test_of_the_native_asset_a_tenth_is_kept_for_gas() -> None:
    market = SmallMarket(flat(120))
    market.fund(eth="2", usdc="0")
    Sender(market.world, [(13.0, sale(50.0, 0.05))])
    make(market.world)
    market.run(60)
    assert swaps(market.world)[0][2] == ETH.amount("1.8")


@pytest.mark.parametrize(
    "call",
    [
        sale(1.0, 0.5),
        sale(10.0, 0.0),
        sale(10.0, 0.0001),
        Call("pool", "swap_exact_in", {"asset_in": ETH, "amount_in": AllOf(ETH), "minimum_out": 0}),
        Call("pool", "swap_exact_in", {"asset_in": ETH, "amount_in": OutputOf(0), "minimum_out": 0}),
        Call("pool", "swap_exact_in", {"asset_in": "gold", "amount_in": 10**18, "minimum_out": 0}),
        Call("pool", "swap_exact_in", {}),
        Call("pool", "sync"),
        Call("oracle", "report", {"answer": 1}),
    ],
    ids=[
        "below break-even",
        "no slippage",
        "not worth its gas",
        "all of",
        "output of",
        "unknown",
        "empty",
        "sync",
        "other",
    ],
)
def test_what_does_not_pay_or_is_no_plain_swap_is_left_alone(call: Call) -> None:
    market = market_with((13.0, call))
    make(market.world)
    market.run(60)
    assert not calls_of(market.world)


def test_it_asks_for_its_minimum_after_fees_gas_and_bid() -> None:
    """0.035102 ETH are 70.2 dollars, the gas of both legs 0.4; half of the rest is bid."""
    for minimum, attacks in ((34.5, True), (35.5, False)):
        market = market_with((13.0, sale(10.0, 0.005)))
        make(market.world, minimum_profit_quote_tokens=minimum)
        market.run(60)
        assert bool(landed(market.world)) == attacks


def test_when_gas_is_dear_it_leaves_the_victim_alone() -> None:
    market = market_with((13.0, sale(10.0, 0.005)), base_fee_wei=200 * GWEI)
    make(market.world, minimum_profit_quote_tokens=0.0)
    market.run(60)
    assert not calls_of(market.world)


def test_it_outbids_the_tip_of_its_victim_or_leaves_it_alone() -> None:
    for tip, attacks in ((50 * GWEI, True), (200 * GWEI, False)):
        market = market_with((13.0, sale(10.0, 0.005)), tip_wei=tip)
        make(market.world, bid_share=0.0, minimum_profit_quote_tokens=0.0)
        market.run(60)
        assert bool(landed(market.world)) == attacks
        if attacks:
            paid = market.world.ledger.balance(ETH, Account("builder", "chain"))
            assert paid == 2 * 101_000 * (tip + 1)


def test_swaps_inside_other_calls_are_seen() -> None:
    """A flash swap of the pool's own whose inner call would swap there: two uses of one pool are one too many."""
    inner = sale(10.0, 0.005)
    outer = Call("oracle", "nothing", {}, (inner,))
    market = market_with((13.0, outer))
    make(market.world)
    market.run(60)
    # It attacked what it saw; the transaction would have reverted, so the bundle was dropped at no cost.
    refused = [row for row in rows(market.world, "transactions") if row["sender"] == AGENT]
    assert {row["block"] for row in refused} == {-1}
    assert not landed(market.world)


def test_private_flow_is_out_of_its_sight() -> None:
    market = SmallMarket(flat(120))
    market.fund(eth="1000", usdc="2000000")
    world = market.world
    world.endow("victim", "chain", ETH, ETH.amount(5_000))
    world.endow("victim", "chain", USDC, USDC.amount(10_000_000))
    NoiseTrader(
        world,
        "victim",
        place="home",
        venues=("pool",),
        interval_ns=10 * SECOND_NS,
        size_quote_tokens=40_000.0,
        size_sigma=0.0,
        slippage_ppm=10_000,
        gas=GAS,
        builder="builder",
    )
    make(world)
    market.run(120)
    assert not calls_of(world)
    assert {row["visibility"] for row in landed(world, "victim")} == {"builder"}


def vault_attacked(*, guard_ppm: int = 100_000) -> SmallMarket:
    """A vault of two millions moves by 3 % and sells about 7 ETH in public, at 2 % less than quoted at worst."""
    prices = flat(300)
    market = SmallMarket(prices[:100] + [price * 1.03 for price in prices[100:]])
    market.fund(eth="1000", usdc="2000000")
    guards = replace(LOOSE, maximum_slippage_ppm=guard_ppm)
    execution = AtOnce(slippage_ppm=20_000)
    add_manager(market.world, trigger=Threshold(absolute=0.005), execution=execution, guards=guards)
    make(market.world)
    market.run()
    return market


def test_a_vaults_trade_is_taken_down_to_its_limit() -> None:
    world = vault_attacked().world
    front, vault, back = swaps(world)[:3]
    assert [front[0], vault[0], back[0]] == [AGENT, "vault", AGENT]
    (order,) = [row for row in rows(world, "orders") if row["sender"] == "vault" and row["verb"] == "swap_exact_in"][:1]
    least = int(order["arguments"].split("'minimum_out': ")[1].rstrip("}"))
    assert 0 <= vault[3] - least < 10
    assert back[3] > front[2]


def test_where_the_vaults_own_guard_would_refuse_it_goes_less_far() -> None:
    """Pool 3 % below the oracle, fee and impact: the vault loses 3.9 % alone, and may lose 4.5 %."""
    world = vault_attacked(guard_ppm=45_000).world
    loose, tight = (swaps(one)[:3] for one in (vault_attacked().world, world))
    assert [one[0] for one in tight] == [AGENT, "vault", AGENT]
    assert 0.1 * loose[0][2] < tight[0][2] < 0.6 * loose[0][2]
    price = Fraction(tight[1][3] * 10**12, tight[1][2])
    assert 1 - price / 2_060 == pytest.approx(0.045, rel=0.02)


# --- several ----------------------------------------------------------------------------------------------------


def test_of_two_attackers_the_higher_bid_wins_and_the_other_pays_nothing() -> None:
    market = market_with((13.0, sale(10.0, 0.005)))
    market.fund(eth="1000", usdc="2000000", owner="rival")
    make(market.world, bid_share=0.3)
    make(market.world, bid_share=0.8, name="rival")
    before = held(market)
    market.run(60)
    assert [one[0] for one in swaps(market.world)] == ["rival", "victim", "rival"]
    assert held(market) == before
    lost = [row for row in rows(market.world, "transactions") if row["sender"] == AGENT]
    assert {row["result"] for row in lost} == {"WouldRevert"}
    assert {int(row["fee_raw"]) for row in lost} == {0}


def test_several_victims_of_one_block_are_attacked_one_after_the_other() -> None:
    market = market_with((13.0, sale(10.0, 0.02)), (14.0, sale(20.0, 0.05)))
    Sender(market.world, [(13.5, purchase(30_000.0, 0.03))], name="third")
    make(market.world)
    market.run(23.9)
    assert not landed(market.world)
    market.run(60)
    own = landed(market.world)
    assert len({row["block"] for row in own}) == 1
    assert len({row["bundle"] for row in own}) >= 2
    assert set(market.world.conservation().values()) == {0}


def test_two_victims_heard_of_together_are_both_taken() -> None:
    market = market_with((13.0, sale(10.0, 0.12)))
    Sender(market.world, [(13.0, sale(20.0, 0.05))], name="larger")
    make(market.world)
    market.run(60)
    assert [one[0] for one in swaps(market.world)] == [AGENT, "larger", AGENT, AGENT, "victim", AGENT]


def test_a_victim_that_waits_is_attacked_in_a_later_block() -> None:
    """Its fee cap is below the first block's base fee; each empty block lowers that."""
    market = SmallMarket(flat(120), base_fee_wei=8 * GWEI)
    market.fund(eth="1000", usdc="2000000")

    class Patient(Sender):
        def run(self) -> Process:
            yield self.sleep_until(START_NS + 13 * SECOND_NS)
            self.transact("chain", *(call for _, call in self.plan), max_fee_wei=6 * GWEI, max_tip_wei=0)

    Patient(market.world, [(0.0, sale(10.0, 0.01))])
    make(market.world)
    market.run(120)
    assert [one[0] for one in swaps(market.world)] == [AGENT, "victim", AGENT]
    assert {row["block"] for row in landed(market.world)} == {4}


# --- what it must not do ----------------------------------------------------------------------------------------


def digest_of_others(world: World) -> list[tuple[str, tuple[Any, ...]]]:
    """Every row of every table."""
    world.records.close()
    found: list[tuple[str, tuple[Any, ...]]] = []
    for name in sorted(world.records.tables):
        found += [(name, tuple(row.values())) for row in world.records.tables[name].arrow().to_pylist()]
    return found


@pytest.mark.parametrize(
    "placebo", [{"minimum_profit_quote_tokens": math.inf}, {"active": False, "minimum_profit_quote_tokens": 0.0}]
)
def test_an_attacker_who_asks_too_much_or_is_switched_off_leaves_all_records_as_they_were(
    placebo: dict[str, Any],
) -> None:
    worlds = []
    for attacker in (None, placebo):
        market = SmallMarket(wave())
        crowd(market.world)
        if attacker is not None:
            market.fund(eth="1000", usdc="2000000")
            make(market.world, **attacker)
        market.run()
        worlds.append(market.world)
    without, with_placebo = worlds
    assert digest_of_others(with_placebo) == digest_of_others(without)
    assert with_placebo.records.digest() == without.records.digest()
    assert len(rows(without, "fills")) > 10


def test_the_same_crowd_is_attacked_by_one_who_asks_less() -> None:
    market = SmallMarket(wave())
    crowd(market.world)
    market.fund(eth="1000", usdc="2000000")
    make(market.world)
    market.run()
    assert len(landed(market.world)) >= 10


def test_it_never_loses_on_an_attack() -> None:
    """Whatever moves the pool before its bundle, it earns its gas and its bid, or the bundle drops."""
    market = SmallMarket(wave(size=0.03))
    crowd(market.world)
    market.fund(eth="1000", usdc="2000000")
    make(market.world, minimum_profit_quote_tokens=0.0, bid_share=0.9)
    before = held(market)
    market.run()
    after = held(market)
    worth = ETH.tokens(after[0] - before[0]) * 2_000 + USDC.tokens(after[1] - before[1])
    assert worth > 0
    legs = [one for one in swaps(market.world) if one[0] == AGENT]
    assert len(legs) % 2 == 0
    for front, back in zip(legs[::2], legs[1::2], strict=True):
        assert front[3] == back[2]
        assert back[3] > front[2]


@pytest.mark.parametrize(
    "changes",
    [
        {"pools": ()},
        {"builders": ()},
        {"bid_share": 1.1},
        {"bid_share": math.nan},
        {"minimum_profit_quote_tokens": -1.0},
        {"minimum_profit_quote_tokens": math.nan},
    ],
)
def test_parameters_out_of_range_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        make(SmallMarket(flat()).world, **changes)


def test_a_pool_on_an_exchange_is_none() -> None:
    market = SmallMarket(flat())
    make(market.world, pools=("book",))
    with pytest.raises(Exception, match="live on one chain"):
        market.run(5)
