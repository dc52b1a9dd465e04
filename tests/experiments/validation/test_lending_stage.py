import pytest

from shoal.experiments.validation.lending_stage import LIQUIDATOR, REPORTER, LendingStage, outcome_of
from shoal.sim.units import Account
from shoal.venues.credit.refusals import HealthyPosition, InsufficientCollateral
from shoal.venues.oracle import answer_of

UNIT = 10**18


def opened(markets: int = 2) -> LendingStage:
    stage = LendingStage(seed=1, block_s=12, lltvs_ppm=(800_000,) * markets)
    stage.open(answer=answer_of(1_000.0), collateral=UNIT, debts={"bob": 800 * UNIT, "carol": 400 * UNIT})
    return stage


def test_everybody_has_a_position_in_every_market() -> None:
    stage = opened(markets=60)
    for market in stage.markets:
        view = market.published(0)
        assert {owner: view.health(owner) for owner in view.positions} == {"bob": 1.0, "carol": 2.0}
        assert view.liquidity == 0
    assert set(stage.world.conservation().values()) == {0}


def test_a_block_executes_what_was_sent_in_order() -> None:
    stage = opened()
    before = stage.send(LIQUIDATOR, stage.liquidate(0, "bob", 10**6 * UNIT))
    stage.send(REPORTER, stage.report(0, answer_of(999.0)))
    after = stage.send(LIQUIDATOR, stage.liquidate(0, "bob", 10**6 * UNIT))
    other = stage.send(LIQUIDATOR, stage.liquidate(1, "bob", 10**6 * UNIT))
    stage.next_block()
    assert isinstance(before.value, HealthyPosition)
    assert isinstance(other.value, HealthyPosition)
    assert outcome_of(before) is None
    outcome = outcome_of(after)
    assert outcome is not None
    held = stage.world.ledger.balance(stage.collateral, Account(LIQUIDATOR, stage.chain.name))
    assert outcome.output == held > 0


def test_who_borrows_too_much_does_not_get_onto_the_stage() -> None:
    stage = LendingStage(seed=1, block_s=12, lltvs_ppm=(800_000,))
    with pytest.raises(InsufficientCollateral):
        stage.open(answer=answer_of(1_000.0), collateral=UNIT, debts={"bob": 800 * UNIT + 1})
