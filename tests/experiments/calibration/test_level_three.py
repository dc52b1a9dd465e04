import numpy as np
import pytest
from tests.experiments.calibration.samples import level_three

from shoal.experiments.calibration.level_three import read_level_three


@pytest.fixture
def recording(tmp_path):
    return read_level_three(*level_three(tmp_path))


def test_fills_of_one_incoming_order_are_one_order(recording):
    assert recording.orders.times_s.tolist() == [5.0]
    assert recording.orders.quote_tokens.tolist() == pytest.approx([1_001.0 + 0.6 * 1_002.0])
    assert recording.orders.worst_prices.tolist() == [1_002.0]


def test_an_order_that_a_trade_passed_is_gone(recording):
    assert recording.book.at(1.0).ask_prices[0] == 1_000.5
    assert recording.book.at(6.0).ask_prices.tolist() == [1_002.0]
    assert recording.book.at(6.0).ask_tokens.tolist() == [0.4]


def test_parked_orders_are_no_part_of_the_book(recording):
    assert recording.book.prices.min() == 999.0


def test_quotes_follow_the_book(recording):
    assert recording.quotes.mids(np.array([4.0, 10.0])).tolist() == [(999.0 + 1_000.5) / 2, (999.0 + 1_002.0) / 2]
