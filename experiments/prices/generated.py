"""Prices without a file: a jump-diffusion with stated parameters, and a plain geometric Brownian motion."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from shoal.experiments.errors import OptionError, Place
from shoal.experiments.prices.bars import Prices, Times
from shoal.experiments.prices.normals import Blocks, Matrix, exponentials, mix, mixing_weights
from shoal.experiments.prices.span import as_text
from shoal.sim.price_path import PricePath

YEAR_NS: Final = 365 * 24 * 3_600 * 10**9
MAXIMUM_POINTS: Final = 10**8
_BLOCK_STEPS: Final = 4_096
_WALK: Final = "price walk"
_JUMPS: Final = "price jumps"
_SIZES: Final = "price jump sizes"
_MARKET: Final = "market"


def _check(name: str, value: Any, holds: bool, wanted: str) -> None:
    if isinstance(value, bool) or not holds or (isinstance(value, float) and not math.isfinite(value)):
        raise OptionError(Place(f"option {name}"), f"it is {value!r}", f"It must be {wanted}.")


@dataclass(frozen=True, slots=True)
class Crash:
    """A fall at a set time, of which a part comes back.

    Args:
        after_ns: time from the start of the path to the start of the fall, nanoseconds.
        depth: fraction of the price that is lost when the fall ends, in (0, 1).
        fall_ns: how long the fall takes, nanoseconds; 0 is a jump.
        recovery: fraction of the fall, in log price, that comes back in the end, in [0, 1].
        recovery_half_life_ns: half of the recovery has come after this long, nanoseconds.
        volatility_multiple: while the price falls, the diffusion's volatility is this many times the usual; the
            excess then goes with the half-life of the recovery. 1 leaves it alone.
    """

    after_ns: int
    depth: float
    fall_ns: int = 600 * 10**9
    recovery: float = 0.5
    recovery_half_life_ns: int = 3_600 * 10**9
    volatility_multiple: float = 1.0

    def __post_init__(self) -> None:
        _check("after_ns", self.after_ns, self.after_ns >= 0, "at least 0")
        _check("depth", self.depth, 0.0 < self.depth < 1.0, "between 0 and 1")
        _check("fall_ns", self.fall_ns, self.fall_ns >= 0, "at least 0")
        _check("recovery", self.recovery, 0.0 <= self.recovery <= 1.0, "from 0 to 1")
        _check("recovery_half_life_ns", self.recovery_half_life_ns, self.recovery_half_life_ns > 0, "above 0")
        _check("volatility_multiple", self.volatility_multiple, 1.0 <= self.volatility_multiple <= 100.0, "1 to 100")

    def log_price(self, since_start_ns: int) -> float:
        """What the crash adds to the log price so long after the start of the path.

        >>> crash = Crash(after_ns=0, depth=0.5, fall_ns=10, recovery=0.5, recovery_half_life_ns=10)
        >>> [round(math.exp(crash.log_price(time)), 3) for time in (0, 5, 10, 20)]
        [1.0, 0.707, 0.5, 0.595]
        """
        passed = since_start_ns - self.after_ns
        if passed < 0:
            return 0.0
        bottom = math.log1p(-self.depth)
        if passed < self.fall_ns:
            return bottom * (passed / self.fall_ns)
        back = 1.0 - math.pow(2.0, -(passed - self.fall_ns) / self.recovery_half_life_ns)
        return bottom * (1.0 - self.recovery * back)

    def volatility_scale(self, since_start_ns: int) -> float:
        """By how much the crash multiplies the diffusion's volatility so long after the start of the path."""
        passed = since_start_ns - self.after_ns
        if passed < 0:
            return 1.0
        left = math.pow(2.0, -max(0, passed - self.fall_ns) / self.recovery_half_life_ns)
        return 1.0 + (self.volatility_multiple - 1.0) * left


@dataclass(frozen=True, slots=True)
class JumpDiffusion:
    """One asset's price: dS/S = drift dt + volatility dW, and jumps of normal size in log price.

    The drift is compensated for the jumps: the expected price grows at ``drift_per_year`` (a crash aside).
    A year is 365 x 24 x 3,600 s.

    Args:
        start_price: USDC per whole unit.
        drift_per_year: growth of the expected price a year, as a fraction (0.05 is 5 %).
        volatility_per_year: standard deviation of the diffusion's log returns over a year (0.6 is 60 %).
        jump_mean: mean size of a jump in log price.
        jump_deviation: standard deviation of that size.
        crash: a scheduled fall, or None.

    Source: Merton (1976), Option pricing when underlying stock returns are discontinuous, Journal of Financial
    Economics 3.
    """

    start_price: float
    drift_per_year: float
    volatility_per_year: float
    jump_mean: float = 0.0
    jump_deviation: float = 0.0
    crash: Crash | None = None

    def __post_init__(self) -> None:
        _check("start_price", self.start_price, 1e-12 <= self.start_price <= 1e12, "from 1e-12 to 1e12")
        _check("drift_per_year", self.drift_per_year, abs(self.drift_per_year) <= 100.0, "from -100 to 100")
        _check("volatility_per_year", self.volatility_per_year, 0.0 <= self.volatility_per_year <= 100, "from 0 to 100")
        _check("jump_mean", self.jump_mean, abs(self.jump_mean) <= 1.0, "from -1 to 1")
        _check("jump_deviation", self.jump_deviation, 0.0 <= self.jump_deviation <= 1.0, "from 0 to 1")


# Measured on hourly Bitstamp bars, 2018-05-15 to 2022-02-04: log returns beyond 5 standard deviations of the rest are
# jumps (BTC 73 a year of mean -0.0056 and deviation 0.053; ETH 53 a year, -0.0097 and 0.066), the rest is diffusion
# (0.615 and 0.838 a year); correlation of all returns 0.819. Start prices are round numbers, drift is left out.
JUMPS_PER_YEAR: Final = 73.0
CORRELATION: Final = 0.819
BTC: Final = JumpDiffusion(
    start_price=30_000.0, drift_per_year=0.0, volatility_per_year=0.615, jump_mean=-0.0056, jump_deviation=0.053
)
ETH: Final = JumpDiffusion(
    start_price=2_000.0, drift_per_year=0.0, volatility_per_year=0.838, jump_mean=-0.0097, jump_deviation=0.066
)


def generate_prices(
    assets: Mapping[str, JumpDiffusion],
    *,
    start_ns: int,
    end_ns: int,
    seed: int,
    step_ns: int = 10**9,
    jumps_per_year: float = JUMPS_PER_YEAR,
    correlation: float = CORRELATION,
) -> PricePath:
    """A joint jump-diffusion on a grid from start to end, exclusive.

    All assets jump at the same Poisson times, each by its own size; diffusions, and sizes of jumps, of each two assets
    have the same correlation. The draws of a step are keyed by (seed, symbol, number of the step since 1970).

    Args:
        assets: base symbol to its parameters.
        start_ns: first time; it must be a multiple of ``step_ns``.
        end_ns: end, exclusive.
        seed: of the draws.
        step_ns: the grid, nanoseconds.
        jumps_per_year: expected number of jumps a year.
        correlation: of each pair of assets.

    Raises:
        OptionError: a value is out of its range, or the span holds more than 10**8 steps.
    """
    _check("step_ns", step_ns, step_ns > 0, "above 0")
    _check("start_ns", start_ns, start_ns >= 0 and start_ns % step_ns == 0, "a multiple of the step, at least 0")
    _check("end_ns", end_ns, end_ns > start_ns, "after the start")
    _check("jumps_per_year", jumps_per_year, 0.0 <= jumps_per_year <= 1e6, "from 0 to 1e6")
    count = -(-(end_ns - start_ns) // step_ns)
    _check("end_ns", end_ns, count <= MAXIMUM_POINTS, f"at most {MAXIMUM_POINTS:,} steps after the start")
    if not assets:
        raise OptionError(Place("option symbols"), "no asset is asked for", "Name them, such as BTC,ETH.")
    pairs = {(a, b): correlation for a in assets for b in assets if a < b}
    weights = mixing_weights(list(assets), pairs)
    first = start_ns // step_ns
    walks = _Walks(list(assets), seed, jumps_per_year * (step_ns / YEAR_NS))
    increments = {symbol: np.empty(count) for symbol in assets}
    for block in range(first // _BLOCK_STEPS, (first + count - 1) // _BLOCK_STEPS + 1):
        low, high = max(first, block * _BLOCK_STEPS), min(first + count, (block + 1) * _BLOCK_STEPS)
        inside = slice(low - block * _BLOCK_STEPS, high - block * _BLOCK_STEPS)
        moves = walks.block(block)
        since = range((block * _BLOCK_STEPS - first) * step_ns, ((block + 1) * _BLOCK_STEPS - first) * step_ns, step_ns)
        for symbol, asset in assets.items():
            increments[symbol][low - first : high - first] = _increments(
                asset, moves, weights[symbol], jumps_per_year, step_ns, since
            )[inside]
    times = start_ns + step_ns * np.arange(count, dtype=np.int64)
    prices = {symbol: _prices(asset, increments[symbol], times) for symbol, asset in assets.items()}
    provenance = {
        "model": {
            "name": "jump-diffusion (Merton 1976)",
            "assets": {symbol: asdict(asset) for symbol, asset in assets.items()},
            "jumps_per_year": jumps_per_year,
            "correlation": correlation,
            "price_step_ns": step_ns,
            "seed": seed,
        },
        "quotes": {symbol: f"generated in USDC per {symbol}, from {as_text(start_ns)}" for symbol in assets},
    }
    return PricePath(times, prices, end_ns=end_ns, kind="generated", source_step_ns=0, provenance=provenance)


def geometric_brownian(
    times_ns: Times,
    *,
    symbol: str,
    start_price: float,
    volatility_per_year: float,
    seed: int,
    drift_per_year: float = 0.0,
    end_ns: int | None = None,
) -> PricePath:
    """A geometric Brownian motion at any ascending times, exact in distribution at each of them.

    Args:
        times_ns: the times, nanoseconds; steps may differ.
        symbol: the one asset of the path.
        start_price: price at the first time, USDC per whole unit.
        volatility_per_year: standard deviation of log returns over a year of 365 days.
        seed: of the draws, which are keyed by (seed, symbol, index of the time).
        drift_per_year: growth of the expected price a year; 0 makes the price a martingale.
        end_ns: the last price holds until here; None: 1 ns after the last time.

    Raises:
        OptionError: a parameter is out of its range.
        InvalidPricePath: the times do not ascend.
    """
    asset = JumpDiffusion(start_price, drift_per_year, volatility_per_year)
    blocks = Blocks(seed, symbol, _WALK)
    count = len(times_ns)
    _check("times_ns", count, count > 0, "filled")
    normals = np.concatenate(
        [blocks.generator(block).standard_normal(_BLOCK_STEPS) for block in range(-(-count // _BLOCK_STEPS))]
    )[:count]
    years = np.diff(times_ns, prepend=times_ns[:1]).astype(np.float64) / YEAR_NS
    drift = asset.drift_per_year - asset.volatility_per_year**2 / 2.0
    walk = np.cumsum(drift * years + asset.volatility_per_year * np.sqrt(years) * normals)
    return PricePath(
        times_ns,
        {symbol: start_price * exponentials(walk)},
        end_ns=int(times_ns[-1]) + 1 if end_ns is None else end_ns,
        kind="generated",
        source_step_ns=0,
        provenance={"model": {"name": "geometric Brownian motion", "assets": {symbol: asdict(asset)}, "seed": seed}},
    )


class _Walks:
    """The standardised moves of all assets, block by block of steps."""

    def __init__(self, symbols: list[str], seed: int, jumps_per_step: float) -> None:
        self._jumps_per_step = jumps_per_step
        self._clock = Blocks(seed, _MARKET, _JUMPS)
        self._walks = {symbol: Blocks(seed, symbol, _WALK) for symbol in symbols}
        self._sizes = {symbol: Blocks(seed, symbol, _SIZES) for symbol in symbols}

    def block(self, number: int) -> tuple[dict[str, Matrix], Prices, dict[str, Matrix]]:
        """Normals of the diffusion, counts of jumps, and normals of their sizes (none without a jump)."""
        normals = {s: walk.generator(number).standard_normal(_BLOCK_STEPS) for s, walk in self._walks.items()}
        counts = self._clock.generator(number).poisson(self._jumps_per_step, _BLOCK_STEPS).astype(np.float64)
        if not counts.any():
            return normals, counts, {}
        return (
            normals,
            counts,
            {s: sizes.generator(number).standard_normal(_BLOCK_STEPS) for s, sizes in self._sizes.items()},
        )


def _increments(
    asset: JumpDiffusion,
    moves: tuple[dict[str, Matrix], Prices, dict[str, Matrix]],
    weights: tuple[tuple[str, float], ...],
    jumps_per_year: float,
    step_ns: int,
    since_start_ns: range,
) -> Prices:
    normals, counts, sizes = moves
    years = step_ns / YEAR_NS
    growth = math.expm1(asset.jump_mean + asset.jump_deviation**2 / 2.0)
    drift = asset.drift_per_year - asset.volatility_per_year**2 / 2.0 - jumps_per_year * growth
    diffusion: Prices = asset.volatility_per_year * math.sqrt(years) * mix(normals, weights)
    if asset.crash is not None and asset.crash.volatility_multiple > 1.0:
        diffusion *= np.array([asset.crash.volatility_scale(since) for since in since_start_ns])
    steps: Prices = drift * years + diffusion
    if sizes:
        steps += counts * asset.jump_mean + np.sqrt(counts) * asset.jump_deviation * mix(sizes, weights)
    return steps


def _prices(asset: JumpDiffusion, increments: Prices, times: Times) -> Prices:
    # The first step would lead to the start: the path begins there.
    increments[0] = 0.0
    walk = np.cumsum(increments)
    crash = asset.crash
    if crash is not None:
        start = int(times[0])
        walk += np.array([crash.log_price(time - start) for time in times.tolist()])
    prices: Prices = asset.start_price * exponentials(walk)
    return prices
