"""Prices: read from files and bridged between bars, or generated."""

from shoal.experiments.prices.bars import Bars, Series
from shoal.experiments.prices.bridge import bridge_prices, recorded_path
from shoal.experiments.prices.generated import Crash, JumpDiffusion, generate_prices, geometric_brownian
from shoal.experiments.prices.read import read_prices

__all__ = [
    "Bars",
    "Crash",
    "JumpDiffusion",
    "Series",
    "bridge_prices",
    "generate_prices",
    "geometric_brownian",
    "read_prices",
    "recorded_path",
]
