import math

import pytest

from shoal.agents.vaults.portfolio import Portfolio
from shoal.agents.vaults.trigger import Move
from shoal.agents.vaults.triggers.leverage_bounds import LeverageBounds
from shoal.sim.units import Asset

ETH = Asset("ETH", 18)
TARGET = {ETH: 2.0}


@pytest.mark.parametrize(
    ("leverage", "moves"), [(1.75, False), (2.0, False), (2.25, False), (1.7, True), (2.3, True), (0.0, True)]
)
def test_strictly_outside_it_goes_to_the_target(leverage: float, moves: bool) -> None:
    portfolio = Portfolio(0, {ETH: 1.0}, {ETH: leverage}, cash=1.0 - leverage)
    found = LeverageBounds(minimum=1.75, maximum=2.25).destination(portfolio, TARGET)
    assert found == (Move(TARGET, f"leverage {leverage:.4f} outside 1.75 to 2.25") if moves else None)


@pytest.mark.parametrize(("minimum", "maximum"), [(0.0, 1.0), (2.0, 1.0), (1.0, math.inf), (math.nan, 1.0)])
def test_parameters_out_of_range_are_refused(minimum: float, maximum: float) -> None:
    with pytest.raises(ValueError, match="leverage bounds"):
        LeverageBounds(minimum=minimum, maximum=maximum)
