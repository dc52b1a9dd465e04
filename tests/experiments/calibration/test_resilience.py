import numpy as np
import pytest

from shoal.experiments.calibration.recording import Quotes, Recording, TakerOrders
from shoal.experiments.calibration.resilience import fit_resilience
from shoal.experiments.calibration.resting_book import RestingBook

TIMES = np.arange(50.0, 1_000.0, 50.0)


def recording(*, back_after_s):
    """Half of the ask goes at each order and comes back after so long."""
    starts = np.concatenate(([0.0, 0.0], [0.0], TIMES + back_after_s))
    ends = np.concatenate(([2_000.0, 2_000.0], TIMES, [2_000.0]))
    pieces = len(starts)
    sides, prices = np.ones(pieces), np.full(pieces, 100.01)
    sides[0], prices[0] = -1.0, 99.99
    count = len(TIMES)
    orders = TakerOrders(TIMES, np.ones(count), np.full(count, 100.0), np.full(count, 100.01))
    book = RestingBook(starts, ends, sides, prices, np.ones(pieces))
    return Recording("made up", "", "", 1_100.0, book, Quotes(*np.array([[0.0], [99.99], [100.01]])), orders, 0.01)


@pytest.mark.parametrize(("back_after_s", "expected"), [(0.1, [1, 1, 1]), (2.0, [0.5, 1, 1]), (40.0, [0.5, 0.5, 0.5])])
def test_the_share_that_is_back_after_each_delay(back_after_s, expected):
    assert [fit.value for fit in fit_resilience(recording(back_after_s=back_after_s))] == pytest.approx(expected)
