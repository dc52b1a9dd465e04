import numpy as np
import pytest

from shoal.experiments.calibration.resting_book import RestingBook

BOOK = RestingBook(
    start_s=np.array([0.0, 0.0, 0.0, 2.0, 0.0]),
    end_s=np.array([9.0, 9.0, 5.0, 9.0, 9.0]),
    sides=np.array([-1.0, 1.0, 1.0, -1.0, 1.0]),
    prices=np.array([99.0, 102.0, 101.0, 98.0, 900.0]),
    tokens=np.array([1.0, 2.0, 3.0, 4.0, 5.0]),
)


def test_best_prices_come_first_and_pieces_live_from_start_to_end():
    state = BOOK.at(3.0)
    assert state.bid_prices.tolist() == [99.0, 98.0]
    assert state.ask_prices.tolist() == [101.0, 102.0, 900.0]
    assert BOOK.at(1.0).bid_prices.tolist() == [99.0]
    assert BOOK.at(5.0).ask_prices.tolist() == [102.0, 900.0]
    assert state.mid == 100.0


def test_depth_counts_worth_within_the_band():
    state = BOOK.at(3.0)
    assert state.depth(+1, 0.01) == 303.0
    assert state.depth(-1, 0.02) == 99.0 + 4 * 98.0


def test_far_prices_are_dropped():
    assert 900.0 not in BOOK.near(0.1).prices


@pytest.mark.parametrize("time_s", [-1.0, 9.0])
def test_an_empty_book_is_not_two_sided(time_s):
    assert not BOOK.at(time_s).two_sided
