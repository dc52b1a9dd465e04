"""The figures at the top."""

from shoal.experiments.measures.measured import Measured
from shoal.experiments.report.headline import cards
from shoal.experiments.result import Result


def test_the_crash_and_the_recovery_are_at_the_top(result: Result) -> None:
    found = {card.title: card for card in cards(result.measured, result.manifest)}
    assert found["BTC outside"].tone == "loss"
    assert found["BTC outside"].figure.startswith("−3")
    assert found["Half of the depth back"].figure == "after 23 min"
    assert found["Money missing"].figure == "0"


def test_missing_money_is_red(result: Result) -> None:
    found = cards(result.measured, {"conservation": {"BTC": 0, "ETH": -3}})[-1]
    assert (found.figure, found.tone) == ("ETH -3", "loss")


def test_the_loop_has_cards_of_its_own(loop_result: Result) -> None:
    found = {card.title: card for card in cards(loop_result.measured, loop_result.manifest)}
    assert (found["Cost of rebalancing"].figure, found["Cost of rebalancing"].tone) == ("+161.5 bps", "loss")
    assert found["Taken by attackers"].detail == "lost in 3 sandwiches, 15.00 by vaults"
    assert found["Forced sales"].figure == "3.03 k"


def test_an_empty_run_has_no_cards() -> None:
    assert cards(Measured((), dict.__getitem__), {}) == []
