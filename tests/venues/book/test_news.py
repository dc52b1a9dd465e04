"""What a book publishes, in ints and in floats."""

import pytest

from shoal.ext.book import BUY, MAXIMUM, SELL, Book
from shoal.sim.units import Asset
from shoal.venues.book.grid import Grid
from shoal.venues.book.news import Band, BookNews, bands_around_mid
from shoal.venues.view import MarketView

GRID = Grid(Asset("BTC", 8), Asset("USDC", 6), "1", "0.01")


def news(bids: list[tuple[int, int]], asks: list[tuple[int, int]], *, fee_ppm: int = 0) -> BookNews:
    book = Book()
    for side, orders in ((BUY, bids), (SELL, asks)):
        for ticks, lots in orders:
            book.limit(side, ticks, lots)
    bands = bands_around_mid(book, (10, 100))
    return BookNews(GRID, tuple(book.depth(BUY, 5)), tuple(book.depth(SELL, 5)), bands, None, fee_ppm, 0)


def test_an_empty_side_has_no_mid() -> None:
    view: MarketView = news([(100, 1)], [])
    assert (view.mid, view.bid, view.ask, view.depth) == (None, 100.0, None, 0.0)
    assert news([(100, 1)], []).spread is None


def test_prices_in_ints_and_floats() -> None:
    item = news([(99_900, 2), (99_000, 1), (90_000, 7)], [(100_100, 3), (101_100, 4)], fee_ppm=1_000)
    assert (item.best_bid, item.best_ask, item.spread) == (99_900_000_000, 100_100_000_000, 200_000_000)
    assert (item.mid, item.bid, item.ask) == (100_000.0, pytest.approx(99_800.1), pytest.approx(100_200.1))
    assert item.bids[:2] == ((99_900_000_000, 2_000_000), (99_000_000_000, 1_000_000))
    assert item.asks == ((100_100_000_000, 3_000_000), (101_100_000_000, 4_000_000))
    assert item.last_price is None
    assert item._replace(last_ticks=5).last_price == 5_000_000


def test_bands_count_their_edges() -> None:
    item = news([(99_900, 2), (99_000, 1), (90_000, 7)], [(100_100, 3), (101_000, 4), (101_001, 9)])
    assert item.bands == (
        Band(10, 2, 2 * 99_900, 3, 3 * 100_100),
        Band(100, 3, 2 * 99_900 + 99_000, 7, 3 * 100_100 + 4 * 101_000),
    )
    assert item.depth == pytest.approx((2 * 99_900 + 99_000 + 3 * 100_100 + 4 * 101_000) * 0.01 / 2)


def test_bands_stay_within_the_prices_that_exist() -> None:
    book = Book()
    book.limit(BUY, 1, 1)
    book.limit(SELL, MAXIMUM, 1)
    assert bands_around_mid(book, (9_999, 30_000)) == (Band(9_999, 0, 0, 0, 0), Band(30_000, 1, 1, 1, MAXIMUM))


def test_quoting_walks_the_levels_shown() -> None:
    item = news([(99_900, 2)], [(100_100, 3), (101_000, 4)], fee_ppm=10_000)
    assert item.quote_tokens(BUY, 0.05) == pytest.approx((0.03 * 100_100 + 0.02 * 101_000) * 1.01)
    assert item.quote_tokens(SELL, 0.015) == pytest.approx(0.015 * 99_900 * 0.99)
    assert item.quote_tokens(SELL, 0.021) is None
