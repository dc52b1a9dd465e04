"""The published curve in closed form."""

import math
from dataclasses import FrozenInstanceError

import pytest

from shoal.sim.units import Asset
from shoal.venues.amm.constant_product_view import ConstantProductView

ETH, USDC = Asset("ETH", 18), Asset("USDC", 6)


def make(fee_ppm: int = 3000, base: str = "1000", quote: str = "2000000") -> ConstantProductView:
    return ConstantProductView(ETH, USDC, ETH.amount(base), USDC.amount(quote), fee_ppm, 10**18, 0, 0, 0)


def test_prices_of_small_trades() -> None:
    view = make()
    assert view.mid == 2000.0
    assert view.bid == 1994.0
    assert view.ask == pytest.approx(2000 / 0.997)
    assert view.quote_tokens(-1, 1e-9) == pytest.approx(1e-9 * 1994.0)
    assert view.quote_tokens(+1, 1e-9) == pytest.approx(1e-9 * 2000 / 0.997)


def test_quotes_in_closed_form() -> None:
    view = make()
    assert view.quote_tokens(-1, 50.0) == pytest.approx(94965.95, abs=0.005)
    # Back from the arbitrage of a pool of 1000 and 2 million at an outside price of 2100.
    assert view.quote_tokens(+1, 22.63277502) == pytest.approx(46453.1183, rel=1e-7)
    assert view.quote_tokens(+1, 1000.0) is None
    assert view.quote_tokens(-1, 0.0) == view.quote_tokens(+1, 0.0) == 0.0


def test_depth_moves_the_price_by_one_percent() -> None:
    view = make(fee_ppm=0)
    up, down = 2e6 * (math.sqrt(1.01) - 1), 2e6 * (1 - math.sqrt(0.99))
    assert view.depth == pytest.approx((up + down) / 2)
    bought = 1000 * (1 - 1 / math.sqrt(1.01))
    assert view.quote_tokens(+1, bought) == pytest.approx(up)
    assert (2e6 + up) / (1000 - bought) == pytest.approx(2000 * 1.01)


def test_nothing_can_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        make().reserve_base = 5  # type: ignore[misc]
