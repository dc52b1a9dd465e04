import math

import numpy as np
import pytest

from shoal.agents.vaults.targets.constant_weights import ConstantWeights
from shoal.agents.vaults.triggers.calendar import Calendar
from shoal.agents.vaults.triggers.never import Never
from shoal.agents.vaults.triggers.threshold import Threshold
from shoal.experiments.validation.rebalancing_world import DEPOSIT_TOKENS, Policy, Stage, play, walks
from shoal.sim.units import Asset

DAY_NS = 86_400 * 10**9


def halves(assets: tuple[Asset, ...]) -> ConstantWeights:
    return ConstantWeights({assets[0]: 0.5})


def double(assets: tuple[Asset, ...]) -> ConstantWeights:
    return ConstantWeights({assets[0]: 2.0}, cash=-1.0)


def run(*policies: Policy, fee_ppm: int = 0, steps: int = 12) -> Stage:
    symbols = tuple(dict.fromkeys(symbol for policy in policies for symbol in policy.symbols))
    path_at = walks(symbols, seed=3, volatilities=(0.8,) * len(symbols))
    return play(policies, seed=3, steps=steps, step_ns=DAY_NS, fee_ppm=fee_ppm, path_at=path_at)


def daily() -> Calendar:
    return Calendar(interval_ns=DAY_NS)


def test_a_vault_trades_once_at_each_price_and_at_that_price() -> None:
    book = run(Policy(("A",), halves, daily)).books[0]
    assert len(book.prices) == 11
    assert book.weights[:, 0] == pytest.approx([0.5] * 11, abs=1e-9)
    assert np.count_nonzero(book.sold + book.bought) == 11
    assert book.leaving == pytest.approx(book.arriving, rel=1e-9)
    assert book.arriving[0] == DEPOSIT_TOKENS


def test_the_fee_is_all_that_a_trade_costs() -> None:
    book = run(Policy(("A",), halves, daily), fee_ppm=3_000).books[0]
    assert book.arriving - book.leaving == pytest.approx(book.fees, rel=1e-6)
    assert book.fees == pytest.approx(book.sold * 0.003 + book.bought * (1 - 1 / 1.003), rel=1e-6)


def test_what_is_deposited_in_kind_is_there_at_the_first_price() -> None:
    book = run(Policy(("A",), halves, Never, (0.25,))).books[0]
    assert not np.any(book.sold + book.bought)
    assert book.held[-1, 0] == 250.0
    assert book.cash[-1] == 750_000.0


def test_vaults_of_one_world_do_not_touch_each_other() -> None:
    alone = run(Policy(("A",), halves, daily)).books[0]
    band = Policy(("A",), halves, lambda: Threshold(absolute=0.01))
    together = run(Policy(("A",), halves, daily), band, Policy(("B",), halves, daily)).books
    assert np.array_equal(alone.held, together[0].held)
    assert not np.array_equal(together[0].held, together[1].held)
    assert not np.array_equal(together[0].prices, together[2].prices)


def test_who_borrows_gets_to_its_leverage_and_stays_there() -> None:
    book = run(Policy(("A",), double, lambda: Threshold(absolute=0.0, dust=1e-9), borrows=True)).books[0]
    assert book.cash[-1] < 0.0
    # A fall is paid back within the step; two blocks are not enough for the first hops.
    assert book.weights[2:, 0] == pytest.approx([2.0] * 9, abs=1e-6)


def test_correlated_walks_are_correlated_and_as_volatile_as_was_said() -> None:
    times = np.arange(20_000, dtype=np.int64) * DAY_NS
    path = walks(("A", "B"), seed=5, volatilities=(0.8, 0.4), log_drift=0.5, correlation=0.5)(times)
    moves = [np.diff([math.log(price) for price in path.prices[symbol]]) for symbol in ("A", "B")]
    assert [move.std() * math.sqrt(365) for move in moves] == pytest.approx([0.8, 0.4], rel=0.02)
    assert float(np.corrcoef(*moves)[0, 1]) == pytest.approx(0.5, abs=0.025)
    assert [move.mean() * 365 for move in moves] == pytest.approx([0.5, 0.5], abs=0.45)
