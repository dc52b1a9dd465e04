import math
from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.routing.laws import CurveLaws

from shoal.routing.curve import Curve
from shoal.routing.exponential import ExponentialPurchase, ExponentialSale, less_logarithm


class TestExponentialSale(CurveLaws):
    def curve(self, rate: float, depth: float, more: float) -> Curve:
        return ExponentialSale("venue", rate, depth)


class TestExponentialPurchase(CurveLaws):
    def curve(self, rate: float, depth: float, more: float) -> Curve:
        return ExponentialPurchase("venue", rate, depth)

    def span(self, curve: Curve) -> float:
        return 100.0 * curve.largest_output / curve.best_rate


@given(st.floats(-0.9, 10.0))
def test_less_logarithm_keeps_its_digits(value: float) -> None:
    if abs(value) < 1e-60:
        return
    with localcontext(prec=400):
        exact = Decimal(value) - (1 + Decimal(value)).ln()
        assert less_logarithm(value) == pytest.approx(float(exact), rel=1e-12)


def test_less_logarithm_of_nothing_is_nothing() -> None:
    assert less_logarithm(0.0) == 0.0


def test_a_sale_and_a_purchase_are_one_market() -> None:
    """Selling pays the integral of mid exp(-x / D), buying costs that of mid exp(x / D)."""
    sale, purchase = ExponentialSale("venue", 2_000.0, 500.0), ExponentialPurchase("venue", 1 / 2_000.0, 500.0)
    assert sale.output(50.0) == pytest.approx(2_000.0 * 500.0 * (1 - math.exp(-0.1)), rel=1e-13)
    assert purchase.input(50.0) == pytest.approx(2_000.0 * 500.0 * (math.exp(0.1) - 1), rel=1e-13)
