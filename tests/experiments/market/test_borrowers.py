"""Who borrows: the joint laws of debt, health and conduct."""

import math
from itertools import pairwise

import pytest

from shoal.experiments.market.borrowers import CRVUSD, UNIFORM_SPAN, Loan, draw_loans
from shoal.sim.draws import Draws, Stream


def streams(seed: int):
    draws = Draws(seed)

    def stream(purpose: str) -> Stream:
        return draws.stream("borrowers", purpose)

    return stream


def fitted(count: int, seed: int = 7, watchful: float = 0.3) -> list[Loan]:
    return draw_loans(count, preset="crvusd", watchful_share=watchful, stream=streams(seed))


def test_a_percent_of_borrowers_holds_a_third_of_the_debt() -> None:
    shares = sorted((loan.debt_share for loan in fitted(20_000)), reverse=True)
    assert math.fsum(shares) == pytest.approx(1.0)
    assert 0.25 < math.fsum(shares[:200]) < 0.45


def test_health_is_above_one_with_the_fitted_median_and_falls_with_size() -> None:
    loans = fitted(20_001)
    healths = sorted(loan.health for loan in loans)
    assert healths[0] >= 1.02
    assert healths[10_000] == pytest.approx(math.exp(CRVUSD.health_median), rel=0.02)
    loans.sort(key=lambda loan: loan.debt_share)
    small, large = loans[:5_000], loans[-5_000:]
    assert sum(loan.health < 1.2 for loan in large) > 1.2 * sum(loan.health < 1.2 for loan in small)


def test_the_watchful_are_as_many_as_asked_for_half_of_each_kind() -> None:
    conducts = [loan.conduct for loan in fitted(20_000, watchful=0.4)]
    assert conducts.count("tops up") == pytest.approx(4_000, rel=0.05)
    assert conducts.count("deleverages") == pytest.approx(4_000, rel=0.05)


def test_of_the_uniform_law_liquidation_prices_are_in_even_steps() -> None:
    loans = draw_loans(100, preset="uniform", watchful_share=0.0, stream=streams(7))
    assert {loan.debt_share for loan in loans} == {0.01}
    prices = [1 / loan.health for loan in loans]
    steps = [later - earlier for earlier, later in pairwise(prices)]
    assert steps == pytest.approx([-UNIFORM_SPAN / 100] * 99)
    assert {loan.conduct for loan in loans} == {"passive"}


def test_a_longer_list_begins_with_the_shorter_one() -> None:
    short, long = fitted(50), fitted(100)
    assert [loan.health for loan in short] == [loan.health for loan in long[:50]]


def test_the_law_of_debts_has_no_step_at_the_edge_of_its_tail() -> None:
    edge = 1.2815515655446004
    assert CRVUSD.debt(edge + 1e-9) == pytest.approx(CRVUSD.debt(edge - 1e-9), rel=1e-6)
    assert CRVUSD.debt(9.0) == CRVUSD.largest
