"""Which liquidations are chosen, how large, and whether they can be paid for."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.agents.liquidation import Prospects
from shoal.agents.selling import proceeds
from shoal.routing.constant_product import ConstantProductCurve
from shoal.routing.levels import Levels
from shoal.sim.units import PPM, Asset
from shoal.venues.credit.lending_math import price_scale
from shoal.venues.credit.lending_view import LendingView, Position, incentive_ppm

ETH, USDC = Asset("ETH", 18), Asset("USDC", 6)
LLTV_PPM = 860_000
PRICE = 2_000
ANSWER = PRICE * 10**8
POOL = ConstantProductCurve("pool", 1_000.0, 1_000.0 * PRICE, 0.003)
# Collateral of a position that is just ripe.
RIPE = 0.99


def view_of(**debts: tuple[float, float]) -> LendingView:
    """Positions by owner: debt in tokens, and collateral as a multiple of what makes it just liquidatable."""
    owed = {owner: USDC.floor(debt) for owner, (debt, _) in debts.items()}
    total = sum(owed.values())
    positions = {
        owner: Position(ETH.floor(debt * multiple / (LLTV_PPM / PPM * PRICE)), owed[owner] * 10**6)
        for owner, (debt, multiple) in debts.items()
    }
    shares = total * 10**6
    return LendingView(
        ETH, USDC, LLTV_PPM, incentive_ppm(LLTV_PPM), 2 * total, 2 * shares, total, shares, 0, 0, positions, {},
        ANSWER, price_scale(18, 6, 8),
    )  # fmt: skip


def prospects(view: LendingView, **changes: Any) -> Prospects:
    parameters: dict[str, Any] = {
        "view": view,
        "answer": ANSWER,
        "now_s": 0,
        "at_once": (POOL,),
        "later": (),
        "sold_ppm": PPM,
        "slippage_ppm": 10_000,
        "cash": USDC.amount(10**7),
    }
    return Prospects(**{**parameters, **changes})


def repaid(view: LendingView, seized: int) -> int:
    return view.repayment(seized, ANSWER)[0]


def test_the_largest_come_first_and_the_healthy_not_at_all() -> None:
    view = view_of(small=(1_000.0, RIPE), large=(9_000.0, RIPE), middle=(4_000.0, RIPE), healthy=(20_000.0, 1.01))
    found = prospects(view).seizures(8)
    assert [one.borrower for one in found] == ["large", "middle", "small"]
    assert [one.borrower for one in prospects(view).seizures(2)] == ["large", "middle"]


def test_who_has_enough_collateral_is_cleared_by_shares() -> None:
    view = view_of(debtor=(9_000.0, RIPE))
    [one] = prospects(view).seizures(8)
    assert one.repaid_shares == view.positions["debtor"].borrow_shares
    assert one.seized == view.seizure(one.repaid_shares, ANSWER)


def test_who_is_under_water_loses_all_its_collateral_by_amount() -> None:
    view = view_of(debtor=(9_000.0, 0.8))
    [one] = prospects(view).seizures(8)
    assert (one.seized, one.repaid_shares) == (view.positions["debtor"].collateral, 0)


def test_dust_that_is_worth_less_than_its_rounding_is_left() -> None:
    view = view_of(debtor=(9_000.0, RIPE), dust=(1.0, RIPE))
    positions = {**view.positions, "dust": Position(1, 10**12)}
    view = LendingView(*(positions if name == "positions" else getattr(view, name) for name in view.__slots__))
    assert view.liquidatable("dust")
    assert [one.borrower for one in prospects(view).seizures(8)] == ["debtor"]


def test_what_is_sold_is_never_more_than_what_is_seized() -> None:
    """Seizures have more digits than a float."""
    for debt in range(1_000, 1_100):
        [one] = prospects(view_of(debtor=(debt + 1 / 3, RIPE))).seizures(1)
        assert one.sold == one.seized
    [one] = prospects(view_of(debtor=(1_000.0, RIPE)), sold_ppm=PPM // 2).seizures(1)
    assert one.sold == one.seized // 2


def test_the_gains_add_up_to_what_all_the_collateral_brings() -> None:
    view = view_of(a=(9_000.0, RIPE), b=(8_000.0, RIPE), c=(7_000.0, RIPE))
    found = prospects(view).seizures(8)
    seized = sum(one.seized for one in found)
    brought = proceeds((POOL,), ETH.tokens(seized))
    assert sum(one.gain for one in found) == pytest.approx(
        brought - USDC.tokens(sum(repaid(view, one.seized) for one in found))
    )
    assert [one.sold_before for one in found] == [0, found[0].sold, found[0].sold + found[1].sold]


def test_it_stops_where_selling_more_costs_more_than_the_incentive() -> None:
    debts = {f"debtor {number}": (15_000.0, RIPE) for number in range(10)}
    view = view_of(**debts)
    found = prospects(view).seizures(10)
    assert len(found) < 10
    assert found[-1].seized < found[0].seized
    assert found[-1].repaid_shares == 0
    sold = ETH.tokens(sum(one.sold for one in found))
    assert POOL.rate(sold) == pytest.approx(PRICE / (1.0 + view.incentive_ppm / PPM), rel=1e-4)


def test_what_is_sold_later_has_a_curve_of_its_own_and_without_one_is_worth_the_answer() -> None:
    view = view_of(debtor=(9_000.0, RIPE))
    [held] = prospects(view, sold_ppm=0).seizures(1)
    tokens = ETH.tokens(held.seized)
    assert held.gain == pytest.approx(tokens * PRICE - USDC.tokens(repaid(view, held.seized)))
    [hedged] = prospects(view, sold_ppm=0, later=(Levels("book", (PRICE * 0.99,), (100.0,)),)).seizures(1)
    assert held.gain - hedged.gain == pytest.approx(tokens * PRICE * 0.01)


def test_without_cash_it_takes_what_the_sale_pays_for_even_at_its_worst() -> None:
    """All of it would pay at the planned price, but not if the sale brought as little as it may."""
    view = view_of(debtor=(40_000.0, RIPE))
    [one] = prospects(view, cash=0, slippage_ppm=30_000).seizures(1)
    worst = proceeds((POOL,), ETH.tokens(one.sold)) * 0.97
    assert 0 < one.seized < view.seizure(view.positions["debtor"].borrow_shares)
    assert one.repaid_shares == 0
    assert 0.998 * worst < USDC.tokens(repaid(view, one.seized)) <= worst


def test_without_cash_and_with_nothing_sold_at_once_it_takes_nothing() -> None:
    assert prospects(view_of(debtor=(9_000.0, RIPE)), cash=0, sold_ppm=0).seizures(8) == []


@given(
    debts=st.lists(st.tuples(st.floats(1.0, 60_000.0), st.floats(0.7, 1.2)), min_size=1, max_size=6),
    cash=st.integers(0, 10**11),
    sold_ppm=st.integers(0, PPM),
    slippage_ppm=st.integers(0, 100_000),
)
def test_nothing_is_chosen_that_cannot_be_paid_or_does_not_gain(
    debts: list[tuple[float, float]], cash: int, sold_ppm: int, slippage_ppm: int
) -> None:
    view = view_of(**{f"debtor {number}": debt for number, debt in enumerate(debts)})
    found = prospects(view, cash=cash, sold_ppm=sold_ppm, slippage_ppm=slippage_ppm).seizures(8)
    kept = (PPM - slippage_ppm) / PPM
    sold, paid = 0, 0
    for one in found:
        position = view.positions[one.borrower]
        assert view.liquidatable(one.borrower)
        assert 0 < one.seized <= position.collateral
        assert one.sold <= one.seized
        assert one.sold_before == sold
        assert one.gain > 0.0
        sold += one.sold
        paid += repaid(view, one.seized)
        assert paid <= cash + math.ceil(proceeds((POOL,), ETH.tokens(sold)) * kept * USDC.unit) + len(found)
    assert len({one.borrower for one in found}) == len(found)
