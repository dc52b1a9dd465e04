"""The study's parameters that recordings speak to, at a stated scale of the recorded flows."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from shoal.experiments.calibration.book_depth import order_size
from shoal.experiments.calibration.fit import Fitted
from shoal.experiments.calibration.recorded import Recorded
from shoal.experiments.market.parameters import LiquidityGroup, MakerGroup, NoiseGroup
from shoal.experiments.study_file import FORMAT, toml_text
from shoal.sim.units import PPM

SCALE: Final = 1.0
PROGRAM: Final = "shoal.experiments.calibration"


@dataclass(frozen=True, slots=True)
class Choice:
    """One calibrated parameter.

    Args:
        path: the parameter's name in the study.
        value: rounded to two significant digits, or a count.
        source: the recording.
        date: of the recording.
        why: how the value follows from the fits.
    """

    path: str
    value: float | int
    source: str
    date: str
    why: str


def choose(recorded: Recorded, *, scale: float = SCALE) -> tuple[Choice, ...]:
    """The preset: flows, depths and reserves at one scale, shapes as fitted.

    What recordings do not tell (how many traders share the flow, which part of them looks at the pool too, how many
    makers share the depth, on how many levels) is taken from the study's own defaults.
    """
    noise, makers, liquidity = NoiseGroup(), MakerGroup(), LiquidityGroup()
    small, pool = recorded.small, recorded.pool
    mean = small.value("order size, mean")
    per_trader = 3_600.0 / noise.interval_s
    free_share = noise.free_traders / (noise.book_traders + noise.free_traders)
    on_book = scale * small.value("taker orders") / per_trader
    on_pool = scale * pool.value("noise volume") * 60.0 / mean / per_trader
    decay = small.value("fill intensity, k")
    ladder = order_size(recorded.small_depth, first=1.0 / decay, step=makers.level_step_ppm / PPM, levels=makers.levels)
    return (
        _choice("noise.book_traders", round(on_book) - round(on_book * free_share), small, "recorded orders per hour"),
        _choice("noise.free_traders", round(on_book * free_share), small, "recorded orders per hour"),
        _choice("noise.pool_traders", round(on_pool), pool, "noise volume over the mean order of the book"),
        _choice("noise.size_quote_tokens", small.value("order size, median"), small, "median order"),
        _choice("noise.size_sigma", small.value("order size, sigma by volume"), small, "median and mean order"),
        _choice("makers.order_quote_tokens", scale * ladder / makers.makers, small, "ladder of least squares"),
        _choice("makers.fill_decay", decay, small, "reach of takers"),
        _choice("makers.arrivals_per_s", scale * small.value("fill intensity, A"), small, "reach of takers"),
        _choice("makers.start_volatility", pool.value("volatility of the pool price"), pool, "an ordinary month"),
        _choice("outside.depth_quote_tokens", recorded.large.value("depth within 1 %"), recorded.large, "in full"),
        _choice(
            "liquidity.quote_tokens",
            round(two_digits(scale * pool.value("equivalent reserve") / (liquidity.steady + liquidity.wary))),
            pool,
            "reserve as deep as recorded, shared",
        ),
        _choice("chain.reference_volatility", pool.value("volatility of the pool price"), pool, "an ordinary month"),
        _choice(
            "chain.demand_volatility_exponent",
            recorded.gas.value("elasticity in the more volatile half"),
            recorded.gas,
            "exponent only: another chain",
        ),
    )


def as_study_file(choices: Iterable[Choice]) -> str:
    """The preset as a study file; what it does not name keeps its default."""
    groups: dict[str, list[str]] = {}
    for choice in choices:
        group, _, name = choice.path.rpartition(".")
        groups.setdefault(group, []).extend(
            (
                f"# {choice.why}; calibrated, {choice.source} by {PROGRAM}, {choice.date}",
                f"{name} = {toml_text(choice.value)}",
            )
        )
    lines = [f"format = {FORMAT}", 'study = "market"']
    for group, entries in groups.items():
        lines += ["", f"[parameters.{group}]", *entries]
    return "\n".join(lines) + "\n"


def two_digits(value: float) -> float:
    """Rounded to two significant digits: no fit is better than that.

    >>> two_digits(20_031_000.0), two_digits(0.011039)
    (20000000.0, 0.011)
    """
    if value == 0.0:
        return 0.0
    return round(value, 1 - math.floor(math.log10(abs(value))))


def _choice(path: str, value: float | int, fitted: Fitted, why: str) -> Choice:
    rounded = value if isinstance(value, int) else two_digits(value)
    return Choice(path, rounded, fitted.source, fitted.date, why)
