from shoal.agents.vaults.portfolio import Portfolio
from shoal.agents.vaults.trigger import Move
from shoal.agents.vaults.triggers.never import Never
from shoal.sim.units import Asset

ETH = Asset("ETH", 18)
TARGET = {ETH: 0.5}


def holding(eth: float) -> Portfolio:
    return Portfolio(0, {ETH: 1.0}, {ETH: eth}, cash=1.0)


def test_it_invests_once() -> None:
    trigger = Never()
    assert trigger.destination(holding(0.0), TARGET) == Move(TARGET, "first investment")
    trigger.fired(1)
    assert trigger.destination(holding(0.0), TARGET) is None
    assert trigger.destination(holding(5.0), TARGET) is None


def test_what_is_invested_already_is_held() -> None:
    trigger = Never()
    assert trigger.destination(holding(5.0), TARGET) is None
    assert trigger.destination(holding(0.0), TARGET) is None


def test_a_first_investment_in_slices_is_finished() -> None:
    trigger = Never()
    assert trigger.destination(holding(0.0), TARGET) is not None
    assert trigger.destination(holding(0.2), TARGET) is not None
    trigger.fired(1)
    assert trigger.destination(holding(0.2), TARGET) is None
