import math

import pytest

from shoal.agents.vaults.targets.basket import Basket
from shoal.sim.units import Asset

BTC, ETH = Asset("BTC", 8), Asset("ETH", 18)


def test_its_return_is_the_weighted_sum_each_time() -> None:
    basket = Basket("example", {BTC: 0.75, ETH: 0.25})
    assert basket.observe({BTC: 100.0, ETH: 10.0}) == 1.0
    assert basket.observe({BTC: 104.0, ETH: 10.0}) == pytest.approx(1.03)
    assert basket.observe({BTC: 104.0, ETH: 5.0}) == pytest.approx(1.03 * 0.875)


def test_of_one_asset_it_is_the_asset() -> None:
    basket = Basket("example", {ETH: 1.0})
    assert [basket.observe({ETH: price}) for price in (8.0, 4.0, 12.0)] == pytest.approx([1.0, 0.5, 1.5])


def test_scaled_to_an_exposure() -> None:
    assert Basket("example", {BTC: 0.75, ETH: 0.25}).scaled(2.0) == {BTC: 1.5, ETH: 0.5}


@pytest.mark.parametrize("weights", [{}, {BTC: 0.9}, {BTC: 1.5, ETH: -0.5}, {BTC: math.nan}])
def test_what_is_no_basket_is_refused(weights: dict[Asset, float]) -> None:
    with pytest.raises(ValueError, match="example"):
        Basket("example", weights)
