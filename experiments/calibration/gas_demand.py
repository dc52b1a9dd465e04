"""How the price of gas follows volatility."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from shoal.experiments.calibration.bootstrap import bounds
from shoal.experiments.calibration.fit import Fit, Fitted, Floats, logarithms
from shoal.experiments.calibration.rows import read_rows
from shoal.sim.units import SECONDS_PER_YEAR

WINDOW_MINUTES = 15
HOUR_MINUTES = 60


def fit_gas_demand(gas_path: Path, prices_path: Path) -> Fitted:
    """The elasticity of gas to volatility, how long shocks last, and how large they are.

    The log of the minute's gas price is regressed on the log of the realised volatility of the trailing 15 minutes;
    minutes without any move are left out. In a fee market of unit elasticity the base fee settles in proportion to
    demand, so the slope is the exponent of demand. The recording is of Polygon: levels and noise are its own, only
    the exponent is carried over to another chain.
    """
    gas = read_rows(gas_path, "ts", "gas_price_gwei").set_index("ts")["gas_price_gwei"]
    prices = read_rows(prices_path, "ts", "weth_usd").set_index("ts")["weth_usd"].reindex(gas.index)
    first, last = gas.index[0], gas.index[-1]
    fits = fit_gas(gas.to_numpy(dtype=np.float64), prices.to_numpy(dtype=np.float64))
    return Fitted(
        f"{gas_path.name}, {prices_path.name}",
        f"{first:%Y-%m-%d %H:%M} .. {last:%Y-%m-%d %H:%M}",
        f"{first:%Y-%m-%d}/{last:%Y-%m-%d}",
        fits,
    )


def fit_gas(gas_gwei: Floats, prices: Floats) -> tuple[Fit, ...]:
    """The fits to gas prices and prices of the same minutes."""
    logs = logarithms(gas_gwei)
    squares = logarithms(prices[1:] / prices[:-1]) ** 2
    sums = np.convolve(squares, np.ones(WINDOW_MINUTES), mode="valid") / WINDOW_MINUTES
    moved = sums > 0.0
    volatility = logarithms(sums[moved] * SECONDS_PER_YEAR / 60.0) / 2.0
    rows = np.column_stack((logs[WINDOW_MINUTES:][moved], volatility))
    slope, left = _regress(rows)
    sample = f"{len(rows):,} minutes"
    explained = 1.0 - float(left.var()) / float(rows[:, 0].var())
    busy = rows[rows[:, 1] > np.median(rows[:, 1])]
    return (
        Fit(
            name="gas price, median",
            value=float(np.median(gas_gwei)),
            unit="gwei",
            sample=f"{len(logs):,} minutes",
            check=f"5 % {np.quantile(gas_gwei, 0.05):.0f}, 95 % {np.quantile(gas_gwei, 0.95):.0f}, "
            f"largest {gas_gwei.max():,.0f}",
            **bounds(gas_gwei, lambda some: float(np.median(some))),
        ),
        Fit(
            name="gas price, deviation of the log",
            value=float(logs.std(ddof=1)),
            unit="log",
            sample=f"{len(logs):,} minutes",
            **bounds(logs, lambda some: float(some.std(ddof=1))),
        ),
        *(
            Fit(
                name=f"autocorrelation of log gas, {minutes} min",
                value=_autocorrelation(logs, minutes),
                sample=f"{len(logs):,} minutes",
            )
            for minutes in (1, WINDOW_MINUTES, HOUR_MINUTES)
        ),
        Fit(
            name="elasticity to volatility",
            value=slope,
            sample=sample,
            check=f"R2 {explained:.2f}",
            **bounds(rows, lambda some: _regress(some)[0]),
        ),
        Fit(
            name="elasticity in the more volatile half",
            value=_regress(busy)[0],
            sample=f"{len(busy):,} minutes",
            **bounds(busy, lambda some: _regress(some)[0]),
        ),
        Fit(
            name="deviation of the rest",
            value=float(np.median(abs(left - np.median(left)))) * 1.4826,
            unit="log",
            sample=sample,
            check="median absolute deviation, so that spikes do not rule it",
        ),
    )


def _regress(rows: Floats) -> tuple[float, Floats]:
    """Slope of the first column on the second, and what is left."""
    logs, volatility = rows[:, 0], rows[:, 1]
    spread = float(volatility.var())
    if spread == 0.0:
        return math.nan, logs - logs.mean()
    slope = float(((logs - logs.mean()) * (volatility - volatility.mean())).mean()) / spread
    return slope, logs - logs.mean() - slope * (volatility - volatility.mean())


def _autocorrelation(values: Floats, lag: int) -> float:
    return float(np.corrcoef(values[lag:], values[:-lag])[0, 1])
