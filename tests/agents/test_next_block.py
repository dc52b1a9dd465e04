import pytest
from tests.agents.laws import ETH, GWEI, USDC

from shoal.agents.next_block import NextBlock
from shoal.agents.sandwich import Reserves, Swap
from shoal.agents.victims import Victim, Wanted
from shoal.sim.calls import Transaction
from shoal.venues.amm.constant_product_view import ConstantProductView

VIEW = ConstantProductView(ETH, USDC, 1_000, 2_000, 3_000, 10**18, 0, 0, 0)
GAS = 200_000


def victim(tip_gwei: int = 2, *, sells_base: bool = True) -> Victim:
    transaction = Transaction("victim", (), gas_limit=100_000, max_fee_wei=100 * GWEI, max_tip_wei=tip_gwei * GWEI)
    return Victim(transaction, {"pool": Wanted(sells_base, Swap(10, 0))})


def test_a_pool_is_as_published_until_something_is_planned() -> None:
    block = NextBlock(5, GWEI)
    assert block.pool("pool", VIEW, sells_base=True) == Reserves(1_000, 2_000, 3_000)
    assert block.pool("pool", VIEW, sells_base=False) == Reserves(2_000, 1_000, 3_000)
    assert block.pool("pool", None, sells_base=True) is None
    for sells_base in (True, False):
        block = NextBlock(5, GWEI)
        block.add(victim(sells_base=sells_base), {"pool": Reserves(7, 8, 3_000)}, (), own_gas=GAS)
        assert block.pool("pool", VIEW, sells_base=sells_base) == Reserves(7, 8, 3_000)
        assert block.pool("pool", VIEW, sells_base=not sells_base) == Reserves(8, 7, 3_000)
        assert block.pool("other", VIEW, sells_base=True) == Reserves(1_000, 2_000, 3_000)


@pytest.mark.parametrize(("bid_wei", "paid_wei"), [(0, GAS * (2 * GWEI + 1)), (10**18, 10**18)])
def test_a_first_bid_passes_the_victim(bid_wei: int, paid_wei: int) -> None:
    block = NextBlock(5, GWEI)
    assert block.payment_wei("pool", victim().transaction, own_gas=GAS, bid_wei=bid_wei) == paid_wei


def test_a_victims_tip_is_what_its_fee_cap_leaves() -> None:
    block = NextBlock(5, 99 * GWEI)
    assert block.payment_wei("pool", victim().transaction, own_gas=GAS, bid_wei=0) == GAS * (GWEI + 1)


def test_a_second_bid_on_a_pool_stays_behind_the_first() -> None:
    block = NextBlock(5, GWEI)
    first = Transaction("agent", (), payment_wei=10**16)
    block.add(victim(), {"pool": Reserves(7, 8, 3_000)}, (first,), own_gas=GAS)
    assert (block.paid_wei, block.legs) == (10**16, [first])
    second = block.payment_wei("pool", victim().transaction, own_gas=GAS, bid_wei=10**17)
    assert second is not None
    assert 0 < 10**16 - second <= GAS + 1
    assert block.payment_wei("pool", victim().transaction, own_gas=GAS, bid_wei=5 * 10**15) == 5 * 10**15
    assert block.payment_wei("other", victim().transaction, own_gas=GAS, bid_wei=10**17) == 10**17
    # Whose tip is above what the first bundle paid would have to pass it.
    assert block.payment_wei("pool", victim(90).transaction, own_gas=GAS, bid_wei=10**17) is None
