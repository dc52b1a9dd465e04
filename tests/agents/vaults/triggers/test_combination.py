import pytest

from shoal.agents.vaults.portfolio import Portfolio
from shoal.agents.vaults.trigger import Trigger
from shoal.agents.vaults.triggers.calendar import Calendar
from shoal.agents.vaults.triggers.combination import AllOf, AnyOf
from shoal.agents.vaults.triggers.never import Never
from shoal.agents.vaults.triggers.once import Once
from shoal.agents.vaults.triggers.threshold import Threshold
from shoal.sim.units import Asset

ETH = Asset("ETH", 18)
DAY_NS = 86_400 * 10**9
QUARTER_NS = DAY_NS // 4


def goes(trigger: Trigger, now_ns: int, weight: float) -> float | None:
    """Where it goes; what it asks for is carried out."""
    move = trigger.destination(Portfolio(now_ns, {ETH: 1.0}, {ETH: weight}, cash=1.0 - weight), {ETH: 0.5})
    if move is None:
        return None
    trigger.fired(now_ns)
    return move.weights[ETH]


def test_any_of_moves_where_the_first_that_moves_goes() -> None:
    trigger = AnyOf(Threshold(absolute=0.1, to="edge"), Calendar(interval_ns=DAY_NS))
    assert goes(trigger, 0, 0.9) == pytest.approx(0.6)
    assert goes(trigger, QUARTER_NS, 0.55) is None
    assert goes(trigger, 2 * QUARTER_NS, 0.7) == pytest.approx(0.6)
    assert goes(trigger, 4 * QUARTER_NS, 0.55) == 0.5


def test_a_date_that_a_threshold_ran_ahead_of_is_still_kept() -> None:
    trigger = AnyOf(Threshold(absolute=0.1), Calendar(interval_ns=DAY_NS))
    assert goes(trigger, 0, 0.5) == 0.5
    assert goes(trigger, 3 * QUARTER_NS, 0.9) == 0.5
    assert goes(trigger, 4 * QUARTER_NS, 0.55) == 0.5


def test_all_of_looks_on_dates_and_trades_what_has_drifted() -> None:
    trigger = AllOf(Threshold(absolute=0.1, to="edge"), Calendar(interval_ns=DAY_NS))
    assert goes(trigger, 0, 0.9) == pytest.approx(0.6)
    assert goes(trigger, 2 * QUARTER_NS, 0.9) is None
    assert goes(trigger, 4 * QUARTER_NS, 0.55) is None
    assert goes(trigger, 5 * QUARTER_NS, 0.9) is None
    assert goes(trigger, 8 * QUARTER_NS, 0.9) == pytest.approx(0.6)


def test_all_of_says_every_reason() -> None:
    move = AllOf(Threshold(absolute=0.1), Calendar(interval_ns=DAY_NS)).destination(
        Portfolio(0, {ETH: 1.0}, {}, cash=1.0), {ETH: 0.5}
    )
    assert move is not None
    assert move.reason == "ETH drifted -0.5000, band 0.1000 and date"


def test_what_all_of_could_not_carry_out_it_asks_for_again() -> None:
    trigger = AllOf(Threshold(absolute=0.1), Calendar(interval_ns=DAY_NS))
    drifted = Portfolio(1, {ETH: 1.0}, {}, cash=1.0)
    assert trigger.destination(drifted, {ETH: 0.5}) is not None
    assert trigger.destination(drifted, {ETH: 0.5}) is not None


def test_they_nest() -> None:
    trigger = AnyOf(Threshold(absolute=0.3), AllOf(Calendar(interval_ns=DAY_NS), Threshold(absolute=0.1)))
    assert goes(trigger, 0, 0.65) == 0.5
    assert goes(trigger, QUARTER_NS, 0.65) is None
    assert goes(trigger, QUARTER_NS, 0.85) == 0.5
    assert goes(trigger, 4 * QUARTER_NS, 0.65) == 0.5


@pytest.mark.parametrize("make", [AnyOf, AllOf])
def test_a_combination_of_nothing_is_refused(make: type[AnyOf | AllOf]) -> None:
    with pytest.raises(ValueError, match="at least one trigger"):
        make()


@pytest.mark.parametrize("single", [Never(), Once(Calendar(interval_ns=10))])
def test_all_of_refuses_what_ends_after_one_move(single: Trigger) -> None:
    with pytest.raises(ValueError, match=type(single).__name__):
        AllOf(Calendar(interval_ns=10), single)
