import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shoal.agents.vaults.portfolio import Portfolio
from shoal.agents.vaults.triggers.drift import check_to, move
from shoal.sim.units import Asset

ASSETS = tuple(Asset(symbol, 18) for symbol in ("BTC", "ETH", "SOL"))
BTC, ETH, SOL = ASSETS
shares = st.floats(0.0, 1.0)


def at(*weights: float) -> Portfolio:
    held = dict(zip(ASSETS, weights, strict=False))
    return Portfolio(0, dict.fromkeys(held, 1.0), held, cash=1.0 - math.fsum(weights))


def widths(width: float) -> dict[Asset, float]:
    return dict.fromkeys(ASSETS, width)


def test_to_the_edge_only_what_is_outside_is_moved() -> None:
    found = move(at(0.40, 0.28), {BTC: 0.3, ETH: 0.3}, widths(0.05), "edge", 0.0)
    assert found is not None
    assert found.weights == pytest.approx({BTC: 0.35, ETH: 0.28})
    assert found.reason == "BTC drifted +0.1000, band 0.0500"


def test_half_way_and_to_the_target_everything_is() -> None:
    half = move(at(0.40, 0.28), {BTC: 0.3, ETH: 0.3}, widths(0.05), "half-way", 0.0)
    whole = move(at(0.40, 0.28), {BTC: 0.3, ETH: 0.3}, widths(0.05), "target", 0.0)
    assert half is not None
    assert whole is not None
    assert half.weights == pytest.approx({BTC: 0.35, ETH: 0.29})
    assert whole.weights == pytest.approx({BTC: 0.3, ETH: 0.3})


def test_where_there_is_no_cash_the_other_asset_pays() -> None:
    """Fully invested in three, by hand: SOL must gain 0.08, and BTC and ETH are 0.06 and 0.07 above target."""
    found = move(at(0.46, 0.37, 0.17), {BTC: 0.4, ETH: 0.3, SOL: 0.3}, widths(0.075), "edge", 0.0)
    assert found is not None
    assert found.weights[SOL] == pytest.approx(0.225)
    assert math.fsum(found.weights.values()) == pytest.approx(1.0)
    assert found.weights[BTC] == pytest.approx(0.4 + 0.06 * 0.075 / 0.13)
    assert found.weights[ETH] == pytest.approx(0.3 + 0.07 * 0.075 / 0.13)


def test_what_is_sold_buys_the_others_where_no_cash_is_wanted() -> None:
    found = move(at(0.65, 0.35), {BTC: 0.5, ETH: 0.5}, widths(0.1), "edge", 0.0)
    assert found is not None
    assert found.weights == pytest.approx({BTC: 0.6, ETH: 0.4})


def test_what_is_held_and_not_wanted_goes() -> None:
    found = move(at(0.2, 0.3), {ETH: 0.3}, widths(0.05), "target", 0.0)
    assert found is not None
    assert found.weights == pytest.approx({ETH: 0.3, BTC: 0.0})


def test_dust_is_left_alone_whatever_the_band_says() -> None:
    assert move(at(1e-7), {BTC: 0.0}, widths(0.0), "target", 1e-6) is None
    assert move(at(1e-5), {BTC: 0.0}, widths(0.0), "target", 1e-6) is not None


@given(st.tuples(shares, shares, shares), st.tuples(shares, shares, shares), st.floats(0.001, 0.5))
def test_to_the_edge_lands_in_every_band_and_cash_between_what_it_was_and_should_be(
    now: tuple[float, ...], wanted: tuple[float, ...], width: float
) -> None:
    portfolio = at(*(weight / 3.0 for weight in now))
    target = dict(zip(ASSETS, (weight / 3.0 for weight in wanted), strict=True))
    found = move(portfolio, target, widths(width), "edge", 0.0)
    assume(found is not None)
    assert found is not None
    assert portfolio.weights is not None
    before, after = portfolio.cash, 1.0 - math.fsum(found.weights.values())
    wanted_cash = 1.0 - math.fsum(target.values())
    assert min(before, wanted_cash) - 1e-12 <= after <= max(before, wanted_cash) + 1e-12
    for asset, weight in found.weights.items():
        assert abs(weight - target[asset]) <= width + 1e-12
        # Nothing is traded beyond its target, nor away from it.
        low, high = sorted((portfolio.weights[asset], target[asset]))
        assert low - 1e-12 <= weight <= high + 1e-12


def test_without_net_asset_value_nothing_moves() -> None:
    assert move(Portfolio(0, {BTC: 1.0}, {}, cash=0.0), {BTC: 0.5}, widths(0.1), "edge", 0.0) is None


def test_an_unknown_place_is_refused() -> None:
    with pytest.raises(ValueError, match="target, half-way, edge, had 'middle'"):
        check_to("example", "middle")
