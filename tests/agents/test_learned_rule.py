import math
from typing import Any

import pytest
from tests.agents.laws import ETH, SECOND_NS

from shoal.agents.learned_rule import LearnedRule
from shoal.agents.vaults.portfolio import Portfolio


def portfolio(weight: float, time_s: float = 0.0, nav: float = 100_000.0) -> Portfolio:
    price = 2_000.0
    return Portfolio(int(time_s * SECOND_NS), {ETH: price}, {ETH: weight * nav / price}, (1 - weight) * nav)


def taught(*trades: tuple[int, float, float], **options: Any) -> LearnedRule:
    """A rule that saw trades: when, and the weight before and after."""
    rule = LearnedRule(**options)
    for time_s, before, after in trades:
        rule.learn(time_s, portfolio(before), portfolio(after))
    return rule


MONTHLY = [(0, 0.0, 0.5), (3_600, 0.52, 0.5), (7_212, 0.47, 0.5), (10_800, 0.51, 0.5)]
BANDED = [(0, 0.0, 0.5), (900, 0.551, 0.5), (5_000, 0.448, 0.5), (5_500, 0.552, 0.5), (20_000, 0.449, 0.5)]


def test_it_foresees_nothing_before_it_has_seen_enough() -> None:
    rule = taught(*MONTHLY[:3])
    assert rule.weights(portfolio(0.5)) is None
    assert rule.interval_ns is None
    assert rule.drift == math.inf
    assert rule.destination(portfolio(0.9, 1e6), {ETH: 0.5}) is None
    assert LearnedRule().destination(portfolio(0.9), {ETH: 0.5}) is None


def test_regular_trades_betray_a_calendar() -> None:
    rule = taught(*MONTHLY)
    assert rule.interval_ns == 3_600 * SECOND_NS
    assert rule.weights(portfolio(0.5)) == {ETH: 0.5}
    assert rule.destination(portfolio(0.9, 14_399), {ETH: 0.5}) is None
    move = rule.destination(portfolio(0.501, 14_400), {ETH: 0.5})
    assert move is not None
    assert (move.weights, move.reason) == ({ETH: 0.5}, "learned date")


def test_irregular_trades_betray_a_band() -> None:
    rule = taught(*BANDED)
    assert rule.interval_ns is None
    assert rule.drift == pytest.approx(0.052)
    assert rule.destination(portfolio(0.551, 21_000), {ETH: 0.5}) is None
    move = rule.destination(portfolio(0.447, 21_000), {ETH: 0.5})
    assert move is not None
    assert (move.weights, move.reason) == ({ETH: 0.5}, "learned drift")


def test_trades_to_an_edge_betray_the_edge() -> None:
    """The first buys from nothing; medians do not mind."""
    rule = taught((0, 0.0, 0.5), (900, 0.56, 0.55), (5_000, 0.561, 0.55), (5_500, 0.559, 0.55), (20_000, 0.56, 0.55))
    assert rule.weights(portfolio(0.5)) == {ETH: pytest.approx(0.55)}
    assert rule.drift == pytest.approx(0.01)


def test_what_has_no_value_teaches_and_foresees_nothing() -> None:
    rule = taught(*MONTHLY)
    rule.learn(14_400, portfolio(0.5, nav=0.0), portfolio(0.5))
    assert rule.interval_ns == 3_600 * SECOND_NS
    assert rule.destination(portfolio(0.5, 20_000, nav=0.0), {ETH: 0.5}) is None


def test_it_checks_prices_and_parameters() -> None:
    rule = LearnedRule()
    rule.observe(0, {ETH: 2_000.0})
    rule.fired(0)
    with pytest.raises(ValueError):
        rule.observe(0, {ETH: math.nan})
    for changes in ({"trades": 1}, {"regular": -0.1}):
        with pytest.raises(ValueError):
            LearnedRule(**changes)  # type: ignore[arg-type]
