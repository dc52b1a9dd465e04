"""Agents that send nonsense: each order gets its refusal's code, the same in every run, and nobody else notices."""

import math
from collections.abc import Mapping
from typing import Any

from tests.agents.laws import AGENT, BLOCK_NS, ETH, GWEI, SECOND_NS, USDC, SmallMarket, calls_of, rows, wave

from shoal.sim.agent import Agent, Process
from shoal.sim.calls import Call
from shoal.sim.errors import Refusal

HUGE = 10**5_000
GOOD: Mapping[str, Any] = {"side": +1, "quantity": ETH.amount("1"), "price": 1_000 * 10**6}
ZERO = 0
NONSENSE: tuple[Any, ...] = (
    math.nan, math.inf, -math.inf, -1, ZERO, 1.5, HUGE, -HUGE, "1", "", None, True, b"1", (), object(),
)  # fmt: skip
SWAP: Mapping[str, Any] = {"asset_in": USDC, "amount_in": USDC.amount("10"), "minimum_out": 0}
NO_AMOUNTS: tuple[Any, ...] = (math.nan, -1, 1.5, HUGE, "1", None, True, object())
NO_ASSETS: tuple[Any, ...] = (math.nan, "USDC", None, HUGE, object())


class Victim(Agent):
    """Rests an order and says which it is."""

    order = 0

    def run(self) -> Process:
        receipt = yield self.send(Call("book", "limit", GOOD))
        self.order = receipt.outcome.order


class Vandal(Agent):
    """Sends every kind of nonsense, one after the other, and keeps the codes of the refusals."""

    def __init__(self, market: SmallMarket, victim: Victim) -> None:
        super().__init__(market.world, AGENT, place="home")
        self.victim = victim
        self.codes: list[str] = []

    def run(self) -> Process:
        yield self.sleep(SECOND_NS)
        for name in ("side", "quantity", "price"):
            for value in NONSENSE:
                # Minus one, as a side, is a sale.
                nonsense = 2 if name == "side" and value == -1 else value
                yield from self._try(Call("book", "limit", {**GOOD, name: nonsense}))
        for order in (self.victim.order, *NONSENSE):
            yield from self._try(Call("book", "cancel", {"order": order}))
        receipt = yield self.send(Call("book", "limit", GOOD))
        for _ in range(3):
            yield from self._try(Call("book", "cancel", {"order": receipt.outcome.order}))
        for name, values in (("asset_in", NO_ASSETS), ("amount_in", NO_AMOUNTS), ("minimum_out", NO_AMOUNTS)):
            for value in values:
                yield from self._try(Call("outside", "swap_exact_in", {**SWAP, name: value}))
                yield from self._try(Call("pool", "swap_exact_in", {**SWAP, name: value}))

    def _try(self, call: Call) -> Process:
        try:
            if call.venue == "pool":
                yield self.transact("chain", call, max_fee_wei=10 * GWEI, max_tip_wei=GWEI)
            else:
                yield self.send(call)
        except Refusal as refusal:
            self.codes.append(refusal.code)
        else:
            self.codes.append("ok")


def played(vandal: bool = True) -> tuple[SmallMarket, Victim, list[str]]:
    market = SmallMarket(wave())
    market.fund()
    market.fund(owner="victim")
    victim = Victim(market.world, "victim", place="home")
    codes = Vandal(market, victim).codes if vandal else []
    pool_calls = len(NO_ASSETS) + 2 * len(NO_AMOUNTS)
    market.run(60 + (pool_calls + 2) * BLOCK_NS / SECOND_NS)
    assert market.world.failure is None
    return market, victim, codes


def test_every_order_of_nonsense_gets_its_code() -> None:
    market, _, codes = played()
    of_limits = 3 * len(NONSENSE)
    assert codes[:of_limits] == ["BadArguments"] * of_limits
    of_cancels = codes[of_limits : of_limits + 1 + len(NONSENSE)]
    # 0 could be an order's number, and so is somebody else's: neither is an order of the sender.
    expected = ["UnknownOrder", *("UnknownOrder" if value is ZERO else "BadArguments" for value in NONSENSE)]
    assert of_cancels == expected
    twice = codes[of_limits + len(expected) :][:3]
    assert twice == ["ok", "UnknownOrder", "UnknownOrder"]
    of_swaps = codes[of_limits + len(expected) + 3 :]
    assert of_swaps == ["BadArguments"] * 2 * (len(NO_ASSETS) + 2 * len(NO_AMOUNTS))
    assert [row["result"] for row in calls_of(market.world)].count("ok") == 2
    assert set(market.world.conservation().values()) == {0}


def test_nonsense_gives_the_same_digest_twice() -> None:
    digests = {played()[0].world.records.digest() for _ in range(2)}
    assert len(digests) == 1


def test_nobody_else_notices() -> None:
    with_it, victim, _ = played()
    without, _, _ = played(vandal=False)

    def others(market: SmallMarket) -> list[tuple[Any, ...]]:
        found = rows(market.world, "orders")
        return [(row["time_ns"], row["sender"], row["verb"], row["result"]) for row in found if row["sender"] != AGENT]

    assert others(with_it) == others(without)
    assert with_it.book.queue_ahead(victim.order) == 0
