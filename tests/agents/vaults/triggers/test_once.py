from shoal.agents.vaults.portfolio import Portfolio
from shoal.agents.vaults.triggers.calendar import Calendar
from shoal.agents.vaults.triggers.once import Once
from shoal.sim.units import Asset

ETH = Asset("ETH", 18)


def at(now_ns: int) -> Portfolio:
    return Portfolio(now_ns, {ETH: 2_000.0}, {ETH: 1.0}, cash=6_000.0)


def test_it_asks_until_it_was_carried_out_and_then_never_again() -> None:
    once = Once(Calendar(interval_ns=10))
    assert once.destination(at(0), {ETH: 0.5}) is not None
    assert once.destination(at(5), {ETH: 0.5}) is not None
    once.fired(6)
    assert once.destination(at(10), {ETH: 0.5}) is None
    assert once.destination(at(1_000), {ETH: 0.5}) is None
