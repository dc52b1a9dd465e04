import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.routing.constant_product import ConstantProductCurve
from shoal.routing.curves import curve_of
from shoal.routing.exponential import ExponentialPurchase, ExponentialSale
from shoal.routing.levels import Levels
from shoal.sim.errors import RoutingError
from shoal.sim.units import Asset
from shoal.venues.amm.constant_product_view import ConstantProductView
from shoal.venues.book.grid import Grid
from shoal.venues.book.news import BookNews
from shoal.venues.outside_news import OutsideNews
from shoal.venues.view import MarketView

BTC, USDC = Asset("BTC", 8), Asset("USDC", 6)
GRID = Grid(BTC, USDC, "0.01", "0.0001")


def pool(base: int = 10, quote: int = 200_000, fee_ppm: int = 3_000) -> ConstantProductView:
    return ConstantProductView(BTC, USDC, BTC.amount(base), USDC.amount(quote), fee_ppm, 1, 0, 0, 0)


def book(bids: int = 3, asks: int = 3, fee_ppm: int = 500) -> BookNews:
    below = tuple((2_000_000 - 50 * level, 7_000 + level, 1) for level in range(bids))
    above = tuple((2_000_100 + 50 * level, 9_000 + level, 1) for level in range(asks))
    return BookNews(GRID, below, above, (), None, fee_ppm, 0)


VIEWS: list[MarketView] = [
    pool(), OutsideNews(20_000.0, 500.0, 300), OutsideNews(20_000.0, math.inf, 300), book(),
]  # fmt: skip
NAMES = ["pool", "outside", "outside without end", "book"]


@pytest.mark.parametrize("view", VIEWS, ids=NAMES)
@given(st.floats(1e-6, 2.0))
def test_a_curve_gives_what_the_view_quotes(view: MarketView, base: float) -> None:
    sale, purchase = (curve_of("venue", view, side=side) for side in (-1, 1))
    assert sale is not None
    assert purchase is not None
    received, paid = view.quote_tokens(-1, base), view.quote_tokens(1, base)
    assert sale.output(base) == pytest.approx(received, rel=1e-12)
    assert sale.input(sale.output(base)) == pytest.approx(base, rel=1e-9)
    assert purchase.input(base) == pytest.approx(paid, rel=1e-12)
    assert purchase.output(purchase.input(base)) == pytest.approx(base, rel=1e-9)


@pytest.mark.parametrize("view", VIEWS, ids=NAMES)
def test_its_first_rate_is_the_views_bid_and_ask(view: MarketView) -> None:
    sale, purchase = (curve_of("venue", view, side=side) for side in (-1, 1))
    assert sale is not None
    assert purchase is not None
    assert sale.best_rate == pytest.approx(view.bid, rel=1e-14)
    assert 1.0 / purchase.best_rate == pytest.approx(view.ask, rel=1e-14)
    assert sale.venue == purchase.venue == "venue"


def test_a_book_ends_where_its_levels_do() -> None:
    sale = curve_of("book", book(), side=-1)
    assert sale is not None
    assert sale.capacity == pytest.approx((7_000 + 7_001 + 7_002) * 1e-4, rel=1e-14)
    assert book().quote_tokens(-1, sale.capacity * 1.001) is None


@pytest.mark.parametrize("side", [-1, 1])
def test_where_nobody_trades_there_is_no_curve(side: int) -> None:
    empty = book(bids=0) if side < 0 else book(asks=0)
    for view in (None, pool(0, 0), OutsideNews(None, 500.0, 300), empty):
        assert curve_of("venue", view, side=side) is None
    assert curve_of("venue", empty, side=-side) is not None


def test_each_view_has_its_kind_of_curve() -> None:
    kinds = [[type(curve_of("venue", view, side=side)) for view in VIEWS] for side in (-1, 1)]
    assert kinds == [
        [ConstantProductCurve, ExponentialSale, Levels, Levels],
        [ConstantProductCurve, ExponentialPurchase, Levels, Levels],
    ]


def test_a_view_of_something_else_and_a_side_of_none_are_refused() -> None:
    with pytest.raises(RoutingError, match="view of type str"):
        curve_of("venue", "a view", side=1)
    for side in (0, 2, "buy"):
        with pytest.raises(RoutingError, match="side"):
            curve_of("venue", pool(), side=side)  # type: ignore[arg-type]
