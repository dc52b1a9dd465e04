import math
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.agents.sandwich import (
    Reserves,
    Sandwich,
    Swap,
    best_sandwich,
    break_even_victim,
    largest_front_run,
    safe_minimum_out,
    sandwiched,
)

ETHER, DOLLAR = 10**18, 10**6
POOL = Reserves(1_000 * ETHER, 2_000_000 * DOLLAR, 3_000)


def out(pool: Reserves, amount_in: int) -> int:
    executed = Swap(amount_in, 0).executed(pool)
    assert executed is not None
    return executed[1]


def limited(pool: Reserves, amount_in: int, slippage: float) -> Swap:
    """An exact input that accepts so much less than quoted."""
    return Swap(amount_in, math.ceil(out(pool, amount_in) * (1 - slippage)))


# Front-runs and profits of the published table, ETH: without a fee, and with 0.3 %.
TABLE = [
    (0, 10, 0.005, 2.521899, 0.0504975),
    (0, 10, 0.01, 5.062879, 0.1009899),
    (0, 50, 0.01, 5.160696, 0.5247376),
    (0, 100, 0.05, 27.216198, 5.4726368),
    (3_000, 10, 0.005, 2.525669, 0.0351018),
    (3_000, 10, 0.01, 5.070448, 0.0701625),
    (3_000, 50, 0.01, 5.168277, 0.4907735),
    (3_000, 100, 0.05, 27.255434, 5.2813214),
]


@pytest.mark.parametrize(("fee_ppm", "victim", "slippage", "front", "profit"), TABLE)
def test_sizes_and_profits_are_those_of_the_table(
    fee_ppm: int, victim: int, slippage: float, front: float, profit: float
) -> None:
    pool = Reserves(1_000 * ETHER, 2_000_000 * ETHER, fee_ppm)
    swap = limited(pool, victim * ETHER, slippage)
    attack = best_sandwich(pool, swap, most=10**30)
    assert attack is not None
    assert attack.front_in / ETHER == pytest.approx(front, abs=1e-6)
    assert attack.profit / ETHER == pytest.approx(profit, abs=1e-7)
    assert attack.victim_out / swap.limit == pytest.approx(1.0, abs=1e-12)


def test_a_victim_below_the_break_even_is_not_attacked_however_loose_its_limit() -> None:
    """Vector SW-2: 1 ETH in a pool of 1000; the front-run of 2.514438 would lose 0.010051."""
    swap = limited(Reserves(1_000 * ETHER, 2_000_000 * ETHER, 3_000), ETHER, 0.005)
    pool = Reserves(1_000 * ETHER, 2_000_000 * ETHER, 3_000)
    attack = sandwiched(pool, swap, largest_front_run(pool, swap) or 0)
    assert attack is not None
    assert (attack.front_in / ETHER, attack.profit / ETHER) == pytest.approx((2.514438, -0.010051), abs=1e-6)
    assert best_sandwich(pool, swap, most=10**30) is None
    assert best_sandwich(pool, Swap(ETHER, 0), most=10**30) is None


@pytest.mark.parametrize(("fee_ppm", "share"), [(500, 0.0005004), (3_000, 0.0030135), (10_000, 0.0101518)])
def test_the_break_even_victim_of_the_text(fee_ppm: int, share: float) -> None:
    assert break_even_victim(fee_ppm) == pytest.approx(share, abs=1e-7)
    kept = 1 - fee_ppm / 1e6
    assert (1 + break_even_victim(fee_ppm)) * (1 + kept * break_even_victim(fee_ppm)) == pytest.approx(1 / kept**2)
    pool = Reserves(1_000 * ETHER, 2_000_000 * ETHER, fee_ppm)
    for multiple, pays in ((0.99, False), (1.01, True)):
        amount = int(multiple * break_even_victim(fee_ppm) * pool.into)
        assert (best_sandwich(pool, Swap(amount, 0), most=10**30) is not None) == pays
        tiny = sandwiched(pool, Swap(amount, 0), pool.into // 10**5)
        assert tiny is not None
        assert (tiny.profit > 0) == pays


RESERVES = st.integers(10**6, 10**28)
FEES = st.sampled_from([0, 100, 500, 3_000, 10_000])
POOLS = st.builds(Reserves, RESERVES, RESERVES, FEES)


@given(POOLS, st.floats(1e-6, 2.0), st.floats(0.0, 0.3))
def test_the_largest_front_run_never_makes_an_exact_input_revert_and_is_the_largest(
    pool: Reserves, share: float, slippage: float
) -> None:
    amount = max(1, int(pool.into * share))
    quoted = Swap(amount, 0).executed(pool)
    if quoted is None:
        return
    victim = Swap(amount, min(quoted[1], max(1, math.ceil(quoted[1] * (1 - slippage)))))
    size = largest_front_run(pool, victim)
    assert size is not None
    _check_largest(pool, victim, size)


@given(POOLS, st.floats(1e-6, 0.6), st.floats(0.0, 0.3))
def test_the_largest_front_run_never_makes_an_exact_output_revert_and_is_the_largest(
    pool: Reserves, share: float, slippage: float
) -> None:
    amount = max(1, int(pool.out_of * share))
    quoted = Swap(amount, 10**60, True).executed(pool)
    if quoted is None:
        return
    victim = Swap(amount, max(quoted[0] + 1, math.ceil(quoted[0] * (1 + slippage))), True)
    size = largest_front_run(pool, victim)
    assert size is not None
    _check_largest(pool, victim, size)


def _check_largest(pool: Reserves, victim: Swap, size: int) -> None:
    """Such a front leaves the victim its limit; one unit more would not, had the pool kept fractions of units."""
    front = Swap(size, 0).executed(pool) if size else (0, 0)
    if front is not None:
        assert victim.executed(pool.after(*front)) is not None
    kept = Fraction(10**6 - pool.fee_ppm, 10**6)
    into = pool.into + size + 1
    out_of = Fraction(pool.into * pool.out_of) / (pool.into + kept * (size + 1))
    if victim.exact_out:
        assert out_of <= victim.amount or into * victim.amount / (out_of - victim.amount) / kept > victim.limit - 1
    else:
        assert out_of * kept * victim.amount / (into + kept * victim.amount) < victim.limit


@given(POOLS, st.floats(1e-4, 1.0), st.floats(0.0, 0.5), st.floats(1e-4, 2.0), st.floats(0.0, 1.0))
def test_no_other_size_within_limit_and_money_earns_more(
    pool: Reserves, share: float, slippage: float, money: float, fraction: float
) -> None:
    amount = max(1, int(pool.into * share))
    quoted = Swap(amount, 0).executed(pool)
    if quoted is None or pool.out_of < 10**6:
        return
    victim = Swap(amount, int(quoted[1] * (1 - slippage)))
    most = max(1, int(pool.into * money))
    best = best_sandwich(pool, victim, most=most)
    limit = largest_front_run(pool, victim)
    bound = most if limit is None else min(most, limit)
    other = sandwiched(pool, victim, int(bound * fraction)) if bound * fraction >= 1 else None
    if other is not None:
        earned = 0 if best is None else best.profit
        rounding = 4 + 4 * pool.into // pool.out_of
        assert other.profit <= earned + earned // 10**4 + rounding


@given(POOLS, st.floats(1e-4, 1.0), st.floats(0.0, 0.5))
def test_what_an_attack_gives_adds_up(pool: Reserves, share: float, slippage: float) -> None:
    victim = Swap(max(1, int(pool.into * share)), 0)
    attack = best_sandwich(pool, victim, most=pool.into)
    if attack is None:
        return
    after = attack.after
    assert after.into == pool.into + attack.victim_in - attack.profit
    assert after.out_of == pool.out_of - attack.victim_out
    assert after.into * after.out_of >= pool.into * pool.out_of
    alone = victim.executed(pool)
    assert alone is not None
    assert alone[1] > attack.victim_out


@pytest.mark.parametrize("cost", [10**15, 10**16, 10**17])
def test_at_the_safe_limit_no_attack_pays_and_just_below_it_one_does(cost: int) -> None:
    amount = 10 * ETHER
    pool = Reserves(1_000 * ETHER, 2_000_000 * ETHER, 3_000)
    safe = safe_minimum_out(pool, amount, cost=cost)
    assert 0 < safe < out(pool, amount)
    attack = best_sandwich(pool, Swap(amount, safe), most=10**30)
    assert attack is None or attack.profit <= cost
    looser = best_sandwich(pool, Swap(amount, safe - 1), most=10**30)
    assert looser is not None
    assert looser.profit > cost
    assert looser.profit == pytest.approx(cost, rel=1e-9)


def test_the_fee_less_safe_limit_is_the_closed_form() -> None:
    """Profit s v (x + v) / (x + s v) = c, solved for s."""
    pool, v, cost = Reserves(1_000 * ETHER, 2_000_000 * ETHER, 0), 10.0, 0.05
    safe = safe_minimum_out(pool, 10 * ETHER, cost=int(cost * ETHER))
    assert 1 - safe / out(pool, 10 * ETHER) == pytest.approx(cost * 1_000 / (v * (1_000 + v - cost)), rel=1e-9)


def test_a_victim_that_cannot_be_attacked_is_safe_without_a_limit() -> None:
    assert safe_minimum_out(POOL, ETHER, cost=0) == 0
    with pytest.raises(ValueError, match="does not take"):
        safe_minimum_out(POOL, 0, cost=0)


@pytest.mark.parametrize(
    ("pool", "swap"),
    [
        (Reserves(0, 0, 3_000), Swap(ETHER, 0)),
        (POOL, Swap(ETHER, 10**30)),
        (POOL, Swap(2_000_000 * DOLLAR, 10**40, True)),
        (POOL, Swap(DOLLAR, 0, True)),
        (POOL, Swap(1, 0)),
        (POOL, Swap(2**300, 0)),
    ],
)
def test_what_the_pool_or_the_limit_refuses_is_no_victim(pool: Reserves, swap: Swap) -> None:
    assert swap.executed(pool) is None
    assert best_sandwich(pool, swap, most=10**30) is None


def test_nothing_comes_of_no_money_and_of_fronts_the_pool_refuses() -> None:
    victim = Swap(100 * ETHER, 0)
    assert best_sandwich(POOL, victim, most=0) is None
    assert sandwiched(POOL, victim, 0) is None
    assert sandwiched(POOL, Swap(100 * ETHER, out(POOL, 100 * ETHER)), 50 * ETHER) is None


def test_an_exact_output_is_attacked_like_an_exact_input() -> None:
    """A buyer of what 10 ETH give, at most 0.5 % more than quoted: the same order of gain from the same move."""
    wanted = out(POOL, 10 * ETHER)
    attack: Any = best_sandwich(POOL, Swap(wanted, 10 * ETHER * 1_005 // 1_000, True), most=10**30)
    assert isinstance(attack, Sandwich)
    assert attack.victim_out == wanted
    assert 0 <= 10 * ETHER * 1_005 // 1_000 - attack.victim_in <= 10**13
    assert attack.profit / ETHER == pytest.approx(0.0351, rel=0.02)
