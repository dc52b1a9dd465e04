"""Sandwiches of a swap in a constant product pool: how large, what they earn, and which limit makes them worthless.

The attacker trades ahead of its victim in the same direction (front) and sells what it bought right after it (back).
All amounts are base units, all figures exact as the pool rounds them.

Source: the quadratic for the largest front-run, and the victim that breaks even, follow from the swap's own formula;
Zhou, Qin, Torres, Le and Gervais (2021), arXiv 2009.14021; Heimbach and Wattenhofer (2022), arXiv 2202.03762.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from shoal.agents.arbitrage import best_size
from shoal.sim.errors import Refusal
from shoal.sim.units import PPM
from shoal.venues.amm.constant_product_math import amount_in as input_of
from shoal.venues.amm.constant_product_math import amount_out as output_of

# Without a limit, and without a fee, more always earns more: beyond this many reserves the gain is all there.
_RESERVES_IN: Final = 1_000
_NEAR: Final = 1_024


class Reserves(NamedTuple):
    """A pool as a trade sees it: what it holds of the asset put in and of the one taken out, and its fee."""

    into: int
    out_of: int
    fee_ppm: int

    def after(self, amount_in: int, amount_out: int) -> Reserves:
        """The pool after a trade."""
        return Reserves(self.into + amount_in, self.out_of - amount_out, self.fee_ppm)

    @property
    def turned(self) -> Reserves:
        """The pool as a trade the other way round sees it."""
        return Reserves(self.out_of, self.into, self.fee_ppm)


class Swap(NamedTuple):
    """What a victim asks a pool for.

    Args:
        amount: the exact input, or the exact output.
        limit: the least output, or the largest input.
        exact_out: whether the output is the exact one.
    """

    amount: int
    limit: int
    exact_out: bool = False

    def executed(self, pool: Reserves) -> tuple[int, int] | None:
        """What goes in and what comes out; None if the pool or the limit refuses."""
        try:
            if self.exact_out:
                paid = input_of(self.amount, pool.into, pool.out_of, fee_ppm=pool.fee_ppm)
                return (paid, self.amount) if paid <= self.limit else None
            got = output_of(self.amount, pool.into, pool.out_of, fee_ppm=pool.fee_ppm)
        except Refusal:
            return None
        return (self.amount, got) if got and got >= self.limit else None


class Sandwich(NamedTuple):
    """An attack as it would execute: the attacker's and the victim's amounts, and the pool it leaves."""

    front_in: int
    bought: int
    victim_in: int
    victim_out: int
    back_out: int
    after: Reserves

    @property
    def profit(self) -> int:
        """What the attacker gains after the pool's fees, before gas and bid; base units of the asset put in."""
        return self.back_out - self.front_in


def largest_front_run(pool: Reserves, victim: Swap) -> int | None:
    """The most that can be put in ahead of a victim that still gets within its limit; None if there is no limit.

    The positive root of a quadratic in whole numbers, rounded down; as the pool rounds in its own favour, the victim
    is never refused for it. At an exact output it may be one unit of input below the most.

    >>> pool = Reserves(1000 * 10**18, 2_000_000 * 10**6, 3000)
    >>> _, got = Swap(10 * 10**18, 0).executed(pool)
    >>> largest_front_run(pool, Swap(10 * 10**18, got * 995 // 1000)) // 10**12
    2525668
    """
    into, out_of, kept = pool.into, pool.out_of, PPM - pool.fee_ppm
    if victim.exact_out:
        wanted, most = victim.amount, victim.limit - 1
        square = wanted * kept * PPM
        linear = wanted * (into * PPM * (PPM + kept) + most * kept * kept)
        constant = wanted * into * (into * PPM + most * kept) * PPM - most * kept * PPM * into * out_of
    else:
        amount, least = victim.amount, victim.limit
        if least <= 0:
            return None
        square = least * kept * PPM
        linear = least * (into * PPM * PPM + kept * (into * PPM + kept * amount))
        constant = least * into * PPM * (into * PPM + kept * amount) - kept * PPM * amount * into * out_of
    if constant >= 0:
        return 0
    return (math.isqrt(linear * linear - 4 * square * constant) - linear) // (2 * square)


def sandwiched(pool: Reserves, victim: Swap, front_in: int) -> Sandwich | None:
    """What an attack of that size gives; None if one of its three swaps would be refused."""
    front = Swap(front_in, 0).executed(pool)
    if front is None:
        return None
    pool = pool.after(*front)
    taken = victim.executed(pool)
    if taken is None:
        return None
    pool = pool.after(*taken)
    back = Swap(front[1], 0).executed(pool.turned)
    if back is None:
        return None
    return Sandwich(*front, *taken, back[1], pool.turned.after(*back).turned)


def best_sandwich(pool: Reserves, victim: Swap, *, most: int) -> Sandwich | None:
    """The attack that earns most with that much to put in; None if none earns anything.

    The gain first rises with the size and then falls, nearly always beyond the victim's limit; where that is not so,
    the size is found to some millionths of itself.
    """
    alone = victim.executed(pool)
    if alone is None or alone[0] <= break_even_victim(pool.fee_ppm) * pool.into:
        return None
    limit = largest_front_run(pool, victim)
    most = min(most, _RESERVES_IN * pool.into) if limit is None else min(most, limit)
    if most <= 0:
        return None

    def gain(front_in: float) -> float:
        found = sandwiched(pool, victim, int(front_in))
        return -math.inf if found is None else found.profit

    size = most
    if gain(most) < gain(most - max(1, most // _NEAR)):
        while size > 1 and gain(size // 2) >= gain(size):
            size //= 2
        size = int(best_size(gain, min(most, 2 * size)))
    best = sandwiched(pool, victim, size)
    return best if best is not None and best.profit > 0 else None


def break_even_victim(fee_ppm: int) -> float:
    """The input, as a share of the pool's reserve of it, up to which no limit however loose makes an attack pay.

    The smallest u with (1 + u) (1 + g u) = 1 / g^2, g = 1 - fee; gas and bid come on top.

    >>> round(break_even_victim(3000), 7)
    0.0030135
    """
    kept = (PPM - fee_ppm) / PPM
    return (math.sqrt((1 + kept) ** 2 + 4 * (1 - kept * kept) / kept) - (1 + kept)) / (2 * kept)


def safe_minimum_out(pool: Reserves, amount_in: int, *, cost: int) -> int:
    """The least output a swap must insist on so that no attack earns more than its cost, gas and bid.

    Args:
        pool: the pool before the swap.
        amount_in: what the swap puts in.
        cost: what an attack costs beside the pool's fees, base units of the asset put in.

    Raises:
        ValueError: the pool would not execute the swap.

    Source: Heimbach and Wattenhofer (2022).
    """
    alone = Swap(amount_in, 0).executed(pool)
    if alone is None:
        raise ValueError(f"a pool of {pool.into} and {pool.out_of} base units does not take {amount_in}")

    low, high = 0, alone[1]
    while low < high:
        middle = (low + high) // 2
        attack = best_sandwich(pool, Swap(amount_in, middle), most=_RESERVES_IN * pool.into)
        if attack is None or attack.profit <= cost:
            high = middle
        else:
            low = middle + 1
    return high
