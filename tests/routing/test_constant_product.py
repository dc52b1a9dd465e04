import math

import pytest
from tests.routing.laws import CurveLaws

from shoal.routing.constant_product import ConstantProductCurve
from shoal.routing.curve import Curve
from shoal.sim.errors import RoutingError


class TestConstantProductCurve(CurveLaws):
    def curve(self, rate: float, depth: float, more: float) -> Curve:
        if not (isinstance(rate, float) and isinstance(depth, float)):
            return ConstantProductCurve("venue", depth, rate, more / 2)
        return ConstantProductCurve("venue", depth, depth * rate, more / 2)


@pytest.mark.parametrize("fee", [-0.001, 1.0, math.nan, 2.0])
def test_a_fee_that_leaves_nothing_or_adds_something_is_refused(fee: float) -> None:
    with pytest.raises(RoutingError, match="fee"):
        ConstantProductCurve("venue", 1.0, 1.0, fee)


def test_small_trades_keep_their_digits() -> None:
    """One part in 1e15 of the reserve: the answer to a price one such part below the best."""
    pool = ConstantProductCurve("venue", 1e9, 1e9, 0.0)
    amount_in, amount_out, *_ = pool.response(1.0 - 2.0**-50)
    assert amount_in == pytest.approx(1e9 * 2.0**-51, rel=1e-12)
    assert amount_out == pytest.approx(1e9 * 2.0**-51, rel=1e-12)
