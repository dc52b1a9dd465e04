"""Laws that every target keeps."""

import math
from collections.abc import Callable, Iterator

import pytest

from shoal.agents.vaults.portfolio import Portfolio, Weights
from shoal.agents.vaults.realised_volatility import ExponentialVolatility
from shoal.agents.vaults.target import Target
from shoal.agents.vaults.targets.constant_leverage import ConstantLeverage
from shoal.agents.vaults.targets.constant_proportion import ConstantProportion
from shoal.agents.vaults.targets.constant_weights import ConstantWeights
from shoal.agents.vaults.targets.inverse_volatility import InverseVolatility
from shoal.agents.vaults.targets.volatility_target import VolatilityTarget
from shoal.sim.draws import Draws
from shoal.sim.units import Asset

BTC, ETH = Asset("BTC", 8), Asset("ETH", 18)
HALVES = {BTC: 0.5, ETH: 0.5}
MINUTE_NS = 60 * 10**9


def estimator() -> ExponentialVolatility:
    return ExponentialVolatility(half_life_s=600.0)


MAKERS: dict[str, Callable[[], Target]] = {
    "constant weights": lambda: ConstantWeights({BTC: 0.3, ETH: 0.3}),
    "inverse volatility": lambda: InverseVolatility((BTC, ETH), volatility=estimator),
    "volatility target": lambda: VolatilityTarget(HALVES, volatility=estimator, wanted=0.3),
    "constant proportion": lambda: ConstantProportion(HALVES, multiplier=4.0, floor=0.8),
    "with a ratchet": lambda: ConstantProportion(HALVES, multiplier=4.0, floor=0.8, ratchet=0.85, growth_per_year=0.1),
    "constant leverage": lambda: ConstantLeverage(ETH),
}
each = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


def looks(scale: float = 1.0, count: int = 60) -> Iterator[tuple[int, dict[Asset, float]]]:
    stream = Draws(7).stream("walk", "steps")
    logs = {BTC: math.log(20_000.0), ETH: math.log(1_000.0)}
    for minute in range(count):
        for asset in logs:
            logs[asset] += 0.01 * stream.normal()
        yield minute * MINUTE_NS, {asset: scale * math.exp(value) for asset, value in logs.items()}


def live(target: Target, scale: float = 1.0, count: int = 60) -> list[Weights | None]:
    """The weights at each look of a vault that is never traded, half of it in the two assets."""
    found = []
    for now_ns, prices in looks(scale, count):
        target.observe(now_ns, prices)
        found.append(target.weights(Portfolio(now_ns, prices, {BTC: 1.0, ETH: 20.0}, cash=scale * 40_000.0)))
    return found


@each
def test_weights_do_not_depend_on_the_unit_of_money(make: Callable[[], Target]) -> None:
    for one, other in zip(live(make()), live(make(), scale=1e-3), strict=True):
        assert one is None if other is None else one == pytest.approx(other, rel=1e-9)


@each
def test_weights_are_finite_and_none_is_negative(make: Callable[[], Target]) -> None:
    found = [weights for weights in live(make()) if weights is not None]
    assert found
    assert all(math.isfinite(weight) and weight >= 0.0 for weights in found for weight in weights.values())


@each
def test_nothing_is_known_of_the_future(make: Callable[[], Target]) -> None:
    assert live(make(), count=60)[:40] == live(make(), count=40)


@each
def test_looking_twice_at_once_changes_nothing(make: Callable[[], Target]) -> None:
    target = make()
    live(target)
    now_ns, prices = 60 * MINUTE_NS, {BTC: 21_000.0, ETH: 900.0}
    portfolio = Portfolio(now_ns, prices, {BTC: 1.0, ETH: 20.0}, cash=40_000.0)
    target.observe(now_ns, prices)
    first = target.weights(portfolio)
    target.observe(now_ns, prices)
    assert target.weights(portfolio) == first


@each
def test_without_net_asset_value_it_holds(make: Callable[[], Target]) -> None:
    target = make()
    live(target)
    prices = {BTC: 20_000.0, ETH: 1_000.0}
    assert target.weights(Portfolio(60 * MINUTE_NS, prices, {}, cash=0.0)) is None
    assert target.weights(Portfolio(60 * MINUTE_NS, prices, {ETH: 1.0}, cash=-1_500.0)) is None


@each
@pytest.mark.parametrize("price", [math.nan, 0.0, -1.0, math.inf])
def test_what_is_no_price_is_refused(make: Callable[[], Target], price: float) -> None:
    with pytest.raises(ValueError, match="price"):
        make().observe(0, {BTC: 1.0, ETH: price})


@pytest.mark.parametrize("name", [name for name in MAKERS if name != "constant weights"])
def test_a_missing_price_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no price of ETH"):
        MAKERS[name]().observe(0, {BTC: 1.0})
