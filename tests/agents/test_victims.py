from typing import Any

import pytest
from tests.agents.laws import ETH, USDC, SmallMarket

from shoal.agents.market import Market
from shoal.agents.sandwich import Swap
from shoal.agents.victims import Wanted, unfolded, victim_of, wanted_of
from shoal.sim.calls import AllOf, Call, OutputOf, Transaction

POOL = Market.of(SmallMarket([]).world, "pool")
MARKETS = {"pool": POOL}


def swap(*, amount: Any = 10, limit: Any = 5, asset: Any = ETH, pool: str = "pool") -> Call:
    return Call(pool, "swap_exact_in", {"asset_in": asset, "amount_in": amount, "minimum_out": limit})


def transaction(*calls: Call) -> Transaction:
    return Transaction("victim", calls)


@pytest.mark.parametrize(
    ("call", "wanted"),
    [
        (swap(), Wanted(True, Swap(10, 5))),
        (swap(asset=USDC), Wanted(False, Swap(10, 5))),
        (Call("pool", "swap_exact_in", {"asset_in": ETH, "amount_in": 10}), Wanted(True, Swap(10, 0))),
        (
            Call("pool", "swap_exact_out", {"asset_out": ETH, "amount_out": 10, "maximum_in": 7}),
            Wanted(False, Swap(10, 7, True)),
        ),
        (
            Call("pool", "swap_exact_out", {"asset_out": USDC, "amount_out": 10, "maximum_in": 7}),
            Wanted(True, Swap(10, 7, True)),
        ),
        (swap(asset="ETH"), None),
        (swap(amount=AllOf(ETH)), None),
        (swap(amount=OutputOf(0)), None),
        (swap(limit=1.5), None),
        (swap(amount=0), None),
        (swap(amount=True), None),
        (Call("pool", "swap_exact_in"), None),
        (Call("pool", "sync"), None),
    ],
)
def test_what_a_call_wants(call: Call, wanted: Wanted | None) -> None:
    assert wanted_of(call, POOL) == wanted


def test_calls_inside_calls_come_before_them() -> None:
    inner, middle = swap(amount=1), Call("lender", "flash_loan", {}, (swap(amount=1),))
    outer = Call("vault", "trade", {}, (middle, swap(amount=2)))
    assert list(unfolded((outer, swap(amount=3)))) == [inner, middle, swap(amount=2), outer, swap(amount=3)]


def test_a_vaults_trade_is_a_victim_and_two_uses_of_a_pool_are_none() -> None:
    once = transaction(Call("vault", "trade", {}, (swap(), swap(pool="other"))))
    victim = victim_of(once, MARKETS)
    assert victim is not None
    assert victim.wanted == {"pool": Wanted(True, Swap(10, 5))}
    assert victim_of(transaction(swap(), Call("vault", "trade", {}, (swap(),))), MARKETS) is None
    assert victim_of(transaction(swap(pool="other")), MARKETS) is None
    assert victim_of(transaction(), MARKETS) is None
