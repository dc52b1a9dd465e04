import pytest
from tests.experiments.calibration.samples import level_two

from shoal.experiments.calibration.level_two import read_level_two


@pytest.fixture
def recording(tmp_path):
    return read_level_two(level_two(tmp_path / "book.parquet"))


def test_fills_of_one_moment_and_side_are_one_order(recording):
    assert recording.orders.times_s.tolist() == pytest.approx([10.2, 20.2])
    assert recording.orders.sides.tolist() == [1.0, -1.0]
    assert recording.orders.quote_tokens.tolist() == pytest.approx([300.45, 299.55])
    assert recording.orders.worst_prices.tolist() == pytest.approx([1_002.5, 997.5])


def test_changes_older_than_the_snapshot_are_dropped_and_later_ones_hold(recording):
    assert recording.book.at(15.0).ask_tokens[0] == 2.0
    assert recording.book.at(15.0).ask_prices[0] == 1_000.5
    assert recording.book.at(40.0).ask_prices[0] == 1_000.6


def test_the_reach_is_that_of_the_snapshot(recording):
    assert recording.reach == pytest.approx(10.4 / 1_000.0)


def test_contracts_are_turned_into_tokens(tmp_path):
    recording = read_level_two(level_two(tmp_path / "book.parquet"), contract_quote_tokens=100.0)
    assert recording.orders.quote_tokens.tolist() == pytest.approx([30.0, 30.0])
