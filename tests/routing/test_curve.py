import math

import pytest

from shoal.routing.curve import positive
from shoal.sim.errors import Refusal, RoutingError


@pytest.mark.parametrize("value", [1e-50, 1e-12, 1, 1e12, 1e50])
def test_numbers_above_0_pass(value: float) -> None:
    assert positive(value, "who", "amount") == value


@pytest.mark.parametrize("value", [0, -0.0, -1, math.nan, math.inf, -math.inf, 1e-51, 10**400, True, None, "1", 1j])
def test_anything_else_is_a_routing_error(value: float) -> None:
    with pytest.raises(RoutingError, match=r"who: cannot be routed: had amount .*, needed a number from 1e-50"):
        positive(value, "who", "amount")


def test_a_routing_error_can_be_handled_like_a_refusal() -> None:
    assert issubclass(RoutingError, Refusal)
    assert RoutingError("an order", "no venue", "one").code == "RoutingError"
