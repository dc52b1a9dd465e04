"""What was exchanged, read off outcomes."""

from hypothesis import given
from hypothesis import strategies as st
from tests.agents.laws import ETH, USDC

from shoal.experiments.swaps import Swap, swap_of, swaps_of
from shoal.sim.calls import Call, Fill, Inner, Outcome, Receipt
from shoal.sim.errors import SlippageExceeded

CALL = Call("pool", "swap_exact_in")


def outcome(side: int, base: int, quote: int, fee: int, fee_asset: object) -> Outcome:
    asset = ETH if fee_asset == ETH else USDC
    return Outcome(fills=(Fill("taker", "maker", side, ETH, USDC, base, quote, asset, fee),))


def test_a_fee_in_what_was_paid_adds_to_it() -> None:
    assert swap_of("pool", outcome(-1, 900, 50, 100, ETH)) == Swap("pool", ETH, USDC, 1_000, 50, 100)
    assert swap_of("pool", outcome(+1, 900, 50, 10, USDC)) == Swap("pool", USDC, ETH, 60, 900, 10)


def test_a_fee_in_what_came_out_is_taken_off_and_turned_round() -> None:
    """5 of 50 that came out: a tenth of what was paid."""
    assert swap_of("pool", outcome(-1, 900, 50, 5, USDC)) == Swap("pool", ETH, USDC, 900, 45, 90)


def test_fills_of_one_call_are_one_exchange() -> None:
    fills = outcome(-1, 1, 2, 0, ETH).fills + outcome(-1, 3, 4, 0, ETH).fills
    assert swap_of("book", Outcome(fills=fills)) == Swap("book", ETH, USDC, 4, 6, 0)


def test_what_exchanges_nothing_is_none() -> None:
    assert swap_of("pool", Outcome()) is None


def test_only_the_owners_exchanges_count() -> None:
    done = outcome(-1, 1, 2, 0, ETH)
    inner = Inner(CALL, done, "vault"), Inner(CALL, done, "somebody")
    receipt = Receipt(0, (done,), calls=(CALL,), inner=inner)
    assert len(swaps_of(receipt, "vault", signed=False)) == 1
    assert len(swaps_of(receipt, "somebody", signed=True)) == 2
    assert swaps_of(Receipt(0, refusal=SlippageExceeded("a", 0, 1, "b"), calls=(CALL,)), "somebody", signed=True) == []


@given(st.integers(1, 10**30), st.integers(0, 10**30), st.integers(1, 10**30))
def test_scaling_keeps_the_price_and_rounds_down(paid: int, got: int, other: int) -> None:
    swap = Swap("pool", ETH, USDC, paid, got, paid // 3)
    assert swap.scaled_out(paid) == got
    assert swap.scaled_fee(paid) == paid // 3
    assert 0 <= got * other - swap.scaled_out(other) * paid < paid
